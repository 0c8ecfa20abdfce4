"""How is SQLite asked with the least ado? By its own cursor, on a connection out of the pool.

SQLAlchemy's pool and transactions take longer than what a page or a save asks of a file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

from sqlalchemy.exc import DBAPIError

from assess.store.driver import BUSY_MILLISECONDS, NOTHING, Row

LOOK_SECONDS = 0.0005  # between two looks whether another process has ended writing
AT_ONCE = "PRAGMA busy_timeout = 0"  # whoever finds the file locked is told so
PRIMARY = 0xFF  # of a code of SQLite's: the rest says more of the same (SQLITE_BUSY_RECOVERY)


class File:
    """A connection that an engine has made, and that its pool knows no more."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()

    def ask(self, statement: str, values: Mapping[str, Any] = NOTHING) -> list[Row]:
        """The rows of a statement, none where it gives none. Raises the driver's errors."""
        return self._cursor.execute(statement, values).fetchall()

    def close(self) -> None:
        """End it; what is not committed is undone now, and not when the last cursor goes."""
        with suppress(sqlite3.Error):
            self._connection.rollback()
        self._cursor.close()
        self._connection.close()


def begin_to_write(ask: Callable[[str], object]) -> None:
    """Begin, by a connection that waits as SQLite does for all else that it is asked."""
    ask(AT_ONCE)
    try:
        begin(ask)
    finally:
        ask(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")


def begin(ask: Callable[[str], object]) -> None:
    """Begin to write, and look every half millisecond whether the database is free.

    By a connection that was told to answer `AT_ONCE`. SQLite itself would sleep for 1, 2, 5, 10
    and more milliseconds between two looks, and a disk that two processes write to by turns would
    stand idle for most of that.
    """
    end = monotonic() + BUSY_MILLISECONDS / 1000
    while not _is_begun(ask, monotonic() >= end):
        sleep(LOOK_SECONDS)


def _is_begun(ask: Callable[[str], object], last: bool) -> bool:
    """Whether this connection is the one that writes now; raises when it was the last try."""
    try:
        ask("BEGIN IMMEDIATE")
    except (DBAPIError, sqlite3.Error) as error:
        code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)
        if last or code & PRIMARY != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
