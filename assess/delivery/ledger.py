"""Where does a candidate's finish time come from? A ledger of lines, and arithmetic on moments.

Remaining time is what is allowed less the time that the clock has run: allowed is the base, extra
time by arrangement, and credits; the clock runs from the opening, and stands while the attempt is
paused or the candidate rests. The deadline is derived from the lines, never typed in.

Everything is reckoned in UTC: seconds are seconds that pass, also in the night the clocks change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Entry(StrEnum):
    """What a line says."""

    BASE = "base"  # the seconds of the specification
    EXTRA = "extra"  # seconds more by an arrangement of the person
    CREDIT = "credit"  # seconds given while the attempt was under way
    PAUSE = "pause"  # the clock stands from here
    REST = "rest"  # the clock stands from here: a rest break by arrangement
    RESUME = "resume"  # the clock runs again from here


GIVES = frozenset({Entry.BASE, Entry.EXTRA, Entry.CREDIT})
"""Lines that give seconds; the others are moments."""

STOPS = frozenset({Entry.PAUSE, Entry.REST})
"""Lines from which the clock stands."""

MOST_CREDIT = 4 * 3600  # seconds in one credit; more is a slip of the pen
ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `seconds` of those that give some, 0 of the others."""

    entry: Entry
    at: datetime
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A line with the finish time after it, None while the clock stands, and how long it stood."""

    line: Line
    finish: datetime | None
    stood: timedelta = ZERO


def allowed(lines: Iterable[Line]) -> timedelta:
    """All the time that the lines give."""
    return timedelta(seconds=sum(line.seconds for line in lines if line.entry in GIVES))


def stops(lines: Iterable[Line]) -> Iterator[tuple[datetime, datetime | None]]:
    """From when until when the clock stood, in UTC; until None while it stands.

    A stop within a stop, and a resume of a running clock, change nothing.
    """
    since: datetime | None = None
    for line in lines:
        if line.entry in STOPS and since is None:
            since = line.at.astimezone(UTC)
        elif line.entry is Entry.RESUME and since is not None:
            yield since, max(since, line.at.astimezone(UTC))
            since = None
    if since is not None:
        yield since, None


def active(lines: Sequence[Line], opened: datetime, until: datetime) -> timedelta:
    """How long the clock has run from the opening until a moment."""
    begun, end = opened.astimezone(UTC), until.astimezone(UTC)
    stood = ZERO
    for since, to in stops(lines):
        stood += max(ZERO, min(to or end, end) - max(begun, since))
    return max(ZERO, end - begun - stood)


def remaining(lines: Sequence[Line], opened: datetime, now: datetime) -> timedelta:
    """What is left at a moment; below zero when it is past."""
    return allowed(lines) - active(lines, opened, now)


def deadline(lines: Sequence[Line], opened: datetime) -> datetime | None:
    """When time is up, in UTC; None while the clock stands."""
    finish = opened.astimezone(UTC) + allowed(lines)
    for since, to in stops(lines):
        if to is None:
            return None
        finish += to - since
    return finish


def steps(lines: Sequence[Line], opened: datetime) -> tuple[Step, ...]:
    """The lines in their order, each with the finish time that it leads to."""
    found = []
    for number, line in enumerate(lines, 1):
        so_far = lines[:number]
        stood = ZERO
        if line.entry is Entry.RESUME:
            ended = [to - since for since, to in stops(so_far) if to is not None]
            stood = ended[-1] if ended else ZERO
        found.append(Step(line, deadline(so_far, opened), stood))
    return tuple(found)
