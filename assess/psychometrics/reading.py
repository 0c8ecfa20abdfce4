"""What are the answers in this file? Long or wide, CSV or Parquet, scores or options.

A long file has the columns attempt, item, option and/or score, and optionally seconds (or rt_ms)
and position; a row is an item shown in an attempt. A wide file has a row an attempt and a column
an item, of scores or, with a key, of options. Every refusal names file, line and remedy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import amounts, delimited, distinct, options, responses
from assess.psychometrics.amounts import TIMES
from assess.psychometrics.delimited import MISSING, Column, FileError, Table

LONG = frozenset({"attempt", "item", "option", "score", "position", *TIMES})
LARGEST = 2.0**53  # from here on not every whole number is a float64
ROW = re.compile(r"row (\d+): (.*)")  # where `responses` found something wrong

Blank = Literal["not drawn", "omitted"]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The answers of a file, and what its attempts, items and options are called.

    `items`: a label for each of `responses.versions`. `attempts`: a label for each attempt,
    integers or str objects. `options`: the label of each own option number, () where only
    scores are known. `keys` int32[items]: the bit mask of the key, 0 where it is not known.
    `n_options` int16[items]: one more than the highest option seen or keyed. `columns`: what
    else is known of the attempts, text by attempt, "" where nothing is.
    """

    responses: responses.Responses
    items: tuple[str, ...]
    attempts: Column
    options: tuple[str, ...]
    keys: NDArray[np.int32]
    n_options: NDArray[np.int16]
    columns: Mapping[str, NDArray[np.object_]]


def read(
    path: Path,
    *,
    key: Path | None = None,
    columns: Sequence[str] = (),
    identity: str | None = None,
    ignore: Collection[str] = (),
    attempts: Path | None = None,
    blank: Blank = "not drawn",
) -> Answers:
    """The answers in a file: long if it has the columns attempt (or `identity`) and item.

    `key`: a file of the columns item and key, or one row under the items' names; options of a
    multiple response are joined by | as in A|C. Without it the key is what earned full marks,
    where options and scores are both given. `columns` are properties of the attempt, `ignore`
    nothing at all: neither are items of a wide file. `attempts`: a file that joins properties
    by attempt. An empty cell of a wide file is an item that was not drawn, or omitted where
    `blank` says so; an empty option of a long file is an omitted item. Where options and
    positions are known, what is omitted behind an attempt's last answer was not reached.

    In a wide file of categories from 1 on the lowest of all becomes 0. Scores above 1 are whole
    marks; the highest of an item are its full marks. Raises FileError (a ValueError).
    """
    table = _named_as_long(load(path))
    name = identity or "attempt"
    if not table.rows:
        raise FileError(path, "has no answers: nothing stands below the header.")
    _has(table, (*([identity] if identity else ()), *ignore))
    if attempts is None:
        _has(table, columns)
    _refuse_half_long(table, name)
    if name in table.columns and "item" in table.columns:
        answers = _long(table, name, key, columns)
    else:
        answers = _wide(table, identity, key, columns, ignore, blank)
    return answers if attempts is None else joined(answers, attempts, name, columns)


def load(path: Path) -> Table:
    """The columns of a CSV file (.gz too) or, with pyarrow installed, of a Parquet file."""
    return _parquet(path) if path.suffix == ".parquet" else delimited.read(path)


def _parquet(path: Path) -> Table:
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        what = "is Parquet, which needs pyarrow: pip install 'assess[parquet]', or use CSV."
        raise FileError(path, what) from error
    try:
        read = parquet.read_table(path)
    except (OSError, ValueError) as error:
        raise FileError(path, f"cannot be read as Parquet: {error}.") from error
    columns: dict[str, Column] = {}
    for name, column in zip(read.column_names, read.columns, strict=True):
        values: Column = column.to_numpy()
        if values.dtype.kind == "f":
            values = _whole(values)
        elif column.null_count or values.dtype.kind not in "iub":
            texts = ("" if value is None else str(value) for value in column.to_pylist())
            values = delimited.objects(texts)
        columns[name] = values.astype(np.int8) if values.dtype.kind == "b" else values
    return Table(path, columns)


