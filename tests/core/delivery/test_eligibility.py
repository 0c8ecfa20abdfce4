"""Why a candidate may not start: each reason alone and in company, to the second."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assess.delivery import eligibility
from assess.delivery.eligibility import Approval, Closed, Standing
from assess.delivery.terms import Terms
from assess.reasons import Code, Helper, Reason
from assess.wording import words

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

TERMS = Terms(
    test="M02",
    minutes=30,
    attempts=9,
    cool_down_hours=(48,),
    approval=True,
    opens=NOW - 30 * DAY,
    closes=NOW + 30 * DAY,
    timezone="Europe/London",
)
APPROVAL = Approval(given_at=NOW - DAY, expires_at=NOW + 13 * DAY, used=False)
FAILED = Closed(ordinal=1, closed_at=NOW - 10 * DAY, passed=False)
STANDING = Standing(
    active=True,
    centre_active=True,
    registered=True,
    published=True,
    signed_version=2,
    current_version=2,
    approval=APPROVAL,
    closed_attempts=(FAILED,),
)
GATE = Reason(Code.UNKNOWN_GATE, {"gate": "room"}, None, Helper.ADMINISTRATOR)

State = tuple[Terms, Standing]
Obstacle = Callable[[Terms, Standing], State]


def why(terms: Terms = TERMS, standing: Standing = STANDING, now: datetime = NOW) -> list[Reason]:
    return list(eligibility.why_not_start(terms, standing, now))


def codes(*state: Terms | Standing | datetime) -> list[Code]:
    return [reason.code for reason in why(*state)]  # type: ignore[arg-type]


OBSTACLES: list[tuple[Obstacle, Reason]] = [
    (
        lambda t, s: (t, replace(s, active=False)),
        Reason(Code.INACTIVE, {"what": "person"}, None, Helper.ADMINISTRATOR),
    ),
    (
        lambda t, s: (t, replace(s, centre_active=False)),
        Reason(Code.INACTIVE, {"what": "centre"}, None, Helper.ADMINISTRATOR),
    ),
    (
        lambda t, s: (t, replace(s, registered=False)),
        Reason(Code.NOT_REGISTERED, {}, None, Helper.ADMINISTRATOR),
    ),
    (
        lambda t, s: (t, replace(s, published=False)),
        Reason(Code.NOT_OPEN, {"test": "M02"}, None, Helper.AUTHOR),
    ),
    (
        lambda t, s: (replace(t, opens=NOW + DAY), s),
        Reason(Code.WINDOW, {"what": "before", "opens": NOW + DAY}, NOW + DAY, Helper.NOBODY),
    ),
    (
        lambda t, s: (t, replace(s, signed_version=1)),
        Reason(Code.SIGN, {"what": "changed", "version": 2, "signed": 1}, None, Helper.YOU),
    ),
    (
        lambda t, s: (t, replace(s, approval=None)),
        Reason(Code.APPROVAL, {"what": "none"}, None, Helper.TUTOR),
    ),
    (
        lambda t, s: (
            t,
            replace(s, closed_attempts=(FAILED, Closed(2, NOW - 47 * HOUR, passed=False))),
        ),
        Reason(Code.COOL, {"failed": 2, "hours": 48}, NOW + HOUR, Helper.NOBODY),
    ),
    (
        lambda t, s: (replace(t, attempts=1), s),
        Reason(
            Code.ATTEMPTS,
            {"what": "used_up", "passed": 0, "allowed": 1},
            None,
            Helper.QUALITY,
        ),
    ),
    (
        lambda t, s: (t, replace(s, open_attempt=7, open_until=NOW + HOUR)),
        Reason(Code.OPEN_ATTEMPT, {"attempt": 7}, NOW + HOUR, Helper.YOU),
    ),
    (lambda t, s: (t, replace(s, gates=(GATE,))), GATE),
]
HELD = Reason(Code.HELD, {"what": "test", "since": NOW - DAY}, None, Helper.QUALITY)
OBSTACLES.insert(3, (lambda t, s: (t, replace(s, held=NOW - DAY)), HELD))
OWN = Reason(Code.SELF, {"what": "own_questions"}, None, Helper.QUALITY)
OBSTACLES.insert(3, (lambda t, s: (t, replace(s, own_questions=True)), OWN))


def test_with_nothing_in_the_way_the_candidate_may_start() -> None:
    assert why() == []


@pytest.mark.parametrize(("obstacle", "reason"), OBSTACLES)
def test_each_reason_comes_alone_with_its_values_its_date_and_who_can_help(
    obstacle: Obstacle, reason: Reason
) -> None:
    assert why(*obstacle(TERMS, STANDING)) == [reason]


def test_in_every_company_all_reasons_come_together_in_their_order() -> None:
    for chosen in itertools.product((False, True), repeat=len(OBSTACLES)):
        state: State = (TERMS, STANDING)
        expected = []
        for (obstacle, reason), put in zip(OBSTACLES, chosen, strict=True):
            if put:
                state = obstacle(*state)
                expected.append(reason)
        assert why(*state) == expected


def test_the_refusal_carries_every_reason() -> None:
    reasons = eligibility.why_not_start(TERMS, replace(STANDING, active=False, approval=None), NOW)
    refused = eligibility.refusal(reasons)
    assert refused.code is Code.GATE
    assert refused.status == 403
    assert refused.reasons == reasons
    assert len(reasons) == 2


# Decisions in the candidate's favour.


def test_an_extra_attempt_is_one_more_and_no_more() -> None:
    closed = tuple(Closed(n, NOW - (9 - n) * 10 * DAY, passed=False) for n in (1, 2, 3))
    used, terms = replace(STANDING, closed_attempts=closed), replace(TERMS, attempts=3)
    assert codes(terms, used) == [Code.ATTEMPTS]
    assert codes(terms, replace(used, extra_attempts=1)) == []
    fourth = replace(used, closed_attempts=(*closed, Closed(4, NOW - 9 * DAY, passed=False)))
    (reason,) = why(terms, replace(fourth, extra_attempts=1))
    assert (reason.code, reason.values["allowed"]) == (Code.ATTEMPTS, 4)


def test_whoever_wrote_a_question_of_a_bank_may_practise_with_it() -> None:
    assert codes(replace(TERMS, practice=True), replace(STANDING, own_questions=True)) == []


def test_a_waiver_lifts_the_wait_after_its_own_attempt_alone() -> None:
    failed = replace(STANDING, closed_attempts=(Closed(1, NOW - HOUR, passed=False),))
    assert codes(TERMS, failed) == [Code.COOL]
    assert codes(TERMS, replace(failed, waived=1)) == []
    again = replace(
        failed, closed_attempts=(*failed.closed_attempts, Closed(2, NOW, passed=False)), waived=1
    )
    assert codes(TERMS, again) == [Code.COOL]


def test_what_needs_no_decision_gets_none() -> None:
    failed = replace(STANDING, closed_attempts=(Closed(1, NOW - HOUR, passed=False),))
    assert eligibility.why_not_waive(TERMS, failed, NOW) == ()
    for standing in (STANDING, replace(failed, waived=1)):
        (reason,) = eligibility.why_not_waive(TERMS, standing, NOW)
        assert reason.values["what"] == "no_wait"
    used_up = replace(failed, closed_attempts=(Closed(1, NOW - 9 * DAY, passed=False),))
    assert eligibility.why_not_allow_another(replace(TERMS, attempts=1), used_up) == ()
    for terms in (TERMS, replace(TERMS, attempts=None)):
        (reason,) = eligibility.why_not_allow_another(terms, used_up)
        assert reason.values["what"] == "attempts_left"
    passed = replace(STANDING, closed_attempts=(Closed(1, NOW - DAY, passed=True),))
    (reason,) = eligibility.why_not_allow_another(TERMS, passed)
    assert reason.values["what"] == "passed"


# The window, the approval and the wait, to the second.


def test_a_window_of_weeks_waits_for_an_agreed_date() -> None:
    terms = replace(TERMS, opens=None, closes=None, weeks=6)
    (reason,) = why(terms, STANDING)
    assert reason == Reason(Code.WINDOW, {"what": "unagreed", "weeks": 6}, None, Helper.TUTOR)
    (reason,) = why(replace(terms, weeks=1), STANDING)
    assert "within a week of" in words(reason).what
    agreed = replace(terms, opens=NOW - DAY, closes=NOW + DAY)
    assert why(agreed, STANDING) == []


def test_a_window_opens_on_the_second_and_closes_on_the_second() -> None:
    opens, closes = NOW, NOW + DAY
    terms = replace(TERMS, opens=opens, closes=closes)
    assert codes(terms, STANDING, opens - SECOND) == [Code.WINDOW]
    assert codes(terms, STANDING, opens) == []
    assert codes(terms, STANDING, closes - SECOND) == []
    [after] = why(terms, STANDING, closes)
    assert after == Reason(
        Code.WINDOW, {"what": "after", "closes": closes}, None, Helper.ADMINISTRATOR
    )


def test_a_test_without_a_window_is_always_open() -> None:
    assert codes(replace(TERMS, opens=None, closes=None), STANDING, NOW + 9 * DAY) == []


def test_an_approval_ends_on_the_second_it_expires() -> None:
    end = APPROVAL.expires_at
    assert codes(TERMS, STANDING, end - SECOND) == []
    [expired] = why(TERMS, STANDING, end)
    assert expired.values == {"what": "expired", "expired": end}
    assert expired.who is Helper.TUTOR


@pytest.mark.parametrize(
    ("approval", "what"),
    [
        (None, "none"),
        (replace(APPROVAL, used=True), "used"),
        (replace(APPROVAL, withdrawn=True), "withdrawn"),
        (replace(APPROVAL, used=True, withdrawn=True), "used"),
        (replace(APPROVAL, withdrawn=True, expires_at=NOW), "withdrawn"),
        (replace(APPROVAL, expires_at=NOW), "expired"),
    ],
)
def test_an_approval_says_how_it_ended(approval: Approval | None, what: str) -> None:
    [reason] = why(TERMS, replace(STANDING, approval=approval))
    assert reason.code is Code.APPROVAL
    assert reason.values["what"] == what


def test_a_test_that_needs_no_approval_asks_for_none() -> None:
    assert codes(replace(TERMS, approval=False), replace(STANDING, approval=None)) == []


def test_while_an_attempt_is_open_nobody_is_sent_to_a_tutor_for_its_used_approval() -> None:
    standing = replace(STANDING, approval=replace(APPROVAL, used=True), open_attempt=7)
    assert why(TERMS, standing) == [
        Reason(Code.OPEN_ATTEMPT, {"attempt": 7}, None, Helper.YOU),
    ]


@pytest.mark.parametrize("cause", ["statement", "none asked"])
def test_a_statement_is_asked_for_where_the_programme_has_one(cause: str) -> None:
    unsigned = replace(STANDING, signed_version=None)
    if cause == "statement":
        [reason] = why(TERMS, unsigned)
        assert reason == Reason(Code.SIGN, {"what": "unsigned", "version": 2}, None, Helper.YOU)
    else:
        assert codes(TERMS, replace(unsigned, current_version=None)) == []


def test_a_wait_of_48_hours_ends_on_the_second() -> None:
    ends = FAILED.closed_at + 48 * HOUR
    approval = replace(APPROVAL, expires_at=NOW + DAY)
    standing = replace(STANDING, approval=approval)
    [reason] = why(TERMS, standing, ends - SECOND)
    assert reason.until == ends
    assert codes(TERMS, standing, ends) == []


@pytest.mark.parametrize(("fails", "hours"), [(1, 24), (2, 168), (3, 336), (4, 336), (7, 336)])
def test_the_wait_grows_with_each_fail_and_then_stays(fails: int, hours: int) -> None:
    """The wait after a second fail is a week; after a third and any later one, two."""
    terms = replace(TERMS, cool_down_hours=(24, 168, 336))
    attempts = tuple(Closed(k, NOW - (9 - k) * DAY, passed=False) for k in range(1, fails + 1))
    standing = replace(
        STANDING,
        closed_attempts=attempts[::-1],  # in any order
        approval=replace(APPROVAL, expires_at=NOW + 30 * DAY),
    )
    ends = attempts[-1].closed_at + hours * HOUR
    assert eligibility.next_opens(terms, standing) == ends
    [reason] = why(terms, standing, ends - SECOND)
    assert reason == Reason(Code.COOL, {"failed": fails, "hours": hours}, ends, Helper.NOBODY)
    assert why(terms, standing, ends) == []


@pytest.mark.parametrize("steps", [(), (0,)])
def test_without_steps_there_is_no_wait(steps: tuple[int, ...]) -> None:
    just = (Closed(1, NOW, passed=False),)
    terms = replace(TERMS, cool_down_hours=steps)
    assert codes(terms, replace(STANDING, closed_attempts=just)) == []


# Attempts.


def test_a_passed_test_needs_no_more() -> None:
    closed = (FAILED, Closed(2, NOW - SECOND, passed=True))
    used = replace(APPROVAL, used=True)
    for approval in (used, None):
        standing = replace(STANDING, closed_attempts=closed, approval=approval)
        passed = Reason(Code.ATTEMPTS, {"what": "passed", "passed": 1}, None, Helper.NOBODY)
        assert why(TERMS, standing) == [passed]
        assert eligibility.next_opens(TERMS, standing) is None


def test_a_pass_counts_whatever_came_after_it() -> None:
    closed = (Closed(1, NOW - DAY, passed=True), Closed(2, NOW - HOUR, passed=False))
    assert codes(TERMS, replace(STANDING, closed_attempts=closed)) == [Code.ATTEMPTS]


@pytest.mark.parametrize(("allowed", "refused"), [(1, True), (2, False), (None, False)])
def test_the_last_attempt_allowed_is_the_last(allowed: int | None, refused: bool) -> None:
    assert codes(replace(TERMS, attempts=allowed)) == ([Code.ATTEMPTS] if refused else [])


def test_an_open_attempt_counts_as_one_of_those_allowed() -> None:
    state = replace(TERMS, attempts=2), replace(STANDING, open_attempt=7)
    assert codes(*state) == [Code.ATTEMPTS, Code.OPEN_ATTEMPT]


# The nights on which the clocks change, in London: 25 October and 29 March 2026.


@pytest.mark.parametrize(
    ("closed", "ends"),
    [
        # Summer time ends: 48 hours later the wall clock shows an hour earlier.
        ((2026, 10, 24, 14, 0), (2026, 10, 26, 13, 0)),
        # Summer time begins: an hour later.
        ((2026, 3, 28, 14, 0), (2026, 3, 30, 15, 0)),
        # Into the hour that comes twice: its first time is 00:30 UTC.
        ((2026, 10, 23, 1, 30), (2026, 10, 25, 1, 30)),
        # No change between.
        ((2026, 6, 1, 14, 0), (2026, 6, 3, 14, 0)),
    ],
)
def test_48_hours_are_hours_that_pass_over_a_change_of_the_clocks(
    closed: tuple[int, ...], ends: tuple[int, ...]
) -> None:
    handed_in = datetime(*closed, tzinfo=LONDON)  # type: ignore[arg-type,misc]
    end = eligibility.cool_down_ends(handed_in, 48, LONDON)
    assert end.tzinfo is LONDON
    assert (end.year, end.month, end.day, end.hour, end.minute) == ends
    assert end.astimezone(UTC) - handed_in.astimezone(UTC) == 48 * HOUR

    terms = replace(TERMS, opens=None, closes=None)
    standing = replace(
        STANDING,
        closed_attempts=(Closed(1, handed_in, passed=False),),
        approval=replace(APPROVAL, expires_at=end.astimezone(UTC) + DAY),
    )
    last = end.astimezone(UTC) - SECOND
    for zone in (UTC, LONDON):  # the moment may come in any zone, the answer is the same
        assert codes(terms, standing, last.astimezone(zone)) == [Code.COOL]
        assert codes(terms, standing, (last + SECOND).astimezone(zone)) == []


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """A wait that ends at the second 01:30 is not over at the first."""
    second = datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=LONDON)
    first = second.replace(fold=0)
    terms = replace(TERMS, opens=None, closes=None, cool_down_hours=(1,))
    closed = Closed(1, second.astimezone(UTC) - HOUR, passed=False)
    approval = replace(APPROVAL, expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    standing = replace(STANDING, closed_attempts=(closed,), approval=approval)
    [reason] = why(terms, standing, first)
    assert reason.until is not None
    assert reason.until.astimezone(UTC) == second.astimezone(UTC)
    assert reason.until.fold == 1
    assert why(terms, standing, second) == []


def test_dates_are_given_in_the_centre_s_zone() -> None:
    summer = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    terms = replace(TERMS, opens=summer, closes=None)
    [reason] = why(terms, STANDING)[:1]
    assert reason.until is not None
    assert reason.until.isoformat() == "2026-07-01T09:00:00+01:00"
    assert eligibility.next_opens(terms, STANDING) == reason.until


# When the next attempt opens.


def test_the_next_attempt_opens_when_both_the_wait_and_the_window_allow() -> None:
    wait = FAILED.closed_at + 48 * HOUR
    assert eligibility.next_opens(TERMS, STANDING) == wait
    assert eligibility.next_opens(replace(TERMS, opens=NOW + DAY), STANDING) == NOW + DAY


def test_no_date_is_named_where_none_stands_in_the_way() -> None:
    fresh = replace(STANDING, closed_attempts=())
    assert eligibility.next_opens(replace(TERMS, opens=None), fresh) is None


def test_no_date_is_promised_when_none_will_come() -> None:
    exhausted = replace(TERMS, attempts=1)
    assert eligibility.next_opens(exhausted, STANDING) is None
    wait = FAILED.closed_at + 48 * HOUR
    assert eligibility.next_opens(replace(TERMS, closes=wait), STANDING) is None
    assert eligibility.next_opens(replace(TERMS, closes=wait + SECOND), STANDING) == wait
