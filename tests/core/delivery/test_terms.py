"""Terms that make sense, and those that do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assess.bank.specification import Quota, Specification
from assess.delivery.terms import Terms

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
    terms = Terms.of(
        specification, timezone="Europe/London", opens=TERMS.opens, closes=TERMS.closes
    )
    assert terms == TERMS
    assert terms.zone == ZoneInfo("Europe/London")


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
