"""A sitting from the roster to the report: who is let in when, and what is fixed at the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from assess import floors, store
from assess.actions import (
    approvals,
    arrangements,
    attempts,
    holds,
    people,
    programmes,
    saving,
    timekeeping,
    waiting,
)
from assess.actions.attempts import Started, Waiting
from assess.actions.context import Context
from assess.delivery.arrangements import Proposal
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import cohorts, ledger
from assess.store.attempts import Attempt
from assess.store.journal import JournalEntry
from assess.store.people import Person
from invigilation.actions import attendance, closing, roster, sittings, time
from invigilation.actions.attendance import Said
from invigilation.presence import Attendance
from invigilation.sittings import NOTICE
from invigilation.store import roster as roster_rows
from invigilation.store import sittings as rows
from invigilation.store.roster import AttendanceRecord
from tests.actions import racing
from tests.beginnings import Begin
from tests.builders import World
from tests.rooms import BEGINS_IN, HERE, Room, publish, room

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

Opened = Callable[..., Room]


@pytest.fixture
def opened(built: World, begin: Begin) -> Opened:
    """A function that gives a room with these candidates on its roster, in a world as new."""

    def open_(*who: str) -> Room:
        def deeds() -> tuple[int, int, dict[str, int]]:
            made = room(built, *who)
            return made.test, made.sitting, made.entries

        test, sitting, entries = begin(" ".join(("room of", *who)), deeds)
        return Room(built, test, sitting, dict(entries))

    return open_


def causes(done: object) -> list[tuple[Code, object]]:
    """Code and cause of every reason of a refusal."""
    assert isinstance(done, Refused), done
    return [(r.code, r.values.get("what")) for r in done.reasons]


def state(attempt: int) -> str:
    """The state of an attempt."""
    with store.read() as session:
        return session.get_one(Attempt, attempt).state


def start(built: World, test: int, who: str = "candidate") -> object:
    """Sign and try to start."""
    acting = built.context(who)
    programmes.sign(acting, built.programme, 1, who.replace(".", " ").title())
    return attempts.start(built.log_in(who), test, affirmed=True)


def test_a_sitting_that_is_set_down_twice_at_once_is_one(built: World) -> None:
    test, begins, acting = (
        publish(built),
        built.clock.now() + BEGINS_IN,
        built.context("invigilator"),
    )
    done = racing.at_once(built.app, *[lambda: sittings.open_(acting, test, "Room 4", begins)] * 2)
    assert done == [done[0]] * 2
    assert isinstance(first := done[0], int)
    built.add("invigilator.two", Role.INVIGILATOR)
    others = (
        (acting, "Room 5", begins),
        (acting, "Room 4", begins + timedelta(hours=2)),
        (built.context("invigilator.two"), "Room 4", begins),
    )
    set_down = {sittings.open_(who, test, place, at) for who, place, at in others}
    assert isinstance(closing.close(acting, first, ""), int)
    set_down.add(sittings.open_(acting, test, "Room 4", begins))  # the other one is over
    with store.read() as session:
        current = rows.current(session, built.centres["here"])
    assert len(current) == 4
    assert {sitting.id for sitting, _ in current} == set_down


def test_off_the_roster_a_test_of_the_room_stays_shut(built: World, opened: Opened) -> None:
    made = opened()
    done = start(built, made.test)
    assert causes(done) == [(Code.ADMIT, "no_seat")]
    made.put("candidate.two")
    assert causes(start(built, made.test)) == [(Code.ADMIT, "no_seat")]
    made.put("candidate")
    made.admit("candidate")
    made.release()
    other = publish(built, name="R2", title="Another test")  # in whose room they have no seat
    assert causes(start(built, other)) == [(Code.ADMIT, "no_seat")]
    elsewhere = sittings.open_(made.invigilator, other, "Room 5", built.clock.now())
    assert isinstance(elsewhere, int)
    Room(built, other, elsewhere).put("candidate")  # a roster of each test is another


def test_the_door_s_reason_stands_among_all_the_others(built: World, opened: Opened) -> None:
    made = opened("candidate")
    done = attempts.start(built.log_in("candidate"), made.test, affirmed=False)
    assert causes(done) == [
        (Code.SIGN, "unsigned"),
        (Code.ADMIT, "not_seen"),
        (Code.AFFIRM, None),
    ]


def test_without_the_room_its_tests_are_refused_never_opened(built: World, opened: Opened) -> None:
    made = opened("candidate")
    made.admit("candidate")
    made.release()
    built.app.extensions["assess.gates"] = {}
    try:
        assert causes(start(built, made.test)) == [(Code.UNKNOWN_GATE, None)]
    finally:
        built.app.extensions["assess.gates"] = floors.gates(built.app.extensions["assess.settings"])


def test_a_form_is_sealed_while_waiting_and_its_clock_starts_with_the_first_question(
    built: World, opened: Opened
) -> None:
    made = opened("candidate")
    device, attempt = made.enter("candidate")
    with store.read() as session:
        row = session.get_one(Attempt, attempt)
        assert (row.state, row.opened_at, row.deadline) == ("prepared", None, None)
        sealed = row.form_fingerprint
    for expected in ("not_seen", "not_released"):
        assert causes(waiting.begin(built.now(device), attempt)) == [(Code.ADMIT, expected)]
        if expected == "not_seen":
            made.admit("candidate")
    sittings.release(made.invigilator, made.sitting)
    built.clock.advance(NOTICE - SECOND)
    assert causes(waiting.begin(built.now(device), attempt)) == [(Code.ADMIT, "released_soon")]
    assert isinstance(built.save(device, attempt, 1, "1"), Refused)
    built.clock.advance(SECOND + MINUTE)
    # Whoever is kept from the test meanwhile is shown no question until somebody lifts that.
    quality, why = built.context("quality"), "Their card shows somebody else."
    hold = holds.place(quality, built.persons["candidate"], made.test, why)
    assert isinstance(hold, int)
    assert causes(waiting.begin(built.now(device), attempt)) == [(Code.HELD, "test")]
    assert holds.lift(quality, hold, why) is None
    made.begin(device, attempt)
    with store.read() as session:
        row = session.get_one(Attempt, attempt)
        assert row.state == "open"
        assert row.opened_at == built.clock.now()
        assert row.deadline == built.clock.now() + timedelta(minutes=30)
        assert row.form_fingerprint == sealed
        assert row.facts["doors"] == {
            "invigilated": {"sitting": made.sitting, "entry": made.entries["candidate"]}
        }
    # A second click finds it open, and its clock is not set back.
    built.clock.advance(MINUTE)
    made.begin(device, attempt)
    with store.read() as session:
        assert session.get_one(Attempt, attempt).deadline == row.deadline
    built.answer(device, attempt)
    built.hand_in(device, attempt)
    assert state(attempt) == "marked"


def test_whoever_changes_the_machine_while_waiting_writes_on_the_new_one(
    built: World, opened: Opened
) -> None:
    made = opened("candidate")
    made.admit("candidate")
    old, attempt = made.enter("candidate")
    new = built.log_in("candidate")
    made.release()
    made.begin(new, attempt)
    assert isinstance(built.save(new, attempt, 1, "1"), saving.Saved)
    assert causes(built.save(old, attempt, 1, "2", sequence=2)) == [(Code.TAKEOVER, None)]


def test_nobody_begins_another_s_sealed_form(built: World, opened: Opened) -> None:
    made = opened("candidate", "candidate.two")
    made.admit("candidate", "candidate.two")
    _, attempt = made.enter("candidate")
    made.release()
    done = waiting.begin(built.log_in("candidate.two"), attempt)
    assert isinstance(done, Refused)
    assert done.status == 404


def test_a_latecomer_comes_in_at_once_with_all_of_the_time(built: World, opened: Opened) -> None:
    made = opened("candidate", "candidate.two")
    made.admit("candidate")
    made.release()
    built.clock.advance(BEGINS_IN)
    assert isinstance(start(built, made.test, "candidate.two"), Waiting)  # not admitted yet
    done = made.say("candidate.two", HERE)
    assert isinstance(done, attendance.Recorded)
    assert done.attendance is Attendance.LATE
    attempt = made.line("candidate.two").work
    assert attempt is not None
    device = built.log_in("candidate.two")
    made.begin(device, attempt.attempt_id)
    with store.read() as session:
        row = session.get_one(Attempt, attempt.attempt_id)
    assert row.deadline == built.clock.now() + timedelta(minutes=30)
    # Admitted and released, nobody waits any more: the start opens at once.
    assert isinstance(start(built, made.test), Started)


def test_the_very_late_are_refused_until_they_are_admitted_on_purpose(
    built: World, opened: Opened
) -> None:
    made = opened("candidate", "candidate.two")
    made.admit("candidate")
    made.release()
    built.clock.advance(BEGINS_IN + timedelta(minutes=30))
    assert not isinstance(made.say("candidate.two", Said("absent", "known")), Refused)
    record = made.line("candidate.two").record
    assert record is not None
    assert (record.method, record.very_late, record.arrived_at) == (None, False, None)
    assert causes(made.say("candidate.two", HERE)) == [(Code.VERY_LATE, None)]
    done = made.say("candidate.two", Said("here", "known", all_the_same=True))
    assert isinstance(done, attendance.Recorded)
    record = made.line("candidate.two").record
    assert record is not None
    assert (record.state, record.very_late, record.arrived_at) == ("late", True, built.clock.now())
    assert isinstance(made.say("candidate.two", HERE), attendance.Recorded)  # put right, no more
    in_time = made.line("candidate").record
    assert in_time is not None
    assert not in_time.very_late


def test_a_correction_keeps_the_arrival_and_the_records_before(
    built: World, opened: Opened
) -> None:
    made = opened("candidate")
    made.admit("candidate")
    arrived = built.clock.now()
    made.release()
    built.clock.advance(timedelta(hours=3))
    assert not isinstance(made.say("candidate", Said("here", "staff-card")), Refused)
    line = made.line("candidate")
    assert line.record is not None
    assert (line.attendance, line.method) == (Attendance.PRESENT, "staff-card")
    assert line.record.arrived_at == arrived
    with store.read() as session:
        assert len(session.scalars(select(AttendanceRecord)).all()) == 2


def test_somebody_turned_away_is_not_let_in_and_cannot_wait(built: World, opened: Opened) -> None:
    made = opened("candidate")
    device, attempt = made.enter("candidate")
    said = Said("turned-away", words="No card, and nobody knows them.")
    assert not isinstance(made.say("candidate", said), Refused)
    assert causes(waiting.begin(built.now(device), attempt)) == [(Code.ADMIT, "turned_away")]


def test_somebody_at_work_cannot_be_recorded_as_absent(built: World, opened: Opened) -> None:
    made = opened("candidate")
    made.admit("candidate")
    device, attempt = made.enter("candidate")
    made.release()
    made.begin(device, attempt)
    assert causes(made.say("candidate", Said("absent"))) == [(Code.STARTED, "at_work")]


def test_a_room_is_not_released_to_nobody_and_released_once(built: World, opened: Opened) -> None:
    made = opened("candidate")
    assert causes(sittings.release(made.invigilator, made.sitting)) == [(Code.ADMIT, "nobody")]
    made.admit("candidate")
    first = sittings.release(made.invigilator, made.sitting)
    assert first == built.clock.now() + NOTICE
    built.clock.advance(MINUTE)
    assert sittings.release(made.invigilator, made.sitting) == first


def test_a_sitting_closes_when_nothing_is_unset_and_no_work_is_open(
    built: World, opened: Opened
) -> None:
    made = opened("candidate", "candidate.two")
    assert causes(made.close()) == [(Code.OPEN, "attendance_unset")]
    made.admit("candidate")
    device, attempt = made.enter("candidate")
    made.release()
    made.begin(device, attempt)
    assert causes(made.close()) == [(Code.OPEN, "attendance_unset"), (Code.OPEN, "work_open")]
    made.say("candidate.two", Said("absent"))
    why = "The alarm rang for ten minutes."
    assert timekeeping.pause(made.invigilator, attempt, why) is None
    assert causes(made.close()) == [(Code.OPEN, "work_open")]  # a clock that stands goes on
    assert timekeeping.resume(made.invigilator, attempt, why) is None
    assert timekeeping.credit(made.invigilator, attempt, 300, "It took them time.") is None
    built.answer(device, attempt)
    built.hand_in(device, attempt)
    publish(built, minutes=45)  # nobody here has sat this version
    report = made.close("The alarm rang at 11:30. Nobody left the room.")
    assert isinstance(report, int)
    with store.read() as session:
        fixed = rows.report(session, made.sitting)
    assert fixed is not None
    assert fixed.id == report
    assert fixed.note.startswith("The alarm")
    told = {"id": made.test, "name": "R1", "title": "Test in a room", "version": 1}
    assert fixed.document["test"] == told
    assert fixed.digest == closing.digest(fixed.document, fixed.note)
    one, two = fixed.document["roster"]
    assert (one["attendance"], one["identity"], one["attempt"]) == ("present", "photo-id", attempt)
    assert one["recorded"]["by"] == built.persons["invigilator"]
    assert one["ended_by"] == "hand_in"
    clock = [(said["entry"], said["seconds"], said["words"]) for said in one["clock"]]
    assert clock == [("pause", 0, why), ("resume", 0, why), ("credit", 300, "It took them time.")]
    assert {said["by"] for said in one["clock"]} == {built.persons["invigilator"]}
    assert (two["attendance"], two["attempt"], two["began"]) == ("absent", None, None)
    assert "Candidate" not in str(fixed.document)  # people by number: a name can be erased
    # Closed is closed: for the roster, for attendance, for the release, for a second closing.
    for done in (
        made.close(),
        made.say("candidate.two", HERE),
        sittings.release(made.invigilator, made.sitting),
        roster.add(made.invigilator, made.sitting, [built.persons["candidate"]]),
        roster.take_off(made.invigilator, made.sitting, made.entries["candidate.two"]),
    ):
        assert (Code.CLOSED, "sitting") in causes(done)


def test_work_whose_time_is_up_is_closed_on_the_way(built: World, opened: Opened) -> None:
    made = opened("candidate")
    made.admit("candidate")
    device, attempt = made.enter("candidate")
    made.release()
    made.begin(device, attempt)
    built.clock.advance(timedelta(minutes=30, seconds=11))
    assert isinstance(made.close(), int)
    assert state(attempt) == "marked"
    with store.read() as session:
        fixed = rows.report(session, made.sitting)
    assert fixed is not None
    assert fixed.document["roster"][0]["ended_by"] == "time_up"


def test_extra_time_that_is_arranged_while_its_candidate_waits_is_given(
    built: World, opened: Opened
) -> None:
    made = opened("candidate")
    device, attempt = made.enter("candidate")
    made.admit("candidate")
    seen = Proposal("extra_time", "25", "", "Their school's letter, shown at the door.")
    acting = built.context("administrator")
    assert isinstance(arrangements.arrange(acting, built.persons["candidate"], seen), int)
    made.release()
    made.begin(built.now(device), attempt)
    with store.read() as session:
        row = session.get_one(Attempt, attempt)
        lines = [(line.entry.value, line.seconds) for line in ledger.of_attempt(session, row)]
    assert (row.seconds, row.facts["extra_percent"]) == (2250, 25)
    assert row.deadline == built.clock.now() + timedelta(seconds=2250)
    assert lines == [("base", 1800), ("extra", 450)]


def test_a_sealed_form_that_nobody_saw_is_cancelled_and_costs_no_attempt(built: World) -> None:
    made = room(built, "candidate", approval=True, attempts=1)
    built.test = made.test
    built.make_ready("candidate")
    device = built.log_in("candidate")
    done = attempts.start(device, made.test, affirmed=True)
    assert isinstance(done, Waiting)
    made.say("candidate", Said("absent"))
    later = sittings.open_(made.invigilator, made.test, "Room 6", built.clock.now() + BEGINS_IN)
    assert isinstance(later, int)
    Room(built, made.test, later).put("candidate.two")
    assert isinstance(made.close(), int)
    assert state(done.attempt_id) == "void"
    with store.read() as session:  # nobody at another sitting is off its roster
        fixed = rows.report(session, made.sitting)
        on = roster_rows.current_of(session, made.test, list(built.persons.values()))
        cancelled = session.scalars(
            select(JournalEntry.facts).where(JournalEntry.event == "attempt:cancel")
        ).all()
    assert cancelled == [{"attempt": done.attempt_id, "test": made.test}]
    assert fixed is not None
    assert fixed.document["test"]["version"] == 1  # in force, though nobody sat it
    assert on == {built.persons["candidate.two"]: later}
    # The next sitting: the same approval, the same attempt.
    begins = built.clock.now() + BEGINS_IN
    again = sittings.open_(made.invigilator, made.test, "Room 5", begins)
    assert isinstance(again, int)
    other = Room(built, made.test, again)
    other.put("candidate")
    second = attempts.start(built.log_in("candidate"), made.test, affirmed=True)
    assert isinstance(second, Waiting)
    with store.read() as session:
        row = session.get_one(Attempt, second.attempt_id)
    assert (row.ordinal, row.approval_id is not None) == (2, True)


def test_an_approval_is_withdrawn_while_its_sealed_form_waits_but_not_after_the_start(
    built: World,
) -> None:
    made = room(built, "candidate", "candidate.two", approval=True)
    built.test, tutor = made.test, built.context("tutor")
    sealed = []
    for who in ("candidate", "candidate.two"):
        built.make_ready(who)
        sealed.append(made.enter(who))
    with store.read() as session:
        given = cohorts.approved(session, built.persons.values(), built.clock.now())
    first, second = (given[built.persons[w], made.test].id for w in made.entries)
    made.admit("candidate", "candidate.two")
    assert approvals.withdraw(tutor, first, "They ask for more time.") == first
    made.release()
    (device, attempt), (other, begun) = sealed
    assert state(attempt) == "void"
    assert causes(waiting.begin(built.now(device), attempt)) == [(Code.CLOSED, "void")]
    assert causes(start(built, made.test)) == [(Code.APPROVAL, "withdrawn")]
    made.begin(other, begun)
    done = approvals.withdraw(tutor, second, "They ask for more time.")
    assert causes(done) == [(Code.STARTED, None)]


def test_a_candidate_is_on_one_open_roster_of_a_test(built: World, opened: Opened) -> None:
    made = opened("candidate")
    begins = built.clock.now() + timedelta(days=1)
    other = sittings.open_(made.invigilator, made.test, "Room 5", begins)
    assert isinstance(other, int)
    person = built.persons["candidate"]
    assert causes(roster.add(made.invigilator, other, [person])) == [(Code.ROSTER, "on_roster")]
    device, attempt = made.enter("candidate")
    assert roster.take_off(made.invigilator, made.sitting, made.entries["candidate"]) == "Candidate"
    assert state(attempt) == "void"
    assert roster.add(made.invigilator, other, [person]) == 1
    assert made.lines() == []
    assert causes(attempts.start(built.now(device), made.test, affirmed=True)) == [
        (Code.ADMIT, "planned")
    ]
    taken_off = built.clock.now()
    built.clock.advance(MINUTE)
    assert isinstance(made.close(), int)
    with store.read() as session:  # when somebody was taken off stays what it was
        entry = session.get_one(roster_rows.RosterEntry, made.entries["candidate"])
    assert (entry.ended_at, entry.taken_off_by) == (taken_off, made.invigilator.actor)


def test_whom_something_is_recorded_of_stays_on_the_roster(built: World, opened: Opened) -> None:
    made = opened("candidate")
    made.say("candidate", Said("absent"))
    done = roster.take_off(made.invigilator, made.sitting, made.entries["candidate"])
    assert causes(done) == [(Code.ROSTER, "recorded")]


def test_a_roster_holds_registered_candidates_all_or_none(built: World, opened: Opened) -> None:
    made = opened()
    one, stranger = built.persons["candidate"], built.persons["author"]
    foreign = built.persons["candidate.there"]
    guest = built.add("guest", Role.CANDIDATE)
    elsewhere = programmes.create(built.context(), "Other award", "award")
    assert isinstance(elsewhere, int)
    tutor = built.persons["tutor"]
    done = programmes.register(built.context(), elsewhere, guest, tutor, "Group two")
    assert isinstance(done, int)
    past, to_come = built.add("past", Role.CANDIDATE), built.add("to.come", Role.CANDIDATE)
    today = built.clock.now().date()
    gone, ahead = today - timedelta(days=1), today + timedelta(days=1)
    for who, starts, ends in ((past, gone, gone), (to_come, ahead, None)):
        done = programmes.register(
            built.context(), built.programme, who, tutor, "Group", "en", starts, ends
        )
        assert isinstance(done, int)
    others = (stranger, foreign, guest, past, to_come, 10**6)
    for wanted in ([one, other] for other in others):
        assert causes(roster.add(made.invigilator, made.sitting, wanted)) == [
            (Code.ROSTER, "not_registered")
        ]
    assert causes(roster.add(made.invigilator, made.sitting, [])) == [
        (Code.ROSTER, "nobody_chosen")
    ]
    assert made.lines() == []


def test_nobody_invigilates_themselves(built: World, opened: Opened) -> None:
    made = opened()
    both = built.add("both", Role.INVIGILATOR, Role.CANDIDATE)
    tutor = built.persons["tutor"]
    assert isinstance(
        programmes.register(built.context(), built.programme, both, tutor, "Group one"), int
    )
    acting = built.context("both")
    assert causes(roster.add(acting, made.sitting, [both])) == [(Code.SELF, "own_sitting")]
    begins = built.clock.now() + BEGINS_IN
    later = sittings.open_(made.invigilator, made.test, "Room 5", begins)
    assert isinstance(later, int)
    other = Room(built, made.test, later)
    other.put("both")
    assert causes(sittings.release(acting, made.sitting)) == [(Code.ADMIT, "nobody")]
    assert roster.take_off(made.invigilator, later, other.entries["both"]) == "Both"
    assert causes(sittings.release(acting, later)) == [(Code.ADMIT, "nobody")]
    made.put("both", "candidate")
    entry = made.entries["both"]
    for done in (
        attendance.say(acting, made.sitting, entry, HERE),
        attendance.say(acting, made.sitting, made.entries["candidate"], HERE),
        sittings.release(acting, made.sitting),
        closing.close(acting, made.sitting, ""),
        roster.take_off(acting, made.sitting, entry),
        time.keep(acting, made.sitting, entry, "credit", 5, "A bus came late."),
    ):
        assert causes(done) == [(Code.SELF, "own_sitting")]
        assert isinstance(done, Refused)
        assert done.status == 403
    nobody = time.keep(made.invigilator, made.sitting, entry, "pause", 0, "A fire drill.")
    assert causes(nobody) == [(Code.STATE, None)]
    refused = select(JournalEntry.facts).where(JournalEntry.event == "deed:refuse")
    with store.read() as session:
        facts = session.scalars(refused.order_by(JournalEntry.id)).all()
    told = [(one["deed"], one["code"]) for one in facts[-2:]]
    assert told == [("attempt:credit", "E-SELF"), ("attempt:pause", "E-STATE")]


def test_another_centre_s_sitting_is_not_found_and_other_roles_may_nothing(
    built: World, opened: Opened
) -> None:
    made = opened("candidate")
    built.add("invigilator.there", Role.INVIGILATOR, centre="there")
    for who, status in (("invigilator.there", 404), ("tutor", 403), ("candidate", 403)):
        acting = built.context(who)
        for done in (
            sittings.release(acting, made.sitting),
            roster.add(acting, made.sitting, [built.persons["candidate.two"]]),
            attendance.say(acting, made.sitting, made.entries["candidate"], HERE),
            closing.close(acting, made.sitting, ""),
        ):
            assert isinstance(done, Refused)
            assert done.status == status
    done = sittings.open_(built.context("invigilator.there"), made.test, "X", built.clock.now())
    assert causes(done) == [(Code.FIELD, "no_invigilated_test")]
    done = sittings.open_(built.context("tutor"), made.test, "Room 4", built.clock.now())
    assert causes(done) == [(Code.ROLE, None)]
    done = sittings.open_(made.invigilator, built.test, "Room 4", built.clock.now())
    assert causes(done) == [(Code.FIELD, "no_invigilated_test")]


def test_a_test_published_without_the_room_needs_none_any_more(
    built: World, opened: Opened
) -> None:
    made = opened()
    assert causes(start(built, made.test)) == [(Code.ADMIT, "no_seat")]
    assert publish(built, invigilated=False) == made.test
    assert isinstance(start(built, made.test), Started)


def test_every_deed_of_a_room_is_journalled(built: World, opened: Opened) -> None:
    made = opened("candidate")
    made.admit("candidate")
    device, attempt = made.enter("candidate")
    made.release()
    made.begin(device, attempt)
    built.hand_in(device, attempt)
    made.close()
    with store.read() as session:
        events = session.scalars(select(JournalEntry.event).order_by(JournalEntry.id)).all()
    wanted = [
        "sitting:open",
        "roster:add",
        "attendance:record",
        "attempt:start",
        "sitting:release",
        "attempt:open",
        "attempt:close",
        "attempt:mark",
        "sitting:close",
    ]
    assert [e for e in events if e in wanted] == wanted


def test_records_and_reports_are_never_changed(built: World, opened: Opened) -> None:
    made = opened("candidate")
    made.say("candidate", Said("absent"))
    assert isinstance(made.close(), int)
    for table in ("attendance_records", "sitting_reports"):
        for statement in (f"UPDATE {table} SET centre_id = centre_id", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError, match="never changed"), store.write() as session:
                session.execute(text(statement))


def test_two_invigilators_who_put_the_same_candidate_on_two_rosters_make_one_entry(
    built: World, opened: Opened
) -> None:
    made = opened()
    begins = built.clock.now() + BEGINS_IN
    other = sittings.open_(made.invigilator, made.test, "Room 5", begins)
    assert isinstance(other, int)
    person, acting = built.persons["candidate"], made.invigilator

    def adding(sitting: int) -> object:
        return roster.add(acting, sitting, [person])

    done = racing.at_once(built.app, partial(adding, made.sitting), partial(adding, other))
    assert sorted(isinstance(d, Refused) for d in done) == [False, True]
    [refused] = [d for d in done if isinstance(d, Refused)]
    assert causes(refused)[0] in {(Code.ROSTER, "on_roster"), (Code.ROSTER, "raced")}


def test_a_closing_and_a_first_question_at_once_leave_no_work_open_in_a_closed_room(
    built: World,
) -> None:
    for _ in range(3):
        made = room(built, "candidate")
        made.admit("candidate")
        device, attempt = made.enter("candidate")
        made.release()
        now = built.now(device)

        def beginning(now: Context = now, attempt: int = attempt) -> object:
            return waiting.begin(now, attempt)

        begun, closed = racing.at_once(built.app, beginning, lambda made=made: made.close())  # type: ignore[misc]
        if isinstance(closed, int):
            assert isinstance(begun, Refused)
            assert state(attempt) == "void"
        else:
            assert isinstance(begun, Started)
            assert causes(closed) == [(Code.OPEN, "work_open")]
            built.hand_in(built.now(device), attempt)
            assert isinstance(made.close(), int)
        built.clock.advance(timedelta(hours=49))
        with store.write() as session:
            session.execute(text("UPDATE attempts SET state = 'void', approval_id = NULL"))


def test_an_absence_and_a_first_question_at_once_never_both_happen(
    built: World, opened: Opened
) -> None:
    made = opened("candidate")
    made.admit("candidate")
    device, attempt = made.enter("candidate")
    made.release()
    now = built.now(device)

    def beginning() -> object:
        return waiting.begin(now, attempt)

    begun, said = racing.at_once(
        built.app, beginning, lambda: made.say("candidate", Said("absent"))
    )
    assert isinstance(begun, Started) != isinstance(said, attendance.Recorded)


def test_somebody_barred_while_waiting_is_not_offered_for_another_roster(
    built: World, opened: Opened
) -> None:
    made = opened()
    with store.read() as session:
        person = session.get_one(Person, built.persons["candidate"])
    assert people.set_active(built.context("administrator"), person.id, False) is None
    done = roster.add(made.invigilator, made.sitting, [person.id])
    assert causes(done) == [(Code.ROSTER, "not_registered")]
