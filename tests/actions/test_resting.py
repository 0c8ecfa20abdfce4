"""A rest break that a candidate begins alone: it stops the clock, and ends by itself in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from assess import jobs, store
from assess.actions import arrangements, attempts, closing, resting, saving, timekeeping
from assess.actions.context import Context
from assess.delivery import ledger as rules
from assess.delivery.arrangements import Proposal
from assess.reasons import Code, Refused
from assess.store import ledger, marks
from assess.store.attempts import Attempt
from assess.store.journal import JournalEntry
from tests.builders import World
from tests.rooms import room

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WHY = "Fire alarm at ten past eleven."
WORDS = "Five minutes when the back hurts."


class Sitting:
    """A candidate with fifteen minutes of rest breaks, in the middle of an attempt of thirty."""

    def __init__(self, built: World) -> None:
        arrange(built, "15")
        reader = Proposal("reader", "", "Somebody reads aloud.", "Letter of 3 May, in the file.")
        done = arrangements.arrange(built.context(), built.persons["candidate"], reader)
        assert isinstance(done, int), done
        built.make_ready()
        self.world, self.clock = built, built.clock
        self._device = built.log_in("candidate")
        self.attempt = built.start(self._device)
        self.begun = self.clock.now()

    @property
    def device(self) -> Context:
        """The surroundings of the candidate's deeds, now."""
        return self.world.now(self._device)

    def row(self) -> Attempt:
        """The attempt as it lies in the database; its deadline is what the lines give."""
        with store.read() as session:
            row = session.get_one(Attempt, self.attempt)
            lines = ledger.of_attempt(session, row)
        assert row.opened_at is not None
        assert row.deadline == rules.deadline(lines, row.opened_at)
        return row

    def lines(self) -> list[tuple[str, datetime, int, int | None, str]]:
        """What the ledger holds of stops: entry, moment, seconds, by whom, why."""
        with store.read() as session:
            signed = ledger.signed(session, self.attempt)
        return [
            (line.entry, line.at, line.seconds, line.actor_id, line.reason)
            for line, _ in signed
            if line.entry != "base"
        ]

    def journalled(self) -> list[tuple[str, int | None, dict[str, Any]]]:
        """What the journal says of rest breaks: event, by whom, facts."""
        with store.read() as session:
            rows = session.scalars(
                select(JournalEntry)
                .where(JournalEntry.event.in_(["attempt:rest", "attempt:end-rest"]))
                .order_by(JournalEntry.id)
            ).all()
        return [(row.event, row.actor_id, row.facts) for row in rows]

    def bring(self) -> list[saving.Outcome] | Refused:
        """Bring the journal of a device that was offline: what became of its one entry."""
        device, entries = self.device, [saving.Entry(1, 1, ["1"])]
        assert device.session_id is not None
        with store.read() as session:
            row = session.get_one(Attempt, self.attempt)
            known = saving.sitting(session, row, device.session_id, 1)
        return saving.keep_journal(
            known, device.session_id, entries, device.now, device.settings.grace
        )


def arrange(built: World, minutes: str) -> None:
    """Record rest breaks of so many minutes for the candidate."""
    proposal = Proposal("rest_breaks", minutes, WORDS, "Letter of 3 May, in the file.")
    done = arrangements.arrange(built.context(), built.persons["candidate"], proposal)
    assert isinstance(done, int), done


@pytest.fixture
def sitting(built: World) -> Sitting:
    """A candidate in the middle of an attempt."""
    return Sitting(built)


def causes(done: object) -> list[tuple[Code, object]]:
    """Code and cause of every reason of a refusal."""
    assert isinstance(done, Refused), done
    return [(r.code, r.values.get("what")) for r in done.reasons]


RESTING = [(Code.STATE, "resting")]


