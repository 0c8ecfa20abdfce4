"""The time is the database's, carried on by a clock that nobody can set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assess.clock import REREAD_AFTER, DatabaseClock, HeldClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Hands:
    """A database's time and a monotonic clock, moved by the test."""

    def __init__(self) -> None:
        self.database = NOON
        self.monotonic = 1000.0
        self.readings = 0

    def read(self) -> datetime:
        self.readings += 1
        return self.database

    def clock(self) -> DatabaseClock:
        return DatabaseClock(self.read, lambda: self.monotonic)

    def pass_(self, seconds: float) -> None:
        self.monotonic += seconds
        self.database += timedelta(seconds=seconds)


def test_it_reads_the_database_once_and_goes_on_by_itself() -> None:
    hands = Hands()
    clock = hands.clock()
    assert clock.now() == NOON
    hands.pass_(29)
    assert clock.now() == NOON + timedelta(seconds=29)
    assert hands.readings == 1


def test_it_reads_again_after_half_a_minute() -> None:
    hands = Hands()
    clock = hands.clock()
    clock.now()
    hands.pass_(REREAD_AFTER)
    hands.database += timedelta(milliseconds=5)  # the host's quartz lagged
    assert clock.now() == NOON + timedelta(seconds=REREAD_AFTER, milliseconds=5)
    assert hands.readings == 2


def test_it_never_goes_backwards_even_when_the_database_does_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hands = Hands()
    clock = hands.clock()
    clock.now()
    hands.pass_(REREAD_AFTER)
    before = clock.now()
    hands.pass_(REREAD_AFTER)
    hands.database -= timedelta(hours=1)
    assert clock.now() == before
    (said,) = caplog.messages
    assert said == "the database's clock was set back: time stands still 3570 s"


def test_a_held_clock_stands_until_it_is_moved() -> None:
    clock = HeldClock(NOON)
    assert clock.now() == clock.now() == NOON
    assert clock.advance(timedelta(minutes=1)) == NOON + timedelta(minutes=1)
    clock.set(NOON)
    assert clock.now() == NOON
