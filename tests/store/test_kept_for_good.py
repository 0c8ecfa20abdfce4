"""Does the database itself refuse to change what happened?"""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from assess import store
from assess.actions import journal
from tests.builders import World

FROZEN = {
    "journal_entries": "event = 'nothing:happen'",
    "journal_seals": "hash = 'another'",
    "answers": "sequence = 99",
    "marks": "score = 4000",
    "time_lines": "seconds = 9999",
    "signatures": "typed_name = 'Somebody Else'",
}
CONTENT = ("item_id", "number", "kind", "outcome", "stem", "content", "digest")


@pytest.fixture
def sat(built: World) -> World:
    """A world in which one attempt was handed in and the journal is sealed."""
    built.sit(right=0)
    journal.seal(built.clock.now())
    return built


def on_postgresql(app: Flask) -> bool:
    """Whether this application stands on PostgreSQL."""
    return str(app.config["SQLALCHEMY_DATABASE_URI"]).startswith("postgresql")


def rows(table: str) -> list[tuple[object, ...]]:
    """All rows of a table."""
    with store.read() as session:
        return [tuple(row) for row in session.execute(text(f"SELECT * FROM {table} ORDER BY 1"))]


def refused(statement: str, *before: str) -> bool:
    """Whether the database refuses a statement because its rows are never changed."""
    try:
        with store.write() as session:
            for line in (*before, statement):
                session.execute(text(line))
    except DatabaseError as error:
        return "never changed" in str(error)
    return False


def test_what_happened_can_neither_be_changed_nor_deleted(sat: World) -> None:
    for table, change in FROZEN.items():
        there = rows(table)
        assert there, table
        assert refused(f"UPDATE {table} SET {change}"), table
        assert refused(f"DELETE FROM {table}"), table
        assert rows(table) == there


def test_postgresql_refuses_to_empty_a_table_of_what_happened(sat: World) -> None:
    if not on_postgresql(sat.app):
        pytest.skip("SQLite has no TRUNCATE; its DELETE without WHERE is refused above")
    for table in FROZEN:
        assert refused(f"TRUNCATE {table} CASCADE"), table
        assert rows(table)


def test_the_content_of_an_item_version_never_changes_and_its_state_may(sat: World) -> None:
    there = rows("item_versions")
    for column in CONTENT:
        assert refused(f"UPDATE item_versions SET {column} = {column}"), column
    assert rows("item_versions") == there
    assert not refused("UPDATE item_versions SET state = 'suspended'")


def test_the_retention_job_lifts_the_lock_in_its_own_transaction_only(sat: World) -> None:
    if not on_postgresql(sat.app):
        pytest.skip("on SQLite the retention job takes the triggers away inside its transaction")
    lift = "SET LOCAL assess.retention = 'on'"
    assert not refused("DELETE FROM signatures", lift)
    assert rows("signatures") == []
    assert refused("DELETE FROM answers")


def test_sqlite_takes_and_puts_back_a_trigger_within_one_transaction(sat: World) -> None:
    if on_postgresql(sat.app):
        pytest.skip("on PostgreSQL a setting of the transaction lifts the lock")
    with store.read() as session:
        trigger = session.execute(
            text("SELECT sql FROM sqlite_master WHERE name = 'signatures_frozen_delete'")
        ).scalar_one()
    drop = "DROP TRIGGER signatures_frozen_delete"
    assert not refused(trigger, drop, "DELETE FROM signatures")
    assert rows("signatures") == []
    assert refused("DELETE FROM answers")
