"""A clock that is stopped, started, given more: each by somebody, for a reason, to the second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import TextClause, select, text
from sqlalchemy.exc import DatabaseError

from assess import jobs, store
from assess.actions import attempts, holds, saving, timekeeping
from assess.actions.context import Context
from assess.delivery import ledger as rules
from assess.delivery.attempt import MOVES, State
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.roles import Role
from assess.store import holds as hold_rows
from assess.store import ledger, marks
from assess.store.attempts import Attempt
from assess.store.journal import JournalEntry
from tests.actions import racing
from tests.beginnings import Begin
from tests.builders import World

WHY = "Fire alarm at ten past eleven."
MINUTE = timedelta(minutes=1)
CREDITS: dict[str, Value] = {"field": "minutes", "what": "range", "least": 1, "most": 240}


class Sitting:
    """A candidate in the middle of an attempt, and an invigilator beside them."""

    def __init__(self, built: World, started: tuple[Context, int]) -> None:
        self.world = built
        self.device, self.attempt = started

    @property
    def invigilator(self) -> Context:
        """The surroundings of the invigilator's deeds, now."""
        return self.world.context("invigilator")

    def row(self) -> Attempt:
        """The attempt as it lies in the database."""
        with store.read() as session:
            return session.get_one(Attempt, self.attempt)

    def held_together(self) -> None:
        """The stored deadline is what the lines give."""
        with store.read() as session:
            row = session.get_one(Attempt, self.attempt)
            lines = ledger.of_attempt(session, row)
        assert row.opened_at is not None
        assert row.deadline == rules.deadline(lines, row.opened_at)


@pytest.fixture
def sitting(built: World, begin: Begin) -> Sitting:
    """A candidate in the middle of an attempt."""
    return Sitting(built, begin("set out", built.set_out))


def codes(done: object) -> list[Code]:
    """The codes of a refusal's reasons."""
    assert isinstance(done, Refused), done
    return [r.code for r in done.reasons]


def test_a_pause_gives_back_every_second_and_a_credit_adds_its_own(sitting: Sitting) -> None:
    world, clock = sitting.world, sitting.world.clock
    deadline = sitting.row().deadline
    assert deadline is not None
    before = world.save(sitting.device, sitting.attempt, 2, "1")
    clock.advance(10 * MINUTE)
    assert timekeeping.pause(sitting.invigilator, sitting.attempt, WHY) is None
    assert (sitting.row().state, sitting.row().deadline) == ("paused", None)
    assert codes(world.save(sitting.device, sitting.attempt, 1, "1")) == [Code.STATE]
    assert codes(timekeeping.pause(sitting.invigilator, sitting.attempt, WHY)) == [Code.STATE]
    clock.advance(timedelta(minutes=47, seconds=13))  # past the end that would have been
    # A device that missed the answer to its save, and the pause, is not told that time is up.
    again = world.save(sitting.device, sitting.attempt, 2, "1")
    assert isinstance(again, saving.Saved)
    assert (again, again.seconds_left) == (before, 20 * 60)
    with store.read() as session:
        assert session.get_one(Attempt, sitting.attempt).state == "paused"
    assert jobs.close_attempts(world.app, clock.now()) == 0
    assert timekeeping.credit(sitting.invigilator, sitting.attempt, 120, WHY) is None
    sitting.held_together()
    assert timekeeping.resume(sitting.invigilator, sitting.attempt, WHY) is None
    stood = timedelta(minutes=47, seconds=13)
    assert sitting.row().deadline == deadline + stood + 2 * MINUTE
    sitting.held_together()
    assert isinstance(world.save(sitting.device, sitting.attempt, 1, "1"), saving.Saved)
    assert timekeeping.credit(sitting.invigilator, sitting.attempt, 60, WHY) is None
    assert sitting.row().deadline == deadline + stood + 3 * MINUTE
    with store.read() as session:
        signed = ledger.signed(session, sitting.attempt)
        events = session.scalars(select(JournalEntry.event).order_by(JournalEntry.id)).all()
    invigilator = world.persons["invigilator"]
    assert [(line.entry, line.seconds, line.actor_id, line.reason) for line, _ in signed] == [
        ("base", 1800, None, ""),
        ("pause", 0, invigilator, WHY),
        ("credit", 120, invigilator, WHY),
        ("resume", 0, invigilator, WHY),
        ("credit", 60, invigilator, WHY),
    ]
    done = ["attempt:pause", "attempt:credit", "attempt:resume", "attempt:credit"]
    assert [e for e in events if e in done] == done
    # The pause is nobody's thinking time: the first question took ten minutes.
    world.hand_in(sitting.device, sitting.attempt)
    with store.read() as session:
        mark = marks.newest(session, sitting.attempt)
    assert mark is not None
    assert max(mark.seconds) == 600


