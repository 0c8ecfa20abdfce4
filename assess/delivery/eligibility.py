"""May this candidate start this test now, and if not, why not, until when, and who can help?

One function answers for the page, for the start and for the audit. It gives all reasons at once,
so that nobody clears one obstacle to be shown the next. The moment is handed in.

Moments are compared in UTC. Two moments in one zone would be compared by the hands of the wall
clock and be an hour wrong on the night the clocks change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from assess.delivery.terms import Terms
from assess.reasons import Code, Helper, Reason, Refused

FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Approval:
    """A tutor's approval for one attempt: it ends by expiry, by use, or by being withdrawn."""

    given_at: datetime
    expires_at: datetime
    used: bool
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """An attempt that is over and counts: its running number, its hand-in, its result."""

    ordinal: int
    closed_at: datetime
    passed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a candidate stands with one test: every fact that a start depends on.

    `current_version` is the version of the programme's statement, None when no statement is asked
    for; `signed_version` is the one the candidate signed last. `approval` is the latest given.
    `closed_attempts` holds those that count (void ones do not). `open_attempt` is the id of the
    attempt that is not over, and `open_until` its deadline once its clock runs. `extra_attempts`
    are those allowed beyond the specification's number; `waived` is the running number of the
    failed attempt whose wait somebody has lifted. `own_questions`: they have written a question of
    the bank that the test is drawn from, or decided about one. `held` says since when the candidate
    is kept from this test, `held_from_all` whether that is from every test. Of a registration that
    is not in force, `registration_begins` says when it will be, `registration_ended` since when it
    is over. `gates` are reasons from neighbours (the room), passed on as they are.
    """

    active: bool
    centre_active: bool
    registered: bool
    published: bool
    signed_version: int | None
    current_version: int | None
    approval: Approval | None
    closed_attempts: tuple[Closed, ...] = ()
    open_attempt: int | None = None
    open_until: datetime | None = None
    extra_attempts: int = 0
    waived: int | None = None
    own_questions: bool = False
    registration_begins: datetime | None = None
    registration_ended: datetime | None = None
    held: datetime | None = None
    held_from_all: bool = False
    results_held: bool = False  # nothing may tell the candidate how their attempts ended
    gates: tuple[Reason, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether an attempt that counts was passed."""
        return any(attempt.passed for attempt in self.closed_attempts)

    @property
    def failed(self) -> tuple[Closed, ...]:
        """The attempts not passed, by hand-in."""
        failed = (attempt for attempt in self.closed_attempts if not attempt.passed)
        return tuple(sorted(failed, key=lambda attempt: attempt.closed_at.astimezone(UTC)))


def why_not_start(terms: Terms, standing: Standing, now: datetime) -> tuple[Reason, ...]:
    """Every reason why the candidate may not start now, in the order of `GATES`; empty means go.

    Each reason carries who can help and, where a date clears it, `until` in the centre's zone.
    """
    moment = now.astimezone(UTC)
    asked = [gate for gate in GATES if not (standing.results_held and gate in TELLING)]
    found = [reason for gate in asked for reason in gate(terms, standing, moment)]
    return (*found, *standing.gates)


def refusal(reasons: tuple[Reason, ...]) -> Refused:
    """The refusal that carries all reasons: E-GATE, 403."""
    return Refused(Code.GATE, reasons, status=FORBIDDEN)


def cool_down_ends(closed_at: datetime, hours: int, zone: ZoneInfo) -> datetime:
    """When a wait of `hours` after a hand-in is over, in the centre's zone.

    Hours are hours that pass, not hands of the wall clock: 48 hours over a change of the clocks
    end an hour earlier or later by the wall clock than they began.
    """
    return (closed_at.astimezone(UTC) + timedelta(hours=hours)).astimezone(zone)


def next_opens(terms: Terms, standing: Standing) -> datetime | None:
    """From when dates allow the next attempt, in the centre's zone, whatever else is missing.

    None when no date stands in the way, and when there is no next attempt: the test is passed, no
    attempt is left, or the window closes before. None too while results are held back.
    """
    if standing.results_held or standing.passed or attempts_left(terms, standing) == 0:
        return None
    dates = [date.astimezone(UTC) for date in (terms.opens, _wait_ends(terms, standing)) if date]
    opens = max(dates, default=None)
    if opens is None or (terms.closes is not None and opens >= terms.closes.astimezone(UTC)):
        return None
    return opens.astimezone(terms.zone)


