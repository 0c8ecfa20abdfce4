"""Where does a candidate's finish time come from? A ledger of lines, and arithmetic on moments.

Remaining time is what is allowed less the time that the clock has run: allowed is the base, extra
time by arrangement, and credits; the clock runs from the opening, and stands while the attempt is
paused or the candidate rests. The deadline is derived from the lines, never typed in.

A rest break that a candidate begins alone has its longest in its line, and is over when that has
passed, whether or not anybody has written so: what follows from the lines does not depend on who
looked, or when.

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
    OWN_REST = "own-rest"  # the same, begun by the candidate alone: `seconds` at the longest
    RESUME = "resume"  # the clock runs again from here


GIVES = frozenset({Entry.BASE, Entry.EXTRA, Entry.CREDIT})
"""Lines that give seconds; the others are moments."""

STOPS = frozenset({Entry.PAUSE, Entry.REST, Entry.OWN_REST})
"""Lines from which the clock stands."""

MOST_CREDIT = 4 * 3600  # seconds in one credit; more is a slip of the pen
ZERO = timedelta(0)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `seconds` of those that give some or end by themselves, 0 of the others."""

    entry: Entry
    at: datetime
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """From when until when the clock stood, in UTC; `to` None while nobody knows when it ends."""

    entry: Entry
    since: datetime
    to: datetime | None
    ended: bool  # whether a line says that it ended; if not, `to` may lie ahead
    by_itself: bool = False  # whether it lasted as long as it could


@dataclass(frozen=True, slots=True)
class Step:
    """A line with the finish time after it, None while the clock stands, and how long it stood.

    The finish time after a rest break of one's own has begun is the latest that there can be.
    """

    line: Line
    finish: datetime | None
    stood: timedelta = ZERO
    by_itself: bool = False  # a break whose seconds were used up


def allowed(lines: Iterable[Line]) -> timedelta:
    """All the time that the lines give."""
    return timedelta(seconds=sum(line.seconds for line in lines if line.entry in GIVES))


def stops(lines: Iterable[Line]) -> Iterator[Stop]:
    """From when until when the clock stood.

    A stop within a stop, and a resume of a running clock, change nothing.
    """
    standing: Line | None = None
    for line in (one for one in lines if one.entry not in GIVES):
        at = line.at.astimezone(UTC)
        if standing is not None and (end := _longest(standing)) is not None and at >= end:
            yield _stop(standing, end, ended=line.entry is Entry.RESUME)
            standing = None
        if line.entry in STOPS and standing is None:
            standing = line
        elif line.entry is Entry.RESUME and standing is not None:
            yield _stop(standing, max(standing.at.astimezone(UTC), at), ended=True)
            standing = None
    if standing is not None:
        yield _stop(standing, _longest(standing), ended=False)


def _longest(line: Line) -> datetime | None:
    """When a stop ends by itself; None for one that somebody has to end."""
    if line.entry is not Entry.OWN_REST:
        return None
    return line.at.astimezone(UTC) + timedelta(seconds=line.seconds)


def _stop(line: Line, to: datetime | None, *, ended: bool) -> Stop:
    whole = to is not None and to == _longest(line)
    return Stop(line.entry, line.at.astimezone(UTC), to, ended, whole)


def own_rest(lines: Sequence[Line]) -> Stop | None:
    """The rest break of the candidate's own that no line has ended; it may be over all the same."""
    for last in list(stops(lines))[-1:]:
        if last.entry is Entry.OWN_REST and not last.ended:
            return last
    return None


def rest_left(lines: Sequence[Line], seconds: int, now: datetime) -> int:
    """Whole seconds that are left of `seconds` for rest breaks of the candidate's own."""
    moment, taken = now.astimezone(UTC), ZERO
    for stop in stops(lines):
        if stop.entry is Entry.OWN_REST:
            taken += max(ZERO, min(stop.to or moment, moment) - stop.since)
    return max(0, (timedelta(seconds=seconds) - taken) // SECOND)


def active(lines: Sequence[Line], opened: datetime, until: datetime) -> timedelta:
    """How long the clock has run from the opening until a moment."""
    begun, end = opened.astimezone(UTC), until.astimezone(UTC)
    stood = ZERO
    for stop in stops(lines):
        stood += max(ZERO, min(stop.to or end, end) - max(begun, stop.since))
    return max(ZERO, end - begun - stood)


def remaining(lines: Sequence[Line], opened: datetime, now: datetime) -> timedelta:
    """What is left at a moment; below zero when it is past."""
    return allowed(lines) - active(lines, opened, now)


def deadline(lines: Sequence[Line], opened: datetime) -> datetime | None:
    """When time is up, in UTC; None while the clock stands and nobody knows for how long."""
    finish = opened.astimezone(UTC) + allowed(lines)
    for stop in stops(lines):
        if stop.to is None:
            return None
        finish += stop.to - stop.since
    return finish


def steps(lines: Sequence[Line], opened: datetime) -> tuple[Step, ...]:
    """The lines in their order, each with the finish time that it leads to."""
    found = []
    for number, line in enumerate(lines, 1):
        so_far = lines[:number]
        stood, by_itself = ZERO, False
        if line.entry is Entry.RESUME:
            for last in list(stops(so_far))[-1:]:
                stood = ZERO if last.to is None else last.to - last.since
                by_itself = last.by_itself
        found.append(Step(line, deadline(so_far, opened), stood, by_itself))
    return tuple(found)