def test_an_end_that_was_moved_is_the_one_at_which_the_job_closes(sitting: Sitting) -> None:
    world, clock = sitting.world, sitting.world.clock
    world.save(sitting.device, sitting.attempt, 1, "1")
    timekeeping.credit(sitting.invigilator, sitting.attempt, 600, WHY)
    clock.advance(39 * MINUTE)
    assert jobs.close_attempts(world.app, clock.now()) == 0
    deadline = sitting.row().deadline
    clock.advance(timedelta(hours=9))
    for deed in (timekeeping.pause, partial(timekeeping.credit, seconds=60)):
        assert codes(deed(sitting.invigilator, sitting.attempt, reason=WHY)) == [Code.LATE]
    assert jobs.close_attempts(world.app, clock.now()) == 1
    assert jobs.close_attempts(world.app, clock.now()) == 0
    assert (sitting.row().closed_at, sitting.row().closed_by) == (deadline, "time_up")


def test_who_may_and_who_may_not_and_for_which_reasons(sitting: Sitting) -> None:
    world, attempt = sitting.world, sitting.attempt
    deeds: tuple[Callable[[Context, str], Refused | None], ...] = (
        lambda c, why: timekeeping.pause(c, attempt, why),
        lambda c, why: timekeeping.credit(c, attempt, 60, why),
        lambda c, why: timekeeping.stop(c, attempt, why),
        lambda c, why: timekeeping.void(c, attempt, why),
    )
    world.add("invigilator.there", Role.INVIGILATOR, centre="there")
    own = replace(world.context("candidate"), roles=frozenset({Role.INVIGILATOR}))
    for deed in deeds:
        assert codes(deed(world.context("invigilator.there"), WHY)) == [Code.NOT_FOUND]
        assert codes(deed(own, WHY)) == [Code.SELF]
        assert codes(deed(world.context("tutor"), WHY)) == [Code.ROLE]
        assert codes(deed(world.context("candidate"), WHY)) == [Code.ROLE]
        assert codes(deed(sitting.invigilator, " no ")) == [Code.REASON]
        assert codes(deed(sitting.invigilator, "x" * 2001)) == [Code.FIELD]
    for seconds in (0, -60, 4 * 3600 + 1):
        refused = timekeeping.credit(sitting.invigilator, attempt, seconds, WHY)
        assert isinstance(refused, Refused)
        between = Reason(Code.FIELD, CREDITS, who=Helper.YOU)
        assert refused.reasons == (between,)
    for seconds in (1, 4 * 3600):
        assert timekeeping.credit(sitting.invigilator, attempt, seconds, WHY) is None
    assert codes(timekeeping.resume(sitting.invigilator, attempt, WHY)) == [Code.STATE]
    assert codes(timekeeping.pause(sitting.invigilator, attempt + 1, WHY)) == [Code.NOT_FOUND]
    assert [line.entry for line, _ in _signed(attempt)] == ["base", "credit", "credit"]


def _signed(attempt: int) -> list[tuple[ledger.TimeLine, object]]:
    with store.read() as session:
        return list(ledger.signed(session, attempt))


def test_a_stop_closes_and_marks_and_a_void_counts_for_nothing(sitting: Sitting) -> None:
    world = sitting.world
    world.answer(sitting.device, sitting.attempt)
    timekeeping.pause(sitting.invigilator, sitting.attempt, WHY)
    assert timekeeping.stop(sitting.invigilator, sitting.attempt, WHY) is None
    row = sitting.row()
    assert (row.state, row.closed_by, row.closed_at) == ("marked", "stop", world.clock.now())
    assert codes(timekeeping.stop(sitting.invigilator, sitting.attempt, WHY)) == [Code.CLOSED]
    assert codes(timekeeping.credit(sitting.invigilator, sitting.attempt, 9, WHY)) == [Code.CLOSED]
    assert timekeeping.void(sitting.invigilator, sitting.attempt, WHY) is None
    assert codes(timekeeping.void(sitting.invigilator, sitting.attempt, WHY)) == [Code.STATE]
    with store.read() as session:
        events = session.scalars(select(JournalEntry.event).order_by(JournalEntry.id)).all()
    assert [e for e in events if e in {"attempt:stop", "attempt:void"}] == [
        "attempt:stop",
        "attempt:void",
    ]