def _wait_hours(terms: Terms, standing: Standing) -> int:
    """Hours to wait after the latest failed attempt: the k-th step after the k-th failure."""
    failures = len(standing.failed)
    if failures == 0 or not terms.cool_down_hours:
        return 0
    return terms.cool_down_hours[min(failures, len(terms.cool_down_hours)) - 1]


def _wait_ends(terms: Terms, standing: Standing) -> datetime | None:
    if not standing.failed:
        return None
    latest = standing.failed[-1]
    if latest.ordinal == standing.waived:
        return None
    return cool_down_ends(latest.closed_at, _wait_hours(terms, standing), terms.zone)


def attempts_left(terms: Terms, standing: Standing) -> int | None:
    """How many may still be started; an open one is used up. None for no limit."""
    if terms.attempts is None:
        return None
    used = len(standing.closed_attempts) + (standing.open_attempt is not None)
    return max(0, terms.attempts + standing.extra_attempts - used)


def why_not_waive(terms: Terms, standing: Standing, now: datetime) -> tuple[Reason, ...]:
    """E-NOT-NEEDED where there is no wait that could be lifted now; empty means there is one."""
    running = any(_cool_down(terms, standing, now.astimezone(UTC)))
    return () if running else (Reason(Code.NOT_NEEDED, {"what": "no_wait"}, who=Helper.NOBODY),)


def why_not_allow_another(terms: Terms, standing: Standing) -> tuple[Reason, ...]:
    """E-NOT-NEEDED where another attempt needs no decision, or makes no sense; empty means go."""
    if standing.passed:
        return (Reason(Code.NOT_NEEDED, {"what": "passed"}, who=Helper.NOBODY),)
    if attempts_left(terms, standing) != 0 or standing.open_attempt is not None:
        return (Reason(Code.NOT_NEEDED, {"what": "attempts_left"}, who=Helper.NOBODY),)
    return ()


def why_not_another_period(terms: Terms, standing: Standing, now: datetime) -> tuple[Reason, ...]:
    """E-NOT-NEEDED where no weeks that were agreed are over, or passed in; empty means go."""
    if standing.passed:
        return (Reason(Code.NOT_NEEDED, {"what": "passed"}, who=Helper.NOBODY),)
    if terms.weeks is None or terms.closes is None or now < terms.closes.astimezone(UTC):
        return (Reason(Code.NOT_NEEDED, {"what": "no_period"}, who=Helper.NOBODY),)
    return ()


def _people(terms: Terms, standing: Standing, now: datetime) -> Iterator[Reason]:
    if not standing.active:
        yield Reason(Code.INACTIVE, {"what": "person"}, who=Helper.ADMINISTRATOR)
    if not standing.centre_active:
        yield Reason(Code.INACTIVE, {"what": "centre"}, who=Helper.ADMINISTRATOR)
    if not standing.registered:
        yield _not_registered(terms, standing)


def _not_registered(terms: Terms, standing: Standing) -> Reason:
    begins, ended = standing.registration_begins, standing.registration_ended
    if begins is not None:
        until = begins.astimezone(terms.zone)
        return Reason(Code.NOT_REGISTERED, {"what": "before"}, until, Helper.NOBODY)
    if ended is not None:
        values: dict[str, str | int | datetime] = {
            "what": "over",
            "ended": ended.astimezone(terms.zone),
        }
        return Reason(Code.NOT_REGISTERED, values, who=Helper.ADMINISTRATOR)
    return Reason(Code.NOT_REGISTERED, {}, who=Helper.ADMINISTRATOR)


def _held(terms: Terms, standing: Standing, now: datetime) -> Iterator[Reason]:
    if standing.held is not None:
        yield held(standing.held, terms.zone, from_all=standing.held_from_all)


def held(since: datetime, zone: ZoneInfo, *, from_all: bool) -> Reason:
    """E-HELD: since when somebody is kept from a test, or from all, which the quality team lifts.

    Asked again before a sealed form is opened: until then nobody has seen a question.
    """
    values: dict[str, str | int | datetime] = {
        "what": "all" if from_all else "test",
        "since": since.astimezone(zone),
    }
    return Reason(Code.HELD, values, who=Helper.QUALITY)


def _own_questions(terms: Terms, standing: Standing, now: datetime) -> Iterator[Reason]:
    """E-SELF for whoever would be asked their own questions; practice shows its keys to all."""
    if standing.own_questions and not terms.practice:
        yield Reason(Code.SELF, {"what": "own_questions"}, who=Helper.QUALITY)


