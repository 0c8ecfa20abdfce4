"""May this tutor approve this candidate's next attempt, on what basis, and for how long?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from assess.delivery.attempt import State
from assess.reasons import Code, Helper, Reason

LEAST_WORDS = 10
"""Characters, without spaces around: enough that a basis says something that can be sampled."""
ANSWERED_WITHIN = timedelta(days=1)
"""What tutors aim for; a request that has waited so long is marked."""


class BasisKind(StrEnum):
    """On what a tutor's judgement of readiness rests."""

    PRACTICE = "practice"
    DISCUSSION = "discussion"
    OBSERVATION = "observation"
    COURSEWORK = "coursework"
    PRIOR_LEARNING = "prior_learning"
    OTHER = "other"


TITLES: Mapping[BasisKind, str] = MappingProxyType(
    {
        BasisKind.PRACTICE: "Practice questions",
        BasisKind.DISCUSSION: "Discussion with the candidate",
        BasisKind.OBSERVATION: "Observation at work",
        BasisKind.COURSEWORK: "Course activities",
        BasisKind.PRIOR_LEARNING: "Prior learning or experience",
        BasisKind.OTHER: "Other",
    }
)
"""What a tutor chooses from, in this order; English, translated where it is shown."""


def why_not_approve(
    tutor_id: int,
    candidate_id: int,
    tutors_of: Set[int],
    kinds: Collection[str],
    words: str,
) -> tuple[Reason, ...]:
    """Every reason why this tutor's approval cannot stand; empty means it can.

    `tutors_of` holds the ids of the candidate's tutors, `kinds` the values of `BasisKind` chosen.
    E-SELF: one's own readiness. E-ROLE: not a tutor of this candidate. E-BASIS, with `what`:
    `no_kind`, `kind_unknown`, `words_short` (`need` and `have` in characters).
    """
    found = []
    if tutor_id == candidate_id:
        found.append(Reason(Code.SELF, {}, who=Helper.TUTOR))
    elif tutor_id not in tutors_of:
        found.append(Reason(Code.ROLE, {"what": "not_their_tutor"}, who=Helper.ADMINISTRATOR))
    if not kinds:
        found.append(Reason(Code.BASIS, {"what": "no_kind"}, who=Helper.YOU))
    elif any(kind not in {known.value for known in BasisKind} for kind in kinds):
        found.append(Reason(Code.BASIS, {"what": "kind_unknown"}, who=Helper.YOU))
    have = len(words.strip())
    if have < LEAST_WORDS:
        values: dict[str, str | int | datetime] = {
            "what": "words_short",
            "need": LEAST_WORDS,
            "have": have,
        }
        found.append(Reason(Code.BASIS, values, who=Helper.YOU))
    return tuple(found)


def is_used(attempt: State | None) -> bool:
    """Whether an approval is used up by the attempt that holds it; None where none does.

    A form that is sealed for somebody who still waits has not begun: nobody has seen it.
    """
    return attempt is not None and attempt is not State.PREPARED


def why_not_withdraw(used: bool, words: str) -> tuple[Reason, ...]:
    """E-STARTED when the approved attempt has started; E-REASON when the words say too little."""
    started = (Reason(Code.STARTED, {}, who=Helper.NOBODY),) if used else ()
    return started + why_not_words(words)


def why_not_advise(tutor_id: int, candidate_id: int, words: str) -> tuple[Reason, ...]:
    """E-SELF for one's own request; E-REASON when the advice says too little."""
    own = (Reason(Code.SELF, {}, who=Helper.TUTOR),) if tutor_id == candidate_id else ()
    return own + why_not_words(words)


def why_not_words(words: str) -> tuple[Reason, ...]:
    """E-REASON where the words of a decision are shorter than a person could learn from."""
    have = len(words.strip())
    if have >= LEAST_WORDS:
        return ()
    values: dict[str, str | int | datetime] = {"need": LEAST_WORDS, "have": have}
    return (Reason(Code.REASON, values, who=Helper.YOU),)


def expires(given_at: datetime, days: int) -> datetime:
    """When an approval ends that was given at `given_at`: `days` times 24 hours later, in UTC."""
    return given_at.astimezone(UTC) + timedelta(days=days)
