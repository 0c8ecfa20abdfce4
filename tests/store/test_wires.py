"""Which connections are kept for statements that stand alone, and which are ended?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg.errors import DivisionByZero, UndefinedTable
from sqlalchemy import Engine, create_engine, text

from assess.store import wires
from assess.store.driver import Row
from assess.store.engines import engine_for, shortened
from assess.store.libpq import Connection
from assess.store.wires import Wires
from tests.services import Services

WHO = "SELECT pg_backend_pid()"


@pytest.fixture(scope="module")
def engine(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine whose connections commit each statement by themselves."""
    url = services.empty("postgresql", tmp_path_factory.mktemp("wires"))
    made = create_engine(url, isolation_level="AUTOCOMMIT")
    shortened(made)
    yield made
    made.dispose()
    services.drop(url)


@pytest.fixture
def idle(engine: Engine) -> Wires:
    """The idle connections of the engine: none yet."""
    engine.dispose()
    return wires.of(engine)


def test_a_statement_without_rows_commits_by_itself(engine: Engine, idle: Wires) -> None:
    assert idle.ask(engine, "CREATE TABLE here (a int)", {}) == []
    try:
        assert idle.ask(engine, "INSERT INTO here VALUES (%(a)s)", {"a": 1}) == []
        with engine.connect() as other:
            assert other.scalar(text("SELECT a FROM here")) == 1
    finally:
        idle.ask(engine, "DROP TABLE here", {})


def test_one_is_used_again_and_one_that_failed_is_not(engine: Engine, idle: Wires) -> None:
    ((first,),) = idle.ask(engine, WHO, {})
    assert idle.ask(engine, WHO, {}) == [(first,)]
    with pytest.raises(UndefinedTable, match="nowhere"):
        idle.ask(engine, "SELECT * FROM nowhere", {})
    ((second,),) = idle.ask(engine, WHO, {})
    assert second != first
    with pytest.raises(DivisionByZero):
        idle.ask(engine, "SELECT 1 / %(a)s", {"a": 0})
    ((third,),) = idle.ask(engine, WHO, {})
    engine.dispose()
    assert idle.ask(engine, WHO, {}) != [(third,)]


def test_a_process_that_was_forked_leaves_them_to_the_one_it_comes_from(
    engine: Engine, idle: Wires
) -> None:
    ((parents,),) = idle.ask(engine, WHO, {})
    (wire,) = idle._idle
    wires._forked()
    assert idle.ask(engine, WHO, {}) != [(parents,)]
    assert wire.ask(WHO, {}) == [(parents,)]  # it is there still
    wires._of_the_parent.remove(wire)
    wire.close()


def test_no_more_are_kept_than_may_be(engine: Engine, idle: Wires) -> None:
    ask = Connection.ask

    def deep(self: Connection, statement: str, values: Any) -> list[Row]:
        """As if it were asked while another is: as by many threads."""
        if values["deep"]:
            idle.ask(engine, statement, {"deep": values["deep"] - 1})
        return ask(self, statement, {})

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Connection, "ask", deep)
        patched.setattr(wires, "MOST_IDLE", 2)
        idle.ask(engine, WHO, {"deep": 3})
    assert len(idle._idle) == 2
    engine.dispose()
    assert not idle._idle


def test_a_file_is_asked_by_connections_that_are_kept_as_well(tmp_path: Path) -> None:
    made = engine_for(f"sqlite:///{tmp_path}/numbers.db")
    idle = wires.of(made)
    with idle.writing(made) as file:
        file.ask("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
        file.ask("INSERT INTO numbers VALUES (:number)", {"number": 1})

    def half() -> None:
        with idle.writing(made) as file:
            file.ask("INSERT INTO numbers VALUES (2)")
            file.ask("INSERT INTO numbers VALUES (1)")

    with pytest.raises(sqlite3.IntegrityError) as caught:
        half()
    # What was not committed is undone at once, though the error still holds its connection.
    with idle.writing(made) as other:
        assert other.ask("SELECT number FROM numbers") == [(1,)]
    assert caught.value.__traceback__ is not None
    assert idle.ask(made, "SELECT number FROM numbers WHERE number > :least", {"least": 0}) == [
        (1,)
    ]
    assert list(idle._writers) == [other]  # the one that failed was ended, and this one is kept
    (patience,) = idle.ask(made, "PRAGMA busy_timeout", {})[0]
    assert patience > 0  # whoever only reads does not look for themselves, and waits
    assert other.ask("PRAGMA busy_timeout") == [(0,)]
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        idle.ask(made, "SELECT * FROM nowhere", {})
    assert not idle._idle
    made.dispose()
