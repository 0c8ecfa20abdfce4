"""What can be drawn: the frozen list of item versions of a published specification, by quota.

Others may rely on this: a `Pool` holds disjoint cells (`key` names each of them, stably), `enemies`
(groups of items of which a form holds one at the most), sets (entries with one `set` number are
drawn all together or not at all, in whatever cells they stand) and the `band` in which the expected
score of a form shall lie, or the reason why there is none. Whatever a draw can depend on is in its
fingerprint. Documents of schema `pool/1`, which knew cells alone, are read, and keep the
fingerprints they had.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assess.delivery.entries import TYPECODES, UNKNOWN, Entries, Entry, column_of

FIRST_SCHEMA = "pool/1"
SCHEMA = "pool/2"
FIRST_LABEL = b"assess-pool/1\0"
LABEL = b"assess-pool/2\0"
FIRST_COLUMNS = ("items", "versions", "options", "difficulties")
COUNT = struct.Struct(">I")
ITEM = struct.Struct(">q")
BAND = struct.Struct(">qq")
NOT_ASKED = "not_asked"
NOT_ENOUGH_DATA = "not_enough_data"


@dataclass(frozen=True, slots=True)
class Band:
    """Where the expected score of a form shall lie: within `half` of `target`, both included.

    Whole thousandths of a mark, of the whole form, for the borderline candidate. ValueError when
    `half` is below 0.
    """

    target: int
    half: int

    def __post_init__(self) -> None:
        if self.half < 0:
            raise ValueError(f"a band of {self.half} thousandths to each side")

    def __contains__(self, expected: int) -> bool:
        return abs(expected - self.target) <= self.half


@dataclass(frozen=True, slots=True)
class Cell:
    """One quota: `count` questions on `outcome`, to be drawn from `entries`.

    `narrowing` says in plain text by what else the entries were chosen ("level=apply", ...); empty
    for all items of the outcome. Any sequence of entries may be handed in; it is kept as `Entries`.
    """

    outcome: str
    count: int
    entries: Sequence[Entry]
    narrowing: str = ""

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"{self.outcome}: {self.count} questions")
        if not isinstance(self.entries, Entries):
            object.__setattr__(self, "entries", Entries(self.entries))

    @property
    def key(self) -> str:
        """What names the cell in its pool, in reports and in refusals."""
        return f"{self.outcome} {self.narrowing}" if self.narrowing else self.outcome

    @property
    def listed(self) -> Entries:
        """The entries in their columns."""
        assert isinstance(self.entries, Entries)  # noqa: S101 - made so in __post_init__
        return self.entries


@dataclass(frozen=True, slots=True)
class Pool:
    """All cells of one published specification, frozen. Every item stands in one cell only.

    `specification` is the digest of the specification. `enemies` are groups of items; items that
    are not in the pool, and groups of fewer than two, are left out; they are kept in ascending
    order. `band` None means that draws are not balanced, and `unbalanced` says why (NOT_ASKED,
    NOT_ENOUGH_DATA; empty with a band). ValueError when an item stands in two cells, two cells have
    one key, or the difficulty of an item is not known although there is a band.
    """

    specification: str
    cells: tuple[Cell, ...]
    shuffle_questions: bool = True
    enemies: tuple[tuple[int, ...], ...] = ()
    band: Band | None = None
    unbalanced: str = ""
    schema: str = SCHEMA
    # What is reckoned once of a pool, which never changes: its fingerprint, and a draw's tables.
    kept: dict[str, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def __post_init__(self) -> None:
        _disjoint(self.cells)
        if self.band is None and not self.unbalanced:
            object.__setattr__(self, "unbalanced", NOT_ASKED)
        if self.enemies:
            object.__setattr__(self, "enemies", _known(self.enemies, self.cells))
        if self.band is not None:
            for cell in self.cells:
                if UNKNOWN in cell.listed.difficulties:
                    raise ValueError(f"{cell.key}: a band, but difficulties that are not known")
        if self.schema == FIRST_SCHEMA and (
            self.enemies
            or self.band
            or any(cell.narrowing or any(cell.listed.sets) for cell in self.cells)
        ):
            raise ValueError(f"{FIRST_SCHEMA} has no enemies, sets, narrowed cells and bands")

    @property
    def length(self) -> int:
        """How many questions a form has."""
        return sum(cell.count for cell in self.cells)

    def fingerprint(self) -> str:
        """SHA-256 of everything a draw can depend on, hexadecimal; reckoned once and kept.

        Byte layout: `docs/decisions/0004-the-draw.md` for pool/1, `0020-the-balanced-draw.md`.
        """
        if "fingerprint" not in self.kept:
            first = self.schema == FIRST_SCHEMA
            digest = hashlib.sha256(FIRST_LABEL if first else LABEL)
            digest.update(_text(self.specification))
            digest.update(bytes([self.shuffle_questions]))
            if not first:
                digest.update(bytes([self.band is not None]))
                if self.band is not None:
                    digest.update(BAND.pack(self.band.target, self.band.half))
                digest.update(_text(self.unbalanced))
            digest.update(COUNT.pack(len(self.cells)))
            for cell in self.cells:
                digest.update(_text(cell.outcome))
                if not first:
                    digest.update(_text(cell.narrowing))
                digest.update(COUNT.pack(cell.count))
                digest.update(COUNT.pack(len(cell.entries)))
                for name in FIRST_COLUMNS if first else TYPECODES:
                    digest.update(cell.listed.column(name))
            if not first:
                digest.update(COUNT.pack(len(self.enemies)))
                for group in self.enemies:
                    digest.update(COUNT.pack(len(group)))
                    digest.update(b"".join(map(ITEM.pack, group)))
            self.kept["fingerprint"] = digest.hexdigest()
        return str(self.kept["fingerprint"])

    def as_document(self) -> dict[str, object]:
        """The pool in plain JSON types, for storing.

        Columns are the base64 of their big-endian bytes (pool/1: lists of numbers).
        """
        first = self.schema == FIRST_SCHEMA
        document: dict[str, object] = {
            "schema": self.schema,
            "specification": self.specification,
            "shuffle_questions": self.shuffle_questions,
        }
        if not first:
            document |= {
                "band": None if self.band is None else [self.band.target, self.band.half],
                "unbalanced": self.unbalanced,
                "enemies": [list(group) for group in self.enemies],
            }
        document["cells"] = [
            _listed(cell)
            if first
            else {"outcome": cell.outcome, "narrowing": cell.narrowing, "count": cell.count}
            | {
                name: base64.b64encode(cell.listed.column(name)).decode("ascii")
                for name in TYPECODES
            }
            for cell in self.cells
        ]
        return document

    def in_rows(self) -> dict[str, object]:
        """The same for people and other programs to read: entry by entry, ascending.

        A row is item, version, options, difficulty (UNKNOWN where it is not known), set.
        """
        cells = [
            {
                "outcome": cell.outcome,
                "narrowing": cell.narrowing,
                "count": cell.count,
                "rows": [
                    list(row)
                    for row in zip(*(getattr(cell.listed, c) for c in TYPECODES), strict=True)
                ],
            }
            for cell in self.cells
        ]
        return {**self.as_document(), "cells": cells}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Pool:
        """The pool that `as_document` wrote, of either schema. ValueError when it is not one."""
        schema = document.get("schema")
        if schema not in (FIRST_SCHEMA, SCHEMA):
            raise ValueError(f"no document of {FIRST_SCHEMA} or {SCHEMA}: {schema!r}")
        try:
            if schema == FIRST_SCHEMA:
                return cls(
                    document["specification"],
                    tuple(_first_cell(cell) for cell in document["cells"]),
                    document["shuffle_questions"],
                    schema=schema,
                )
            band = document["band"]
            return cls(
                document["specification"],
                tuple(_cell(cell) for cell in document["cells"]),
                document["shuffle_questions"],
                tuple(tuple(group) for group in document["enemies"]),
                None if band is None else Band(*band),
                document["unbalanced"],
            )
        except (KeyError, TypeError, OverflowError) as problem:
            raise ValueError(f"not a {schema} document: {problem!r}") from problem


def _cell(document: Mapping[str, Any]) -> Cell:
    columns = {
        name: column_of(name, base64.b64decode(document[name], validate=True)) for name in TYPECODES
    }
    entries = Entries.of_columns(**columns)
    return Cell(document["outcome"], document["count"], entries, document["narrowing"])


def _listed(cell: Cell) -> dict[str, object]:
    """A cell as pool/1 wrote it."""
    entries = cell.listed
    return {
        "outcome": cell.outcome,
        "count": cell.count,
        "items": entries.items.tolist(),
        "versions": entries.versions.tolist(),
        "options": entries.options.tolist(),
        "difficulties": [None if d == UNKNOWN else d for d in entries.difficulties],
    }


def _first_cell(document: Mapping[str, Any]) -> Cell:
    columns = {name: list(document[name]) for name in FIRST_COLUMNS}
    columns["difficulties"] = [UNKNOWN if d is None else d for d in columns["difficulties"]]
    columns["sets"] = [0] * len(columns["items"])
    typed = {name: array(TYPECODES[name], column) for name, column in columns.items()}
    return Cell(document["outcome"], document["count"], Entries.of_columns(**typed))


def _disjoint(cells: tuple[Cell, ...]) -> None:
    keys = [cell.key for cell in cells]
    if len(set(keys)) < len(keys):
        raise ValueError(f"two cells are named {max(keys, key=keys.count)}")
    if len(cells) > 1:
        columns = [
            np.frombuffer(cell.listed.items, np.int64)
            if cell.listed.items
            else np.empty(0, np.int64)
            for cell in cells
        ]
        items = np.sort(np.concatenate(columns), kind="stable")
        if (twice := items[1:][items[1:] == items[:-1]]).size:
            raise ValueError(f"item {twice[0]} stands in two cells")


def _known(groups: Iterable[Iterable[int]], cells: tuple[Cell, ...]) -> tuple[tuple[int, ...], ...]:
    """The groups with what is in the pool, each once, in ascending order."""
    here = {
        tuple(
            sorted(
                item
                for item in set(group)
                if any(cell.listed.place_of(item) is not None for cell in cells)
            )
        )
        for group in groups
    }
    return tuple(sorted(group for group in here if len(group) > 1))


def _text(text: str) -> bytes:
    raw = text.encode()
    return COUNT.pack(len(raw)) + raw
