"""What are the errors of item parameters where there are too many items for one matrix?

Each item's own block of the observed information (see `errors`) is inverted by itself. What is
left out, that errors of different items go together through the scale of ability, matters little
where each candidate sees a small part of the items: with 400 items and forms of 20 errors come
out 0.4 % too small in the mean and 1.4 % at most.

The missing information of a block is the spread of posterior means of its scores. Attempts are
sorted by estimated ability into narrow bins, within which these means are alike, so that it is a
sum over bins. The error of a slope common to all items does need all items: its row of the
inverse is solved for by conjugate gradients, each step of which is a pass like an E-step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import expected, scoring
from assess.psychometrics.derivatives import Derivatives
from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import Curves, Nodes
from assess.psychometrics.patterns import Chunk, Part

BINS = 48
AT_ONCE = 8  # bins
REACH = 2.6  # estimated abilities beyond share the outermost bins
PASSES = 30  # of conjugate gradients at most
SOLVED = 1e-3  # of the first residual, where they end


def covariances(
    parts: Sequence[Part],
    curves: Curves,
    grid: Nodes,
    change: Derivatives,
    prior: Floats,
    at: NDArray[np.intp],
    abilities: Sequence[Floats] | None = None,
    *,
    common_slope: bool,
) -> Floats:
    """Each item's own covariance block, of the items `at`: [at, parameters, parameters].

    `abilities` of every part, about: estimated here unless they are known.
    """
    cells, means = _sums(parts, curves, grid, change, abilities)
    complete = prior + np.einsum("iq,ijkq->ijk", cells[0::2], change.right_bend, optimize=True)
    complete += np.einsum("iq,ijkq->ijk", cells[1::2], change.wrong_bend, optimize=True)
    own = complete + means
    own -= _squares(cells[0::2], change.right) + _squares(cells[1::2], change.wrong)
    if common_slope:
        table = expected.rounded(curves.log_chances(grid.theta))
        return _common(parts, table, grid, change, complete, own, at)
    return _inverses(own[at])


def _sums(
    parts: Sequence[Part],
    curves: Curves,
    grid: Nodes,
    change: Derivatives,
    abilities: Sequence[Floats] | None,
) -> tuple[Floats, Floats]:
    """Weights by category and node, and the sum over attempts of products of mean scores."""
    items, several, count = change.right.shape
    both = np.stack((change.right, change.wrong), axis=1).reshape(2 * items, several, count)
    weights = scoring.posteriors(curves, grid, sum(part.category.size for part in parts))
    known = abilities or [_ability(part, weights, grid) for part in parts]
    binned = [(part, *_bins(ability)) for part, ability in zip(parts, known, strict=True)]

    def of_bin(k: int) -> tuple[Floats, Floats]:
        cells = np.zeros((2 * items, count))
        for part, order, edges in binned:
            for chunk in part.of_attempts(order[edges[k] : edges[k + 1]]).chunks():
                weight = weights(chunk)
                cells += chunk.category.astype(weight.dtype).T @ weight
        n = np.maximum(cells.sum(axis=1), 1e-9)
        mean = np.einsum("cq,csq->cs", cells, both) / np.sqrt(n)[:, None]
        outer = mean[:, :, None] * mean[:, None, :]
        return cells, outer[0::2] + outer[1::2]

    whole = np.zeros((2 * items, count))
    means = np.zeros((items, several, several))
    with ThreadPoolExecutor(expected.processors()) as threads:
        # In order, so that sums do not depend on who is done first; a few at a time.
        for some in range(0, BINS, AT_ONCE):
            for cells, outer in threads.map(of_bin, range(some, min(some + AT_ONCE, BINS))):
                whole += cells
                means += outer
    return whole, means


def _common(
    parts: Sequence[Part],
    table: Floats,
    grid: Nodes,
    change: Derivatives,
    complete: Floats,
    own: Floats,
    at: NDArray[np.intp],
) -> Floats:
    """Blocks with one slope for all: its variance exactly, the intercepts' item by item."""
    both = np.stack((change.right, change.wrong), axis=1).reshape(len(table), 2, grid.count)

    def times(slope: float, intercepts: Floats) -> tuple[float, Floats]:
        """The information of (common slope, intercepts) times this vector."""
        vector = np.zeros((len(complete), 2))
        vector[:, 0], vector[at, 1] = slope, intercepts
        product = (complete @ vector[:, :, None])[:, :, 0]
        product -= _missing(parts, table, grid, both, vector)
        return float(product[at, 0].sum()), product[at, 1]

    middle, edge = own[at, 1, 1], own[at, 0, 1]
    corner = float((own[at, 0, 0] - edge * edge / middle).sum())
    # Conjugate gradients for the first column of the inverse, the diagonal as preconditioner.
    x0, x = 0.0, np.zeros(at.size)
    r0, r = 1.0, np.zeros(at.size)
    p0, p = 1 / corner, np.zeros(at.size)
    size = first = r0 * p0
    for _ in range(PASSES):
        q0, q = times(p0, p)
        length = size / (p0 * q0 + float(p @ q))
        x0, x = x0 + length * p0, x + length * p
        r0, r = r0 - length * q0, r - length * q
        z0, z = r0 / corner, r / middle
        before, size = size, r0 * z0 + float(r @ z)
        if size <= SOLVED**2 * first:
            break
        p0, p = z0 + size / before * p0, z + size / before * p
    blocks = np.empty((at.size, 2, 2))
    blocks[:, 0, 0] = x0
    blocks[:, 0, 1] = blocks[:, 1, 0] = x
    # An intercept's own error, and what the slope's error adds to it.
    blocks[:, 1, 1] = 1 / middle + x * x / x0
    return blocks


