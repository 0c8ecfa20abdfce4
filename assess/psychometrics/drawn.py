"""How many candidates of each ability answered each item rightly, where answers are very many?

The sums of `expected` for random forms of items that nobody guesses, in single precision and half
the time. With z = a * theta + d,

    log P(answer) = -log(2 cosh(z / 2)) + (z / 2, if it is right; -z / 2, if it is wrong),

so that only the first part, the same for either answer, has to be added up node by node; of the
second, sums of a and d are enough. What a candidate's likelihoods are off by, some 10**-6, has no
part in what is common to many. Weights are rounded to whole 2**-20ths, a thousand of which 32 bits
hold, and added as integers: any partition of the attempts, in any order, gives the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from assess.psychometrics import expected
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.expected import LOGLIK, Curves, Nodes, Sums
from assess.psychometrics.patterns import Chunk, Part

MANY = 300_000  # answers from which on single precision is enough
UNIT = 1 << 20  # a weight of one
TO_WHOLE = 12  # bits from there to the units of `expected`
ROOMY = (1 << 11) - 1  # weights that 32 bits hold the sum of
NOISE = 2e-8  # of a log-likelihood, which single precision may be off by
# Without what all nodes have in common, no likelihood is beyond exp(40) where the one in the middle
# is above exp(-40): an answer gives to the one what it takes from the other, at most.
LOWEST = -40.0

Singles = NDArray[np.float32]


class Likelihoods:
    """Of answers, in single precision. All asymptotes must be 0."""

    def __init__(self, curves: Curves, grid: Nodes) -> None:
        z, counted = curves.logit(grid.theta), curves.counted
        self._table = np.where(counted[:, None], -np.logaddexp(z / 2, -z / 2), 0.0).astype(
            np.float32
        )
        self._slopes, self.levels = (
            np.stack((half, -half), axis=1).ravel()
            for half in (np.where(counted, x / 2, 0.0) for x in (curves.a, curves.d))
        )
        self._theta = grid.theta.astype(np.float32)
        self._log_weight = grid.log_weight.astype(np.float32)

    def of(self, chunk: Chunk) -> Singles:
        """As `expected.likelihoods`, but for what all nodes have in common (see `levels`)."""
        given = chunk.category
        logs: Singles = (given @ self._slopes).astype(np.float32)[:, None] * self._theta
        logs += self._log_weight
        logs += shown(chunk, len(self._table), np.float32) @ self._table
        return logs


def shown(chunk: Chunk, items: int, kind: type[np.number[Any]]) -> sparse.csr_matrix:
    """The items of a chunk's answers, right or wrong, as ones of this kind: [attempts, items]."""
    given = chunk.category
    one = np.ones(given.nnz, kind)
    return sparse.csr_matrix((one, given.indices >> 1, given.indptr), (chunk.rows, items))


def sums(
    part: Part, right: Ints, curves: Curves, grid: Nodes, ability: Floats | None = None
) -> Sums:
    """The sums of one part of the attempts; `right_at` is None. All asymptotes must be 0.

    `right` int64[items]: right answers of the part. The means of the posteriors are written into
    `ability` float64[attempts].
    """
    every = Likelihoods(curves, grid)
    size = (part.items, grid.count)
    places = grid.place.astype(np.int32)

    def step(share: Sequence[Chunk]) -> tuple[int, Ints, Ints]:
        at_node = np.zeros(size, dtype=np.int64)
        place = np.zeros(2 * part.items, dtype=np.int64)
        loglik = 0
        for chunk in share:
            given = chunk.category
            weight, evidence = _whole_posterior(every.of(chunk))
            narrow = chunk.rows <= ROOMY or np.bincount(given.indices >> 1).max() <= ROOMY
            at_node += shown(chunk, part.items, np.int32 if narrow else np.int64).T @ weight
            # Not by BLAS, whose own threads would get in the way of these.
            of_attempt = np.einsum("aq,q->a", weight, places).astype(np.float64)
            place += (given.T @ of_attempt).astype(np.int64)
            if ability is not None:
                ability[chunk.span] = of_attempt * (grid.half_step / UNIT)
            evidence += given @ every.levels  # what all nodes have in common
            loglik += int(np.rint(evidence * LOGLIK).astype(np.int64).sum())
        return loglik, at_node << TO_WHOLE, place << TO_WHOLE

    done = expected.spread(step, list(part.chunks()))
    return Sums(
        part.attempts,
        sum(loglik for loglik, _, _ in done),
        sum((at_node for _, at_node, _ in done), np.zeros(size, np.int64)),
        right << 32,
        sum((place for _, _, place in done), np.zeros(2 * part.items, np.int64))[0::2],
        None,
    )


def _whole_posterior(logs: Singles) -> tuple[NDArray[np.int32], Floats]:
    """As `expected.whole_posterior`, in whole 2**-20ths; the logarithms are overwritten."""
    weight, evidence = posterior(logs, UNIT)
    np.rint(weight, out=weight)
    return weight.astype(np.int32), evidence


def posterior(logs: Singles, total: float = 1.0) -> tuple[Singles, Floats]:
    """As `expected.posterior`."""
    top = np.zeros(len(logs))
    low = np.flatnonzero(logs[:, logs.shape[1] // 2] < LOWEST)
    if low.size:
        highest = logs[low].max(axis=1)
        logs[low] -= highest[:, None]
        top[low] = highest
    np.exp(logs, out=logs)
    sums = logs.sum(axis=1)
    logs *= (np.float32(total) / sums)[:, None]
    return logs, np.log(sums.astype(np.float64)) + top
