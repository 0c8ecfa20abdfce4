"""Was a deed done whose COMMIT had no answer? It was, where a row that it has made is there."""

from __future__ import annotations

from time import monotonic, sleep

from sqlalchemy import Engine, Table, literal, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from assess.store.driver import BUSY_MILLISECONDS

MADE = "a row that this deed has made"
UNSURE = "nobody said whether it was done"
REST = 0.1  # seconds between two looks at a server that is about to come back


def note(session: Session, table: Table, key: int) -> None:
    """Remember a row that a deed has made, which is there once the deed is done."""
    session.info[MADE] = table, key


def was_done(engine: Engine, session: Session, error: DBAPIError) -> bool:
    """Whether a deed was done that this error ended; of one that may be, the error says so."""
    if not error.connection_invalidated or error.statement is not None:
        return False  # it ended before its COMMIT
    if _is_there(engine, session):
        return True
    error.add_detail(UNSURE)
    return False


def is_unsure(error: BaseException) -> bool:
    """Whether an error is of a deed of which nobody said whether it was done."""
    return isinstance(error, DBAPIError) and UNSURE in error.detail


def _is_there(engine: Engine, session: Session) -> bool:
    """Whether the row that a deed has made is there; False also where nobody answers in time."""
    if MADE not in session.info:
        return False
    table, key = session.info[MADE]
    (its_key,) = table.primary_key
    end = monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            with engine.connect() as connection:
                return connection.scalar(select(literal(1)).where(its_key == key)) is not None
        except (DBAPIError, PoolTimeout):
            if monotonic() >= end:
                return False
            sleep(REST)
