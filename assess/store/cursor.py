"""How is a statement of every start run with the least ado? Written out, by the driver's cursor.

Parameters are named as SQLite names them; values are written, and columns read, as SQLAlchemy's
types do it, so that it does not matter to a row by which way it came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Table
from sqlalchemy.orm import Session

from assess.store.base import Moment, Row, run

POSTGRESQL = "postgresql"
Values = Mapping[str, Any]


def ask(session: Session, statement: str, values: Values) -> list[Row]:
    """Run one statement, whose `:names` stand for values, and give its rows.

    Values are what the driver takes: moments as `moment` gives them. Columns of JSON come as
    `document` reads them.
    """
    connection = session.connection()
    if connection.dialect.name == POSTGRESQL:
        statement = _for_psycopg(statement)
    return run(connection, statement, values)


def insert(session: Session, table: Table, values: Values) -> int:
    """Insert one row into a table whose key the database gives; says the key.

    `values` name every other column, as SQLAlchemy would take them.
    """
    statement, written = _insertion(table, session.get_bind().dialect.name)
    ((key,),) = ask(session, statement, {k: write(values[k]) for k, write in written.items()})
    return int(key)


def moment(session: Session, at: datetime) -> Any:
    """A moment as the columns of the session's database keep it."""
    return _writer(Moment(), session.get_bind().dialect.name)(at)


def document(value: Any) -> Any:
    """A column of JSON as it came; SQLite keeps its text."""
    return json.loads(value) if isinstance(value, str) else value


@lru_cache(maxsize=64)
def _for_psycopg(statement: str) -> str:
    return re.sub(r"(?<!:):([a-z_]+)", r"%(\1)s", statement)


@lru_cache(maxsize=16)
def _insertion(table: Table, dialect: str) -> tuple[str, dict[str, Callable[[Any], Any]]]:
    """The statement that inserts a row, and how a value of each column is written."""
    ((key,), columns) = (
        [column.name for column in table.primary_key],
        [column for column in table.columns if not column.primary_key],
    )
    names, places, written = [], [], {}
    for column in columns:
        names.append(f'"{column.name}"')
        cast = isinstance(column.type, JSON) and dialect == POSTGRESQL
        places.append(f"CAST(:{column.key} AS jsonb)" if cast else f":{column.key}")
        written[column.key] = _writer(column.type, dialect)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(places)}) "  # noqa: S608
        f"RETURNING {key}",
        written,
    )


def _writer(kind: Any, dialect: str) -> Callable[[Any], Any]:
    if isinstance(kind, JSON):
        return json.dumps
    if isinstance(kind, Moment):
        return _zoned if dialect == POSTGRESQL else in_sqlite
    return lambda value: value


def _zoned(at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {at!r}")
    return at


def in_sqlite(at: datetime | None) -> str | None:
    """A moment as SQLAlchemy writes it into SQLite. ValueError when it says no time zone."""
    if _zoned(at) is None or at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