def _whole(column: NDArray[np.floating]) -> Column:
    """Numbers that are whole as integers, beside empty cells as their text; others as they are."""
    known = column[~np.isnan(column)]
    if not (np.abs(known) < LARGEST).all() or (np.rint(known) != known).any():
        return column
    if known.size == column.size:
        return delimited.narrow(column)
    return delimited.objects("" if x != x else str(int(x)) for x in column.tolist())


def _named_as_long(table: Table) -> Table:
    """The same table, the columns of a long file in small letters, if it is one: Item is item."""
    small = {name: name.lower() for name in table.columns if name.lower() in LONG}
    if "item" not in small.values() or len(set(small.values())) < len(small):
        return table
    return replace(table, columns={small.get(n, n): c for n, c in table.columns.items()})


def _refuse_half_long(table: Table, name: str) -> None:
    """A long file that lacks one of its columns must not pass for a wide one."""
    given = table.columns
    if not ("score" in given or "option" in given):
        return
    for one, other in ((name, "item"), ("item", name)):
        if one in given and other not in given:
            how = "" if other == "item" else " (or name it with --id)"
            what = f"a long file needs the column {other} too{how}. It has: {_names(table)}."
            raise FileError(table.path, what, 1)


def _long(table: Table, name: str, key: Path | None, columns: Sequence[str]) -> Answers:
    given = table.columns
    if "option" not in given and "score" not in given:
        what = f"a long file needs the column option or score. It has: {_names(table)}."
        raise FileError(table.path, what, 1)
    for column in (name, "item"):
        blank = np.flatnonzero(_blank(given[column]))
        if blank.size:
            raise table.refuse(int(blank[0]), f"the {column} is empty. Every row needs one.")
    attempt, labels = options.codes(given[name])
    item, named = options.codes(given["item"])
    items = tuple(map(str, named.tolist()))
    right = None if key is None else options.read_key(key, items)
    if right is not None and "option" not in given:
        raise FileError(table.path, "has no column option for the key to be applied to.", 1)
    chosen = options.choices(table, given["option"], items, right) if "option" in given else None
    marks = amounts.numbers(table, "score") if "score" in given else None
    score, full, option = amounts.scores(table, item, items, marks, chosen)
    times = next((unit for unit in TIMES if unit in given), None)
    order = amounts.numbers(table, "position") if "position" in given else None
    _refuse_twice(table, attempt, item, items)
    try:
        answers = responses.from_arrays(
            attempt,
            item,
            score,
            option,
            versions=np.arange(len(items)),
            attempts=labels.size,
            milliseconds=None if times is None else amounts.milliseconds(table, times),
            position=order,
            maximum=full,
        )
    except FileError:
        raise
    except ValueError as error:
        row = ROW.match(str(error))
        if row is None:
            raise FileError(table.path, f"{error}.") from error
        raise table.refuse(int(row[1]), f"{row[2]}.") from error
    if order is not None and chosen is not None:
        answers = answers.with_not_reached()
    known = {
        column: _by_attempt(table, column, attempt, labels.size)
        for column in columns
        if column in given
    }
    return _answers(answers, items, labels, chosen, known)


