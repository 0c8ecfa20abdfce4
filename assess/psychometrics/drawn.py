"""How many candidates of each ability answered each item rightly, where answers are very many?

The sums of `expected` for random forms of items that nobody guesses, in single precision and half
the time. With z = a * theta + d,

    log P(answer) = -log(2 cosh(z / 2)) + (z / 2, if it is right; -z / 2, if it is wrong),

so that only the first part, the same for either answer, has to be added up node by node; of the
second, sums of a and d are enough. What a candidate's likelihoods are off by, some 10**-6, has no
part in what is common to many. Weights are rounded to whole 2**-32ths and added as `expected` has
it: any partition of the attempts, in any order, gives the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from assess.psychometrics import expected
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.expected import LOGLIK, WHOLE, Curves, Nodes, Sums
from assess.psychometrics.patterns import Chunk, Part

MANY = 300_000  # answers from which on single precision is enough
NOISE = 2e-8  # of a log-likelihood, which single precision may be off by
# Without what all nodes have in common, no likelihood is beyond exp(40) where the one in the middle
# is above exp(-40): an answer gives to the one what it takes from the other, at most.
LOWEST = -40.0

Singles = NDArray[np.float32]


def sums(part: Part, right: Ints, curves: Curves, grid: Nodes) -> Sums:
    """The sums of one part of the attempts; `right_at` is None. All asymptotes must be 0.

    `right` int64[items]: right answers of the part.
    """
    z = curves.logit(grid.theta)
    table = np.where(curves.counted[:, None], -np.logaddexp(z / 2, -z / 2), 0.0).astype(np.float32)
    slopes, levels = (
        np.stack((half, -half), axis=1).ravel()
        for half in (np.where(curves.counted, x / 2, 0.0) for x in (curves.a, curves.d))
    )
    theta, log_weight = grid.theta.astype(np.float32), grid.log_weight.astype(np.float32)
    chunks = list(part.chunks())
    ones = np.ones(max((chunk.category.nnz for chunk in chunks), default=0), np.float32)

    def step(share: Sequence[Chunk]) -> tuple[int, Ints, Ints]:
        shown = np.zeros(table.shape, dtype=np.int64)
        place = np.zeros(2 * len(table), dtype=np.int64)
        loglik = 0
        for start in range(0, len(share), expected.TOGETHER):
            running = np.zeros(table.shape)
            for chunk in share[start : start + expected.TOGETHER]:
                given = chunk.category
                item, shape = given.indices >> 1, (chunk.rows, len(table))
                logs = (given @ slopes).astype(np.float32)[:, None] * theta
                logs += log_weight
                logs += sparse.csr_matrix((ones[: item.size], item, given.indptr), shape) @ table
                weight, evidence = _whole_posterior(logs)
                running += sparse.csr_matrix((given.data, item, given.indptr), shape).T @ weight
                # Not by BLAS, whose own threads would get in the way of these.
                of_attempt = np.einsum("aq,q->a", weight, grid.place)
                place += (given.T @ of_attempt).astype(np.int64)
                evidence += given @ levels  # what all nodes have in common
                loglik += int(np.rint(evidence * LOGLIK).astype(np.int64).sum())
            shown += running.astype(np.int64)
        return loglik, shown, place

    done = expected.spread(step, chunks)
    return Sums(
        part.attempts,
        sum(loglik for loglik, _, _ in done),
        sum((shown for _, shown, _ in done), np.zeros(table.shape, np.int64)),
        right << 32,
        sum((place for _, _, place in done), np.zeros(2 * len(table), np.int64))[0::2],
        None,
    )


def _whole_posterior(logs: Singles) -> tuple[Floats, Floats]:
    """As `expected.whole_posterior`."""
    top = np.zeros(len(logs))
    low = np.flatnonzero(logs[:, logs.shape[1] // 2] < LOWEST)
    if low.size:
        highest = logs[low].max(axis=1)
        logs[low] -= highest[:, None]
        top[low] = highest
    np.exp(logs, out=logs)
    weight = logs.astype(np.float64)
    total = weight.sum(axis=1)
    weight *= (WHOLE / total)[:, None]
    np.rint(weight, out=weight)
    return weight, np.log(total) + top
