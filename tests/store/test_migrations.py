"""Do the migrations make exactly the tables of the code, from empty, on both databases?"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Column, ForeignKeyConstraint, Integer, MetaData, Table, text
from sqlalchemy.exc import DatabaseError

from assess import store
from assess.store import db, migrate, tables
from assess.store.engines import engine_for
from tests.builders import World

# A centre itself, what is public, and a count that knows no person, only a hash of what was typed.
OF_NO_CENTRE = {"centres", "frameworks", "framework_nodes", "login_failures"}
# Entries of deeds that belong to no centre carry none; a seal is a place in one chain for all.
MAY_BE_OF_NONE = {"journal_entries", "journal_details"}
CHAIN = {"journal_seals"}


EARLIER = "0006"
KEPT = ("centres", "people", "item_versions", "pools", "epochs", "attempts", "answers", "marks")


@pytest.fixture
def empty(database_kind: str, tmp_path: Path, postgres_url: Callable[[], str]) -> str:
    """The address of a database without any table."""
    if database_kind == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite'}"
    return postgres_url()


def test_the_migrations_give_exactly_the_tables_of_the_code_also_when_asked_twice(
    empty: str,
) -> None:
    migrate.upgrade(empty)
    migrate.upgrade(empty)
    assert migrate.differences(empty) == []
    engine = engine_for(empty)
    try:
        assert migrate.at(engine) == migrate.newest()
        assert not migrate.is_empty(engine)
    finally:
        engine.dispose()


def test_who_changes_the_tables_does_so_alone_and_keeps_all_or_nothing(empty: str) -> None:
    other = engine_for(empty)
    try:
        with suppress(KeyboardInterrupt), migrate.moving(empty) as config:
            command.upgrade(config, "0003")  # between two migrations
            with other.connect() as connection:
                if other.dialect.name == "sqlite":
                    cursor = connection.connection.cursor()  # ours would try for five seconds
                    cursor.execute("PRAGMA busy_timeout = 0")
                    with pytest.raises(sqlite3.OperationalError, match="locked"):
                        cursor.execute("BEGIN IMMEDIATE")
                else:
                    tried = str(migrate.ALONE).replace("pg_", "pg_try_")
                    assert connection.scalar(text(tried)) is False
            raise KeyboardInterrupt
        assert migrate.is_empty(other)
    finally:
        other.dispose()


def test_a_database_in_use_goes_back_to_earlier_tables_and_forward_with_every_row(
    built: World, database_url: str
) -> None:
    """SQLite writes some tables anew, at which others point: empty ones hide what goes wrong."""
    built.sit(right=4)
    before = rows()
    assert all(before.values()), before
    db.engine.dispose()
    with migrate.moving(database_url) as config:
        command.downgrade(config, EARLIER)
    migrate.upgrade(database_url)
    assert migrate.differences(database_url) == []
    assert rows() == before


OWN_REST = """
INSERT INTO time_lines (centre_id, attempt_id, entry, at, seconds, reason)
SELECT centre_id, id, 'own-rest', opened_at, 60, 'Five minutes.' FROM attempts
"""


def test_a_rest_break_is_one_of_the_room_for_tables_that_know_no_other(
    built: World, database_url: str
) -> None:
    built.sit(right=4)
    with store.write() as session:
        session.execute(text(OWN_REST))
    db.engine.dispose()
    with migrate.moving(database_url) as config:
        command.downgrade(config, "0012")
    migrate.upgrade(database_url)
    with store.read() as session:
        lines = session.execute(text("SELECT entry, seconds FROM time_lines ORDER BY id")).all()
    assert [tuple(line) for line in lines] == [("base", 1800), ("rest", 0)]
    with pytest.raises(DatabaseError, match="never changed"), store.write() as session:
        session.execute(text("UPDATE time_lines SET seconds = 9 WHERE entry = 'base'"))


PERIOD = """
INSERT INTO allowances (centre_id, test_id, candidate_id, kind, after_ordinal, words, decided_by,
                        decided_at)
SELECT centre_id, test_id, candidate_id, '{kind}', 1, 'Ill.', candidate_id, opened_at FROM attempts
"""


def test_tables_that_know_no_other_period_keep_the_other_decisions(
    built: World, database_url: str
) -> None:
    built.sit(right=4)
    with store.write() as session:
        for kind in ("waiver", "another-period"):
            session.execute(text(PERIOD.format(kind=kind)))
    db.engine.dispose()
    with migrate.moving(database_url) as config:
        command.downgrade(config, "0016")
    migrate.upgrade(database_url)
    with store.read() as session:
        assert session.scalars(text("SELECT kind FROM allowances")).all() == ["waiver"]
    with pytest.raises(DatabaseError, match="never changed"), store.write() as session:
        session.execute(text("DELETE FROM allowances"))


def rows() -> dict[str, int]:
    """How many rows each table has that there was at the earlier state."""
    with store.read() as session:
        return {name: session.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in KEPT}


def test_a_database_without_tables_differs_from_the_code_in_every_table(empty: str) -> None:
    said = "\n".join(migrate.differences(empty))
    assert all(f"'{name}'" in said for name in tables.metadata.tables)


def test_the_history_has_one_newest_migration() -> None:
    assert migrate.heads() == [migrate.newest()]


def test_a_new_migration_is_numbered_after_the_newest_and_needs_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = migrate.newest()
    here = shutil.copytree(migrate.HERE, tmp_path / "migrations")
    monkeypatch.setattr(migrate, "HERE", here)
    wider = MetaData()
    for table in tables.metadata.tables.values():
        table.to_metadata(wider)
    Table("lockers", wider, Column("id", Integer, primary_key=True))
    path, differs = migrate.revision("lockers for bags", wider)
    assert (path.parent, path.name) == (
        here / "versions",
        f"{int(before) + 1:04}_lockers_for_bags.py",
    )
    assert differs
    assert "create_table('lockers'" in path.read_text(encoding="utf-8")
    assert migrate.heads() == [migrate.newest()] == [f"{int(before) + 1:04}"]
    assert not migrate.revision("checks that no comparison sees", wider)[1]


def test_every_row_that_belongs_to_a_centre_carries_it() -> None:
    for name, table in tables.metadata.tables.items():
        if name in OF_NO_CENTRE | CHAIN:
            assert "centre_id" not in table.columns
            continue
        column = table.columns["centre_id"]
        assert column.nullable == (name in MAY_BE_OF_NONE), name
        targets = {
            constraint.elements[0].target_fullname
            for constraint in table.constraints
            if isinstance(constraint, ForeignKeyConstraint)
            and [c.name for c in constraint.columns] == ["centre_id"]
        }
        assert targets == {"centres.id"}, name