def test_a_stop_after_the_end_closes_at_the_end(sitting: Sitting) -> None:
    deadline = sitting.row().deadline
    sitting.world.clock.advance(timedelta(hours=2))
    assert timekeeping.stop(sitting.invigilator, sitting.attempt, WHY) is None
    assert (sitting.row().closed_at, sitting.row().closed_by) == (deadline, "stop")


WAYS = {  # how an open attempt comes to be in a state
    State.OPEN: (),
    State.PAUSED: (State.PAUSED,),
    State.CLOSED: (State.CLOSED,),
    State.MARKED: (State.CLOSED, State.MARKED),
    State.VOID: (State.VOID,),
}


def test_the_database_makes_the_moves_of_the_table_and_no_other(sitting: Sitting) -> None:
    legal = {(old, new) for (old, _), new in MOVES.items()}
    for old, way in WAYS.items():
        for new in set(State) - {old}:
            made = True
            with store.write() as session:
                inside = session.begin_nested()
                for step in way:
                    session.execute(_move(step))
                try:
                    session.execute(_move(new))
                except DatabaseError:
                    made = False
                inside.rollback()
            assert made is ((old, new) in legal), (old, new)
    assert {new for old, new in legal if old is State.PREPARED} == {State.OPEN, State.VOID}


def _move(state: State) -> TextClause:
    moment = ", closed_at = prepared_at" if state in {State.CLOSED, State.MARKED} else ""
    return text(f"UPDATE attempts SET state = '{state.value}'{moment}")


def test_what_an_attempt_was_closed_with_stands_for_good(sitting: Sitting) -> None:
    sitting.world.hand_in(sitting.device, sitting.attempt)
    for change in ("receipt = 'x'", "closed_at = prepared_at", "form = '[]'"):
        with pytest.raises(DatabaseError), store.write() as session:
            session.execute(text(f"UPDATE attempts SET {change}"))


def test_a_hold_keeps_its_person_out_until_somebody_else_lifts_it(built: World) -> None:
    built.make_ready()
    quality, device = built.context("quality"), built.log_in("candidate")
    person = built.persons["candidate"]
    assert codes(holds.place(built.context("tutor"), person, None, WHY)) == [Code.ROLE]
    assert codes(holds.place(quality, built.persons["quality"], None, WHY)) == [Code.SELF]
    hold = holds.place(quality, person, built.test, WHY)
    assert isinstance(hold, int)
    assert codes(holds.place(quality, person, built.test, WHY)) == [Code.NOT_NEEDED]
    assert codes(attempts.start(device, built.test, affirmed=True)) == [Code.HELD]
    everything = holds.place(built.context("administrator"), person, None, WHY)
    assert isinstance(everything, int)
    there = built.context("administrator.there")
    strange = holds.place(there, person, None, WHY), holds.place(quality, person, 999, WHY)
    assert [codes(done) for done in strange] == [[Code.NOT_FOUND]] * 2
    assert codes(holds.lift(there, hold, WHY)) == [Code.NOT_FOUND]
    assert codes(holds.lift(built.context("candidate"), hold, WHY)) == [Code.ROLE]
    assert holds.lift(quality, hold, "Spoke with the candidate, all is well.") is None
    assert codes(holds.lift(quality, hold, WHY)) == [Code.NOT_NEEDED]
    assert codes(attempts.start(device, built.test, affirmed=True)) == [Code.HELD]
    assert holds.lift(quality, everything, "It was about somebody else.") is None
    assert isinstance(attempts.start(device, built.test, affirmed=True), attempts.Started)
    with store.read() as session:
        assert hold_rows.in_force(session, person) == []
        told = select(JournalEntry.event).where(JournalEntry.event.startswith("hold:"))
        done = session.scalars(told).all()
    assert sorted(done) == ["hold:lift"] * 2 + ["hold:place"] * 2


def test_a_hold_and_a_start_at_once_never_both_win_in_the_wrong_order(built: World) -> None:
    built.make_ready()
    device, person = built.log_in("candidate"), built.persons["candidate"]
    quality = built.context("quality")
    began, held = racing.at_once(
        built.app,
        lambda: attempts.start(device, built.test, affirmed=True),
        lambda: holds.place(quality, person, None, WHY),
    )
    assert isinstance(held, int)
    if isinstance(began, Refused):
        assert codes(began) == [Code.HELD]
    with store.read() as session:
        started = session.scalars(
            select(JournalEntry.event)
            .where(JournalEntry.event.in_(["attempt:start", "hold:place"]))
            .order_by(JournalEntry.id)
        ).all()
    first = [] if isinstance(began, Refused) else ["attempt:start"]
    assert started == [*first, "hold:place"]