def _missing(
    parts: Sequence[Part], table: Floats, grid: Nodes, both: Floats, vector: Floats
) -> Floats:
    """The missing information times a vector [items, parameters], without making the matrix."""
    along = (both * np.repeat(vector, 2, axis=0)[:, :, None]).sum(axis=1)

    def step(share: Sequence[Chunk]) -> Floats:
        cells = np.zeros(table.shape)
        for chunk in share:
            weight, _ = expected.posterior(expected.likelihoods(chunk, table, grid))
            score = chunk.category @ along
            score -= (weight * score).sum(axis=1, keepdims=True)
            cells += chunk.category.T @ (weight * score)
        return cells

    shares = (expected.spread(step, list(part.chunks())) for part in parts)
    cells = sum((done for share in shares for done in share), np.zeros(table.shape))
    product = (both @ cells[:, :, None])[:, :, 0]
    return np.asarray(product[0::2] + product[1::2])


def _inverses(blocks: Floats) -> Floats:
    regular = np.linalg.det(blocks) > 0
    safe = np.where(regular[:, None, None], blocks, np.eye(blocks.shape[1]))
    return np.where(regular[:, None, None], np.linalg.inv(safe), np.nan)


def _ability(part: Part, weights: Callable[[Chunk], NDArray[np.floating]], grid: Nodes) -> Floats:
    ability = np.empty(part.attempts)

    def step(share: Sequence[Chunk]) -> None:
        for chunk in share:
            ability[chunk.span] = np.einsum("aq,q->a", weights(chunk), grid.theta)

    expected.spread(step, list(part.chunks()))
    return ability


def _bins(ability: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The attempts in order of their bins, and where each bin begins: intp[BINS + 1]."""
    place = np.clip((ability + REACH) * (BINS / (2 * REACH)), 0, BINS - 1).astype(np.int8)
    order = np.argsort(place, kind="stable")
    return order, np.searchsorted(place[order], np.arange(BINS + 1))


def _squares(cells: Floats, change: Floats) -> Floats:
    return np.asarray(np.einsum("iq,ijq,ikq->ijk", cells, change, change, optimize=True))
