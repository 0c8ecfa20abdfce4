"""Was a deed done whose COMMIT had no answer? It was, where a row that it has made is there."""

from __future__ import annotations

from time import monotonic, sleep

from sqlalchemy import Engine, Table, literal, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from assess.store.engines import BUSY_MILLISECONDS

MADE = "a row that this deed has made"
REST = 0.1  # seconds between two looks at a server that is about to come back


def note(session: Session, table: Table, key: int) -> None:
    """Remember a row that a deed has made, which is there once the deed is done."""
    session.info[MADE] = table, key


def is_unsure(error: BaseException) -> bool:
    """Whether the connection was lost at a COMMIT: nobody said whether it was done."""
    return (
        isinstance(error, DBAPIError) and error.connection_invalidated and error.statement is None
    )


def is_there(engine: Engine, session: Session) -> bool:
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
