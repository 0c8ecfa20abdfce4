"""What stands in a column, and how do both databases keep it the same?"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, LargeBinary, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

Key = BigInteger().with_variant(Integer, "sqlite")
Document = JSON().with_variant(JSONB(), "postgresql")


def cases(words: str) -> list[str]:
    """How words are looked for in a column, whatever their case, by `icontains`.

    SQLite knows the case of A to Z only: the other letters are looked for as people write them.
    """
    return list(dict.fromkeys((words, words.lower(), words.upper(), words.title())))


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
