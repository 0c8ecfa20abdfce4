"""May a sitting be opened, released or closed now, and if not, why not?

A sitting is planned for a moment, released once and closed once, in this order; it may be closed
without ever having been released. Pure: moments and counts are handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from assess.reasons import Code, Helper, Reason, Value

NOTICE = timedelta(seconds=5)
"""From the press of the button to the release: every waiting page has heard of it by then."""

LONGEST_PLACE = 200  # characters
LONGEST_NOTE = 10_000  # characters
FARTHEST = timedelta(days=366)  # ahead: beyond it a date is a slip of the finger
OLDEST = timedelta(hours=12)  # back: a sitting may be written down after it had to begin


class Stage(StrEnum):
    """Where a sitting stands."""

    PLANNED = "planned"
    RELEASED = "released"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Course:
    """When a sitting is to begin, when its test was released, when it was closed."""

    begins_at: datetime
    released_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        if self.closed_at is not None:
            return Stage.CLOSED
        return Stage.PLANNED if self.released_at is None else Stage.RELEASED

    @property
    def began_at(self) -> datetime | None:
        """From when on candidates could work: lateness counts from here. None before release.

        A room that is released early does not make anybody late who comes at the time they were
        told; one that is released late does not either.
        """
        if self.released_at is None:
            return None
        return max(self.begins_at, self.released_at)


def why_not_open(place: str, begins_at: datetime, now: datetime) -> tuple[Reason, ...]:
    """Every reason [E-FIELD] why a sitting cannot be set down for this place and moment."""
    found: list[Reason] = []
    if not place.strip():
        found.append(Reason(Code.FIELD, {"field": "place", "what": "no_place"}, who=Helper.YOU))
    elif len(place) > LONGEST_PLACE:
        long: dict[str, Value] = {"field": "place", "what": "long", "allowed": LONGEST_PLACE}
        found.append(Reason(Code.FIELD, long, who=Helper.YOU))
    if begins_at < now - OLDEST:
        past: dict[str, Value] = {"field": "begins", "what": "begins_past"}
        found.append(Reason(Code.FIELD, past, who=Helper.YOU))
    elif begins_at > now + FARTHEST:
        far: dict[str, Value] = {"field": "begins", "what": "begins_far"}
        found.append(Reason(Code.FIELD, far, who=Helper.YOU))
    return tuple(found)


def why_not_change(course: Course) -> tuple[Reason, ...]:
    """E-CLOSED when the sitting is closed: its record is fixed."""
    if course.closed_at is None:
        return ()
    return (Reason(Code.CLOSED, {"what": "sitting", "closed": course.closed_at}),)


def why_not_release(course: Course, admitted: int) -> tuple[Reason, ...]:
    """Why the test cannot be released to the room: the sitting is closed, or nobody is admitted."""
    found = list(why_not_change(course))
    if admitted == 0:
        found.append(Reason(Code.ADMIT, {"what": "nobody"}, who=Helper.YOU))
    return tuple(found)


def why_not_close(course: Course, unset: int, working: int, note: str = "") -> tuple[Reason, ...]:
    """Why the sitting cannot be closed: attendance is unset, or work is open [E-OPEN]."""
    found = list(why_not_change(course))
    if unset:
        values: dict[str, Value] = {"what": "attendance_unset", "number": unset}
        found.append(Reason(Code.OPEN, values, who=Helper.YOU))
    if working:
        values = {"what": "work_open", "number": working}
        found.append(Reason(Code.OPEN, values, who=Helper.YOU))
    if len(note) > LONGEST_NOTE:
        values = {"field": "note", "what": "long", "allowed": LONGEST_NOTE}
        found.append(Reason(Code.FIELD, values, who=Helper.YOU))
    return tuple(found)
