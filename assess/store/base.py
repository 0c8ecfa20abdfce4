"""How does the project reach its database? Engine, and the doors: read, look and write.

Pages use `read()` and `look()`; only actions use `write()`, which on SQLite begins IMMEDIATE, so
that a deed loads its facts inside the lock it writes under, and on PostgreSQL is READ COMMITTED
with row locks. Nobody else opens a transaction.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from time import monotonic, sleep
from typing import Any, cast
from weakref import WeakKeyDictionary

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Dialect,
    Engine,
    MetaData,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from assess.store.columns import Document, Key, Moment

BUSY_MILLISECONDS = 5000
LOOK_SECONDS = 0.0005  # between two looks whether another process has ended writing to SQLite
PRIMARY = 0xFF  # of a code of SQLite's: the rest says more of the same (SQLITE_BUSY_RECOVERY)
CONNECT_SECONDS = 5
IDLE_SECONDS = 1  # a connection that was unused for so long is tried before it is used
# A host that is gone says nothing: without a limit a page would wait minutes to say "later".
CONNECT = {"connect_timeout": CONNECT_SECONDS}
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

ONE_MOMENT = "REPEATABLE READ"
"""How what only reads sees one moment on PostgreSQL; it never fails there for want of order."""

LOOKS = "looks"
"""What a session that only looks has in its `info`."""

CURSOR = "the cursor of this connection"
NOTHING: Mapping[str, Any] = {}
Row = tuple[Any, ...]
NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What every table has in common: the naming of constraints and the types of columns."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as it stands
        int: Key,
        datetime: Moment,
        dict[str, Any]: Document,
        list[Any]: Document,
    }


db = SQLAlchemy(metadata=Base.metadata)


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
            "connect_args": {**CONNECT, "prepare_threshold": 0},  # a few dozen statements, for ever
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
        event.listen(engine, "connect", _used)
        event.listen(engine, "checkin", _used)
        event.listen(engine, "checkout", partial(_tried, engine.dialect))
    return engine


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


def _plans(connection: Any, _record: Any) -> None:
    connection.execute("SET plan_cache_mode = force_generic_plan")


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
    """Begin; whoever writes looks every half millisecond whether the database is free.

    SQLite itself would sleep for 1, 2, 5, 10 and more milliseconds between two looks, and a disk
    that two processes write to by turns would stand idle for most of that.
    """
    if not connection.get_execution_options().get("writes", False):
        run(connection, "BEGIN")
        return
    end = monotonic() + BUSY_MILLISECONDS / 1000
    run(connection, "PRAGMA busy_timeout = 0")
    try:
        while not _is_begun(connection, monotonic() >= end):
            sleep(LOOK_SECONDS)
    finally:
        run(connection, f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")


def _is_begun(connection: Connection, last: bool) -> bool:
    """Whether this connection is the one that writes now; raises when it was the last try."""
    try:
        run(connection, "BEGIN IMMEDIATE")
    except DBAPIError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0)
        if last or code & PRIMARY != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def run(connection: Connection, statement: str, values: Mapping[str, Any] = NOTHING) -> list[Row]:
    """What a statement in the driver's own words gives, by the driver's own cursor.

    It belongs to the connection's transaction like any other. Only what SQLAlchemy does around it
    is left out, which takes several times as long as SQLite takes for the statement
    (`docs/decisions/0057-a-start-in-three-milliseconds.md`). Errors have SQLAlchemy's names.
    """
    cursor = kept_cursor(connection.connection)
    try:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
    except connection.dialect.loaded_dbapi.Error as error:
        gone = connection.dialect.is_disconnect(error, connection.connection, cursor)
        if gone:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement,
            dict(values),
            error,
            connection.dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=gone,
            dialect=connection.dialect,
        ) from error


def kept_cursor(connection: PoolProxiedConnection) -> Any:
    """The driver's cursor of a connection out of the pool, the same as long as that lives.

    To make one takes psycopg a fifth of what a statement takes. Only for statements all of whose
    rows are fetched at once: the next one takes the place of what it holds.
    """
    found = connection.info.get(CURSOR)
    if found is None:
        found = connection.info[CURSOR] = connection.cursor()
    return found


_deed: ContextVar[bool] = ContextVar("deed", default=False)
_made: WeakKeyDictionary[Engine, dict[str, Engine]] = WeakKeyDictionary()
_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
CONNECTION = "the connection of this deed"


def writer(engine: Engine) -> Engine:
    """The same engine for those who write."""
    return _with(engine, "writer", writes=True)


def _with(engine: Engine, name: str, **options: Any) -> Engine:
    """The same engine with options, made once: to make it costs more than a statement."""
    made = _made.setdefault(engine, {})
    if name not in made:
        made[name] = engine.execution_options(**options)
    return made[name]


def turn(engine: Engine) -> AbstractContextManager[object]:
    """This thread's turn to write to a SQLite database; no turns are taken on PostgreSQL.

    A connection that finds the database locked sleeps and looks again, up to a tenth of a second
    at a time. Threads that wait for each other here are woken at once.
    """
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return _turns[engine.url.database or ""]


@contextmanager
def read() -> Iterator[Session]:
    """A session for a page: all of it as it was at one moment, nothing kept afterwards.

    On PostgreSQL a transaction that may not write, REPEATABLE READ: what is changed while a page
    is put together is on it in no half. It ends by COMMIT: at a ROLLBACK psycopg forgets all that
    a connection has prepared, and to plan a statement anew can be ten times its work.
    """
    engine = db.engine
    server = engine.dialect.name != "sqlite"
    if server:
        engine = _with(engine, "reader", postgresql_readonly=True, isolation_level=ONE_MOMENT)
    with Session(engine, expire_on_commit=False) as session:
        yield session
        if server and session.in_transaction():
            session.connection().connection.commit()


@contextmanager
def look() -> Iterator[Session]:
    """A session for a page that asks for a few rows; on PostgreSQL each statement stands alone.

    Each sees its own moment, and two round trips fewer are made than by `read`. Not for cursors on
    the server (`yield_per`).
    """
    glance = _Look()
    try:
        yield cast("Session", glance)
    finally:
        if glance.made is not None:
            glance.made.close()


class _Look:
    """A session that is made when it is first used: what is asked by `glance` needs none."""

    def __init__(self) -> None:
        self.info = {LOOKS: True}
        self.made: Session | None = None

    def __getattr__(self, name: str) -> Any:
        if self.made is None:
            engine = db.engine
            if engine.dialect.name != "sqlite":
                engine = _with(engine, "looker", isolation_level="AUTOCOMMIT")
            self.made = Session(engine, expire_on_commit=False, info=self.info)
        return getattr(self.made, name)


@contextmanager
def write() -> Iterator[Session]:
    """A session for one deed: committed at the end, rolled back when anything is raised.

    Raises RuntimeError inside another deed: one deed is one transaction.
    """
    if _deed.get():
        raise RuntimeError("a deed inside a deed")
    mark = _deed.set(True)
    try:
        engine = writer(db.engine)
        with turn(engine), Session(engine, expire_on_commit=False) as session, session.begin():
            session.info[CONNECTION] = session.connection()
            yield session
    finally:
        _deed.reset(mark)


def connection_of(session: Session) -> Connection:
    """The connection that a session asks by; that of a deed is looked up once."""
    found: Connection | None = session.info.get(CONNECTION)
    return found or session.connection()


def dispose() -> None:
    """Close every connection of the running application that nobody uses."""
    for engine in db.engines.values():
        engine.dispose()


def exclusive(session: Session, duty: str) -> bool:
    """Whether this transaction now holds the duty alone, across all hosts, until it ends."""
    if session.get_bind().dialect.name == "sqlite":
        return True  # BEGIN IMMEDIATE holds the whole database
    return bool(
        session.execute(
            text("SELECT pg_try_advisory_xact_lock(hashtextextended(:duty, 0))"), {"duty": duty}
        ).scalar_one()
    )


def alone(session: Session, what: str) -> None:
    """Wait until no other transaction deals with this, and keep others waiting until ours ends.

    For deeds that look whether something is there before they make it: a row that is not there
    yet cannot be locked. What is read afterwards is what the others left.
    """
    connection = connection_of(session)
    if connection.dialect.name != "sqlite":  # there, BEGIN IMMEDIATE has done it
        run(
            connection,
            "SELECT pg_advisory_xact_lock(hashtextextended(%(what)s, 0))",
            {"what": what},
        )


def time() -> datetime:
    """What time the database says it is."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            said = connection.exec_driver_sql(
                "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')"
            ).scalar_one()
            return datetime.fromisoformat(said).replace(tzinfo=UTC)
        moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)
