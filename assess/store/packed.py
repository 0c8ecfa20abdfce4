"""What do all the marks of a report hold, column by column, and how are millions of them read?

A report needs a few numbers of every attempt and nothing else. PostgreSQL puts some thousand
attempts together and sends each block as one row of a COPY in binary form, which numpy reads as it
lies: a row an attempt would be a million messages. Of SQLite the packed columns are joined here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    Select,
    cast,
    func,
    literal_column,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session

from assess.store import marks
from assess.store.marks import MarkRow

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

PACKED = ("versions", "options", "scores")  # bytes, four a question
NUMBERS = ("score", "out_of", "cut", "passed")
HEADER = 19  # bytes that the binary form begins with, where nothing is added to it
ARRAY = 20  # bytes that an array begins with
ELEMENT = np.dtype([("bytes", ">i4"), ("number", ">i8")])  # of an array
HIGH = 1 << 32  # what a number is multiplied by to stand above another in one of 64 bits
AT_ONCE = 4096  # attempts of a block: at most 8 MB in a field, which may have 1 GB
# Of PostgreSQL, for what it joins and puts together; where a bank needs more, it takes to the disk.
MEMORY = "256MB"


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
    rows = marks.counting(test_id, bank_id).where(MarkRow.ordinal == 1)
    if session.get_bind().dialect.name == "postgresql":
        return _joined(_copied(session, rows))
    # The packed columns as the bytes they are.
    plain = rows.with_only_columns(
        *(type_coerce(getattr(MarkRow, name), LargeBinary) for name in PACKED),
        *(getattr(MarkRow, name) for name in NUMBERS),
    )
    return _joined(_rows(part) for part in session.execute(plain).partitions(AT_ONCE))


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


def _copied(session: Session, rows: Select[Any]) -> Iterator[PackedMarks]:
    """Blocks of rows as PostgreSQL copies them out."""
    columns = [type_coerce(getattr(MarkRow, name), LargeBinary) for name in PACKED]
    lengths = [func.octet_length(column) for column in columns]
    score, out_of, cut = (cast(getattr(MarkRow, name), BigInteger) for name in NUMBERS[:-1])
    passed = cast(cast(MarkRow.passed, Integer), BigInteger)
    # Numbers two by two: an array of each by itself takes longer than all that is packed.
    pairs = [cast(lengths[0], BigInteger) * HIGH + score, (2 * out_of + passed) * HIGH + cut]
    blocks = rows.with_only_columns(
        func.bool_and((lengths[0] == lengths[1]) & (lengths[0] == lengths[2])),
        *(func.string_agg(column, literal_column("''::bytea")) for column in columns),
        *(func.array_agg(pair) for pair in pairs),
    ).group_by(MarkRow.attempt_id // AT_ONCE)
    # With the usual 4 MB the rows of a large test would be put aside on disk while they are joined;
    # and blocks need no order, which PostgreSQL would seek by sorting all rows.
    session.execute(text(f"SET LOCAL work_mem = '{MEMORY}'"))
    session.execute(text("SET LOCAL enable_sort = off"))
    asked = blocks.compile(dialect=session.get_bind().dialect)
    connection: Any = session.connection().connection.driver_connection
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({asked}) TO STDOUT (FORMAT BINARY)", asked.params) as copy,
    ):
        start = 0
        for number, message in enumerate(copy):
            if not number:
                # The header comes with the first row, or alone.
                start = HEADER + int.from_bytes(message[HEADER - 4 : HEADER], "big")
            values = list(_fields(memoryview(message), start))
            start = 0
            if values:
                yield _block(values)
    session.execute(text("SET LOCAL enable_sort TO DEFAULT"))


def _fields(row: memoryview, place: int) -> Iterator[memoryview]:
    """The values of a row in PostgreSQL's binary form; none behind the header and at the end."""
    count = int.from_bytes(row[place : place + 2], "big", signed=True)
    place += 2
    for _ in range(count):
        size = int.from_bytes(row[place : place + 4], "big")
        place += 4
        yield row[place : place + size]
        place += size


def _block(values: Sequence[memoryview]) -> PackedMarks:
    """The columns of a block: whether they fit, packed columns, numbers by twos."""
    if not values[0][0]:
        raise ValueError("the packed columns of a mark are not equally long")
    packed = [np.frombuffer(value, "<i4").copy() for value in values[1 : 1 + len(PACKED)]]
    sizes, score, out_of, cut = (
        half
        for value in values[1 + len(PACKED) :]
        for half in _halves(np.frombuffer(value, ELEMENT, offset=ARRAY)["number"].astype(np.int64))
    )
    passed = (out_of & 1).astype(np.bool_)
    versions, options, scores = packed
    return PackedMarks(sizes // 4, versions, options, scores, score, out_of >> 1, cut, passed)


def _halves(pair: npt.NDArray[np.int64]) -> tuple[Ints, Ints]:
    """The numbers above and below, either of which may be negative."""
    low = pair.astype(np.int32)
    return ((pair - low) // HIGH).astype(np.int32), low


def _joined(parts: Iterator[PackedMarks]) -> PackedMarks:
    """All of them as one."""
    columns = [list(column) for column in zip(*map(_values, parts), strict=True)]
    if not columns:
        ints, bools = np.empty(0, np.int32), np.empty(0, np.bool_)
        return PackedMarks(ints, ints, ints, ints, ints, ints, ints, bools)
    joined: list[npt.NDArray[Any]] = []
    for column in columns:
        joined.append(np.concatenate(column))
        column.clear()  # no column is in memory twice for longer than it takes to join it
    return PackedMarks(*joined)


def _values(part: PackedMarks) -> list[npt.NDArray[Any]]:
    return [getattr(part, field.name) for field in fields(PackedMarks)]
