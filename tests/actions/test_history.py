"""Is a simulated attempt whole: dealt, answered, closed and marked as everybody's is?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from assess import store
from assess.actions import closing, draws, history, proof
from assess.actions import specifications as specs
from assess.delivery import answering, marking
from assess.journal import Event
from assess.reasons import Refused
from assess.store import attempts, banks, marks
from assess.store.attempts import Attempt
from assess.store.journal import JournalEntry
from assess.store.pools import Epoch
from assess.store.specifications import SpecificationVersion, Test
from tests.builders import World, specification
from tests.worlds import Copies

DAYS = timedelta(days=70)


@pytest.fixture
def simulated(built: World, database_kind: str, copies: Callable[[str], Copies]) -> World:
    """A world in which two tests of one bank are sat, by 120 candidates and by 30."""

    def simulate() -> None:
        operator = built.context()
        published = specs.publish(operator, specification(name="T2", title="Second test"))
        assert not isinstance(published, Refused), published
        now = built.clock.now()
        done = history.simulate_history(
            operator,
            [history.Plan("T1", 120, history.Flaws(very_easy="q1-1")), history.Plan("T2", 30)],
            history.Past(now, now + DAYS, seed=7),
            built.persons["tutor"],
        )
        assert done == 150

    copies(database_kind).filled("simulated", simulate)
    return built


def every() -> list[Attempt]:
    """All attempts, in the order in which they were dealt."""
    with store.read() as session:
        return list(session.scalars(select(Attempt).order_by(Attempt.id)))


def test_who_has_not_passed_comes_again_when_the_wait_is_over(built: World) -> None:
    now = built.clock.now()
    plan = history.Plan("T1", 60, attempts=2)
    past = history.Past(now, now + DAYS, seed=7)
    made = history.simulate_history(built.context(), [plan], past, built.persons["tutor"])
    rows = every()
    assert made == len(rows) > 60
    by_person: dict[int, list[Attempt]] = {}
    for row in rows:
        by_person.setdefault(row.candidate_id, []).append(row)
    assert {len(sat) for sat in by_person.values()} == {1, 2}
    with store.read() as session:
        passed = marks.passes(session, [row.id for row in rows])
    for sat in by_person.values():
        assert [row.ordinal for row in sat] == list(range(1, len(sat) + 1))
        if len(sat) == 2:
            first, second = sat
            assert not passed[first.id]
            assert first.closed_at is not None
            assert second.prepared_at >= first.closed_at + timedelta(hours=48)
            assert not {item for item, *_ in first.form} & {item for item, *_ in second.form}
    again = next(sat[1] for sat in by_person.values() if len(sat) == 2)
    replayed = draws.replay(built.context(), again.id)
    assert isinstance(replayed, draws.Replayed)
    assert not replayed.differences
    with store.read() as session:  # what is computed again, from moments as they were stored
        assert proof.prove(session, lambda *_: None).problems == ()


def test_every_candidate_sits_once_in_the_time_given_and_in_its_order(simulated: World) -> None:
    rows = every()
    assert len({row.candidate_id for row in rows}) == len(rows) == 150
    with store.read() as session:
        names = {test.id: test.name for test in session.scalars(select(Test))}
    assert Counter(names[row.test_id] for row in rows) == {"T1": 120, "T2": 30}
    now = simulated.clock.now()
    moments = [row.prepared_at for row in rows]
    assert moments == sorted(moments)
    assert now <= moments[0]
    assert moments[-1] <= now + DAYS
    assert {names[row.test_id] for row in rows[:100]} == {"T1", "T2"}  # side by side


def test_what_was_stored_of_a_simulated_attempt_agrees_with_what_is_reckoned_anew(
    simulated: World,
) -> None:
    with store.read() as session:
        for row in every():
            saves = attempts.answers(session, row.id)
            assert row.state == "marked"
            assert row.answers_digest == answering.digest(saves)
            assert row.receipt == closing.receipt(row)
            drawn = row.drawn()
            mark = marking.mark(
                session.get_one(SpecificationVersion, row.specification_id).specification(),
                drawn,
                banks.contents(session, [one.version for one in drawn]),
                {place: save.answer for place, save in answering.latest(saves).items()},
            )
            stored = marks.newest(session, row.id)
            assert stored is not None
            assert (stored.score, stored.passed) == (mark.score, mark.passed)
            assert list(stored.scores) == [one.score for one in mark.questions]


def test_a_simulated_draw_is_counted_and_can_be_replayed(simulated: World) -> None:
    for row in every()[::10]:
        done = draws.replay(simulated.context(), row.id)
        assert isinstance(done, draws.Replayed), done
        assert done.differences == ()
    with store.read() as session:
        epochs = session.scalars(select(Epoch)).all()
    assert sum(epoch.draws for epoch in epochs) == 150
    assert len(epochs) > 4  # of two tests, and a month is the longest that a seed serves


def test_the_journal_tells_of_each_attempt_its_start_its_end_and_its_mark(
    simulated: World,
) -> None:
    wanted = [Event.ATTEMPT_STARTED, Event.ATTEMPT_CLOSED, Event.ATTEMPT_MARKED]
    with store.read() as session:
        entries = session.scalars(
            select(JournalEntry)
            .where(JournalEntry.event.in_([event.value for event in wanted]))
            .order_by(JournalEntry.id)
        ).all()
    told = [(entry.facts["attempt"], entry.event, entry.actor_id) for entry in entries]
    assert told == [(row.id, event.value, row.candidate_id) for row in every() for event in wanted]