def test_a_break_that_is_ended_gives_back_every_second_and_keeps_what_is_left(
    sitting: Sitting,
) -> None:
    me = sitting.world.persons["candidate"]
    sitting.world.save(sitting.device, sitting.attempt, 1, "1")
    sitting.clock.advance(10 * MINUTE)
    at = sitting.clock.now()
    assert resting.begin(sitting.device, sitting.attempt) is None
    assert resting.begin(sitting.device, sitting.attempt) is None  # twice is once
    row = sitting.row()
    assert (row.state, row.resting) == ("paused", True)
    assert row.deadline == sitting.begun + 45 * MINUTE  # at the latest
    sitting.clock.advance(4 * MINUTE)
    assert causes(sitting.world.save(sitting.device, sitting.attempt, 2, "1")) == RESTING
    assert causes(attempts.flag(sitting.device, sitting.attempt, 2, True)) == RESTING
    assert resting.end(sitting.device, sitting.attempt) is None
    assert resting.end(sitting.device, sitting.attempt) is None
    assert sitting.row().deadline == sitting.begun + 34 * MINUTE
    assert isinstance(sitting.world.save(sitting.device, sitting.attempt, 2, "1"), saving.Saved)
    assert resting.begin(sitting.device, sitting.attempt) is None  # what is left: eleven minutes
    resting.end(sitting.device, sitting.attempt)
    now = sitting.clock.now()
    assert sitting.lines() == [
        ("own-rest", at, 900, me, WORDS),
        ("resume", now, 0, me, ""),
        ("own-rest", now, 660, me, WORDS),
        ("resume", now, 0, me, ""),
    ]
    said = [(event, actor, facts.get("by")) for event, actor, facts in sitting.journalled()]
    assert said == [("attempt:rest", me, None), ("attempt:end-rest", me, "candidate")] * 2
    # A rest is nobody's thinking time: the second question took ten minutes.
    sitting.world.hand_in(sitting.device, sitting.attempt)
    with store.read() as session:
        mark = marks.newest(session, sitting.attempt)
    assert mark is not None
    assert list(mark.seconds[:2]) == [0, 600]


@pytest.mark.parametrize(
    ("by", "late"),
    [
        ("job", timedelta(0)),
        ("save", 12 * MINUTE),
        ("journal", 12 * MINUTE),
        ("deed", 12 * MINUTE),
        ("another", 12 * MINUTE),
    ],
)
def test_a_break_is_over_at_its_moment_whoever_writes_so_and_when(
    built: World, by: str, late: timedelta
) -> None:
    sitting = Sitting(built)
    resting.begin(sitting.device, sitting.attempt)
    sitting.clock.advance(15 * MINUTE - SECOND)
    assert jobs.end_rests(built.app, sitting.clock.now()) == 0
    assert causes(built.save(sitting.device, sitting.attempt, 1, "1")) == RESTING
    assert causes(sitting.bring()) == RESTING  # nothing of it is late: the device comes again
    sitting.clock.advance(SECOND + late)
    if by == "job":
        assert jobs.end_rests(built.app, sitting.clock.now()) == 1
        assert jobs.end_rests(built.app, sitting.clock.now()) == 0
    elif by == "save":
        saved = built.save(sitting.device, sitting.attempt, 1, "1")
        assert isinstance(saved, saving.Saved)
        assert saved.seconds_left == 18 * 60
    elif by == "journal":
        assert sitting.bring() == [saving.Outcome.SAVED]
    elif by == "another":
        assert causes(resting.begin(sitting.device, sitting.attempt)) == [(Code.REST, "used")]
    else:
        assert timekeeping.credit(built.context("quality"), sitting.attempt, 60, WHY) is None
    assert sitting.row().state == "open"
    ended = sitting.begun + 15 * MINUTE
    assert sitting.lines()[1] == ("resume", ended, 0, None, "")
    event, actor, facts = sitting.journalled()[-1]
    assert (event, actor, facts["by"]) == ("attempt:end-rest", None, "itself")
    assert datetime.fromisoformat(facts["ended"]) == ended
    more = MINUTE if by == "deed" else timedelta(0)
    assert sitting.row().deadline == sitting.begun + 45 * MINUTE + more
    assert causes(resting.begin(sitting.device, sitting.attempt)) == [(Code.REST, "used")]


