"""What stands in a column, and how do both databases keep it the same?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import chain

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    TypeDecorator,
    func,
    or_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute

from assess.bank import appearance

Key = BigInteger().with_variant(Integer, "sqlite")
Document = JSON().with_variant(JSONB(), "postgresql")


WILD = re.compile("[/%_]")
_MARKS = "".join(chain(*appearance.TYPOGRAPHIC.items())) + "\u2014"  # two hyphens become a dash
WRITTEN_OTHERWISE = re.compile(rf"[\s{re.escape(_MARKS)}]")


def holds(words: str, *columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """That one of these columns holds the words, whatever their case.

    SQLite knows the case of A to Z only: other letters are looked for as people write them. For
    what word processors write otherwise than a keyboard any one character may stand: a blank that
    does not break, or the end of a line; a curly quotation mark; a dash.
    """
    tried = {words, words.lower(), words.upper(), words.title()}
    patterns = [words] if words.isascii() else sorted(tried)
    patterns = [WRITTEN_OTHERWISE.sub("_", WILD.sub(r"/\g<0>", one)) for one in patterns]
    return or_(
        *(
            func.lower(column).like(func.lower(f"%{one}%"), escape="/")
            for column in columns
            for one in patterns
        )
    )


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC with microseconds, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment: nobody could say when it was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Packed(TypeDecorator[npt.NDArray[np.int32]]):
    """A one-dimensional int32 array in one column: little-endian bytes, the same everywhere."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(
        self, value: npt.NDArray[np.int32] | None, dialect: Dialect
    ) -> bytes | None:
        """The array's bytes."""
        return packed(value)

    def process_result_value(
        self, value: bytes | None, dialect: Dialect
    ) -> npt.NDArray[np.int32] | None:
        """The array, read-only."""
        return unpacked(value)


def packed(value: npt.NDArray[np.int32] | None) -> bytes | None:
    """An array as a packed column keeps it."""
    return None if value is None else np.ascontiguousarray(value, dtype="<i4").tobytes()


def unpacked(value: bytes | None) -> npt.NDArray[np.int32] | None:
    """A packed column as an array, read-only."""
    return None if value is None else np.frombuffer(value, dtype="<i4")
