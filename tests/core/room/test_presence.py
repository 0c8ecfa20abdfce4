"""When is somebody late, and what must be said before attendance is recorded?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assess.reasons import Code
from invigilation.presence import (
    METHODS,
    TITLES,
    Attendance,
    Lateness,
    Method,
    Seen,
    attendance,
    lateness,
    why_not_record,
)
from invigilation.sittings import Course

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def reasons(
    seen: str = "here",
    method: str = "photo-id",
    words: str = "",
    late: Lateness = Lateness.IN_TIME,
    *,
    all_the_same: bool = False,
    begun: bool = False,
) -> list[tuple[Code, object, object]]:
    """Code, cause and field of every reason."""
    found = why_not_record(seen, method, words, late, all_the_same=all_the_same, begun=begun)
    return [(r.code, r.values.get("what"), r.values.get("field")) for r in found]


def test_nobody_is_late_before_the_room_could_begin() -> None:
    assert lateness(NOON + timedelta(days=1), None, 30) is Lateness.IN_TIME
    assert lateness(NOON, NOON, 30) is Lateness.IN_TIME
    assert lateness(NOON + SECOND, NOON, 30) is Lateness.LATE


@pytest.mark.parametrize(("minutes", "limit"), [(59, 30), (60, 60), (180, 60)])
def test_very_late_is_an_hour_or_half_an_hour_for_a_short_test(minutes: int, limit: int) -> None:
    after = NOON + timedelta(minutes=limit)
    assert lateness(after, NOON, minutes) is Lateness.LATE
    assert lateness(after + SECOND, NOON, minutes) is Lateness.VERY_LATE


def test_a_room_begins_neither_before_its_time_nor_before_its_release() -> None:
    minute = timedelta(minutes=1)
    assert Course(NOON).began_at is None
    assert Course(NOON, NOON - minute).began_at == NOON
    assert Course(NOON, NOON + minute).began_at == NOON + minute


def test_what_an_invigilator_says_becomes_one_of_four_states() -> None:
    assert attendance(Seen.HERE, Lateness.IN_TIME) is Attendance.PRESENT
    assert attendance(Seen.HERE, Lateness.LATE) is Attendance.LATE
    assert attendance(Seen.HERE, Lateness.VERY_LATE) is Attendance.LATE
    assert attendance(Seen.ABSENT, Lateness.LATE) is Attendance.ABSENT
    assert attendance(Seen.TURNED_AWAY, Lateness.IN_TIME) is Attendance.TURNED_AWAY
    assert set(TITLES) == set(Attendance)
    assert set(METHODS) == set(Method)


def test_somebody_who_is_here_needs_an_identity_check() -> None:
    assert reasons() == []
    assert reasons(method="") == [(Code.IDENTITY, "unchecked", "method")]
    assert reasons(method="face") == [(Code.IDENTITY, "unchecked", "method")]
    assert reasons(method="other", words="  short  ") == [(Code.IDENTITY, "words_short", "words")]
    assert reasons(method="other", words="her sister vouched") == []


def test_absence_needs_no_words_and_turning_away_does() -> None:
    assert reasons("absent", "") == []
    assert reasons("turned-away", "") == [(Code.IDENTITY, "why_turned_away", "words")]
    assert reasons("turned-away", "", "no card, nobody knows her") == []


def test_the_very_late_are_admitted_on_purpose() -> None:
    assert reasons(late=Lateness.VERY_LATE) == [(Code.VERY_LATE, None, "all_the_same")]
    assert reasons(late=Lateness.VERY_LATE, all_the_same=True) == []
    assert reasons("absent", late=Lateness.VERY_LATE) == []


def test_whoever_has_begun_is_here() -> None:
    assert reasons("absent", begun=True) == [(Code.STARTED, "at_work", "seen")]
    assert reasons(begun=True) == []


def test_all_reasons_come_together() -> None:
    found = reasons("here", "", "x" * 1001, Lateness.VERY_LATE)
    assert [code for code, _, _ in found] == [Code.IDENTITY, Code.VERY_LATE, Code.FIELD]
    assert reasons("", "photo-id") == [(Code.FIELD, "not_seen", "seen")]
