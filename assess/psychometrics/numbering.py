"""How are the different kinds of answers numbered, when most that are possible never occur?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics.cells import ROOM
from assess.psychometrics.exact import Ints
from assess.psychometrics.tallies import counts, index_type, looked_up

CACHED = 1 << 15  # rows of which a few columns stay in the processor's nearest cache

Key = Callable[[slice, Ints], None]  # writes the keys of some rows where it is told


class Numbering:
    """Numbers for those of 0..size-1 that occur, as they come, in several threads at once."""

    def __init__(self, size: int) -> None:
        self._number = np.full(size, -1, np.int32)
        self._given = 0
        self._lock = Lock()

    def cells(self, rows: int, key: Key, room: NDArray[np.uint16] | None = None) -> NDArray[Any]:
        """The number of each row: uint16 (in `room`) as long as that is enough, or int32."""
        every: NDArray[Any] = np.empty(rows, np.uint16) if room is None else room
        narrow = True
        for block, keys in _blockwise(rows, key):
            cell = looked_up(self._number, keys)
            if cell.min() < 0:
                cell = self._fresh(keys)
            if narrow and self._given > 1 << 16:
                every, narrow = every.astype(np.int32), False
            every[block] = cell
        return every

    def keys(self) -> Ints:
        """What has been numbered, in the order of the numbers."""
        met = np.flatnonzero(self._number >= 0)
        return met[np.argsort(self._number[met])]

    def _fresh(self, keys: Ints) -> NDArray[np.int32]:
        with self._lock:
            new = np.unique(keys[self._number[keys] < 0])
            first, self._given = self._given, self._given + new.size
            # Another thread that reads what is not written yet comes here, and waits; one that
            # reads what is written finds it counted.
            self._number[new] = np.arange(first, first + new.size, dtype=np.int32)
            return self._number[keys]


def numbered(size: int, rows: int, key: Key) -> tuple[NDArray[Any], Ints]:
    """Each row's place among the different keys, and these, ascending.

    `key(rows, out)` gives the keys 0..size-1 of some rows, which are asked for a few at a time.
    """
    every = np.empty(rows, index_type(size))
    for block, keys in _blockwise(rows, key):
        every[block] = keys
    if size > ROOM:
        kept, code = np.unique(every, return_inverse=True)
        return code.astype(narrow(kept.size)), kept.astype(np.int64)
    met = counts(every, size, np.int32) > 0
    number: NDArray[Any] = (np.cumsum(met) - 1).astype(narrow(int(np.count_nonzero(met))))
    cell = np.empty(rows, number.dtype)
    for first in range(0, rows, CACHED):
        block = slice(first, first + CACHED)
        np.take(number, every[block], out=cell[block], mode="clip")
    return cell, np.flatnonzero(met)


def _blockwise(rows: int, key: Key) -> Iterator[tuple[slice, Ints]]:
    """The keys of all rows, a few at a time; they last until the next are asked for."""
    room = np.empty(min(rows, CACHED), np.int64)
    for first in range(0, rows, CACHED):
        block = slice(first, min(first + CACHED, rows))
        keys = room[: block.stop - block.start]
        key(block, keys)
        yield block, keys


def narrow(size: int) -> type[np.uint16 | np.int32]:
    """The narrowest type of so many numbers."""
    return np.uint16 if size <= 1 << 16 else np.int32
