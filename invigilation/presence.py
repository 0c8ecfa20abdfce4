"""Who is in the room, how do we know that it is them, and how late did they come?

Attendance has four states; until one is recorded it is unset, and the sitting cannot close. An
invigilator says what they see (`Seen`), the clock says whether that is late.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from assess.reasons import Code, Helper, Reason, Value


class Attendance(StrEnum):
    """Whether a candidate on the roster takes part."""

    PRESENT = "present"
    LATE = "late"
    ABSENT = "absent"
    TURNED_AWAY = "turned-away"


TITLES = {
    Attendance.PRESENT: "Present",
    Attendance.LATE: "Present, came late",
    Attendance.ABSENT: "Absent",
    Attendance.TURNED_AWAY: "Turned away",
}
ADMITTED = frozenset({Attendance.PRESENT, Attendance.LATE})
"""States in which a candidate may take the test."""


class Seen(StrEnum):
    """What an invigilator says of a candidate."""

    HERE = "here"
    ABSENT = "absent"
    TURNED_AWAY = "turned-away"


class Method(StrEnum):
    """How it was made sure that the candidate is who they say they are."""

    PHOTO_ID = "photo-id"
    STAFF_CARD = "staff-card"
    KNOWN = "known"
    OTHER = "other"


METHODS = {
    Method.PHOTO_ID: "Passport, driving licence or another official photo card",
    Method.STAFF_CARD: "Staff or student card with a photo",
    Method.KNOWN: "I know them in person",
    Method.OTHER: "In another way",
}

LONGEST_WORDS = 1_000  # characters
SHORTEST_WORDS = 10  # characters of what is asked for: fewer explain nothing later


class Lateness(StrEnum):
    """How late somebody came."""

    IN_TIME = "in-time"
    LATE = "late"
    VERY_LATE = "very-late"


# WJEC, "Late arrivals" (after JCQ, Instructions for conducting examinations, section 21): very
# late is more than an hour after the start, or 30 minutes where the test is shorter than an hour.
HOUR = 60  # minutes
VERY_LATE_AFTER = timedelta(minutes=60)
VERY_LATE_AFTER_SHORT = timedelta(minutes=30)


def lateness(arrived: datetime, began: datetime | None, minutes: int) -> Lateness:
    """How late somebody is who arrives at this moment.

    `began` is when the room could begin, None before that: nobody is late yet. `minutes` is the
    time that the test is given.
    """
    if began is None or arrived <= began:
        return Lateness.IN_TIME
    limit = VERY_LATE_AFTER if minutes >= HOUR else VERY_LATE_AFTER_SHORT
    return Lateness.VERY_LATE if arrived > began + limit else Lateness.LATE


def attendance(seen: Seen, late: Lateness) -> Attendance:
    """The state that is recorded for what an invigilator says, at this lateness."""
    if seen is Seen.HERE:
        return Attendance.PRESENT if late is Lateness.IN_TIME else Attendance.LATE
    return Attendance(seen.value)


def why_not_record(
    seen: str, method: str, words: str, late: Lateness, *, all_the_same: bool, begun: bool
) -> tuple[Reason, ...]:
    """Every reason why this attendance cannot be recorded.

    Somebody who is here needs an identity check [E-IDENTITY]; "another way" and turning somebody
    away need words. Somebody very late is admitted only on purpose [W-VERYLATE]: `all_the_same`.
    Somebody who has begun is here, whatever is said now [E-STARTED].
    """
    found: list[Reason] = []
    if seen not in set(Seen):
        found.append(Reason(Code.FIELD, {"field": "seen", "what": "not_seen"}, who=Helper.YOU))
    elif begun and seen != Seen.HERE:
        found.append(Reason(Code.STARTED, {"what": "at_work", "field": "seen"}))
    if seen == Seen.HERE:
        if method not in set(Method):
            values: dict[str, Value] = {"what": "unchecked", "field": "method"}
            found.append(Reason(Code.IDENTITY, values, who=Helper.YOU))
        elif method == Method.OTHER and len(words.strip()) < SHORTEST_WORDS:
            values = {"what": "words_short", "field": "words", "need": SHORTEST_WORDS}
            found.append(Reason(Code.IDENTITY, values, who=Helper.YOU))
        if late is Lateness.VERY_LATE and not all_the_same:
            found.append(Reason(Code.VERY_LATE, {"field": "all_the_same"}, who=Helper.YOU))
    if seen == Seen.TURNED_AWAY and len(words.strip()) < SHORTEST_WORDS:
        values = {"what": "why_turned_away", "field": "words", "need": SHORTEST_WORDS}
        found.append(Reason(Code.IDENTITY, values, who=Helper.YOU))
    if len(words) > LONGEST_WORDS:
        values = {"field": "words", "what": "long", "allowed": LONGEST_WORDS}
        found.append(Reason(Code.FIELD, values, who=Helper.YOU))
    return tuple(found)
