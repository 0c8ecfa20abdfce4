"""Does a test on PostgreSQL begin in the world as it was built, whatever the last one did?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import text

from assess import store
from tests.builders import World
from tests.renewal import Content, Renewal
from tests.worlds import Copies, Original

ITSELF = text(
    "SELECT oid::bigint, pg_backend_pid() FROM pg_database WHERE datname = current_database()"
)


@pytest.fixture
def database_kind() -> str:
    """SQLite's file is copied for each test."""
    return "postgresql"


@pytest.fixture
def world(original: Callable[[str], Original]) -> Content:
    """What the world holds that all copies are made from."""
    return content(original("postgresql").url)


def content(url: str) -> Content:
    """What a database holds, row for row."""
    looking = Renewal(url)
    found = looking.content()
    looking.close()
    return found


def itself() -> tuple[int, int]:
    """The number of the database, and of the application's process in it."""
    with store.read() as session:
        database, process = session.execute(ITSELF).one()
    return database, process


def test_what_was_written_is_taken_back_and_who_is_connected_stays(
    built: World, copies: Callable[[str], Copies], world: Content
) -> None:
    place, before = copies("postgresql"), itself()
    for written in ([], [table for table, rows in world.rows.items() if rows]):
        built.sit()
        with store.write() as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            for table in written:
                session.execute(text(f"DELETE FROM {table}"))
            for sequence in world.numbers:
                session.execute(text(f"SELECT nextval('{sequence}')"))
        found = content(place.url)
        assert sum(found.rows[table] != rows for table, rows in world.rows.items()) > len(written)
        place.renew()
        assert content(place.url) == world
        assert itself() == before


@pytest.mark.parametrize(
    "left",
    [
        "ALTER TABLE answers DISABLE TRIGGER USER",
        "ALTER TABLE people ADD COLUMN more int",
        "ANALYZE people",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = off', current_database()); END $$",
        "BEGIN; LOCK TABLE people",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    ],
    ids=lambda left: left.partition(" ")[0],
)
def test_a_world_that_cannot_be_put_back_is_copied_anew(
    built: World, copies: Callable[[str], Copies], world: Content, left: str
) -> None:
    place, before = copies("postgresql"), itself()
    built.make_ready()
    address = place.url.replace("+psycopg", "")
    with closing(psycopg.connect(address, autocommit=True)) as other:
        other.execute(left.encode())
        place.renew()
    assert itself()[0] != before[0]
    assert content(place.url) == world