def test_time_is_up_at_its_moment_although_nobody_came_back_from_the_break(
    sitting: Sitting,
) -> None:
    sitting.world.save(sitting.device, sitting.attempt, 1, "1")
    sitting.clock.advance(20 * MINUTE)
    resting.begin(sitting.device, sitting.attempt)
    sitting.clock.advance(timedelta(hours=9))
    late = sitting.world.save(sitting.device, sitting.attempt, 2, "1")
    assert causes(late) == [(Code.LATE, None)]
    assert jobs.end_rests(sitting.world.app, sitting.clock.now()) == 0  # the save has
    assert jobs.close_attempts(sitting.world.app, sitting.clock.now()) == 1
    row = sitting.row()
    assert (row.closed_by, row.closed_at) == ("time_up", sitting.begun + 45 * MINUTE)
    assert [line[:2] for line in sitting.lines()] == [
        ("own-rest", sitting.begun + 20 * MINUTE),
        ("resume", sitting.begun + 35 * MINUTE),
    ]


def test_handing_in_ends_the_break_and_another_device_may_take_it_over(sitting: Sitting) -> None:
    resting.begin(sitting.device, sitting.attempt)
    sitting.clock.advance(2 * MINUTE)
    other = sitting.world.log_in("candidate")
    assert causes(attempts.hand_in(other, sitting.attempt)) == [(Code.TAKEOVER, None)]
    assert attempts.take_over(other, sitting.attempt) == sitting.attempt
    assert sitting.row().resting  # it goes on, and ends from either
    assert causes(attempts.hand_in(sitting.device, sitting.attempt)) == [(Code.TAKEOVER, None)]
    done = attempts.hand_in(other, sitting.attempt)
    assert isinstance(done, closing.HandedIn)
    row = sitting.row()
    assert (row.state, row.closed_by, row.closed_at) == ("marked", "hand_in", other.now)
    assert [line[0] for line in sitting.lines()] == ["own-rest", "resume"]
    for deed in (resting.begin, resting.end):
        assert causes(deed(other, sitting.attempt)) == [(Code.CLOSED, None)]


def test_staff_may_end_a_break_and_a_pause_of_theirs_is_not_ended_by_the_candidate(
    sitting: Sitting,
) -> None:
    quality = sitting.world.context("quality")
    resting.begin(sitting.device, sitting.attempt)
    assert causes(timekeeping.pause(quality, sitting.attempt, WHY)) == [(Code.STATE, None)]
    assert timekeeping.credit(quality, sitting.attempt, 60, WHY) is None
    assert sitting.row().deadline == sitting.begun + 46 * MINUTE
    assert timekeeping.resume(quality, sitting.attempt, WHY) is None
    assert sitting.row().deadline == sitting.begun + 31 * MINUTE
    assert timekeeping.pause(quality, sitting.attempt, WHY) is None
    assert not sitting.row().resting
    saved = sitting.world.save(sitting.device, sitting.attempt, 1, "1")
    assert causes(saved) == [(Code.STATE, None)]  # nobody is told that they rest
    assert causes(resting.begin(sitting.device, sitting.attempt)) == [(Code.STATE, None)]
    assert causes(resting.end(sitting.device, sitting.attempt)) == [(Code.STATE, "stopped")]
    assert jobs.end_rests(sitting.world.app, sitting.clock.now() + timedelta(hours=9)) == 0


def test_who_has_none_begins_none_and_in_the_room_the_invigilator_alone_stops_the_clock(
    built: World,
) -> None:
    built.make_ready()
    device = built.log_in("candidate")
    attempt = built.start(device)
    arrange(built, "15")  # a test that has begun already stays as it is
    assert causes(resting.begin(built.now(device), attempt)) == [(Code.REST, "none")]
    assert causes(resting.begin(built.log_in("candidate.two"), attempt)) == [(Code.NOT_FOUND, None)]
    assert causes(resting.begin(built.log_in("candidate"), attempt)) == [(Code.TAKEOVER, None)]
    built.clock.advance(30 * MINUTE)
    assert causes(resting.begin(built.now(device), attempt)) == [(Code.LATE, None)]

    made = room(built, "candidate")
    made.admit("candidate")
    made.release()
    device = built.log_in("candidate")
    seated = attempts.start(device, made.test, affirmed=True)
    assert isinstance(seated, attempts.Started)
    assert causes(resting.begin(device, seated.attempt_id)) == [(Code.REST, "none")]
