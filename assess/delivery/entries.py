"""What does a draw know of the items in one cell of a pool: columns, not objects.

A million entries are kept in a million rows of five typed columns (25 bytes an entry). They are
sorted by item, so that an item is found by bisection and nothing depends on the order of loading.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, overload

import numpy as np

UNKNOWN = -(1 << 31)  # stands for "no difficulty known" in the column and in the fingerprint
MOST_OPTIONS = 255  # one byte an entry
TYPECODES: Final = {
    "items": "q",
    "versions": "q",
    "options": "B",
    "difficulties": "i",
    "sets": "I",
}
"""The columns in their order: 8, 8, 1, 4 and 4 bytes an entry; options and sets are unsigned."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item in one version: what a draw needs to know of it.

    `options` is how many options are to be shuffled; 0 keeps them in the version's own order.
    `difficulty` is the mark that the borderline candidate can expect, in whole thousandths; None
    when nothing is known. `set` numbers the set of items on one shared case that are drawn all
    together or not at all; 0 for an item on its own.
    """

    item: int
    version: int
    options: int
    difficulty: int | None = None
    set: int = 0


class Entries(Sequence[Entry]):
    """Entries in columns, in ascending order of item, no item twice (ValueError)."""

    __slots__ = tuple(TYPECODES)
    items: array[int]
    versions: array[int]
    options: array[int]
    difficulties: array[int]
    sets: array[int]

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        for name, code in TYPECODES.items():
            setattr(self, name, array(code))
        for entry in entries:
            if not 0 <= entry.options <= MOST_OPTIONS or entry.difficulty == UNKNOWN:
                raise ValueError(f"item {entry.item}: options or difficulty out of range")
            self.items.append(entry.item)
            self.versions.append(entry.version)
            self.options.append(entry.options)
            self.difficulties.append(UNKNOWN if entry.difficulty is None else entry.difficulty)
            self.sets.append(entry.set)
        self._sort()

    @classmethod
    def of_columns(cls, **columns: array[int]) -> Entries:
        """Entries whose columns are at hand, named and typed as in TYPECODES; kept, not copied.

        ValueError when they differ in length or an item stands twice.
        """
        made = cls()
        if {name: column.typecode for name, column in columns.items()} != TYPECODES:
            raise ValueError("these are not the columns of entries")
        if len({len(column) for column in columns.values()}) > 1:
            raise ValueError("one column is shorter than another")
        for name, column in columns.items():
            setattr(made, name, column)
        made._sort()
        return made

    def _sort(self) -> None:
        items = np.frombuffer(self.items, np.int64) if self.items else np.empty(0, np.int64)
        if bool((items[1:] > items[:-1]).all()):
            return
        order = np.argsort(items, kind="stable")
        items = items[order]
        if (twice := items[1:][items[1:] == items[:-1]]).size:
            raise ValueError(f"item {twice[0]} stands twice in a cell")
        for name, code in TYPECODES.items():
            column = np.frombuffer(getattr(self, name), np.dtype(code))[order]
            setattr(self, name, array(code, column.tobytes()))

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Entry: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Entry, ...]: ...

    def __getitem__(self, index: int | slice) -> Entry | tuple[Entry, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        difficulty = self.difficulties[index]
        return Entry(
            self.items[index],
            self.versions[index],
            self.options[index],
            None if difficulty == UNKNOWN else difficulty,
            self.sets[index],
        )

    def __iter__(self) -> Iterator[Entry]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Entries):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((len(self.items), self.items[:1].tobytes(), self.items[-1:].tobytes()))

    def __repr__(self) -> str:
        return f"<{len(self)} entries>"

    def with_difficulties(self, values: Iterable[int]) -> Entries:
        """The same entries with other difficulties, in their order."""
        columns = {name: getattr(self, name) for name in TYPECODES}
        return Entries.of_columns(**columns | {"difficulties": array("i", values)})

    def place_of(self, item: int) -> int | None:
        """Where an item stands in these columns, from 0; None when it is not here."""
        place = bisect_left(self.items, item)
        return place if place < len(self.items) and self.items[place] == item else None

    def column(self, name: str) -> bytes:
        """A column as bytes, big-endian."""
        return _turned(getattr(self, name)).tobytes()


def column_of(name: str, raw: bytes) -> array[Any]:
    """The column that `Entries.column` wrote. ValueError when the bytes are no whole entries."""
    return _turned(array(TYPECODES[name], raw))


def _turned(column: array[Any]) -> array[Any]:
    """The same numbers with their bytes in big-endian order, or back; a copy if anything turns."""
    if sys.byteorder == "little" and column.itemsize > 1:
        column = column[:]
        column.byteswap()
    return column
