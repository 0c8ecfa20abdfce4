"""What does the room's door say to a candidate, from the roster to the first question?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from assess.reasons import Code, Helper
from invigilation.admission import WAITING_ROOM, Seat, plain, why_not_start, why_not_wait
from invigilation.presence import ADMITTED, Attendance
from invigilation.sittings import Course, Stage, why_not_close, why_not_open, why_not_release

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SEAT = Seat(3, 7, "Room 4", NOON, None, None)


def says(seat: Seat | None, now: datetime = NOON) -> tuple[str | None, bool]:
    """The cause for which the door is shut, and whether one may wait before it."""
    found = why_not_start(seat, now)
    assert len(found) < 2
    assert all(r.code is Code.ADMIT for r in found)
    return (str(found[0].values["what"]) if found else None, not why_not_wait(seat, now))


def test_without_a_seat_the_door_stays_shut() -> None:
    assert says(None) == ("no_seat", False)
    assert plain(None) == {}
    assert plain(SEAT) == {"sitting": 3, "entry": 7}


def test_the_waiting_room_opens_an_hour_before_to_the_second() -> None:
    opens = NOON - WAITING_ROOM
    [early] = why_not_start(SEAT, opens - SECOND)
    assert (early.values["what"], early.until) == ("planned", opens)
    assert says(SEAT, opens - SECOND) == ("planned", False)
    assert says(SEAT, opens) == ("not_seen", True)


def test_an_admission_or_a_release_opens_the_waiting_room_early() -> None:
    early = NOON - timedelta(hours=3)
    here = replace(SEAT, attendance=Attendance.PRESENT)
    assert says(here, early) == ("not_released", True)
    assert says(replace(SEAT, released_at=early), early) == ("not_seen", True)
    assert says(replace(here, released_at=early), early) == (None, True)


def test_only_those_admitted_come_in_and_only_after_the_release() -> None:
    for attendance in (None, *Attendance):
        seat = replace(SEAT, attendance=attendance, released_at=NOON)
        shut, waits = says(seat)
        assert (shut is None) == (attendance in ADMITTED)
        assert waits == (attendance in {None, *ADMITTED})
        assert says(seat, NOON - SECOND)[0] is not None


def test_the_moment_of_release_is_told_before_it_comes() -> None:
    seat = replace(SEAT, attendance=Attendance.LATE, released_at=NOON)
    [soon] = why_not_start(seat, NOON - SECOND)
    assert (soon.values["what"], soon.until, soon.who) == ("released_soon", NOON, Helper.NOBODY)
    assert says(seat) == (None, True)


def test_a_sitting_goes_from_planned_to_closed() -> None:
    assert Course(NOON).stage is Stage.PLANNED
    assert Course(NOON, NOON).stage is Stage.RELEASED
    assert Course(NOON, NOON, NOON).stage is Stage.CLOSED
    assert Course(NOON, None, NOON).stage is Stage.CLOSED


def test_a_sitting_needs_a_place_and_a_likely_moment() -> None:
    def causes(place: str, begins: datetime) -> list[object]:
        return [r.values["what"] for r in why_not_open(place, begins, NOON)]

    assert causes("Room 4", NOON) == []
    assert causes("Room 4", NOON - timedelta(hours=12)) == []
    assert causes(" ", NOON - timedelta(hours=12, seconds=1)) == ["no_place", "begins_past"]
    assert causes("x" * 201, NOON + timedelta(days=367)) == ["long", "begins_far"]


def test_release_and_closing_say_everything_that_hinders() -> None:
    def codes(found: object) -> list[tuple[Code, object]]:
        return [(r.code, r.values.get("what")) for r in found]  # type: ignore[attr-defined]

    assert codes(why_not_release(Course(NOON), 1)) == []
    assert codes(why_not_release(Course(NOON), 0)) == [(Code.ADMIT, "nobody")]
    assert codes(why_not_close(Course(NOON), 0, 0)) == []
    assert codes(why_not_close(Course(NOON, NOON, NOON), 2, 1, "x" * 10_001)) == [
        (Code.CLOSED, "sitting"),
        (Code.OPEN, "attendance_unset"),
        (Code.OPEN, "work_open"),
        (Code.FIELD, "long"),
    ]
