"""Do the two doors to the database, read and write, keep what they promise?"""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, InternalError

from assess import floors, store
from assess.settings import Settings
from assess.store import db
from assess.store.centres import Centre
from assess.store.driver import run
from assess.store.engines import engine_for
from assess.store.pools import Epoch
from tests.actions import racing
from tests.builders import World

EACH = 50  # deeds of each process


def names() -> list[str]:
    """The names of the centres."""
    with store.read() as session:
        return list(session.scalars(select(Centre.name).order_by(Centre.id)))


def half() -> None:
    """A deed that breaks after its first change."""
    with store.write() as session:
        session.execute(text("UPDATE centres SET name = 'Half'"))
        raise ZeroDivisionError


def nested() -> None:
    """A deed that does another inside itself."""
    with store.write() as session:
        session.execute(text("UPDATE centres SET name = 'Half'"))
        half()


def test_a_deed_that_breaks_leaves_nothing_behind(built: World) -> None:
    before = names()
    with pytest.raises(ZeroDivisionError):
        half()
    assert names() == before


def test_a_page_is_of_one_moment(built: World) -> None:
    with store.read() as session:
        before = session.scalar(select(Centre.name).where(Centre.code == "here"))
        with store.write() as other:
            other.execute(text("UPDATE centres SET name = 'Another'"))
        assert session.scalar(select(Centre.name).where(Centre.code == "here")) == before
    assert set(names()) == {"Another"}
    with store.write() as session:  # on a connection that a page has used
        session.execute(text("UPDATE centres SET name = 'A third'"))


def test_a_deed_inside_a_deed_is_an_error_and_undoes_both(built: World) -> None:
    before = names()
    with pytest.raises(RuntimeError, match="a deed inside a deed"):
        nested()
    assert names() == before
    with store.write() as session:
        assert session.scalar(select(func.count()).select_from(Centre)) == 2


def test_what_is_changed_while_reading_is_refused_or_not_kept(
    built: World, database_kind: str
) -> None:
    before = names()
    server = database_kind == "postgresql"
    refused = pytest.raises(InternalError, match="read-only") if server else nullcontext()
    with refused, store.read() as session:
        session.execute(text("UPDATE centres SET name = 'Half'"))
    assert names() == before


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_connection_that_was_read_by_keeps_what_it_has_prepared(built: World) -> None:
    for _ in range(3):
        names()
    asked = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE :what")
    with db.engine.connect() as one:
        assert one.scalar(asked, {"what": "SELECT centres.name%"}) == 1


def count_up(_app: Flask, deeds: int) -> int:
    """Read a counter and write it back one higher, so many times; how often it was done."""
    for _ in range(deeds):
        with store.write() as session:
            epoch = session.scalars(select(Epoch).with_for_update()).one()
            there = epoch.draws
            session.execute(text("SELECT 1"))
            epoch.draws = there + 1
    return deeds


def test_two_processes_that_read_and_then_write_lose_nothing(built: World) -> None:
    url = built.app.extensions["assess.settings"].database_url
    deeds = [(count_up, (EACH,))] * 2
    assert racing.processes(url, built.clock.now(), *deeds) == [EACH, EACH]
    with store.read() as session:
        assert session.scalars(select(Epoch.draws)).one() == 2 * EACH


def test_what_the_database_says_of_an_error_holds_no_value(database_url: str) -> None:
    engine = engine_for(database_url)
    try:
        with engine.connect() as connection:
            mark = ":v" if engine.dialect.name == "sqlite" else "%(v)s"
            for ask in (
                lambda: connection.execute(text("SELECT :v FROM nowhere"), {"v": "Grace"}),
                lambda: run(connection, f"SELECT {mark} FROM nowhere", {"v": "Grace"}),
            ):
                with pytest.raises(DBAPIError) as caught:
                    ask()
                assert "Grace" not in str(caught.value)
                connection.rollback()
    finally:
        engine.dispose()


def test_a_new_file_of_sqlite_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite3"
    before = os.umask(0o022)
    try:
        engine = engine_for(f"sqlite:///{file}")
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE kept (key TEXT)")
            there = sorted(path.name for path in tmp_path.iterdir())
            modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        engine.dispose()
    finally:
        os.umask(before)
    assert there[0] == file.name
    assert len(there) > 1  # what SQLite puts beside it
    assert modes == {0o600}


def test_nobody_waits_for_ever_for_a_lock_or_for_a_host_that_is_gone(
    built: World, database_kind: str
) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite has neither")
    for engine in db.engines.values():
        for _ in range(2):  # also after it has been put back
            with engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert isinstance(driver, psycopg.Connection)
                asked = driver.info.get_parameters()
                assert asked["tcp_user_timeout"] == "10000"
                assert asked["keepalives_idle"] == "10"
                assert connection.scalar(text("SHOW lock_timeout")) == "5s"
                connection.rollback()
    url = built.app.extensions["assess.settings"].database_url
    migrations = engine_for(url)
    with migrations.connect() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "0"
    migrations.dispose()


def test_a_database_that_only_reads_is_known(built: World, database_url: str) -> None:
    assert not store.only_reads()
    store.dispose()
    if database_url.startswith("sqlite"):
        other = database_url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true"
    else:
        other = f"{database_url}&options=-cdefault_transaction_read_only%3Don"
    with floors.bare(Settings.for_tests(database_url=other)).app_context():
        assert store.only_reads()
        store.dispose()
