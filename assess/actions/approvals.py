"""Asking to be approved as ready, approving with a basis, advising "not yet", withdrawing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assess import store
from assess.actions import mail
from assess.actions import waiting as sealed
from assess.actions.context import Context, not_found, record, refuse
from assess.delivery import readiness
from assess.delivery.attempt import State
from assess.delivery.mailing import Kind
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.store import approvals, attempts, people, programmes, specifications
from assess.store.approvals import Approval, ApprovalRequest
from assess.store.standing import judge

LONGEST_WORDS = 2000  # characters


def ask(context: Context, test_id: int) -> int | Refused:
    """Ask one's tutor for approval for the next attempt; says the number of the request."""
    assert context.actor is not None  # noqa: S101 - the route lets only candidates come
    try:
        with store.write() as session:
            test = specifications.get(session, context.centre, test_id)
            person = people.held(session, context.centre, context.actor)
            if test is None or person is None or test.programme_id is None:
                return not_found()
            registration = programmes.registration(session, test.programme_id, person.id)
            if registration is None:
                return not_found()
            judgement = judge(session, context.gates, test, person, context.now)
            asked = approvals.waiting(session, test_id, person.id)
            barring = {Code.ATTEMPTS, Code.OPEN_ATTEMPT}
            # While results are held back nothing says whether an approval is missing.
            silent = judgement.standing.results_held
            if silent:
                barring.add(Code.HELD)
            reasons = [r for r in judgement.reasons if r.code in barring]
            if asked is not None:
                values = {"asked": asked.asked_at}
                reasons.append(Reason(Code.ASKED, values, who=Helper.TUTOR))
            elif not silent and not any(r.code is Code.APPROVAL for r in judgement.reasons):
                reasons.append(Reason(Code.ASKED, {"what": "approved"}, who=Helper.YOU))
            if reasons:
                refused = Refused(Code.ASKED, tuple(reasons), 409)
                return refuse(session, context, Event.APPROVAL_ASKED, refused)
            request = ApprovalRequest(
                centre_id=context.centre,
                test_id=test_id,
                candidate_id=person.id,
                asked_at=context.now,
            )
            session.add(request)
            session.flush()
            facts = {"test": test_id, "request": request.id}
            record(session, context, Event.APPROVAL_ASKED, facts)
            tutor = people.get(session, context.centre, registration.tutor_id)
            if tutor is not None:
                said: dict[str, Value] = {"about": person.name, "test": test.title}
                mail.put(session, context, Kind.APPROVAL_ASKED, tutor, request.id, **said)
            return request.id
    except IntegrityError:  # asked twice at the same moment: the unique index let one through
        return Refused.of(Code.ASKED, who=Helper.TUTOR, what="twice")


def approve(context: Context, request_id: int, kinds: Sequence[str], words: str) -> int | Refused:
    """Approve the candidate who asks, for one attempt, on a basis; says the approval's number."""
    assert context.actor is not None  # noqa: S101 - the route lets only tutors come
    with store.write() as session:
        request = _asked(session, context, context.actor, request_id)
        if request is None:
            return not_found()
        reasons = list(
            readiness.why_not_approve(
                context.actor, request.candidate_id, {context.actor}, kinds, words
            )
        )
        reasons += too_long(words)
        if request.answered_at is not None:
            reasons.append(Reason(Code.DECIDED, {"answered": request.answered_at}))
        version = specifications.published(session, request.test_id)
        if version is None:
            reasons.append(Reason(Code.NOT_OPEN, {}, who=Helper.AUTHOR))
        if reasons or version is None:
            over = None if request.answered_at is None else Code.DECIDED
            refused = Refused(over or Code.APPROVAL, tuple(reasons), 409 if over else 422)
            return refuse(session, context, Event.APPROVAL_GIVEN, refused)
        request.answered_at = context.now
        approval = Approval(
            centre_id=context.centre,
            test_id=request.test_id,
            candidate_id=request.candidate_id,
            tutor_id=context.actor,
            request_id=request.id,
            basis=sorted(kinds),
            words=words.strip(),
            given_at=context.now,
            expires_at=readiness.expires(context.now, version.specification().approval_days),
        )
        session.add(approval)
        session.flush()
        record(
            session,
            context,
            Event.APPROVAL_GIVEN,
            {
                "approval": approval.id,
                "test": request.test_id,
                "candidate": request.candidate_id,
                "basis": " ".join(approval.basis),
            },
            {"words": approval.words},
        )
        _mail(session, context, Kind.APPROVAL_GIVEN, approval.id, approval)
        return approval.id


