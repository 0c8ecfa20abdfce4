"""Agreeing the first day of a window; lifting a wait or allowing one attempt more."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assess import store
from assess.actions.approvals import too_long
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.delivery import eligibility, readiness
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.roles import Role
from assess.store import allowances, centres, people, programmes, specifications
from assess.store.allowances import AgreedDate, Allowance, Kind
from assess.store.specifications import Test
from assess.store.standing import Judgement, judge

AHEAD = timedelta(days=2 * 366)  # a first day further away is a slip of the pen


def agree(
    context: Context, test_id: int, candidate_id: int, starts_on: date | None
) -> Refused | None:
    """Note the first day that a tutor and their candidate agreed on.

    Until that day has begun it may be agreed anew; from then on the window is what it is. The day
    that is agreed already is not noted again.
    """
    assert context.actor is not None  # noqa: S101 - the route lets only tutors come
    with store.write() as session:
        test = specifications.get(session, context.centre, test_id)
        # Given another tutor before this, or after it.
        held = people.held(session, context.centre, candidate_id)
        if test is None or held is None or not _is_tutor(session, context, test, candidate_id):
            return not_found()
        version = specifications.published(session, test.id)
        window = None if version is None else version.specification().window
        today = context.now.astimezone(
            ZoneInfo(centres.get(session, context.centre).timezone)
        ).date()
        before = allowances.agreed(session, test_id, candidate_id)
        if starts_on is not None and starts_on == before:
            return None
        reasons = []
        if window is None or window.weeks is None:
            reasons.append(Reason(Code.NOT_NEEDED, {"what": "no_weeks"}))
        if before is not None and before <= today:
            reasons.append(Reason(Code.STARTED, {"what": "window"}, who=Helper.QUALITY))
        if starts_on is None or not today <= starts_on <= today + AHEAD:
            values: dict[str, Value] = {"field": "starts_on", "what": "date_ahead"}
            reasons.append(Reason(Code.FIELD, values, who=Helper.YOU))
        if reasons or starts_on is None:
            refused = Refused(Code.WINDOW, tuple(reasons), 422)
            return refuse(session, context, Event.DATE_AGREED, refused)
        row = AgreedDate(
            centre_id=context.centre,
            test_id=test_id,
            candidate_id=candidate_id,
            starts_on=starts_on,
            agreed_by=context.actor,
            agreed_at=context.now,
        )
        session.add(row)
        facts: dict[str, Fact] = {
            "test": test_id,
            "candidate": candidate_id,
            "starts_on": starts_on.isoformat(),
        }
        record(session, context, Event.DATE_AGREED, facts)
    return None


def allow(
    context: Context, test_id: int, candidate_id: int, kind: Kind, words: str
) -> int | Refused:
    """Lift the wait that runs, allow one attempt more, or another period; says its number.

    A decision of somebody else than the candidate and their tutor, with a reason.
    """
    if not context.may(Role.QUALITY):
        return wrong_role()
    assert context.actor is not None  # noqa: S101 - the operator has no page for it
    try:
        with store.write() as session:
            test = specifications.get(session, context.centre, test_id)
            person = people.held(session, context.centre, candidate_id)
            if test is None or person is None or test.programme_id is None:
                return not_found()
            registration = programmes.registration(session, test.programme_id, candidate_id)
            if registration is None:
                return not_found()
            reasons = list(_why_not_decide(context, candidate_id, registration.tutor_id))
            reasons += [*readiness.why_not_words(words), *too_long(words)]
            # Once: between two judgements somebody may decide about a mark.
            judgement = judge(session, context.gates, test, person, context.now)
            reasons += _why_not_allow(judgement, kind, context.now)
            if reasons:
                refused = Refused(Code.ATTEMPTS, tuple(reasons), 422)
                return refuse(session, context, Event.ALLOWED, refused)
            row = Allowance(
                centre_id=context.centre,
                test_id=test_id,
                candidate_id=candidate_id,
                kind=kind.value,
                after_ordinal=_after(session, judgement, kind, candidate_id, test_id),
                words=words.strip(),
                decided_by=context.actor,
                decided_at=context.now,
            )
            session.add(row)
            session.flush()
            facts: dict[str, Fact] = {
                "test": test_id,
                "candidate": candidate_id,
                "kind": kind.value,
                "after": row.after_ordinal,
            }
            record(session, context, Event.ALLOWED, facts, {"words": row.words})
            return row.id
    except IntegrityError:  # two people decided the same at once; one decision stands
        return Refused.of(Code.NOT_NEEDED, what="decided")


def _why_not_decide(context: Context, candidate_id: int, tutor_id: int) -> tuple[Reason, ...]:
    if context.actor == candidate_id:
        return (Reason(Code.SELF, {"what": "own"}, who=Helper.QUALITY),)
    if context.actor == tutor_id:
        return (Reason(Code.SELF, {"what": "tutor"}, who=Helper.QUALITY),)
    return ()


def _why_not_allow(judgement: Judgement, kind: Kind, now: datetime) -> tuple[Reason, ...]:
    if kind is Kind.WAIVER:
        return eligibility.why_not_waive(judgement.terms, judgement.standing, now)
    if kind is Kind.PERIOD:
        return eligibility.why_not_another_period(judgement.terms, judgement.standing, now)
    if not judgement.standing.failed:
        return (Reason(Code.NOT_NEEDED, {"what": "attempts_left"}),)
    return eligibility.why_not_allow_another(judgement.terms, judgement.standing)


def _after(
    session: Session, judgement: Judgement, kind: Kind, candidate_id: int, test_id: int
) -> int:
    """The running number of the attempt, or of the period, that a decision follows.

    Where one attempt more was allowed after it already, and a new specification has taken it away
    again, that of the attempt which was allowed: each decision has a number of its own.
    """
    failed = judgement.standing.failed
    after = 1 if kind is Kind.PERIOD else failed[-1].ordinal
    if kind is Kind.WAIVER:
        return after
    before = allowances.decisions(session, test_id, candidate_id)
    return max([after, *(r.after_ordinal + 1 for r in before if r.kind == kind.value)])


def _is_tutor(session: Session, context: Context, test: Test, candidate_id: int) -> bool:
    if test.programme_id is None:
        return False
    registration = programmes.registration(session, test.programme_id, candidate_id)
    return registration is not None and registration.tutor_id == context.actor
