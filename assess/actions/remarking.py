"""Asking for a person to mark an attempt again, and marking it again with a reason."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assess import store
from assess.actions import mail
from assess.actions.approvals import too_long
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.delivery import marking, readiness
from assess.delivery.attempt import State
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import attempts, banks, holds, marks, programmes, remarking, specifications
from assess.store.attempts import Attempt
from assess.store.people import Person
from assess.store.remarking import MarkReview
from assess.store.specifications import Test


def ask(context: Context, attempt_id: int, words: str) -> int | Refused:
    """Ask for a person to look at the mark of one's attempt; says the number of the wish."""
    assert context.actor is not None  # noqa: S101 - the route lets only candidates come
    try:
        with store.write() as session:
            row = attempts.locked(session, context.actor, attempt_id)
            if row is None:
                return not_found()
            test = specifications.get(session, row.centre_id, row.test_id)
            before = remarking.of_attempt(session, row.id)
            reasons = [*readiness.why_not_words(words), *too_long(words)]
            if State(row.state) is not State.MARKED:
                reasons.append(Reason(Code.STATE, {"move": "review", "state": row.state}))
            if test is not None and test.practice:
                reasons.append(Reason(Code.NOT_NEEDED, {"what": "practice"}))
            if test is not None and holds.keep_back(session, test, context.actor):
                reasons.append(Reason(Code.RESULT_HELD, who=Helper.QUALITY))
            if before is not None and before.decided_at is None:
                reasons.append(Reason(Code.ASKED, {"what": "review"}, who=Helper.QUALITY))
            elif before is not None:
                reasons.append(Reason(Code.DECIDED, {"what": "review"}, who=Helper.QUALITY))
            if reasons:
                late = {Code.STATE, Code.ASKED, Code.DECIDED, Code.NOT_NEEDED, Code.RESULT_HELD}
                status = 409 if any(r.code in late for r in reasons) else 422
                refused = Refused(reasons[0].code, tuple(reasons), status)
                return refuse(session, context, Event.REVIEW_ASKED, refused)
            review = MarkReview(
                centre_id=row.centre_id,
                attempt_id=row.id,
                candidate_id=context.actor,
                asked_at=context.now,
                words=words.strip(),
            )
            session.add(review)
            session.flush()
            facts = {"review": review.id, "attempt": row.id}
            record(session, context, Event.REVIEW_ASKED, facts, {"words": review.words})
            return review.id
    except IntegrityError:  # asked twice at the same moment: the unique index let one through
        return Refused.of(Code.ASKED, who=Helper.QUALITY, what="review")


def mark_again(
    context: Context,
    review_id: int,
    given: Collection[int],
    reason: str,
    seen: str | None = None,
) -> int | Refused:
    """Give full marks for some questions too, or leave all as it is, with a reason.

    Says the number of the new mark. The mark before stays on record beside it. `seen` is the number
    of the mark that was looked at: where late answers have made another since, what the candidate
    would read was said of none of theirs [E-CHANGED].
    """
    if not context.may(Role.QUALITY):
        return wrong_role()
    with store.write() as session:
        found = remarking.get(session, context.centre, review_id)
        if found is None:
            return not_found()
        review, row, _, test = found
        attempts.locked(session, row.candidate_id, row.id)
        session.refresh(review)
        reasons = [*why_not_whose(session, context, row, test)]
        reasons += [*readiness.why_not_words(reason), *too_long(reason)]
        if review.decided_at is not None:
            reasons.append(Reason(Code.DECIDED, {"answered": review.decided_at}))
        stored = marks.newest(session, row.id)
        if stored is None or any(not 1 <= place <= stored.out_of for place in given):
            reasons.append(Reason(Code.PLACE, {}, who=Helper.YOU))
        overtaken = stored is not None and seen not in (None, str(stored.number))
        if overtaken and not reasons:
            reasons.append(Reason(Code.CHANGED, {"what": "mark"}, who=Helper.YOU))
        if reasons or stored is None:
            status = 409 if review.decided_at is not None or overtaken else 422
            refused = Refused(reasons[0].code, tuple(reasons), status)
            return refuse(session, context, Event.MARKED_AGAIN, refused)
        drawn = row.drawn()
        contents = banks.contents(session, [question.version for question in drawn])
        version = specifications.said(session, row.specification_id)
        before = marks.as_mark(stored, drawn, contents, version.specification())
        after = marking.again(before, given)
        seconds = [int(s) for s in stored.seconds]
        new = marks.save(session, row, after, seconds, context.now, stored.number + 1)
        session.flush()
        review.decided_at = context.now
        review.decided_by = context.actor
        review.reason = reason.strip()
        review.mark_id = new.id
        record(
            session,
            context,
            Event.MARKED_AGAIN,
            {
                "review": review.id,
                "attempt": row.id,
                "mark": new.id,
                "number": new.number,
                "before": before.score,
                "after": after.score,
                "passed_before": before.passed,
                "passed": after.passed,
            },
            {"reason": review.reason},
        )
        candidate = session.get_one(Person, row.candidate_id)
        mail.put_result(session, context, candidate, test, row.id, f"mark-{new.id}")
        return new.id


def why_not_whose(
    session: Session, context: Context, row: Attempt, test: Test
) -> tuple[Reason, ...]:
    """E-SELF where a mark is not the actor's to look at: one's own, or that of one's candidate."""
    if context.actor == row.candidate_id:
        return (Reason(Code.SELF, {"what": "own"}, who=Helper.QUALITY),)
    registration = (
        None
        if test.programme_id is None
        else programmes.registration(session, test.programme_id, row.candidate_id)
    )
    if registration is not None and registration.tutor_id == context.actor:
        return (Reason(Code.SELF, {"what": "tutor"}, who=Helper.QUALITY),)
    return ()
