"""By which doors does the project reach its database? Those who read, look and write.

Pages use `read()` and `look()`; only actions use `write()`, which on SQLite begins IMMEDIATE, so
that a deed loads its facts inside the lock it writes under, and on PostgreSQL is READ COMMITTED
with row locks. Nobody else opens a transaction.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast
from weakref import WeakKeyDictionary

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, MetaData, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

from assess.store import kept
from assess.store.columns import Document, Key, Moment
from assess.store.driver import run

ONE_MOMENT = "REPEATABLE READ"
"""How what only reads sees one moment on PostgreSQL; it never fails there for want of order."""

LOOKS = "looks"
"""What a session that only looks has in its `info`."""

READ_ONLY = "25006"  # of PostgreSQL, "read_only_sql_transaction"

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

    Where the answer to its COMMIT is lost, and what it made is there, it was done.

    Raises RuntimeError inside another deed: one deed is one transaction.
    """
    if _deed.get():
        raise RuntimeError("a deed inside a deed")
    mark = _deed.set(True)
    try:
        engine = writer(db.engine)
        with turn(engine), Session(engine, expire_on_commit=False) as session:
            try:
                with session.begin():
                    session.info[CONNECTION] = session.connection()
                    yield session
                    session.flush()
                    session.expunge_all()  # what it has read stays read, whatever comes of it
            except DBAPIError as error:
                if not kept.was_done(engine, session, error):
                    raise
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
    _held(session, what, "pg_advisory_xact_lock")


def beside(session: Session, what: str) -> None:
    """Deal with this beside others who do so; wait for whoever is `alone` with it, as they for us.

    What is read afterwards is what those left.
    """
    _held(session, what, "pg_advisory_xact_lock_shared")


def _held(session: Session, what: str, lock: str) -> None:
    connection = connection_of(session)
    if connection.dialect.name != "sqlite":  # there, BEGIN IMMEDIATE has done it
        run(connection, f"SELECT {lock}(hashtextextended(%(what)s, 0))", {"what": what})


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


def only_reads() -> bool:
    """Whether the database answers, and would keep nothing: a server that has yet to take over.

    SQLite says it of a file that is not ours to write to.
    """
    with writer(db.engine).connect() as connection:
        try:
            connection.exec_driver_sql("DELETE FROM alembic_version WHERE 1 = 0")
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == READ_ONLY or "readonly" in str(error.orig):
                return True
            raise
        return False
