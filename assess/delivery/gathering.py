"""How are the numbers of a form read, which lie far apart in a large pool?

Each of them lies in memory that nobody has touched for long, and the processor waits for it as long
as for some hundred steps. Read one by one they are waited for one after another; numpy reads them
in one loop, whose waiting overlaps. So a draw from a million items costs little more than one from
a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from assess.delivery.pool import Pool

SHOWN = ("items", "versions", "options")  # what a form holds of an entry


@dataclass(frozen=True, slots=True)
class Columns:
    """The entries of a pool, cell after cell.

    `starts`: where each cell begins; `difficulties` in thousandths, in as few bytes as hold them;
    `shown`: a row of the columns SHOWN for each entry, side by side, so that they are waited for
    once.
    """

    starts: list[int]
    difficulties: npt.NDArray[Any]
    shown: npt.NDArray[np.int64]

    def sum(self, numbers: Iterable[int], count: int) -> int:
        """The sum of the difficulties of `count` entries, by their number in the pool."""
        return sum(self.difficulties.take(np.fromiter(numbers, np.intp, count)).tolist())

    def expected(self, places: Sequence[tuple[int, int]]) -> int:
        """The sum of the difficulties of these entries: (cell, place in it)."""
        return self.sum(self._numbers(places), len(places))

    def rows(self, places: Sequence[tuple[int, int]]) -> list[list[int]]:
        """What a form shows of these entries: item, version, number of options."""
        numbers = np.fromiter(self._numbers(places), np.intp, len(places))
        found: list[list[int]] = self.shown.take(numbers, axis=0).tolist()
        return found

    def _numbers(self, places: Sequence[tuple[int, int]]) -> Iterable[int]:
        starts = self.starts
        return [starts[cell] + place for cell, place in places]


def columns(pool: Pool) -> Columns:
    """The columns of a pool, made once."""
    if "columns" not in pool.kept:
        sizes = [len(cell.listed) for cell in pool.cells]
        shown = np.empty((sum(sizes), len(SHOWN)), np.int64)
        for number, name in enumerate(SHOWN):
            shown[:, number] = _column(pool, name)
        hard = _column(pool, "difficulties")
        if pool.band is not None and hard.size:  # otherwise some are not known, and none is asked
            hard = hard.astype(np.result_type(*map(np.min_scalar_type, (hard.min(), hard.max()))))
        pool.kept["columns"] = Columns([0, *accumulate(sizes[:-1])], hard, shown)
    made = pool.kept["columns"]
    assert isinstance(made, Columns)  # noqa: S101 - nobody else writes it
    return made


def _column(pool: Pool, name: str) -> npt.NDArray[Any]:
    own = [getattr(cell.listed, name) for cell in pool.cells]
    filled = [np.frombuffer(one, np.dtype(one.typecode)) for one in own if one]
    return np.concatenate(filled) if filled else np.empty(0, np.int64)
