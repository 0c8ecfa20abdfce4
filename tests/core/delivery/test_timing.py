"""Deadlines to the second, and where the time went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.delivery import timing
from assess.delivery.timing import Save

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
LONDON = ZoneInfo("Europe/London")


def test_thirty_minutes_are_1800_seconds_and_a_quarter_more_are_2250() -> None:
    assert timing.seconds_allowed(30) == 1800
    assert timing.seconds_allowed(30, 25) == 2250


def test_a_part_of_a_second_of_extra_time_is_given_whole() -> None:
    assert timing.seconds_allowed(1, 1) == 61  # 60.6 seconds


@pytest.mark.parametrize(("minutes", "extra"), [(0, 0), (-1, 0), (30, -1)])
def test_no_time_at_all_is_a_mistake_of_the_caller(minutes: int, extra: int) -> None:
    with pytest.raises(ValueError, match="minutes"):
        timing.seconds_allowed(minutes, extra)


def test_a_test_is_open_until_just_before_its_deadline() -> None:
    end = timing.deadline(START, 1800)
    assert end == START + timedelta(minutes=30)
    assert timing.is_open(end - MICROSECOND, end)
    assert not timing.is_open(end, end)


def test_an_answer_counts_until_the_grace_is_over_and_not_a_moment_longer() -> None:
    end = timing.deadline(START, 1800)
    for grace in (0 * SECOND, 10 * SECOND):
        assert timing.accepts(end + grace, end, grace)
        assert not timing.accepts(end + grace + MICROSECOND, end, grace)


def test_seconds_left_are_whole_and_never_negative() -> None:
    end = timing.deadline(START, 60)
    assert timing.seconds_left(START, end) == 60
    assert timing.seconds_left(START + MICROSECOND, end) == 59
    assert timing.seconds_left(end + 5 * SECOND, end) == 0


@pytest.mark.parametrize(
    "started",
    [
        datetime(2026, 10, 25, 1, 45, tzinfo=LONDON),  # the hour that comes twice follows
        datetime(2026, 3, 29, 0, 45, tzinfo=LONDON),  # the hour that is left out follows
    ],
)
def test_half_an_hour_is_half_an_hour_on_the_night_the_clocks_change(started: datetime) -> None:
    end = timing.deadline(started, 1800)
    begun = started.astimezone(UTC)
    assert end == begun + timedelta(minutes=30)
    almost = (begun + timedelta(minutes=30) - SECOND).astimezone(LONDON)
    over = (begun + timedelta(minutes=30)).astimezone(LONDON)
    assert timing.is_open(almost, end)
    assert timing.is_open(almost, end.astimezone(LONDON))
    assert not timing.is_open(over, end.astimezone(LONDON))
    assert timing.accepts(over, end.astimezone(LONDON), timedelta(0))
    assert timing.seconds_left(almost, end.astimezone(LONDON)) == 1


def test_the_time_between_two_saves_goes_to_the_question_saved_at_its_end() -> None:
    saves = [
        Save(1, START + 30 * SECOND),
        Save(2, START + 75 * SECOND),
        Save(1, START + 80 * SECOND),
    ]
    assert timing.seconds_per_question(START, saves, 3) == (35, 45, 0)


def test_saves_may_come_in_any_order() -> None:
    saves = [Save(2, START + 75 * SECOND), Save(1, START + 30 * SECOND)]
    assert timing.seconds_per_question(START, saves, 2) == (30, 45)


def test_a_save_that_bears_a_time_before_the_start_costs_nothing() -> None:
    saves = [Save(1, START - 5 * SECOND), Save(2, START + 10 * SECOND)]
    assert timing.seconds_per_question(START, saves, 2) == (0, 10)


@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_place_outside_the_form_is_a_broken_record(place: int) -> None:
    with pytest.raises(ValueError, match="place"):
        timing.seconds_per_question(START, [Save(place, START)], 2)


@given(
    st.lists(
        st.tuples(st.integers(1, 14), st.integers(-(10**7), 4 * 10**9)),  # microseconds
        max_size=40,
    )
)
def test_no_second_is_gained_or_lost(saves: list[tuple[int, int]]) -> None:
    moments = [Save(place, START + after * MICROSECOND) for place, after in saves]
    spent = timing.seconds_per_question(START, moments, 14)
    assert len(spent) == 14
    assert min(spent) >= 0
    assert sum(spent) == max(0, max((after for _, after in saves), default=0) // 10**6)
