"""What does one statement that stands alone say, asked with the least ado?

Pages look at a few rows, and each statement of theirs stands alone (`base.look`). It needs no
session and no transaction: a connection that commits by itself, asked by the shortest way there is
(`wires`). A session takes at least three times as long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from assess.store import wires
from assess.store.base import LOOKS, db
from assess.store.driver import Row, named, run
from assess.store.engines import SAVES, locked

POSTGRESQL = "postgresql"
Values = Mapping[str, Any]


def suits(session: Session) -> bool:
    """Whether what a session is asked may be asked without it: it only looks."""
    return LOOKS in session.info


def rows(statement: str, values: Values) -> list[Row]:
    """The rows of a statement that only reads, or may be run twice; `:names` stand for values.

    Whatever goes wrong but that somebody holds a lock, all idle connections are let go, for the
    database may have been restarted behind them (none is tried before it is used, which would be a
    second round trip), and it is done once more by Core, which names errors as everywhere.
    """
    engine = db.engines.get(SAVES)
    if engine is None:
        engine = db.engine
    else:
        statement = for_psycopg(statement)
    return asked(engine, statement, values)


def asked(engine: Engine, statement: str, values: Values) -> list[Row]:
    """The same on this engine, in the words of its driver."""
    driver = engine.dialect.loaded_dbapi
    assert driver is not None  # noqa: S101
    try:
        return wires.of(engine).ask(engine, statement, values)
    except driver.Error as error:
        if locked(error):  # nobody waits for that twice
            raise named(engine.dialect, statement, values, error) from error
        engine.dispose()
    with engine.connect() as core:
        return run(core, statement, values)


@lru_cache(maxsize=128)
def for_psycopg(statement: str) -> str:
    """A statement with `:names` as psycopg names them."""
    return re.sub(r"(?<!:):([a-z_]+)", r"%(\1)s", statement)