def _wide(
    table: Table,
    identity: str | None,
    key: Path | None,
    columns: Sequence[str],
    ignore: Collection[str],
    blank: Blank,
) -> Answers:
    aside = {*columns, *ignore, *([identity] if identity else ())}
    items = tuple(column for column in table.columns if column not in aside)
    if not items:
        raise FileError(table.path, "has no column left that is an item.", 1)
    # From here on one long table, attempt after attempt.
    right = None if key is None else options.read_key(key, items)
    cells = [amounts.numbers(table, item) if key is None else table.columns[item] for item in items]
    if len({cell.dtype.kind for cell in cells}) > 1:
        cells = [delimited.text(cell) for cell in cells]
    flat: Column = np.stack(cells, axis=1).ravel()
    empty = np.isnan(flat) if flat.dtype.kind == "f" else _blank(flat)
    if key is None and not empty.all() and np.nanmax(flat) > 1 and np.nanmin(flat) >= 1:
        flat = flat - np.nanmin(flat)  # categories from 1 on
    kept = np.flatnonzero(~empty) if blank == "not drawn" else np.arange(flat.size)
    attempt, item = (part.astype(np.int32) for part in np.divmod(kept, len(items)))
    chosen = None if key is None else options.choices(table, flat[kept], items, right)
    marks = flat[kept] if key is None else None
    score, full, option = amounts.scores(table, item, items, marks, chosen, attempt)
    try:
        answers = responses.from_arrays(
            attempt,
            item,
            score,
            option,
            versions=np.arange(len(items)),
            attempts=table.rows,
            position=item + 1,
            maximum=full,
        )
    except ValueError as error:
        raise FileError(table.path, f"{error}.") from error
    labels = np.arange(1, table.rows + 1) if identity is None else table.columns[identity]
    code, different = options.codes(labels)
    if different.size < labels.size:
        again = int(np.flatnonzero(np.bincount(code)[code] > 1)[1])
        raise table.refuse(again, f"{identity} {labels[again]} stands on more than one line.")
    known = {
        column: delimited.text(table.columns[column])
        for column in columns
        if column in table.columns
    }
    return _answers(answers, items, labels, chosen, known)


def _answers(
    answers: responses.Responses,
    items: tuple[str, ...],
    attempts: Column,
    chosen: options.Choices | None,
    columns: Mapping[str, NDArray[np.object_]],
) -> Answers:
    labels, keys = (
        ((), np.zeros(len(items), np.int32))
        if chosen is None
        else (
            chosen.labels,
            chosen.keys if chosen.keys.any() else options.earned(answers),
        )
    )
    return Answers(answers, items, attempts, labels, keys, options.widths(answers, keys), columns)


def _refuse_twice(
    table: Table, attempt: NDArray[np.int32], item: NDArray[np.int32], items: tuple[str, ...]
) -> None:
    row = distinct.first_repeated(attempt, item)
    if row is not None:
        what = f"item {items[item[row]]} stands twice in this attempt. Keep one row of the two."
        raise table.refuse(row, what)


def _by_attempt(
    table: Table, name: str, attempt: NDArray[np.int32], attempts: int
) -> NDArray[np.object_]:
    """A column of a long file as one text an attempt; FileError where it changes within one."""
    code, different = options.codes(table.columns[name])
    first = np.full(attempts, -1, np.int32)
    first[attempt[::-1]] = code[::-1]
    changed = np.flatnonzero(first[attempt] != code)
    if changed.size:
        raise table.refuse(int(changed[0]), f"the {name} is another than before in this attempt.")
    return delimited.text(different)[first]


def joined(answers: Answers, path: Path, name: str, columns: Sequence[str]) -> Answers:
    """The properties of the attempts that another file holds, beside those that are there.

    `name`: what that file calls the attempt; `columns` must be in either of the two. Raises
    FileError for a column that is in neither, and an attempt that stands there twice.
    """
    table = load(path)
    _has(table, (name,))
    _has(table, [column for column in columns if column not in answers.columns])
    code, labels = options.codes(delimited.text(table.columns[name]))
    if labels.size < code.size:
        again = int(np.flatnonzero(code != np.arange(code.size))[0])
        raise table.refuse(again, f"{name} {labels[code[again]]} stands here again. Keep one row.")
    row = {label: place for place, label in enumerate(labels.tolist())}
    place = np.array([row.get(str(label), -1) for label in answers.attempts.tolist()])
    known = dict(answers.columns)
    for column, values in table.columns.items():
        if column != name and column not in known:
            known[column] = delimited.objects([*delimited.text(values), ""])[place]
    return replace(answers, columns=known)


def _blank(column: Column) -> NDArray[np.bool_]:
    if column.dtype.kind != "O":
        return np.zeros(column.size, np.bool_)
    code, texts = options.codes(column)
    return np.array([text in MISSING for text in texts.tolist()], np.bool_)[code]


def _has(table: Table, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in table.columns:
            raise FileError(table.path, f"has no column {column!r}. It has: {_names(table)}.", 1)


def _names(table: Table) -> str:
    names = list(table.columns)
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
