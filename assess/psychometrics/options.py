"""Which options does a cell name, and which of them are the key? From labels to bit masks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import delimited, distinct
from assess.psychometrics.delimited import MISSING, Column, FileError, Table
from assess.psychometrics.responses import FULL, MOST_OPTIONS, NOT_REACHED, OMITTED, Responses

NOT_REACHED_WORDS = frozenset({"NR", "not reached", "not_reached", "-2"})
NO_OPTION = MISSING | {"-1", "omitted"}
SEVERAL = re.compile(r"\s*[|;+]\s*")  # between the options of a multiple response


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """What each row chose, int32[rows] bit masks (`OMITTED`, `NOT_REACHED`), and the keys.

    `labels`: what bit 0, 1, ... stand for; numbers by size, then text by letter. `keys`
    int32[items]: the masks of the key file, 0 without one.
    """

    mask: NDArray[np.int32]
    labels: tuple[str, ...]
    keys: NDArray[np.int32]


def choices(
    table: Table, column: Column, items: Sequence[str], key: Mapping[str, tuple[str, ...]] | None
) -> Choices:
    """The options of a column as masks; `key` as `read_key` gives it.

    Raises FileError where there are more than 26 different options.
    """
    code, values = codes(column)
    texts = [str(value) for value in values.tolist()]
    parts = [() if text in NO_OPTION | NOT_REACHED_WORDS else _split(text) for text in texts]
    keyed = list(key.values()) if key is not None else []
    labels = _ordered(chain.from_iterable([*parts, *keyed]))
    if len(labels) > MOST_OPTIONS:
        late = labels[MOST_OPTIONS]
        first = next((k for k, chosen in enumerate(parts) if late in chosen), None)
        what = (
            f"there are {len(labels)} different options, at most {MOST_OPTIONS} are possible. "
            "Is this a column of scores?"
        )
        if first is None:
            raise FileError(table.path, what)
        raise table.refuse(int(np.flatnonzero(code == first)[0]), f"{late!r} is an option; {what}")
    bit = {label: 1 << place for place, label in enumerate(labels)}
    masks = [
        NOT_REACHED if text in NOT_REACHED_WORDS else sum(bit[label] for label in chosen)
        for text, chosen in zip(texts, parts, strict=True)
    ]
    keys = np.zeros(len(items), np.int32)
    if key is not None:
        keys = np.array([sum(bit[label] for label in key[item]) for item in items], np.int32)
    return Choices(np.array(masks, np.int32)[code], labels, keys)


def read_key(path: Path, items: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The options that are right, by item: from the columns item and key, or one row under the
    items' names. Raises FileError for an item without a key, and for one that is keyed twice."""
    table = delimited.read(path)
    named = {name.lower(): column for name, column in table.columns.items()}
    if "item" in named:
        right = next((named[name] for name in ("key", "correct", "option") if name in named), None)
        if right is None:
            raise FileError(path, "needs the columns item and key.", 1)
        rows = list(zip(map(str, named["item"].tolist()), right.tolist(), strict=True))
    elif table.rows == 1:
        rows = [(name, column[0]) for name, column in table.columns.items()]
    else:
        what = "needs the columns item and key, or one row of keys under the names of the items."
        raise FileError(path, what, 1)
    key: dict[str, tuple[str, ...]] = {}
    for row, (item, cell) in enumerate(rows):
        if item in key:
            raise table.refuse(row, f"item {item} is keyed twice. Keep one of the two.")
        if str(cell) not in NO_OPTION:
            key[item] = _split(str(cell))
    missing = [item for item in items if item not in key]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise FileError(path, f"has no key for item {missing[0]}{more}. Add a row for each.")
    return key


def earned(answers: Responses) -> NDArray[np.int32]:
    """The key of each item as the marks tell, int32[items]: what every full mark chose, else 0."""
    right = (answers.option > OMITTED) & (answers.score == FULL)
    item, option = answers.item[right], answers.option[right]
    low = np.full(answers.items, np.iinfo(np.int32).max, np.int32)
    high = np.zeros(answers.items, np.int32)
    np.minimum.at(low, item, option)
    np.maximum.at(high, item, option)
    return np.where(low == high, high, np.int32(0))


def widths(answers: Responses, keys: NDArray[np.int32]) -> NDArray[np.int16]:
    """One more than the highest option seen or keyed, int16[items]; 0 where there is none."""
    every = keys.copy()
    chosen = answers.option > OMITTED
    np.bitwise_or.at(every, answers.item[chosen], answers.option[chosen])
    # The place of the highest bit; exact, since a mask has far fewer bits than a float64.
    return np.frexp(every.astype(np.float64))[1].astype(np.int16)


def codes(column: Column) -> tuple[NDArray[np.int32], Column]:
    """Each value's place among the different ones, int32[rows], and these: numbers ascending,
    text in order of appearance."""
    if column.dtype.kind == "O":
        places: dict[str, int] = {}
        code = [places.setdefault(value, len(places)) for value in column.tolist()]
        return np.array(code, np.int32), delimited.objects(places)
    if column.dtype.kind in "iu":
        return distinct.codes(column)
    labels, code_ = np.unique(column, return_inverse=True)
    return code_.astype(np.int32), labels


def _split(text: str) -> tuple[str, ...]:
    return tuple(sorted({part for part in SEVERAL.split(text.strip()) if part}))


def _ordered(labels: Iterable[str]) -> tuple[str, ...]:
    def rank(label: str) -> tuple[bool, int, str]:
        number = label.isdecimal()
        return not number, int(label) if number else 0, label

    return tuple(sorted(set(labels), key=rank))