def advise(context: Context, request_id: int, words: str) -> int | Refused:
    """Answer a request with "not yet" and what to do first; says the request's number."""
    assert context.actor is not None  # noqa: S101 - the route lets only tutors come
    with store.write() as session:
        request = _asked(session, context, context.actor, request_id)
        if request is None:
            return not_found()
        reasons = [
            *readiness.why_not_advise(context.actor, request.candidate_id, words),
            *too_long(words),
        ]
        if request.answered_at is not None:
            reasons.append(Reason(Code.DECIDED, {"answered": request.answered_at}))
        if reasons:
            over = None if request.answered_at is None else Code.DECIDED
            refused = Refused(over or Code.APPROVAL, tuple(reasons), 409 if over else 422)
            return refuse(session, context, Event.NOT_YET_ADVISED, refused)
        request.answered_at = context.now
        request.advice = words.strip()
        request.advised_by = context.actor
        record(
            session,
            context,
            Event.NOT_YET_ADVISED,
            {
                "request": request.id,
                "test": request.test_id,
                "candidate": request.candidate_id,
            },
            {"advice": request.advice},
        )
        _mail(session, context, Kind.NOT_YET, request.id, request)
        return request.id


def withdraw(context: Context, approval_id: int, words: str) -> int | Refused:
    """Take an approval back before its attempt begins, with a reason; says its number.

    A form that was sealed with it for somebody who still waits is cancelled: nobody has seen it.
    """
    assert context.actor is not None  # noqa: S101 - the route lets only tutors come
    with store.write() as session:
        found = approvals.given(session, approval_id, context.actor)
        if found is None or found[0].centre_id != context.centre:
            return not_found()
        # A start locks its candidate: it comes before this, or finds the approval withdrawn.
        people.locked(session, found[0].candidate_id)
        found = approvals.given(session, approval_id, context.actor)
        if found is None:  # they have another tutor by now
            return not_found()
        approval, sat = found
        session.refresh(approval)
        if sat is not None:
            sat = attempts.locked(session, sat.candidate_id, sat.id)
        used = readiness.is_used(None if sat is None else State(sat.state))
        reasons = [*readiness.why_not_withdraw(used, words), *too_long(words)]
        if approval.withdrawn_at is not None:
            before = approval.withdrawn_at
            reasons.append(Reason(Code.DECIDED, {"what": "withdrawn", "answered": before}))
        if reasons:
            over = used or approval.withdrawn_at is not None
            code = Code.STARTED if used else Code.DECIDED
            refused = Refused(code if over else Code.APPROVAL, tuple(reasons), 409 if over else 422)
            return refuse(session, context, Event.APPROVAL_WITHDRAWN, refused)
        if sat is not None:
            sealed.cancel(session, context, sat)
        approval.withdrawn_at = context.now
        approval.withdrawn_by = context.actor
        approval.withdrawn_words = words.strip()
        record(
            session,
            context,
            Event.APPROVAL_WITHDRAWN,
            {
                "approval": approval.id,
                "test": approval.test_id,
                "candidate": approval.candidate_id,
            },
            {"words": approval.withdrawn_words},
        )
        _mail(session, context, Kind.APPROVAL_WITHDRAWN, approval.id, approval)
        return approval.id


def _asked(
    session: Session, context: Context, tutor_id: int, request_id: int
) -> ApprovalRequest | None:
    """A request of a candidate of this tutor, and its candidate, both locked.

    Whoever asks, or is given another tutor, is locked first: it comes before this, or after it.
    """
    candidate_id = approvals.asks(session, context.centre, request_id)
    if candidate_id is None:
        return None
    people.locked(session, candidate_id)
    return approvals.request_for(session, tutor_id, request_id)


def _mail(
    session: Session, context: Context, kind: Kind, number: int, row: Approval | ApprovalRequest
) -> None:
    """Tell the candidate by mail that their tutor has decided."""
    candidate = people.get(session, row.centre_id, row.candidate_id)
    tutor = people.get(session, context.centre, context.actor or 0)
    test = specifications.get(session, row.centre_id, row.test_id)
    if candidate is not None and tutor is not None and test is not None:
        mail.put(session, context, kind, candidate, number, about=tutor.name, test=test.title)


def too_long(words: str) -> tuple[Reason, ...]:
    """E-FIELD where words are longer than anybody reads."""
    if len(words) <= LONGEST_WORDS:
        return ()
    long: dict[str, Value] = {"field": "words", "what": "long", "allowed": LONGEST_WORDS}
    return (Reason(Code.FIELD, long, who=Helper.YOU),)
