"""Can a draw be replayed, does a change show, and is its seed committed to and kept secret?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from assess import journal as chain
from assess import store
from assess.actions import banks, draws, specifications
from assess.delivery.draw import Pool as Frozen
from assess.delivery.draw import commitment, form_fingerprint
from assess.journal import Event
from assess.reasons import Code, Refused
from assess.store import pools
from assess.store.attempts import Attempt
from assess.store.journal import JournalEntry
from assess.store.pools import EPOCH_DAYS, EPOCH_DRAWS, Epoch, Pool
from tests import builders
from tests.beginnings import Begin
from tests.builders import World


@pytest.fixture
def attempt(built: World, begin: Begin) -> int:
    """The second attempt of a candidate, so that there is something they have met."""

    def sit_twice() -> int:
        built.sit(right=0)
        built.clock.advance(timedelta(hours=48))
        built.approve()
        device = built.log_in("candidate")
        done = built.start(device)
        built.hand_in(device, done)
        return done

    return begin("sat twice", sit_twice)


def differences(built: World, attempt: int) -> set[str]:
    """What a replay finds to differ."""
    done = draws.replay(built.context(), attempt)
    assert isinstance(done, draws.Replayed), done
    return set(done.differences)


def events(event: Event) -> list[JournalEntry]:
    """The entries of this event, oldest first."""
    with store.read() as session:
        return list(
            session.scalars(
                select(JournalEntry)
                .where(JournalEntry.event == event.value)
                .order_by(JournalEntry.id)
            )
        )


def test_an_honest_draw_replays_the_same_years_later(built: World, attempt: int) -> None:
    built.clock.advance(timedelta(days=2000))
    assert differences(built, attempt) == set()
    assert differences(built, attempt - 1) == set()
    assert [e.facts for e in events(Event.DRAW_REPLAYED)] == [
        {"attempt": attempt, "same": True},
        {"attempt": attempt - 1, "same": True},
    ]


def test_there_is_nothing_to_replay_of_an_attempt_that_is_not_there(built: World) -> None:
    done = draws.replay(built.context(), 999)
    assert isinstance(done, Refused)
    assert done.code is Code.NOT_FOUND


def unlock(session: Session) -> None:
    """Take away what holds a closed attempt, as somebody who owns the database could."""
    on = " ON attempts" if session.get_bind().dialect.name == "postgresql" else ""
    session.execute(text(f"DROP TRIGGER attempts_closed{on}"))


def test_another_question_in_the_form_shows(built: World, attempt: int) -> None:
    with store.write() as session:
        unlock(session)
        row = session.get_one(Attempt, attempt)
        row.form = [row.form[1], row.form[0], *row.form[2:]]
    assert differences(built, attempt) == {"questions"}


def test_a_form_changed_together_with_its_fingerprint_shows(built: World, attempt: int) -> None:
    with store.write() as session:
        unlock(session)
        row = session.get_one(Attempt, attempt)
        row.form = [row.form[1], row.form[0], *row.form[2:]]
        row.form_fingerprint = form_fingerprint(row.drawn())
    assert {"form", "questions"} <= differences(built, attempt)


def test_an_item_taken_out_of_the_pool_shows(built: World, attempt: int) -> None:
    with store.write() as session:
        pool = session.scalars(select(Pool)).one()
        frozen = Frozen.from_document(pool.document)
        first, *others = frozen.cells
        short = replace(first, entries=first.listed[:-1])
        pool.document = replace(frozen, cells=(short, *others)).as_document()
    assert "pool" in differences(built, attempt)


def test_a_pool_changed_together_with_its_fingerprint_shows_against_the_journal(
    built: World, attempt: int
) -> None:
    with store.write() as session:
        pool = session.scalars(select(Pool)).one()
        frozen = Frozen.from_document(pool.document)
        changed = replace(frozen, specification="0" * 64)
        pool.document = changed.as_document()
        pool.fingerprint = changed.fingerprint()
    assert differences(built, attempt) == {"journalled pool"}


def test_a_pool_that_cannot_be_read_any_more_shows_and_breaks_nothing(
    built: World, attempt: int
) -> None:
    with store.write() as session:
        session.execute(update(Pool).values(document={"nothing": 1}))
    assert {"pool", "form"} <= differences(built, attempt)


def test_another_seed_shows(built: World, attempt: int) -> None:
    key = built.app.extensions["assess.settings"].seed_key
    with store.write() as session:
        session.execute(update(Epoch).values(sealed_seed=pools.encrypt(b"x" * 32, key)))
    assert {"commitment", "journalled commitment", "form"} <= differences(built, attempt)


def test_a_seed_that_the_key_does_not_open_shows_and_breaks_nothing(
    built: World, attempt: int
) -> None:
    context = built.context()
    other = replace(context, settings=replace(context.settings, seed_key="another-key-" * 4))
    done = draws.replay(other, attempt)
    assert isinstance(done, draws.Replayed)
    assert {"commitment", "form"} <= set(done.differences)
    assert "pool" not in done.differences


def test_an_attempt_hidden_from_the_history_shows(built: World, attempt: int) -> None:
    with store.write() as session:
        other = built.persons["candidate.two"]
        session.execute(update(Attempt).where(Attempt.id == attempt - 1).values(candidate_id=other))
    assert "history" in differences(built, attempt)


def test_the_journal_holds_all_fingerprints_of_a_draw(built: World, attempt: int) -> None:
    entry = events(Event.ATTEMPT_STARTED)[-1]
    with store.read() as session:
        row = session.get_one(Attempt, attempt)
        epoch = session.get_one(Epoch, row.epoch_id)
        pool = session.get_one(Pool, row.pool_id)
    assert entry.facts == {
        "attempt": attempt,
        "test": built.test,
        "ordinal": 2,
        "pool": pool.id,
        "epoch": epoch.number,
        "commitment": epoch.commitment,
        "pool_fingerprint": pool.fingerprint,
        "history_fingerprint": row.history_fingerprint,
        "form_fingerprint": row.form_fingerprint,
        "label": "assess-draw/2",
        "expected": row.expected,
        "in_band": row.in_band,
    }


def test_a_seed_is_committed_to_before_its_first_draw(built: World, attempt: int) -> None:
    committed, started = events(Event.SEED_COMMITTED), events(Event.ATTEMPT_STARTED)
    key = built.app.extensions["assess.settings"].seed_key
    with store.read() as session:
        epochs = session.scalars(select(Epoch).order_by(Epoch.id)).all()
    assert [e.facts["commitment"] for e in committed] == [e.commitment for e in epochs]
    assert committed[0].id < started[0].id
    for epoch in epochs:
        assert commitment(pools.decrypt(epoch.sealed_seed, key)) == epoch.commitment


@pytest.mark.parametrize("cause", ["draws", "month"])
def test_a_used_up_epoch_gives_way_to_a_new_one_with_another_seed(built: World, cause: str) -> None:
    assert EPOCH_DRAWS == 1000
    other = specifications.publish(built.context(), builders.specification(name="T2"))
    assert not isinstance(other, Refused)
    with store.write() as session:
        session.execute(update(Epoch).values(draws=EPOCH_DRAWS - 1))
    built.make_ready()
    device = built.log_in("candidate")
    if cause == "draws":
        attempt = built.start(device)
        with store.read() as session:
            assert session.get_one(Attempt, attempt).epoch_id == 1
    else:
        with store.write() as session:
            session.execute(update(Epoch).values(draws=1, opened_at=built.clock.now() - EPOCH_DAYS))
    built.make_ready("candidate.two")
    later = built.start(built.log_in("candidate.two"))
    with store.read() as session:
        first, elsewhere, second = session.scalars(select(Epoch).order_by(Epoch.id)).all()
        assert session.get_one(Attempt, later).epoch_id == second.id
    assert (first.number, second.number, second.draws) == (1, 2, 1)
    assert (first.closed_at, elsewhere.closed_at) == (built.clock.now(), None)
    assert elsewhere.draws == (EPOCH_DRAWS - 1 if cause == "draws" else 1)
    with store.write() as session:  # when an epoch was closed is said once
        pools.close(session, first.pool_id, built.clock.now() + EPOCH_DAYS)
        again = session.get_one(Epoch, first.id, populate_existing=True)
        assert again.closed_at == first.closed_at
    assert first.commitment != second.commitment
    committed = events(Event.SEED_COMMITTED)[-1]
    assert committed.facts["commitment"] == second.commitment
    assert committed.id < events(Event.ATTEMPT_STARTED)[-1].id
    assert differences(built, later) == set()


def test_when_an_epoch_is_used_up_the_next_form_still_comes_from_the_newest_pool(
    built: World,
) -> None:
    done = banks.bring_in(built.context(), builders.bank(builders.csv(each=7)))
    assert not isinstance(done, Refused)
    with store.write() as session:
        session.execute(update(Epoch).values(draws=EPOCH_DRAWS))
    built.make_ready()
    attempt = built.start(built.log_in("candidate"))
    with store.read() as session:
        row = session.get_one(Attempt, attempt)
        drawn, epoch = session.get_one(Pool, row.pool_id), session.get_one(Epoch, row.epoch_id)
        assert (drawn.number, epoch.pool_id) == (2, drawn.id)
        assert session.scalar(select(func.max(Pool.number))) == 2


def test_a_seed_lies_nowhere_in_clear(built: World, attempt: int) -> None:
    settings = built.app.extensions["assess.settings"]
    with store.read() as session:
        epoch = session.scalars(select(Epoch)).one()
        seed = pools.decrypt(epoch.sealed_seed, settings.seed_key)
        facts = session.scalars(select(JournalEntry.facts)).all()
        details = session.execute(text("SELECT body FROM journal_details")).all()
    assert len(seed) == 32
    written = chain.canonical([list(facts), [list(d) for d in details]]).decode()
    assert seed not in epoch.sealed_seed
    assert seed.hex() not in written
    if settings.database_url.startswith("sqlite"):
        store.dispose()
        path = Path(settings.database_url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            assert seed not in file.read_bytes(), file.name
            assert seed.hex().encode() not in file.read_bytes(), file.name
