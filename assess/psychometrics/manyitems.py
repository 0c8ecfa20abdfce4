"""What are the errors of item parameters where there are too many items for one matrix?

Attempts are sorted by estimated ability into narrow bins. Within a bin posteriors are alike, so
each item's own block of the missing information (see `errors`) is a sum over bins, and what two
items share is, bin by bin, of low rank: the candidates of the bin, the spread of their
posteriors, and each item's share of answers there. The inverse follows by Woodbury's identity;
nothing of items by items is ever made.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import expected
from assess.psychometrics.derivatives import Derivatives
from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import WHOLE, Curves, Nodes
from assess.psychometrics.patterns import Chunk, Part

BINS = 48
REACH = 2.6  # estimated abilities beyond share the outermost bins
SHARED = 3  # directions of ability that a bin's posteriors spread in


def information(
    parts: Sequence[Part], curves: Curves, grid: Nodes, change: Derivatives
) -> tuple[Floats, Floats]:
    """Each item's own information [items, parameters, parameters], and what all share.

    The information of all items together is about the own blocks with `shared` @ `shared`.T
    taken off between different items; shared [items, parameters, directions].
    """
    items, several, count = change.right.shape
    table = expected.rounded(curves.log_chances(grid.theta))
    both = np.stack((change.right, change.wrong), axis=1).reshape(2 * items, several, count)
    whole = np.zeros((2 * items, count))
    own = np.zeros((items, several, several))
    shared: list[Floats] = []
    binned = [_bins(part, table, grid) for part in parts]
    for k in range(BINS):
        cells = np.zeros((2 * items, count))
        spread = np.zeros((count, count))
        attempts = 0
        for part, order, edges in binned:
            chosen = order[edges[k] : edges[k + 1]]
            attempts += chosen.size
            more, outer = _within(part.of_attempts(chosen), table, grid)
            cells += more
            spread += outer
        if not attempts:
            continue
        whole += cells
        n = cells.sum(axis=1)
        mean = np.einsum("cdq,cq->cd", both, cells) / np.sqrt(np.maximum(n, 1.0))[:, None]
        outer = mean[:, :, None] * mean[:, None, :]
        own += outer[0::2] + outer[1::2]
        shared.append(_shared(both, n, spread, attempts))
    own -= _squares(whole[0::2], change.right) + _squares(whole[1::2], change.wrong)
    own += np.einsum("iq,ijkq->ijk", whole[0::2], change.right_bend, optimize=True)
    own += np.einsum("iq,ijkq->ijk", whole[1::2], change.wrong_bend, optimize=True)
    return own, np.concatenate(shared, axis=2)


def inverted(own: Floats, shared: Floats, *, common_slope: bool) -> Floats:
    """Each item's own block of the inverse: [items, parameters, parameters]."""
    several = own.shape[1]
    # `shared` stands between different items only: what it adds to an item itself is given back.
    base = own + shared @ shared.transpose(0, 2, 1)
    if common_slope:
        return _common(base, shared)
    inverse = _inverses(base)
    pulled = inverse @ shared  # [items, parameters, directions]
    flat = shared.reshape(-1, shared.shape[2])
    core = np.eye(shared.shape[2]) - flat.T @ pulled.reshape(flat.shape)
    return np.asarray(inverse + pulled @ _solved(core, pulled, several))


def _common(base: Floats, shared: Floats) -> Floats:
    """The same with one slope for all: an arrow of intercepts around it."""
    corner = float(base[:, 0, 0].sum())
    edge, middle = base[:, 0, 1], base[:, 1, 1]
    schur = corner - float((edge * edge / middle).sum())
    of_slope, of_item = shared[:, 0].sum(axis=0), shared[:, 1]  # [directions], [items, directions]
    # The arrow's inverse applied to the shared directions.
    slope = (of_slope - (edge / middle) @ of_item) / schur
    items = (of_item - edge[:, None] * slope) / middle[:, None]
    core = np.eye(slope.size) - np.outer(of_slope, slope) - of_item.T @ items
    solved = np.linalg.solve(core, np.column_stack((slope, items.T)))
    blocks = np.empty_like(base)
    blocks[:, 0, 0] = 1 / schur + slope @ solved[:, 0]
    blocks[:, 0, 1] = blocks[:, 1, 0] = -edge / middle / schur + items @ solved[:, 0]
    blocks[:, 1, 1] = (
        1 / middle + (edge / middle) ** 2 / schur + (items * solved[:, 1:].T).sum(axis=1)
    )
    return blocks


def _solved(core: Floats, pulled: Floats, several: int) -> Floats:
    directions = core.shape[0]
    right = pulled.reshape(-1, directions).T
    solved = np.linalg.solve(core, right)
    return np.asarray(solved.reshape(directions, -1, several).transpose(1, 0, 2))


def _inverses(blocks: Floats) -> Floats:
    regular = np.linalg.det(blocks) > 0
    safe = np.where(regular[:, None, None], blocks, np.eye(blocks.shape[1]))
    return np.where(regular[:, None, None], np.linalg.inv(safe), np.nan)


def _bins(
    part: Part, table: Floats, grid: Nodes
) -> tuple[Part, NDArray[np.intp], NDArray[np.intp]]:
    """The attempts in order of their bins, and where each bin begins: intp[BINS + 1]."""
    ability = np.empty(part.attempts)

    def step(share: Sequence[Chunk]) -> None:
        for chunk in share:
            weight, _ = expected.whole_posterior(chunk.category @ table, grid)
            ability[chunk.span] = weight @ (grid.theta / WHOLE)

    expected.spread(step, list(part.chunks()))
    place = np.clip((ability + REACH) * (BINS / (2 * REACH)), 0, BINS - 1).astype(np.int8)
    order = np.argsort(place, kind="stable")
    return part, order, np.searchsorted(place[order], np.arange(BINS + 1))


def _within(part: Part, table: Floats, grid: Nodes) -> tuple[Floats, Floats]:
    """Weights by category and node, and the sum of the posteriors' own covariances of nodes."""

    def step(share: Sequence[Chunk]) -> tuple[Floats, Floats]:
        cells, outer = np.zeros(table.shape), np.zeros((grid.count, grid.count))
        for chunk in share:
            weight, _ = expected.whole_posterior(chunk.category @ table, grid)
            weight /= WHOLE
            cells += chunk.category.T @ weight
            outer[np.diag_indices(grid.count)] += weight.sum(axis=0)
            outer -= weight.T @ weight
        return cells, outer

    done = expected.spread(step, list(part.chunks()))
    return (
        sum((cells for cells, _ in done), np.zeros(table.shape)),
        sum((outer for _, outer in done), np.zeros((grid.count, grid.count))),
    )


def _shared(both: Floats, n: Floats, spread: Floats, attempts: int) -> Floats:
    """The directions of one bin: [items, parameters, SHARED]."""
    size, vectors = np.linalg.eigh(spread)
    top = vectors[:, -SHARED:] * np.sqrt(np.maximum(size[-SHARED:], 0.0))
    share = (n / attempts)[:, None, None]
    along = (both @ top) * share
    return np.asarray(along[0::2] + along[1::2])


def _squares(cells: Floats, change: Floats) -> Floats:
    return np.asarray(np.einsum("iq,ijq,ikq->ijk", cells, change, change, optimize=True))
