"""Do writes that wait for SQLite's one writer share a transaction, and none another's mishap?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from assess.store import driver, sqlite, wires
from assess.store.base import turn, writer
from assess.store.driver import Row, run
from assess.store.engines import engine_for
from assess.store.sqlite import File
from assess.store.together import lines, together
from tests.services import wait_until


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database of one table of numbers that differ."""
    made = engine_for(f"sqlite:///{tmp_path}/numbers.db")
    with writer(made).begin() as connection:
        run(connection, "CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
    yield made
    made.dispose()


def put(number: int, file: File) -> int:
    """Keep a number that must not be there yet; how many there are then."""
    file.ask("INSERT INTO numbers VALUES (:number)", {"number": number})
    return int(file.ask("SELECT count(*) FROM numbers", {})[0][0])


def deed(engine: Engine, work: Callable[[Any], int]) -> int:
    """Write in a transaction of its own, as deeds do."""
    with turn(engine), writer(engine).begin() as connection:
        return work(SimpleNamespace(ask=partial(run, connection)))


def kept(engine: Engine) -> list[int]:
    """The numbers on the disk."""
    with engine.connect() as connection:
        return [row[0] for row in run(connection, "SELECT number FROM numbers ORDER BY number")]


def in_line(engine: Engine) -> int:
    """How many writes wait for their turn."""
    return len(lines[engine.url.database or ""].waiting)


def at_once(engine: Engine, numbers: Sequence[int]) -> list[Future[Any]]:
    """Let a thread for each number wait for its turn, in this order; then all have it."""
    with ThreadPoolExecutor(len(numbers)) as pool:
        with turn(engine):
            asked = []
            for place, number in enumerate(numbers, 1):
                asked.append(pool.submit(together, engine, partial(put, number)))
                wait_until(lambda: in_line(engine) == place, "a write did not come to wait")  # noqa: B023
        return asked


def test_those_that_wait_share_a_transaction_and_each_hears_its_own(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = File.ask

    def noted(self: File, statement: str, *values: Any) -> list[Row]:
        asked.append(statement)
        return ask(self, statement, *values)

    monkeypatch.setattr(File, "ask", noted)
    gave = [one.result() for one in at_once(engine, [5, 3, 8, 1])]
    assert (sorted(gave), kept(engine)) == ([1, 2, 3, 4], [1, 3, 5, 8])
    assert (asked.count("COMMIT"), in_line(engine)) == (1, 0)


@pytest.mark.parametrize("numbers", [[5, 5, 3, 8], [5, 3, 5, 8], [7, 5, 3, 8]])
def test_one_that_fails_fails_alone(engine: Engine, numbers: list[int]) -> None:
    together(engine, partial(put, 7))
    asked = at_once(engine, numbers)
    failed = [error for one in asked if (error := one.exception())]
    assert [isinstance(error, DBAPIError) for error in failed] == [True]
    assert kept(engine) == sorted({*numbers, 7})
    assert in_line(engine) == 0


def test_one_alone_that_fails_leaves_nothing_behind(engine: Engine) -> None:
    def half(file: File) -> None:
        put(2, file)
        put(2, file)

    with pytest.raises(DBAPIError):
        together(engine, half)
    assert (kept(engine), in_line(engine)) == ([], 0)
    assert together(engine, partial(put, 2)) == 1


@pytest.mark.parametrize("write", [together, deed])
def test_a_writer_waits_for_another_process_and_not_for_ever(
    engine: Engine, write: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A connection of its own stands for the other process: it takes no turn of this one.
    other = sqlite3.connect(str(engine.url.database), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(write, engine, partial(put, 4))
        wait_until(asked.running, "nobody began to write")
        other.execute("INSERT INTO numbers VALUES (1)")
        other.execute("COMMIT")
        assert asked.result() == 2
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(sqlite, "BUSY_MILLISECONDS", 5)
    with pytest.raises(DBAPIError, match="locked"):
        write(engine, partial(put, 6))
    other.close()
    assert write(engine, partial(put, 6)) == 3
    if write is together:  # what looks for itself is asked nothing else
        patience = [(driver.BUSY_MILLISECONDS,)]
        assert wires.of(engine).ask(engine, "PRAGMA busy_timeout", {}) == patience
    else:
        with engine.connect() as connection:
            assert run(connection, "PRAGMA busy_timeout") == [(5,)]
