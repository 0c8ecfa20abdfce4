"""Asked by libpq's own calls, PostgreSQL says what it says by psycopg's cursor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from psycopg.errors import DivisionByZero, UndefinedTable
from sqlalchemy import Engine, create_engine

from assess.store import wires
from assess.store.driver import Row
from assess.store.wires import Wire, Wires
from tests.services import Services

MOMENT = datetime(2026, 3, 2, 11, 0, 0, 123, tzinfo=UTC)
WHO = "SELECT pg_backend_pid()"


@pytest.fixture(scope="module")
def engine(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine whose connections commit each statement by themselves."""
    url = services.empty("postgresql", tmp_path_factory.mktemp("wires"))
    made = create_engine(url, isolation_level="AUTOCOMMIT")
    yield made
    made.dispose()
    services.drop(url)


@pytest.fixture
def idle(engine: Engine) -> Wires:
    """The idle connections of the engine: none yet."""
    engine.dispose()
    return wires.of(engine)


def by_cursor(engine: Engine, statement: str, values: dict[str, Any]) -> list[Row]:
    """The same by psycopg's cursor."""
    with engine.connect() as connection:
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
    engine: Engine, idle: Wires, statement: str, values: dict[str, Any]
) -> None:
    expected = by_cursor(engine, statement, values)
    for _ in range(2):  # the second time it is prepared
        assert idle.ask(engine, statement, values) == expected


def test_a_statement_without_rows_commits_by_itself(engine: Engine, idle: Wires) -> None:
    assert idle.ask(engine, "CREATE TABLE here (a int)", {}) == []
    try:
        assert idle.ask(engine, "INSERT INTO here VALUES (%(a)s)", {"a": 1}) == []
        assert by_cursor(engine, "SELECT a FROM here", {}) == [(1,)]
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


def test_a_connection_forgets_what_is_prepared_before_it_is_too_much(
    engine: Engine, idle: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wires, "MOST_PREPARED", 3)
    for number in [*range(5), *range(5)]:
        assert idle.ask(engine, f"SELECT {number}", {}) == [(number,)]
    ((kept,),) = idle.ask(engine, "SELECT count(*) FROM pg_prepared_statements", {})
    assert kept <= 3


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


def test_names_are_numbered_once_each() -> None:
    assert wires.numbered("a %(x)s, %(y)s, %(x)s, 5 %% 2") == (b"a $1, $2, $1, 5 % 2", ("x", "y"))


def test_no_more_are_kept_than_may_be(engine: Engine, idle: Wires) -> None:
    class Deep(Wire):
        """One that is asked while another is: as by many threads."""

        def ask(self, statement: str, values: Any) -> list[Row]:
            if values["deep"]:
                idle.ask(engine, statement, {"deep": values["deep"] - 1})
            return super().ask(statement, {})

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wires, "Wire", Deep)
        patched.setattr(wires, "MOST_IDLE", 2)
        idle.ask(engine, WHO, {"deep": 3})
    assert len(idle._idle) == 2
    engine.dispose()
    assert not idle._idle
