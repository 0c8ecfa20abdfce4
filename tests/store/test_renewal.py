"""Does a test begin in the world as it was built, whatever the last one did to it?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import QueuePool, text

from assess import store
from tests.builders import World
from tests.renewal import Content, Renewal
from tests.worlds import Copies, Original


@pytest.fixture
def place(database_kind: str, copies: Callable[[str], Copies]) -> Copies:
    """The database in which this test begins."""
    return copies(database_kind)


def content(url: str) -> Content | str:
    """What a database holds, row for row."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            return "\n".join(file.iterdump())
    looking = Renewal(url)
    found = looking.content()
    looking.close()
    return found


def connected() -> int:
    """How many connections the application keeps."""
    pool = store.db.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedin()


def emptied(content: Content | str) -> None:
    """Empty all tables of PostgreSQL that hold anything, and draw from each of its sequences."""
    if isinstance(content, str):
        return
    with store.write() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for table, rows in content.rows.items():
            if rows:
                session.execute(text(f"DELETE FROM {table}"))
        for sequence in content.numbers:
            session.execute(text(f"SELECT nextval('{sequence}')"))


def test_what_was_written_is_taken_back_and_who_is_connected_stays(
    built: World, place: Copies, database_kind: str, original: Callable[[str], Original]
) -> None:
    world = content(original(database_kind).url)
    for also_emptied in (False, True):
        built.sit()
        if also_emptied:
            emptied(world)
        assert content(place.url) != world
        place.renew()
        assert connected() > 0
        assert content(place.url) == world


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "left",
    [
        pytest.param("ALTER TABLE people ADD COLUMN more int", id="a column"),
        pytest.param("ALTER TABLE answers DISABLE TRIGGER USER", id="no trigger"),
        pytest.param("ANALYZE people", id="statistics"),
        pytest.param(
            "DO $$ BEGIN EXECUTE"
            " format('ALTER DATABASE %I SET jit = off', current_database()); END $$",
            id="a setting",
        ),
        pytest.param("BEGIN; LOCK TABLE people", id="a lock"),
        pytest.param("SELECT pg_advisory_lock(1)", id="a lock of no transaction"),
        pytest.param(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            id="dead connections",
        ),
    ],
)
def test_what_postgresql_cannot_put_back_is_copied_anew(
    built: World, place: Copies, original: Callable[[str], Original], left: str
) -> None:
    built.make_ready()
    address = place.url.replace("+psycopg", "")
    with closing(psycopg.connect(address, autocommit=True)) as somebody:
        somebody.execute(left.encode())
        place.renew()
    assert connected() == 0
    assert content(place.url) == content(original("postgresql").url)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "left",
    [
        pytest.param(["DROP TRIGGER answers_frozen_update"], id="no trigger"),
        pytest.param(["BEGIN IMMEDIATE"], id="who writes"),
        pytest.param(["BEGIN", "SELECT 1 FROM people"], id="who reads"),
        pytest.param([Path.read_bytes], id="no lock"),
        pytest.param([lambda path: path.rename(path.with_suffix(".other"))], id="another file"),
    ],
)
def test_what_sqlite_cannot_put_back_is_copied_anew(
    built: World,
    place: Copies,
    original: Callable[[str], Original],
    left: list[str | Callable[[Path], object]],
) -> None:
    built.make_ready()
    path = Path(place.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
        for one in left:
            somebody.execute(one).fetchone() if isinstance(one, str) else one(path)
        place.renew()
    assert connected() == 0
    assert content(place.url) == content(original("sqlite").url)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_cannot_be_put_back_for_somebody_who_reads_is_filled_anew(
    built: World, place: Copies
) -> None:
    place.filled("ready", built.make_ready)
    place.renew()
    path = Path(place.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
        for one in ("BEGIN", "SELECT 1 FROM people"):
            somebody.execute(one).fetchone()
        place.filled("ready", built.make_ready)  # it is refused to one who is ready
