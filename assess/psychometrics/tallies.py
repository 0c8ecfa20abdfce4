"""How often is each place met, and what stands there, without keeping other threads waiting?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

SMALL = np.iinfo(np.uint16).max
MANY = 1 << 21  # places that are counted at once


class Counted:
    """How often each place 0..size-1 was met; `most`: what no count exceeds, if that is known."""

    def __init__(self, size: int, most: int | None = None) -> None:
        self._small = most is not None and most <= SMALL
        self._counts: NDArray[Any] = np.zeros(size, np.uint16 if self._small else np.int32)
        # One room for all that is added: fresh memory is dear.
        self._room = np.empty(MANY, index_type(size))
        self._rows = self._attempts = 0

    def add(self, places: NDArray[np.integer], attempts: int) -> None:
        """Count places of so many attempts, each of which meets a place once at most."""
        end = self._rows + places.size
        if end > self._room.size or not (self._small or self._attempts + attempts <= SMALL):
            self.total()
            end = places.size
        if end > self._room.size:
            self._room = np.empty(end, self._room.dtype)
        self._room[self._rows : end] = places
        self._rows = end
        self._attempts += attempts

    def total(self) -> NDArray[np.integer]:
        """The counts so far."""
        if self._rows:
            # In a table as small as the cache likes it, where so few cannot overflow it.
            kind = np.uint16 if self._small or self._attempts <= SMALL else np.int32
            self._counts += counts(self._room[: self._rows], self._counts.size, kind)
            self._rows = self._attempts = 0
        return self._counts


def counts(
    places: NDArray[np.integer], size: int, kind: type[np.uint16 | np.int32]
) -> NDArray[Any]:
    """How often each place 0..size-1 occurs, as numbers of this kind.

    As a matrix product, since np.bincount and np.add.at keep other threads waiting.
    """
    ends = np.array([0, places.size], places.dtype)
    matrix = sparse.csc_array((np.ones(places.size, kind), places, ends), shape=(size, 1))
    found: NDArray[Any] = matrix @ np.ones(1, kind)
    return found


def looked_up(table: NDArray[Any], places: NDArray[np.integer]) -> NDArray[Any]:
    """table[places], outside Python's lock; no place may lie outside the table."""
    return np.take(table, places, mode="clip")


def index_type(size: int) -> type[np.int32 | np.int64]:
    """The narrowest type in which places of a table of this size are kept."""
    return np.int32 if size <= 1 << 31 else np.int64