def _published(terms: Terms, standing: Standing, now: datetime) -> Iterator[Reason]:
    if not standing.published:
        yield Reason(Code.NOT_OPEN, {"test": terms.test}, who=Helper.AUTHOR)


def _window(terms: Terms, standing: Standing, now: datetime) -> Iterator[Reason]:
    if terms.weeks is not None and terms.opens is None:
        unagreed: dict[str, str | int | datetime] = {"what": "unagreed", "weeks": terms.weeks}
        yield Reason(Code.WINDOW, unagreed, who=Helper.TUTOR)
    if terms.opens is not None and now < terms.opens.astimezone(UTC):
        opens = terms.opens.astimezone(terms.zone)
        yield Reason(Code.WINDOW, {"what": "before", "opens": opens}, opens, Helper.NOBODY)
    if terms.closes is not None and now >= terms.closes.astimezone(UTC):
        closes = terms.closes.astimezone(terms.zone)
        values: dict[str, str | int | datetime] = {"what": "after", "closes": closes}
        helper = Helper.ADMINISTRATOR if terms.weeks is None else Helper.QUALITY
        yield Reason(Code.WINDOW, values, who=helper)


def _statement(terms: Terms, standing: Standing, now: datetime) -> Iterator[Reason]:
    current, signed = standing.current_version, standing.signed_version
    if current is None or signed == current or terms.practice:
        return
    if signed is None:
        yield Reason(Code.SIGN, {"what": "unsigned", "version": current}, who=Helper.YOU)
    else:
        values: dict[str, str | int | datetime] = {
            "what": "changed",
            "version": current,
            "signed": signed,
        }
        yield Reason(Code.SIGN, values, who=Helper.YOU)


def _approval(terms: Terms, standing: Standing, now: datetime) -> Iterator[Reason]:
    if not terms.approval or standing.passed:
        return  # after a pass there is nothing left to approve
    approval = standing.approval
    if approval is None:
        yield Reason(Code.APPROVAL, {"what": "none"}, who=Helper.TUTOR)
    elif approval.used:
        # The open attempt used it; to ask a tutor now would be the wrong advice.
        if standing.open_attempt is None:
            yield Reason(Code.APPROVAL, {"what": "used"}, who=Helper.TUTOR)
    elif approval.withdrawn:
        yield Reason(Code.APPROVAL, {"what": "withdrawn"}, who=Helper.TUTOR)
    elif now >= approval.expires_at.astimezone(UTC):
        expired = approval.expires_at.astimezone(terms.zone)
        yield Reason(Code.APPROVAL, {"what": "expired", "expired": expired}, who=Helper.TUTOR)


def _cool_down(terms: Terms, standing: Standing, now: datetime) -> Iterator[Reason]:
    ends = _wait_ends(terms, standing)
    if ends is None or standing.passed or now >= ends.astimezone(UTC):
        return
    values: dict[str, str | int | datetime] = {
        "failed": len(standing.failed),
        "hours": _wait_hours(terms, standing),
    }
    yield Reason(Code.COOL, values, ends, Helper.NOBODY)


def _attempts(terms: Terms, standing: Standing, now: datetime) -> Iterator[Reason]:
    if terms.practice:
        return
    if standing.passed:
        yield Reason(Code.ATTEMPTS, {"what": "passed", "passed": 1}, who=Helper.NOBODY)
    elif terms.attempts is not None and attempts_left(terms, standing) == 0:
        allowed = terms.attempts + standing.extra_attempts
        values: dict[str, str | int | datetime] = {
            "what": "used_up",
            "passed": 0,
            "allowed": allowed,
        }
        yield Reason(Code.ATTEMPTS, values, who=Helper.QUALITY)


def _open_attempt(terms: Terms, standing: Standing, now: datetime) -> Iterator[Reason]:
    if standing.open_attempt is not None:
        until = standing.open_until.astimezone(terms.zone) if standing.open_until else None
        yield Reason(Code.OPEN_ATTEMPT, {"attempt": standing.open_attempt}, until, Helper.YOU)


GATES: Final[tuple[Callable[[Terms, Standing, datetime], Iterator[Reason]], ...]] = (
    _people,
    _own_questions,
    _held,
    _published,
    _window,
    _statement,
    _approval,
    _cool_down,
    _attempts,
    _open_attempt,
)
"""All gates of this floor, in the order in which their reasons are given."""

TELLING: Final = frozenset({_approval, _cool_down, _attempts})
"""Gates from which it can be told whether an attempt was passed. Where results are held back they
are not asked: the hold itself keeps the candidate out."""
