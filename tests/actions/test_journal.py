"""Does the chain of the journal hold, and does a change show?"""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from assess import journal as chain
from assess import store
from assess.actions import journal, people
from assess.journal import Event
from assess.reasons import Refused
from assess.roles import Role
from assess.store.journal import JournalDetails, JournalEntry
from tests.builders import World


@pytest.fixture
def sealed(built: World) -> int:
    """A world whose journal is sealed; how many entries it has."""
    return journal.seal(built.clock.now())


def unlock(built: World, table: str) -> None:
    """Take the triggers of a table away, as somebody with the whole database could."""
    with store.write() as session:
        if built.app.extensions["assess.settings"].database_url.startswith("postgresql"):
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            for deed in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER {table}_frozen_{deed}"))


def change(statement: str) -> None:
    """Change something behind the application's back."""
    with store.write() as session:
        session.execute(text(statement))


def test_a_sealed_journal_is_good(built: World, sealed: int) -> None:
    with store.read() as session:
        entries = session.scalar(select(func.count()).select_from(JournalEntry))
    verdict = journal.verify()
    assert (verdict.sealed, verdict.unsealed, verdict.bad_entry) == (entries, 0, None)
    assert verdict.sealed == sealed
    assert verdict.head != chain.GENESIS


def test_sealing_again_adds_nothing(built: World, sealed: int) -> None:
    assert journal.seal(built.clock.now()) == 0
    assert journal.seal(built.clock.now(), everywhere=True) == 0


def test_nobody_who_writes_and_the_look_for_what_waits_keep_each_other_waiting(
    built: World, sealed: int
) -> None:
    engine = store.db.engine
    with engine.connect() as another:
        begin = "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "BEGIN"
        another.connection.cursor().execute(begin)
        assert journal.seal(built.clock.now(), everywhere=True) == 0
        another.connection.rollback()


def test_what_is_not_sealed_yet_is_counted(built: World, sealed: int) -> None:
    built.add("some.body", Role.TUTOR)
    verdict = journal.verify()
    assert (verdict.sealed, verdict.unsealed, verdict.bad_entry) == (sealed, 1, None)
    assert journal.seal(built.clock.now()) == 1
    assert journal.verify().sealed == sealed + 1


def test_the_first_changed_entry_is_named_whatever_was_changed(built: World, sealed: int) -> None:
    unlock(built, "journal_entries")
    changes = (
        "event = 'nothing:happen'",
        "actor_id = 1",
        "centre_id = NULL",
        "details_digest = 'x'",
        "facts = '{\"person\": 0}'",
        "at = '2020-01-01 00:00:00.000000'",
    )
    for entry, changed in zip(range(20, 2, -3), changes, strict=True):
        change(f"UPDATE journal_entries SET {changed} WHERE id = {entry}")
        verdict = journal.verify()
        assert (verdict.bad_entry, verdict.sealed) == (entry, entry - 1), changed
        assert verdict.problem == "the entry does not match its seal"


def test_a_changed_seal_is_named(built: World, sealed: int) -> None:
    unlock(built, "journal_seals")
    change("UPDATE journal_seals SET hash = 'x' WHERE place = 5")
    assert journal.verify().bad_entry == 5


def test_a_seal_that_is_gone_is_named(built: World, sealed: int) -> None:
    unlock(built, "journal_seals")
    change("DELETE FROM journal_seals WHERE place = 5")
    verdict = journal.verify()
    assert (verdict.sealed, verdict.bad_entry) == (4, 6)
    assert verdict.problem == "seal 5 is missing"


def test_a_chain_written_anew_is_good_in_itself_and_passes_through_no_head_of_before(
    built: World, sealed: int
) -> None:
    before = journal.verify().head
    built.add("some.body", Role.TUTOR)
    journal.seal(built.clock.now())
    assert journal.verify([before, before[:12], chain.GENESIS]).good
    for table in ("journal_entries", "journal_seals"):
        unlock(built, table)
    change("UPDATE journal_entries SET actor_id = 1 WHERE id = 20")
    change("DELETE FROM journal_seals")
    assert journal.seal(built.clock.now(), everywhere=True) == sealed + 1  # as the worker does
    assert journal.verify().good
    assert journal.verify([before[:12]]).lost == (before[:12],)


def test_details_that_were_changed_are_named(built: World, sealed: int) -> None:
    with store.read() as session:
        first = session.scalars(select(func.min(JournalDetails.entry_id))).one()
    change(f"UPDATE journal_details SET body = '{{}}' WHERE entry_id = {first}")
    verdict = journal.verify()
    assert (verdict.bad_entry, verdict.problem) == (first, "the entry's details were changed")


def test_erased_details_leave_the_chain_good(built: World, sealed: int) -> None:
    change("DELETE FROM journal_details")
    verdict = journal.verify()
    assert (verdict.sealed, verdict.bad_entry) == (sealed, None)


def test_names_stand_only_in_the_details_that_can_be_erased(built: World) -> None:
    with store.read() as session:
        facts = session.scalars(select(JournalEntry.facts)).all()
        bodies = " ".join(session.scalars(select(JournalDetails.body)))
    assert "Administrator" in bodies
    assert "Administrator" not in str(facts)


def test_a_refusal_is_on_record_with_all_its_codes(built: World) -> None:
    done = people.set_active(built.context("administrator"), built.persons["administrator"], False)
    assert isinstance(done, Refused)
    with store.read() as session:
        entry = session.scalars(select(JournalEntry).order_by(JournalEntry.id.desc())).first()
    assert entry is not None
    assert entry.event == Event.DEED_REFUSED.value
    assert entry.facts == {"deed": "person:deactivate", "code": "E-SELF", "reasons": "E-SELF"}


def test_entries_of_a_slow_transaction_are_sealed_too(built: World, sealed: int) -> None:
    built.add("some.body", Role.TUTOR)
    with store.write() as session:
        session.add(
            JournalEntry(id=100_000, at=built.clock.now(), event=Event.DEMO_FILLED.value, facts={})
        )
    assert journal.seal(built.clock.now()) == 2
    with store.write() as session:  # its number was drawn long before, it commits only now
        session.add(
            JournalEntry(id=50_000, at=built.clock.now(), event=Event.DEMO_FILLED.value, facts={})
        )
    assert journal.seal(built.clock.now()) == 0
    assert journal.verify().unsealed == 1
    assert journal.seal(built.clock.now(), everywhere=True) == 1
    assert (journal.verify().unsealed, journal.verify().bad_entry) == (0, None)
