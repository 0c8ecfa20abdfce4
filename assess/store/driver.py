"""What does a statement in the driver's own words give, on a connection of SQLAlchemy's?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from assess.store import libpq

CURSOR = "the cursor of this connection"
NOTHING: Mapping[str, Any] = {}
BUSY_MILLISECONDS = 5000  # for how long anybody waits for somebody else's lock
Row = tuple[Any, ...]


def run(connection: Connection, statement: str, values: Mapping[str, Any] = NOTHING) -> list[Row]:
    """What a statement in the driver's own words gives, by the shortest way that the driver has.

    It belongs to the connection's transaction like any other. Only what SQLAlchemy does around it
    is left out, which takes several times as long as SQLite takes for the statement
    (`docs/decisions/0057-a-start-in-three-milliseconds.md`). Errors have SQLAlchemy's names.
    """
    pooled, cursor = connection.connection, None
    driven = pooled.driver_connection
    try:
        if isinstance(driven, libpq.Connection):
            return driven.ask(statement, values)
        cursor = kept_cursor(pooled)
        cursor.execute(statement, values)
        return list(cursor.fetchall())
    except connection.dialect.loaded_dbapi.Error as error:
        gone = connection.dialect.is_disconnect(error, pooled, cursor)
        if gone:
            connection.invalidate(error)
        raise named(connection.dialect, statement, values, error, gone=gone) from error


def named(
    dialect: Dialect,
    statement: str,
    values: Mapping[str, Any],
    error: Exception,
    *,
    gone: bool = False,
) -> BaseException:
    """The driver's error by SQLAlchemy's name; `gone` where the connection is."""
    return DBAPIError.instance(
        statement,
        dict(values),
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=gone,
        dialect=dialect,
    )


def kept_cursor(connection: PoolProxiedConnection) -> Any:
    """The driver's cursor of a connection out of the pool, the same as long as that lives.

    SQLite's, or of an engine that is not the application's. Only for statements all of whose rows
    are fetched at once: the next one takes the place of what it holds.
    """
    found = connection.info.get(CURSOR)
    if found is None:
        found = connection.info[CURSOR] = connection.cursor()
    return found
