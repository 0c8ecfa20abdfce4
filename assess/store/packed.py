"""What do all the marks of a report hold, column by column, and how are millions of them read?

A report needs a few numbers of every attempt and nothing else. PostgreSQL sends them by one COPY
in its binary form, which numpy reads as it lies; of SQLite the packed columns are joined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import BigInteger, LargeBinary, cast, text, type_coerce
from sqlalchemy.orm import Session

from assess.store import marks
from assess.store.marks import MarkRow

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

PACKED = ("versions", "options", "scores")  # bytes, four a question
NUMBERS = ("score", "out_of", "cut")  # eight bytes
FEWEST = 55  # bytes of a row without questions: their count, four before each value, the values
HEADER = 19  # bytes that the binary form begins with, where nothing is added to it
AT_ONCE = 20_000  # rows
MEMORY = "128MB"  # of PostgreSQL, for what it joins: the numbers of a million attempts fit in


@dataclass(frozen=True, slots=True, eq=False)
class PackedMarks:
    """The marks of many attempts, without whose they are, in no telling order.

    By attempt: `length` int32 (questions), `score` int32 (thousandths of a mark), `out_of` and
    `cut` int32 (marks), `passed` bool. By question, attempt after attempt, int32 each: `versions`,
    `options` and `scores` as `MarkRow` has them.
    """

    length: Ints
    versions: Ints
    options: Ints
    scores: Ints
    score: Ints
    out_of: Ints
    cut: Ints
    passed: Bools


def read(
    session: Session, *, test_id: int | None = None, bank_id: int | None = None
) -> PackedMarks:
    """The marks that count, first attempts only, of a test or of all tests of a bank.

    Raises ValueError where the packed columns of a row are not equally long.
    """
    # The packed columns as the bytes they are, the numbers as wide as PostgreSQL sends them.
    rows = (
        marks.counting(test_id, bank_id)
        .where(MarkRow.ordinal == 1)
        .with_only_columns(
            *(type_coerce(getattr(MarkRow, name), LargeBinary) for name in PACKED),
            *(cast(getattr(MarkRow, name), BigInteger) for name in NUMBERS),
            MarkRow.passed,
        )
    )
    if session.get_bind().dialect.name == "postgresql":
        return _joined(list(_copied(session, rows)))
    return _joined([_rows(part) for part in session.execute(rows).partitions(AT_ONCE)])


def _rows(rows: Sequence[Any]) -> PackedMarks:
    """Rows as a driver gives them."""
    columns = list(zip(*rows, strict=True))
    sizes = [np.array([len(value) for value in column]) for column in columns[: len(PACKED)]]
    if any((size != sizes[0]).any() for size in sizes):
        raise ValueError("the packed columns of a mark are not equally long")
    arrays: list[npt.NDArray[Any]] = [
        (sizes[0] // 4).astype(np.int32),
        *(np.frombuffer(b"".join(column), "<i4") for column in columns[: len(PACKED)]),
        *(np.array(column, np.int32) for column in columns[len(PACKED) : -1]),
        np.array(columns[-1], np.bool_),
    ]
    return PackedMarks(*arrays)


def _copied(session: Session, rows: Any) -> Iterator[PackedMarks]:
    """Rows as PostgreSQL copies them out, those with equally many questions together."""
    # With the usual 4 MB the rows of a large test would be put aside on disk while they are joined.
    session.execute(text(f"SET LOCAL work_mem = '{MEMORY}'"))
    asked = rows.compile(dialect=session.get_bind().dialect)
    connection: Any = session.connection().connection.driver_connection
    # Rows of forms of one length are equally long: sorted so, they are arrays already.
    by_size: defaultdict[int, list[bytes | memoryview]] = defaultdict(list)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({asked}) TO STDOUT (FORMAT BINARY)", asked.params) as copy,
    ):
        first = bytes(next(iter(copy)))
        # The header comes with the first row, or alone.
        extra = int.from_bytes(first[HEADER - 4 : HEADER], "big")
        rest = first[HEADER + extra :]
        by_size[len(rest)].append(rest)
        for row in copy:
            alike = by_size[len(row)]
            alike.append(row)
            if len(alike) == AT_ONCE:
                yield _columns(b"".join(alike), len(row))
                alike.clear()
    for size, alike in by_size.items():
        if alike and size >= FEWEST:  # the trailer, or no row behind the header, is shorter
            yield _columns(b"".join(alike), size)


def _columns(data: bytes, size: int) -> PackedMarks:
    """The columns of rows of so many bytes each, in PostgreSQL's binary form."""
    length = (size - FEWEST) // (4 * len(PACKED))
    layout: list[Any] = [("fields", ">i2")]
    for name in PACKED:
        layout += [(f"size of {name}", ">i4"), (name, "<i4", (length,))]
    for name in NUMBERS:
        layout += [(f"size of {name}", ">i4"), (name, ">i8")]
    layout += [("size of passed", ">i4"), ("passed", "?")]
    form = np.dtype(layout)
    if form.itemsize != size:
        raise ValueError("the packed columns of a mark are not equally long")
    rows = np.frombuffer(data, form)
    if any((rows[f"size of {name}"] != 4 * length).any() for name in PACKED):
        raise ValueError("the packed columns of a mark are not equally long")
    arrays: list[npt.NDArray[Any]] = [
        np.full(rows.size, length, np.int32),
        *(rows[name].ravel() for name in PACKED),
        *(rows[name].astype(np.int32) for name in NUMBERS),
        rows["passed"].copy(),
    ]
    return PackedMarks(*arrays)


def _joined(parts: Sequence[PackedMarks]) -> PackedMarks:
    """All of them as one."""
    if not parts:
        ints, bools = np.empty(0, np.int32), np.empty(0, np.bool_)
        return PackedMarks(ints, ints, ints, ints, ints, ints, ints, bools)
    columns = zip(*(_values(part) for part in parts), strict=True)
    return PackedMarks(*map(np.concatenate, columns))


def _values(part: PackedMarks) -> list[npt.NDArray[Any]]:
    return [getattr(part, field.name) for field in fields(PackedMarks)]
