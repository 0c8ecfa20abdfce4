"""Terms that make sense, and those that do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from assess.bank.specification import Quota, Specification, Window
from assess.delivery.terms import Terms, bounds

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TERMS = Terms("M02", 30, 3, (48,), True, MONDAY, MONDAY + timedelta(days=1), "Europe/London")


def test_the_terms_of_a_test_are_those_of_its_specification() -> None:
    specification = Specification(
        name="M02",
        title="Basic concepts",
        bank="award",
        minutes=30,
        cut=10,
        quotas=(Quota("award/M02/2.1", 2, 1),),
        attempts=3,
        cool_down_hours=(48,),
    )
    terms = Terms.of(specification, timezone="Europe/London")
    assert terms == replace(TERMS, opens=None, closes=None)
    assert terms.zone == ZoneInfo("Europe/London")


def test_a_fixed_window_is_read_by_the_clock_of_the_centre() -> None:
    nine = datetime.fromisoformat("2026-03-28 09:00")  # the clocks go forward in the night
    window = Window(nine, nine + timedelta(days=1))
    opens, closes = bounds(window, ZoneInfo("Europe/London"), None)
    assert opens is not None
    assert closes is not None
    assert opens.astimezone(UTC) == datetime(2026, 3, 28, 9, tzinfo=UTC)
    assert closes.astimezone(UTC) == datetime(2026, 3, 29, 8, tzinfo=UTC)
    assert bounds(window, ZoneInfo("Asia/Tokyo"), None) != (opens, closes)
    assert bounds(None, ZoneInfo("Europe/London"), None) == (None, None)
    assert bounds(Window(nine), ZoneInfo("Europe/London"), None) == (opens, None)


@pytest.mark.parametrize(
    ("first", "hours"), [(date(2026, 3, 2), 6 * 168 - 1), (date(2026, 10, 5), 6 * 168 + 1)]
)
def test_six_weeks_from_an_agreed_day_are_whole_days_of_the_calendar_over_both_changes(
    first: date, hours: int
) -> None:
    zone = ZoneInfo("Europe/London")
    assert bounds(Window(weeks=6), zone, None) == (None, None)
    opens, closes = bounds(Window(weeks=6), zone, first)
    assert opens is not None
    assert closes is not None
    assert (opens.date(), opens.time()) == (first, time())
    assert (closes.date(), closes.time()) == (first + timedelta(days=42), time())
    assert closes.astimezone(UTC) - opens.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "../../etc/passwd"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="zone"):
        replace(TERMS, timezone=zone)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        replace(TERMS, opens=datetime(2026, 3, 2, 9, 0))  # noqa: DTZ001 - the mistake itself


def test_a_window_that_closes_before_it_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="before it opens"):
        replace(TERMS, closes=MONDAY)


def test_a_wait_is_never_negative() -> None:
    with pytest.raises(ValueError, match="cool-down"):
        replace(TERMS, cool_down_hours=(24, -1))
