"""Which answers did each attempt give, laid out for the sums of an item response model?

Attempts are cut into chunks small enough for a processor's cache; nothing that is computed from
them depends on where the cuts fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from assess.psychometrics.responses import Responses

ROWS = 4096  # attempts of a chunk: its posteriors (ROWS x nodes) stay in the cache
MOST_ROWS = 16384  # of a chunk where there are more than MANY_ITEMS items
MANY_ITEMS = 2000
ANSWERS = 1 << 18  # answers of a chunk at most
FEW_FORMS = 64  # up to so many different forms are worth being told apart


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """The answers of attempts `first` .. `first` + rows - 1.

    `category` csr[rows, 2 * items], ones: column 2i is a right answer to item i, 2i + 1 a wrong
    one.
    """

    first: int
    rows: int
    category: sparse.csr_matrix

    @property
    def span(self) -> slice:
        """Its attempts among those of the part."""
        return slice(self.first, self.first + self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Right and wrong answers of some attempts, ordered by attempt.

    `category` int32[n]: 2 * item + (0 right, 1 wrong); `edges` int64[attempts + 1]: where each
    attempt's answers begin. Not-reached items are not among them.
    """

    attempts: int
    items: int
    category: NDArray[np.int32]
    edges: NDArray[np.int64]

    def of_attempts(self, chosen: NDArray[np.intp]) -> Part:
        """These attempts alone, in this order."""
        length = np.diff(self.edges)[chosen]
        edges = np.concatenate(([0], np.cumsum(length)))
        rows = np.repeat(self.edges[chosen] - edges[:-1], length) + np.arange(edges[-1])
        return Part(chosen.size, self.items, self.category[rows], edges)

    @property
    def item(self) -> NDArray[np.int32]:
        """The item of every answer, int32[n]."""
        return self.category >> 1

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether it is right, bool[n]."""
        return np.asarray(self.category & 1 == 0)

    @property
    def attempt(self) -> NDArray[np.int32]:
        """The attempt of every answer, int32[n]."""
        return np.repeat(np.arange(self.attempts, dtype=np.int32), np.diff(self.edges))

    def counts(self) -> NDArray[np.int64]:
        """Wrong and right answers to each item: int64[items, 2], right ones first."""
        return np.bincount(self.category, minlength=2 * self.items).reshape(-1, 2)

    def chunks(self, rows: int | None = None) -> Iterator[Chunk]:
        """The attempts in order, cut where a chunk has `rows` of them or is full."""
        longest = int(np.diff(self.edges).max(initial=1))
        # With very many items the sums by item weigh more than the posteriors.
        usual = ROWS if self.items <= MANY_ITEMS else MOST_ROWS
        rows = max(1, min(rows or usual, usual, ANSWERS // max(longest, 1)))
        ones = np.ones(rows * longest)
        for first in range(0, self.attempts, rows):
            edges = self.edges[first : min(first + rows, self.attempts) + 1]
            cells = self.category[edges[0] : edges[-1]]
            yield Chunk(
                first,
                edges.size - 1,
                sparse.csr_matrix(
                    (ones[: cells.size], cells, (edges - edges[0]).astype(np.int32)),
                    shape=(edges.size - 1, 2 * self.items),
                ),
            )


def part(responses: Responses) -> Part:
    """The reached answers of these attempts, each right or wrong.

    Raises ValueError, naming the item, where an answer earned a part of the mark.
    """
    attempt, item, right = responses.binary()
    return arranged(responses.attempts, responses.items, attempt, item, right)


def arranged(
    attempts: int,
    items: int,
    attempt: NDArray[np.int32],
    item: NDArray[np.int32],
    right: NDArray[np.bool_],
) -> Part:
    """The same from columns int32[n], int32[n], bool[n], in any order."""
    category = item.astype(np.int32) * 2
    category += ~right
    if attempt.size and bool((attempt[1:] < attempt[:-1]).any()):
        order = np.argsort(attempt, kind="stable")
        attempt, category = attempt[order], category[order]
    edges = np.zeros(attempts + 1, dtype=np.int64)
    np.cumsum(np.bincount(attempt, minlength=attempts), out=edges[1:])
    return Part(attempts, items, category, edges)


@dataclass(frozen=True, slots=True, eq=False)
class Forms:
    """The different forms of a part, where there are few.

    `shown` bool[forms, items]; `form` int32[attempts]: the form each attempt sat; `right`
    int32[right answers]: the items, by attempt; `edges` int64[attempts + 1]: where each
    attempt's right answers begin; `right_counts` int64[items]: how many each item has.
    """

    shown: NDArray[np.bool_]
    form: NDArray[np.int32]
    right: NDArray[np.int32]
    edges: NDArray[np.int64]
    right_counts: NDArray[np.int64]

    def rows(self, span: slice) -> sparse.csr_matrix:
        """Right answers of these attempts: csr[attempts, items], ones."""
        edges = self.edges[span.start : span.stop + 1]
        item = self.right[edges[0] : edges[-1]]
        return sparse.csr_matrix(
            (np.ones(item.size), item, (edges - edges[0]).astype(np.int32)),
            shape=(edges.size - 1, self.shown.shape[1]),
        )


def forms(part: Part) -> Forms | None:
    """The forms of this part; None where there are more than FEW_FORMS."""
    shown, form = _told_apart(part)
    if form is None:
        return None
    where = np.flatnonzero(part.right)
    item = part.category[where] >> 1
    edges = np.searchsorted(where, part.edges)
    return Forms(shown, form, item, edges, np.bincount(item, minlength=part.items))


def _told_apart(part: Part) -> tuple[NDArray[np.bool_], NDArray[np.int32] | None]:
    """Each attempt's form by comparing with the forms found so far, a chunk at a time."""
    form = np.zeros(part.attempts, dtype=np.int32)
    if part.attempts and part.category.size % part.attempts == 0:
        rows = part.category.reshape(part.attempts, -1)
        # Right and wrong differ in the lowest bit only.
        if FEW_FORMS and all(
            bool(((rows[at] ^ rows[0]) <= 1).all()) for at in _slices(part.attempts)
        ):
            shown = np.zeros((1, part.items), dtype=np.bool_)
            shown[0, rows[0] >> 1] = True
            return shown, form
    shown = np.zeros((0, part.items), dtype=np.bool_)
    names = _names(part.items)
    known = np.zeros(0, dtype=np.uint64)
    for chunk in part.chunks():
        edges = part.edges[chunk.first : chunk.first + chunk.rows + 1]
        item = part.category[edges[0] : edges[-1]] >> 1
        row = np.repeat(np.arange(chunk.rows), np.diff(edges))
        # A sum of random 64-bit numbers tells sets apart; the comparison below makes it sure.
        running = _running(names[item])
        name = running[edges[1:] - edges[0]] - running[edges[:-1] - edges[0]]
        fresh, first = np.unique(name, return_index=True)
        first = first[~np.isin(fresh, known)]
        if known.size + first.size > FEW_FORMS:
            return shown, None
        more = np.zeros((first.size, part.items), dtype=np.bool_)
        place = np.full(chunk.rows, -1)
        place[first] = np.arange(first.size)
        new = place[row] >= 0
        more[place[row[new]], item[new]] = True
        shown = np.concatenate((shown, more))
        known = np.concatenate((known, name[first]))
        order = np.argsort(known)
        own = order[np.searchsorted(known, name, sorter=order)]
        form[chunk.span] = own
        length = shown.sum(axis=1)[own]
        if not (shown[own[row], item].all() and np.array_equal(length, np.diff(edges))):
            return shown, None
    return shown, form


def _slices(attempts: int) -> Iterator[slice]:
    return (slice(first, first + ROWS) for first in range(0, attempts, ROWS))


def _running(names: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return np.concatenate(([np.uint64(0)], np.cumsum(names, dtype=np.uint64)))


def _names(items: int) -> NDArray[np.uint64]:
    """A 64-bit number for each item that looks random and is always the same (splitmix64)."""
    z = np.arange(1, items + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
