"""How are the numbers of a form read, which lie far apart in a large pool?

Each of them lies in memory that nobody has touched for long, and the processor waits for it as long
as for some hundred steps. Read one by one they are waited for one after another; numpy reads them
in one loop, whose waiting overlaps. So a draw from a million items costs little more than one from
a thousand, whose numbers lie near and are read from lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from assess.delivery.pool import Pool

LARGE = 10_000  # entries; a pool of fewer lies in the processor's own memory more often than not
SHOWN = ("items", "versions", "options")  # what a form holds of an entry


@dataclass(frozen=True, slots=True)
class Near:
    """The entries of a small pool, cell after cell, which begin at `starts`.

    `difficulties` in thousandths; `shown`: item, version and number of options of each entry.
    """

    starts: list[int]
    difficulties: list[int]
    shown: list[list[int]]

    def sum(self, numbers: Iterable[int], count: int) -> int:
        """The sum of the difficulties of `count` entries, by their number in the pool."""
        return sum(map(self.difficulties.__getitem__, numbers))

    def rows(self, numbers: Sequence[int]) -> list[list[int]]:
        """What a form shows of these entries, by their number in the pool."""
        return list(map(self.shown.__getitem__, numbers))


@dataclass(frozen=True, slots=True)
class Far:
    """The same of a large pool, in arrays: difficulties in as few bytes as hold them."""

    starts: list[int]
    difficulties: npt.NDArray[Any]
    shown: npt.NDArray[np.int64]

    def sum(self, numbers: Iterable[int], count: int) -> int:
        """As `Near.sum`."""
        return sum(self.difficulties.take(np.fromiter(numbers, np.intp, count)).tolist())

    def rows(self, numbers: Sequence[int]) -> list[list[int]]:
        """As `Near.rows`."""
        found: list[list[int]] = self.shown.take(np.array(numbers, np.intp), axis=0).tolist()
        return found


Columns = Near | Far


def columns(pool: Pool) -> Columns:
    """The columns of a pool, made once."""
    if "columns" not in pool.kept:
        pool.kept["columns"] = _made(pool)
    made = pool.kept["columns"]
    assert isinstance(made, Near | Far)  # noqa: S101 - nobody else writes it
    return made


def expected(pool: Pool, places: Sequence[tuple[int, int]]) -> int:
    """The sum of the difficulties of these entries: (cell, place in it)."""
    found = columns(pool)
    return found.sum(_numbers(found.starts, places), len(places))


def rows(pool: Pool, places: Sequence[tuple[int, int]]) -> list[list[int]]:
    """What a form shows of these entries: item, version, number of options."""
    found = columns(pool)
    return found.rows(_numbers(found.starts, places))


def _numbers(starts: Sequence[int], places: Sequence[tuple[int, int]]) -> list[int]:
    return [starts[cell] + place for cell, place in places]


def _made(pool: Pool) -> Columns:
    sizes = [len(cell.listed) for cell in pool.cells]
    starts = [0, *accumulate(sizes[:-1])]
    shown = np.empty((sum(sizes), len(SHOWN)), np.int64)
    for number, name in enumerate(SHOWN):
        shown[:, number] = _column(pool, name)
    hard = _column(pool, "difficulties")
    if sum(sizes) < LARGE:
        return Near(starts, hard.tolist(), shown.tolist())
    if pool.band is not None:  # otherwise some are not known, and none is asked
        hard = hard.astype(np.result_type(*map(np.min_scalar_type, (hard.min(), hard.max()))))
    return Far(starts, hard, shown)


def _column(pool: Pool, name: str) -> npt.NDArray[Any]:
    own = [getattr(cell.listed, name) for cell in pool.cells]
    filled = [np.frombuffer(one, np.dtype(one.typecode)) for one in own if one]
    return np.concatenate(filled) if filled else np.empty(0, np.int64)
