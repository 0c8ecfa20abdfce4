"""What does a candidate's card of a test say: its state, its figures, what stands in the way?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assess import wording
from assess.delivery import attempt, eligibility
from assess.reasons import Code, Reason
from assess.store.facts import Facts
from assess.store.standing import Judgement

PREPARED = attempt.State.PREPARED.value


class State(StrEnum):
    """How a test stands for a candidate, in the order in which it is asked."""

    WAITING = "waiting"
    IN_PROGRESS = "in-progress"
    PASSED = "passed"
    READY = "ready"
    HELD = "held"
    NOT_YET_PASSED = "not-yet-passed"
    NOT_AVAILABLE = "not-available"


@dataclass(frozen=True, slots=True)
class Sat:
    """An attempt that is over and marked; `passed` is None while its result is held back."""

    attempt_id: int
    ordinal: int
    closed_at: datetime
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Card:
    """A test as its candidate sees it.

    `left` is None when there is no limit. `opens` is set while a date stands in the way of the
    next attempt. `questions` and `seconds`, extra time included, are None while nothing is
    published.
    """

    test_id: int
    title: str
    practice: bool
    programme_id: int | None
    state: State
    questions: int | None
    seconds: int | None
    extra_percent: int
    used: int
    left: int | None
    opens: datetime | None
    ends: datetime | None
    reasons: tuple[wording.Words, ...]
    live_attempt: int | None
    sat: tuple[Sat, ...]
    signed: int | None
    approved_until: datetime | None
    asked_at: datetime | None
    advice: str | None
    may_sign: bool
    may_ask: bool
    may_wait: bool


def card(found: Facts, judgement: Judgement, now: datetime, zone: str) -> Card:
    """The card of one test; it weighs nothing itself, but shows the judgement that a start asks."""
    test, asked = found.test, found.asked
    standing, terms = judgement.standing, judgement.terms
    codes = {reason.code for reason in judgement.reasons}
    waiting = asked is not None and asked.waiting
    opens = eligibility.next_opens(terms, standing)
    specification = judgement.version.specification() if judgement.version else None
    state, held = _state(judgement), standing.results_held
    return Card(
        test_id=test.id,
        title=test.title,
        practice=test.practice,
        programme_id=test.programme_id,
        state=state,
        questions=specification.length if specification else None,
        seconds=judgement.seconds if specification else None,
        extra_percent=judgement.extra_percent,
        used=used(judgement),
        left=left(judgement),
        opens=opens if opens is not None and opens > now else None,
        ends=standing.open_until,
        reasons=tuple(wording.words(r, zone) for r in _worth_saying(judgement.reasons, state)),
        live_attempt=standing.open_attempt,
        sat=tuple(
            Sat(a.id, a.ordinal, closed.closed_at, None if held else closed.passed)
            for closed in standing.closed_attempts
            for a in judgement.attempts
            if a.ordinal == closed.ordinal
        ),
        signed=standing.signed_version if Code.SIGN not in codes else None,
        approved_until=standing.approval.expires_at
        if standing.approval is not None and judgement.approval_id is not None
        else None,
        asked_at=asked.at if asked is not None and asked.waiting else None,
        advice=asked.advice if asked is not None and Code.APPROVAL in codes else None,
        may_sign=Code.SIGN in codes and state is not State.PASSED,
        may_ask=Code.APPROVAL in codes
        and not waiting
        and standing.registered
        and codes.isdisjoint({Code.ATTEMPTS, Code.OPEN_ATTEMPT}),
        may_wait=judgement.may_wait,
    )


def used(judgement: Judgement) -> int:
    """How many attempts were begun and count."""
    standing = judgement.standing
    return len(standing.closed_attempts) + (standing.open_attempt is not None)


def left(judgement: Judgement) -> int | None:
    """How many attempts may still be begun; None for no limit."""
    return eligibility.attempts_left(judgement.terms, judgement.standing)


def _state(judgement: Judgement) -> State:
    if (live := judgement.standing.open_attempt) is not None:
        sealed = any(a.id == live and a.state == PREPARED for a in judgement.attempts)
        return State.WAITING if sealed else State.IN_PROGRESS
    if judgement.standing.results_held and judgement.standing.closed_attempts:
        return State.HELD
    if judgement.standing.passed and not judgement.terms.practice:
        return State.PASSED
    if not judgement.reasons:
        return State.READY
    if judgement.standing.closed_attempts:
        return State.NOT_YET_PASSED
    return State.NOT_AVAILABLE


def _worth_saying(reasons: tuple[Reason, ...], state: State) -> tuple[Reason, ...]:
    """All reasons; of a test that is passed only that it is passed: nothing is left to clear."""
    if state is State.WAITING:
        # That a form is sealed is no obstacle: what is waited for is.
        return tuple(r for r in reasons if r.code not in {Code.OPEN_ATTEMPT, Code.ATTEMPTS})
    if state is not State.PASSED:
        return reasons
    return tuple(reason for reason in reasons if reason.code is Code.ATTEMPTS)
