"""What may a candidate and a tutor write to each other, and how urgent is an answer?"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from assess.delivery.readiness import ANSWERED_WITHIN
from assess.reasons import Code, Helper, Reason, Value

LATE_AFTER = ANSWERED_WITHIN  # the same day for messages as for requests for approval
OVERDUE_AFTER = timedelta(days=2)  # at most; then the quality team is told
LONGEST = 2_000  # characters
SAME_WITHIN = timedelta(minutes=10)
"""The same words from the same person within this are one text that was sent twice."""
MOST_UNANSWERED = 10  # messages of a candidate that wait; more would not be read sooner


class Urgency(StrEnum):
    """How a request stands by its age."""

    WAITING = "waiting"
    LATE = "late"
    OVERDUE = "overdue"


def sent_again(words: str, at: datetime, before: str, written_at: datetime) -> bool:
    """Whether words of somebody are the text before, which is theirs too, sent a second time."""
    return before == words.strip() and at - written_at < SAME_WITHIN


def urgency(since: datetime, now: datetime) -> Urgency:
    """How urgent an answer is, by how long somebody has waited; a day has 24 hours."""
    waited = now - since
    if waited >= OVERDUE_AFTER:
        return Urgency.OVERDUE
    return Urgency.LATE if waited >= LATE_AFTER else Urgency.WAITING


def why_not_write(words: str, unanswered: int = 0) -> tuple[Reason, ...]:
    """Every reason why this message is not taken: empty, too long [E-FIELD], too many [E-ASKED]."""
    found = []
    if not words.strip():
        found.append(Reason(Code.FIELD, {"field": "words", "what": "empty"}, who=Helper.YOU))
    elif len(words) > LONGEST:
        long: dict[str, Value] = {"field": "words", "what": "long", "allowed": LONGEST}
        found.append(Reason(Code.FIELD, long, who=Helper.YOU))
    if unanswered >= MOST_UNANSWERED:
        found.append(Reason(Code.ASKED, {"what": "messages"}, who=Helper.TUTOR))
    return tuple(found)
