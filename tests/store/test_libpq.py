"""Asked by libpq's own calls, PostgreSQL says what it says by psycopg's cursor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from psycopg.errors import DivisionByZero, InFailedSqlTransaction, UndefinedTable
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from assess.store import libpq
from assess.store.driver import Row, run
from assess.store.engines import shortened
from tests.services import Services

MOMENT = datetime(2026, 3, 2, 11, 0, 0, 123, tzinfo=UTC)
PREPARED = "SELECT name FROM pg_prepared_statements WHERE name LIKE 'of_ours%%'"
HOW = "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"


@pytest.fixture(scope="module")
def engine(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine whose connections can be asked in both ways."""
    url = services.empty("postgresql", tmp_path_factory.mktemp("libpq"))
    made = create_engine(url, pool_size=1, max_overflow=0)
    shortened(made)
    yield made
    made.dispose()
    services.drop(url)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A new connection, of which nothing is prepared."""
    engine.dispose()
    with engine.connect() as made:
        yield made


def ours(connection: Connection) -> libpq.Connection:
    """The driver's connection behind it."""
    found = connection.connection.driver_connection
    assert isinstance(found, libpq.Connection)
    return found


def by_cursor(connection: Connection, statement: str, values: dict[str, Any]) -> list[Row]:
    """The same by psycopg's cursor."""
    return [tuple(row) for row in connection.exec_driver_sql(statement, values)]


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("SELECT %(a)s + 1, %(a)s, %(b)s::text, %(a)s %% 5", {"b": "é", "a": 7, "unused": 1}),
        ("SELECT %(a)s, %(a)s + 1", {"a": 2**40}),
        ("SELECT %(a)s::int, %(b)s::text, %(c)s", {"a": None, "b": None, "c": True}),
        ("SELECT %(a)s, %(b)s, %(c)s", {"a": MOMENT, "b": date(2026, 3, 2), "c": Decimal("0.10")}),
        ("SELECT %(a)s::jsonb, %(b)s::bytea", {"a": '{"a": [1, null]}', "b": b"\x00\xff"}),
        ("SELECT n, '100%%' FROM unnest(%(a)s::int[]) AS n", {"a": [3, 1, 2]}),
        ("SELECT 1 WHERE false", {}),
    ],
)
def test_rows_are_those_of_the_cursor(
    connection: Connection, statement: str, values: dict[str, Any]
) -> None:
    expected = by_cursor(connection, statement, values)
    for _ in range(2):  # the second time it is prepared
        assert run(connection, statement, values) == expected


def test_both_ways_are_in_one_transaction_which_is_kept_or_not(connection: Connection) -> None:
    with connection.begin():
        assert run(connection, "CREATE TABLE here (a int)") == []
    for kept in (True, False):
        deed = connection.begin()
        assert run(connection, "INSERT INTO here VALUES (%(a)s)", {"a": 1}) == []
        connection.execute(text("INSERT INTO here SELECT a + 1 FROM here WHERE a = 1"))
        assert run(connection, "SELECT count(*) FROM here") == [(2 if kept else 5,)]
        (deed.commit if kept else deed.rollback)()
        with connection.begin():
            assert run(connection, "SELECT a FROM here ORDER BY a") == [(1,), (2,)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, ("read committed", "off")),
        (
            {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
            ("repeatable read", "on"),
        ),
        ({"isolation_level": "SERIALIZABLE"}, ("serializable", "off")),
    ],
)
def test_a_transaction_begins_as_the_cursor_would_begin_it(
    engine: Engine, options: dict[str, Any], said: Row
) -> None:
    for ask in (run, by_cursor):
        with engine.execution_options(**options).connect() as connection:
            assert ask(connection, HOW, {}) == [said]
            assert ours(connection).pgconn.transaction_status == TransactionStatus.INTRANS
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        run(connection, HOW)
        assert ours(connection).pgconn.transaction_status == TransactionStatus.IDLE


@pytest.mark.parametrize("also", [True, False], ids=["psycopg too", "ours alone"])
def test_what_a_rollback_ends_is_prepared_again(connection: Connection, also: bool) -> None:
    ours(connection).prepare_threshold = 0 if also else None
    for number in range(3):
        deed = connection.begin()
        assert run(connection, "SELECT %(a)s + 1", {"a": number}) == [(number + 1,)]
        assert by_cursor(connection, "SELECT %(a)s + 2", {"a": number}) == [(number + 2,)]
        assert len(by_cursor(connection, PREPARED, {})) == 1  # those of before are gone
        deed.rollback()
    left = 1 if also else 2  # where psycopg has nothing to end, ours stay
    with connection.begin():
        assert len(run(connection, PREPARED)) == left
    ours(connection).rollback()  # nothing to roll back, and nothing is lost by it
    assert len(run(connection, PREPARED)) == left


@pytest.mark.parametrize("ending", ["ROLLBACK TO here", "DROP VIEW IF EXISTS v", "DISCARD ALL"])
def test_what_psycopg_ends_of_its_own_accord_is_prepared_again(
    connection: Connection, ending: str
) -> None:
    driven = ours(connection)
    driven.autocommit, driven.prepare_threshold = True, 0
    with nullcontext() if ending == "DISCARD ALL" else driven.transaction():
        for _ in range(3):
            if ending.startswith("ROLLBACK"):
                driven.execute("SAVEPOINT here")
            driven.execute("SELECT 1")
            assert driven.ask("SELECT 2", {}) == [(2,)]
            driven.execute(ending.encode())


def test_a_connection_ends_the_oldest_before_too_much_is_prepared(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libpq, "MOST_PREPARED", 3)
    for number in [*range(5), *range(5)]:
        assert run(connection, f"SELECT {number}") == [(number,)]
    assert len(run(connection, PREPARED)) == 3


def test_an_error_has_the_name_that_the_cursor_gives_it(connection: Connection) -> None:
    for statement, values, kind in (
        ("SELECT * FROM nowhere", {}, UndefinedTable),
        ("SELECT 1 / %(a)s", {"a": 0}, DivisionByZero),
    ):
        for ask in (run, by_cursor):
            deed = connection.begin()
            for asked, given, error in (
                (statement, values, kind),
                ("SELECT 1", {}, InFailedSqlTransaction),
            ):
                with pytest.raises(DBAPIError) as caught:
                    ask(connection, asked, given)
                assert isinstance(caught.value.orig, error)
                assert not caught.value.connection_invalidated
            deed.rollback()


@pytest.mark.parametrize("kept", [True, False], ids=["prepared", "new"])
def test_a_server_that_is_gone_is_said_as_the_cursor_says_it(engine: Engine, kept: bool) -> None:
    said = []
    for ask in (run, by_cursor):
        engine.dispose()
        with engine.connect() as connection:
            with connection.begin():
                ask(connection, "SELECT 1", {})
            pid = ours(connection).info.backend_pid
            other = create_engine(engine.url)
            with other.connect() as killing:
                killing.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            other.dispose()
            deed = connection.begin()
            with pytest.raises(DBAPIError) as caught:
                ask(connection, "SELECT 1" if kept else "SELECT 2", {})
            assert caught.value.connection_invalidated
            said.append(type(caught.value))
            deed.rollback()
            assert ask(connection, "SELECT 1", {}) == [(1,)]  # by a new one
    assert said[0] is said[1]


def test_names_are_numbered_once_each() -> None:
    assert libpq.numbered("a %(x)s, %(y)s, %(x)s, 5 %% 2") == (b"a $1, $2, $1, 5 % 2", ("x", "y"))
