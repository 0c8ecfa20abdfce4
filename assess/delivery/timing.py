"""How long has a candidate, is it over, and where did the time go?

All moments are aware datetimes; the caller hands them in. Inside, everything is compared in UTC:
two moments in one zone would be compared by the hands of the wall clock, and be an hour wrong on
the night the clocks change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Save:
    """An answer to the question at `place` (from 1), received at `at`."""

    place: int
    at: datetime


def seconds_allowed(minutes: int, extra_percent: int = 0) -> int:
    """Seconds for a test of `minutes`, with extra time in per cent, rounded up to a second."""
    if minutes < 1 or extra_percent < 0:
        raise ValueError(f"minutes {minutes}, extra per cent {extra_percent}")
    return -(-minutes * 60 * (100 + extra_percent) // 100)


def deadline(started: datetime, seconds: int) -> datetime:
    """The moment at which time is up, in UTC: `seconds` of real time after `started`."""
    return started.astimezone(UTC) + timedelta(seconds=seconds)


def is_open(now: datetime, deadline: datetime) -> bool:
    """Whether the candidate may still be shown questions: strictly before the deadline."""
    return now.astimezone(UTC) < deadline.astimezone(UTC)


def accepts(received: datetime, deadline: datetime, grace: timedelta) -> bool:
    """Whether an answer received at `received` counts: up to and including deadline + grace.

    What arrives within the grace was sent in time.
    """
    return received.astimezone(UTC) <= deadline.astimezone(UTC) + grace


def seconds_left(now: datetime, deadline: datetime) -> int:
    """Whole seconds until the deadline, never negative; a begun second counts as none."""
    return max(0, (deadline.astimezone(UTC) - now.astimezone(UTC)) // SECOND)


def seconds_per_question(started: datetime, saves: Sequence[Save], length: int) -> tuple[int, ...]:
    """Seconds spent on each of `length` questions, in order of place.

    The time between one save and the next goes to the question that is saved at its end, the time
    from `started` to the first save to that question. What passes between the last save and the
    hand-in belongs to nobody. Seconds are whole and never gained or lost in rounding: they sum to
    the whole seconds from `started` to the last save. A save that bears a time before `started`
    counts as made at `started`. ValueError for a place outside 1..length.
    """
    spent = [0] * length
    begun = started.astimezone(UTC)
    reached = 0
    for save in sorted(saves, key=lambda save: save.at.astimezone(UTC)):
        if not 1 <= save.place <= length:
            raise ValueError(f"place {save.place} in a form of {length}")
        elapsed = max(0, (save.at.astimezone(UTC) - begun) // SECOND)
        spent[save.place - 1] += elapsed - reached
        reached = elapsed
    return tuple(spent)
