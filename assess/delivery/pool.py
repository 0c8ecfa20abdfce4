"""What can be drawn: the frozen list of item versions of a published specification, by quota.

A pool of a million entries is kept in a million rows of four typed columns (21 bytes an entry),
not in a million objects. A cell is sorted by item, so that an item is found by bisection and the
fingerprint does not depend on the order in which entries were loaded.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

SCHEMA = "pool/1"
LABEL = b"assess-pool/1\0"
UNKNOWN = -(1 << 31)  # stands for "no difficulty known" in the column and in the fingerprint
MOST_OPTIONS = 255  # one byte an entry
COUNT = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Entry:
    """One item in one version: what a draw needs to know of it.

    `options` is how many options are to be shuffled; 0 keeps them in the version's own order.
    `difficulty` is in whole thousandths; None when nothing is known.
    """

    item: int
    version: int
    options: int
    difficulty: int | None = None


class Entries(Sequence[Entry]):
    """Entries in columns, in ascending order of item, no item twice (ValueError)."""

    __slots__ = ("difficulties", "items", "options", "versions")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.items = array("q")
        self.versions = array("q")
        self.options = array("B")
        self.difficulties = array("i")
        for entry in entries:
            if not 0 <= entry.options <= MOST_OPTIONS or entry.difficulty == UNKNOWN:
                raise ValueError(f"item {entry.item}: options or difficulty out of range")
            self.items.append(entry.item)
            self.versions.append(entry.version)
            self.options.append(entry.options)
            self.difficulties.append(UNKNOWN if entry.difficulty is None else entry.difficulty)
        self._sort()

    def _sort(self) -> None:
        items = self.items
        if any(items[i] >= items[i + 1] for i in range(len(items) - 1)):
            order = sorted(range(len(items)), key=items.__getitem__)
            for name in self.__slots__:
                column = getattr(self, name)
                setattr(self, name, array(column.typecode, (column[i] for i in order)))
            items = self.items
            for i in range(len(items) - 1):
                if items[i] == items[i + 1]:
                    raise ValueError(f"item {items[i]} stands twice in a cell")

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

    def place_of(self, item: int) -> int | None:
        """Where an item stands in these columns, from 0; None when it is not here."""
        place = bisect_left(self.items, item)
        return place if place < len(self.items) and self.items[place] == item else None

    def columns(self) -> Iterator[bytes]:
        """The four columns as bytes, big-endian, in the order item, version, options, difficulty.

        Eight, eight, one and four bytes an entry, signed but for the options.
        """
        for column in (self.items, self.versions, self.options, self.difficulties):
            if sys.byteorder == "little" and column.itemsize > 1:
                column = column[:]  # a copy, to turn its bytes round
                column.byteswap()
            yield column.tobytes()


@dataclass(frozen=True, slots=True)
class Cell:
    """One quota: `count` questions on `outcome`, to be drawn from `entries`.

    Any sequence of entries may be handed in; it is kept as `Entries`.
    """

    outcome: str
    count: int
    entries: Sequence[Entry]

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"{self.outcome}: {self.count} questions")
        if not isinstance(self.entries, Entries):
            object.__setattr__(self, "entries", Entries(self.entries))

    @property
    def listed(self) -> Entries:
        """The entries in their columns."""
        assert isinstance(self.entries, Entries)  # noqa: S101 - made so in __post_init__
        return self.entries


@dataclass(frozen=True, slots=True)
class Pool:
    """All cells of one published specification, frozen. Every item stands in one cell only.

    `specification` is the digest of the specification. ValueError when an item stands in two cells.
    """

    specification: str
    cells: tuple[Cell, ...]
    shuffle_questions: bool = True
    _fingerprint: list[str] = field(
        default_factory=list, init=False, repr=False, compare=False, hash=False
    )

    def __post_init__(self) -> None:
        if len(self.cells) > 1:
            seen: set[int] = set()
            for cell in self.cells:
                if not seen.isdisjoint(cell.listed.items):
                    twice = next(item for item in cell.listed.items if item in seen)
                    raise ValueError(f"item {twice} stands in two cells")
                seen.update(cell.listed.items)

    @property
    def length(self) -> int:
        """How many questions a form has."""
        return sum(cell.count for cell in self.cells)

    def fingerprint(self) -> str:
        """SHA-256 of everything a draw can depend on, hexadecimal; reckoned once and kept.

        Byte layout: `docs/decisions/0004-the-draw.md`.
        """
        if not self._fingerprint:
            digest = hashlib.sha256(LABEL)
            digest.update(_text(self.specification))
            digest.update(bytes([self.shuffle_questions]))
            digest.update(COUNT.pack(len(self.cells)))
            for cell in self.cells:
                digest.update(_text(cell.outcome))
                digest.update(COUNT.pack(cell.count))
                digest.update(COUNT.pack(len(cell.entries)))
                for column in cell.listed.columns():
                    digest.update(column)
            self._fingerprint.append(digest.hexdigest())
        return self._fingerprint[0]

    def as_document(self) -> dict[str, object]:
        """The pool in plain JSON types, for storing and for the verification file."""
        return {
            "schema": SCHEMA,
            "specification": self.specification,
            "shuffle_questions": self.shuffle_questions,
            "cells": [
                {
                    "outcome": cell.outcome,
                    "count": cell.count,
                    "items": cell.listed.items.tolist(),
                    "versions": cell.listed.versions.tolist(),
                    "options": cell.listed.options.tolist(),
                    "difficulties": [None if d == UNKNOWN else d for d in cell.listed.difficulties],
                }
                for cell in self.cells
            ],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Pool:
        """The pool that `as_document` wrote. ValueError when it is not one."""
        if document.get("schema") != SCHEMA:
            raise ValueError(f"not a {SCHEMA} document: {document.get('schema')!r}")
        try:
            cells = tuple(
                Cell(
                    cell["outcome"],
                    cell["count"],
                    Entries(
                        Entry(*row)
                        for row in zip(
                            cell["items"],
                            cell["versions"],
                            cell["options"],
                            cell["difficulties"],
                            strict=True,
                        )
                    ),
                )
                for cell in document["cells"]
            )
            return cls(document["specification"], cells, document["shuffle_questions"])
        except (KeyError, TypeError, OverflowError) as problem:
            raise ValueError(f"not a {SCHEMA} document: {problem!r}") from problem


def _text(text: str) -> bytes:
    raw = text.encode()
    return COUNT.pack(len(raw)) + raw
