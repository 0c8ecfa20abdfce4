"""How is an engine made, and what does each of its connections promise before it is used?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from assess.store import libpq
from assess.store.driver import BUSY_MILLISECONDS, run
from assess.store.sqlite import begin_to_write

CONNECT_SECONDS = 5
IDLE_SECONDS = 1  # a connection that was unused for so long is tried before it is used
GONE_SECONDS = 10  # without a sign of life of the other host; a device waits as long for an answer
# A host that is gone says nothing: without limits a page would wait a quarter of an hour, which is
# as long as Linux sends again, to say "later". By a socket of this machine they mean nothing.
CONNECT = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": GONE_SECONDS,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": GONE_SECONDS * 1000,
}
# PostgreSQL itself keeps the locks of a host that is gone for two hours, as Linux has it.
MUTUAL = (
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
)
QUIET = {"hide_parameters": True}
"""An error names the statement and none of its values: those are people's, and logs are kept."""

POOL = {
    **QUIET,
    "pool_size": 8,
    "max_overflow": 8,
    "pool_timeout": 5,
    "pool_use_lifo": True,  # the server's end of the one used last has everything at hand
    # A statement is prepared when it comes for the second time on a connection, not for the sixth.
    "connect_args": {**CONNECT, "prepare_threshold": 1},
}

SAVES = "saves"
"""The name of the engine whose connections commit each statement by themselves."""


LOCKED = "55P03"  # of PostgreSQL, "lock_not_available"


def locked(error: Exception) -> bool:
    """Whether somebody else holds, for longer than one waits, what was asked for on PostgreSQL."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) == LOCKED


def engine_options(url: str) -> dict[str, Any]:
    """How an engine for this database is made."""
    if url.startswith("sqlite"):
        return {**QUIET, "connect_args": {"timeout": BUSY_MILLISECONDS / 1000}}
    return dict(POOL)


def configuration(url: str) -> dict[str, Any]:
    """What flask_sqlalchemy is told of this database: one engine, on PostgreSQL one more.

    The connections of the other one commit each statement by themselves, and none is tried before
    it is used: whoever takes one tries again when it was dead (`saving`). Others are tried when
    nobody has used them for a moment (`_tried`).
    """
    config: dict[str, Any] = {
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(url),
    }
    if not url.startswith("sqlite"):
        other = {
            "url": url,
            "isolation_level": "AUTOCOMMIT",
            "pool_reset_on_return": None,  # nothing is ever left open
            **POOL,
        }
        config["SQLALCHEMY_BINDS"] = {SAVES: other}
    return config


def engine_for(url: str) -> Engine:
    """An engine outside the application: for migrations and tests."""
    return prepared(create_engine(url, **engine_options(url)))


def prepared(engine: Engine) -> Engine:
    """Make connections to SQLite durable and honest about transactions, try those to a server."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _for_its_owner)
        event.listen(engine, "connect", _durable)
        event.listen(engine, "begin", _begin)
    else:
        event.listen(engine, "connect", _mutual)
        event.listen(engine, "connect", _used)
        event.listen(engine, "checkin", _used)
        event.listen(engine, "checkout", partial(_tried, engine.dialect))
    return engine


def impatient(engine: Engine) -> None:
    """Let whoever waits for a lock on PostgreSQL be told "later" after as long as on SQLite.

    A lock that nobody lets go would hold a thread for every try, and in the end all that there are.
    Not for migrations, which may wait as long as their operator does.
    """
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", _impatient)


def shortened(engine: Engine) -> None:
    """Let connections to PostgreSQL be asked by its library's own calls too: see `libpq`."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "do_connect", _by_libpq)


def planned_once(engine: Engine) -> None:
    """Let PostgreSQL plan each statement once on a connection, for whatever values.

    For engines that ask for a few rows by their keys: to plan takes ten times as long as to run.
    """
    event.listen(engine, "connect", _plans)


def _for_its_owner(_dialect: Any, _record: Any, where: Sequence[Any], _how: Any) -> None:
    """Make the file of a new database, for its owner only: all keys and people are in it.

    SQLite would let everybody on the machine read it. What it puts beside it has the same mode.
    """
    path = str(where[0]) if where else ""
    if path in {"", ":memory:"} or path.startswith("file:"):
        return
    with suppress(OSError):  # what cannot be made, or is there, SQLite looks at itself
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _by_libpq(_dialect: Any, _record: Any, where: Sequence[Any], how: Any) -> libpq.Connection:
    return libpq.Connection.connect(*where, **how)


def _plans(connection: Any, _record: Any) -> None:
    connection.execute("SET plan_cache_mode = force_generic_plan")


def _impatient(connection: Any, _record: Any) -> None:
    _set(connection, f"SET lock_timeout = {BUSY_MILLISECONDS}")


def _mutual(connection: Any, _record: Any) -> None:
    _set(connection, MUTUAL)


def _set(connection: Any, statement: str) -> None:
    """For as long as the connection lasts; a transaction that fails would take it along."""
    before, connection.autocommit = connection.autocommit, True
    connection.execute(statement)
    connection.autocommit = before


def _used(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used"] = monotonic()


def _tried(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Before a connection is used that has lain idle: whether the database is still behind it.

    SQLAlchemy's own `pool_pre_ping` asks each time, which is a round trip for every look at a
    table. A connection that was ended a moment ago shows it in use, once for all of the pool.
    """
    if monotonic() - record.info["used"] < IDLE_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _durable(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own transactions off
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    ask = partial(run, connection)
    if connection.get_execution_options().get("writes", False):
        begin_to_write(ask)
    else:
        ask("BEGIN")
