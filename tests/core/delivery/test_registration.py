"""Who may be registered, at which age, until which day, and for how long?"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from assess.delivery import calendar, registration
from assess.delivery.registration import Conditions, Entry
from assess.reasons import Code

TODAY = date(2026, 3, 2)
LONDON = "Europe/London"
SIXTEEN = Conditions(minimum_age=16)


def whys(conditions: Conditions, entry: Entry, born_on: date | None = None) -> list[object]:
    """The causes of a refusal, in order."""
    reasons = registration.why_not_register(conditions, entry, born_on, TODAY, LONDON)
    return [reason.values["what"] for reason in reasons]


def test_nothing_is_asked_where_the_programme_asks_for_nothing() -> None:
    assert whys(Conditions(), Entry("Spring")) == []


@pytest.mark.parametrize(
    ("born_on", "found"),
    [
        (date(2010, 3, 2), []),  # sixteen today
        (date(2010, 3, 3), ["young"]),  # tomorrow
        (None, ["unborn"]),
    ],
)
def test_the_minimum_age_is_reached_on_the_birthday(born_on: date | None, found: list[str]) -> None:
    assert whys(SIXTEEN, Entry("Spring"), born_on) == found


def test_who_is_too_young_today_may_be_registered_from_the_birthday_on() -> None:
    born_on = date(2010, 3, 20)
    (reason,) = registration.why_not_register(SIXTEEN, Entry("A"), born_on, TODAY, LONDON)
    assert (reason.code, reason.until) == (Code.AGE, datetime(2026, 3, 20, tzinfo=UTC))
    assert whys(SIXTEEN, Entry("A", starts=date(2026, 3, 20)), born_on) == []


def test_the_last_registration_date_is_itself_still_open() -> None:
    assert whys(Conditions(last_registration=TODAY), Entry("A")) == []
    assert whys(Conditions(last_registration=date(2026, 3, 1)), Entry("A")) == ["late"]


def test_every_reason_comes_together() -> None:
    strict = Conditions(minimum_age=16, last_registration=date(2026, 1, 1))
    entry = Entry("", "xx", ends=date(2026, 3, 1), needs="x" * 2001)
    assert whys(strict, entry) == ["empty", "unknown", "before_start", "long", "unborn", "late"]


def test_a_registration_lasts_as_many_months_as_the_programme_says() -> None:
    yearly = Conditions(months=12)
    assert registration.last_day(yearly, Entry("A"), TODAY) == date(2027, 3, 2)
    ahead = Entry("A", starts=date(2026, 4, 1))
    assert registration.last_day(yearly, ahead, TODAY) == date(2027, 4, 1)
    assert registration.last_day(yearly, Entry("A", ends=TODAY), TODAY) == TODAY
    assert registration.last_day(Conditions(), Entry("A"), TODAY) is None


def test_a_month_after_the_last_day_of_a_long_month_is_the_last_of_a_short_one() -> None:
    assert calendar.months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert calendar.months_after(date(2027, 11, 30), 3) == date(2028, 2, 29)
    assert calendar.months_after(date(2026, 12, 5), 1) == date(2027, 1, 5)


def test_who_was_born_on_a_leap_day_turns_on_the_first_of_march() -> None:
    born_on = date(2008, 2, 29)
    assert calendar.years_old(born_on, date(2026, 2, 28)) == 17
    assert calendar.years_old(born_on, calendar.birthday(born_on, 18)) == 18


@pytest.mark.parametrize("size", [20, 21])
def test_a_group_of_more_than_twenty_is_warned_of_and_never_refused(size: int) -> None:
    found = registration.warnings("Spring", size)
    assert [r.code for r in found] == ([Code.GROUP] if size > 20 else [])


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (TODAY, 24)]
)
def test_a_day_is_a_whole_day_also_when_the_clocks_change(day: date, hours: int) -> None:
    begins, ends = calendar.begins(day, LONDON), calendar.ends(day, LONDON)
    assert (ends - begins).total_seconds() == hours * 3600
    assert calendar.day_of(begins, LONDON) == calendar.last_day(ends, LONDON) == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-02", TODAY),
        (" 2/3/2026 ", TODAY),
        ("02.03.2026", TODAY),
        ("31/02/2026", None),
        ("2026", None),
        ("1/1/1066", None),
        ("٢/٣/٢٠٢٦", None),
        ("", None),
    ],
)
def test_a_date_is_read_as_people_write_it(text: str, day: date | None) -> None:
    assert calendar.read_day(text) == day


def test_a_birth_in_the_future_or_in_another_century_is_a_slip() -> None:
    assert registration.why_not_born(date(2026, 3, 3), TODAY)
    assert registration.why_not_born(date(1900, 1, 1), TODAY)
    assert not registration.why_not_born(date(2026, 3, 2), TODAY)
    assert not registration.why_not_born(None, TODAY)


def test_a_programme_asks_for_what_makes_sense() -> None:
    def whats(name: str, age: int | None = None, months: int | None = None) -> list[object]:
        reasons = registration.why_not_ask(name, Conditions(age, None, months))
        return [(r.values["field"], r.values["what"]) for r in reasons]

    assert whats("Award", 16, 12) == []
    assert whats("", 0, 121) == [
        ("name", "empty"),
        ("minimum_age", "range"),
        ("months", "range"),
    ]
    assert whats("x" * 201) == [("name", "long")]
