"""Deciding whether answers that came too late are to count, for a reason the candidate reads."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from assess import store
from assess.actions import mail
from assess.actions.approvals import too_long
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.actions.remarking import why_not_whose
from assess.delivery import evidence as rules
from assess.delivery import marking, readiness
from assess.delivery.answering import Saved
from assess.delivery.attempt import State
from assess.delivery.evidence import Cause
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import attempts, banks, evidence, marks, specifications
from assess.store.attempts import Attempt
from assess.store.evidence import LateAnswer, LateDecision

LATE = {Code.DECIDED, Code.STATE, Code.NOT_NEEDED, Code.SELF}


def accept(
    context: Context,
    attempt_id: int,
    last_id: int,
    words: str,
    *,
    first_id: int | None = None,
    lower: bool = False,
) -> int | Refused:
    """Let the late answers of an attempt count, up to one of them, and mark it with them.

    Nobody is worse off, unless `lower` says that a late answer counts whatever it scores. The mark
    before stays on record beside the new one. Says the decision's number. `first_id` is the first
    that waited when it was decided: where a colleague has decided about it since, and only about
    some of these, nothing is [E-DECIDED].
    """
    return _decide(context, attempt_id, (first_id, last_id), words, accepted=True, lower=lower)


def leave_out(
    context: Context, attempt_id: int, last_id: int, words: str, *, first_id: int | None = None
) -> int | Refused:
    """Decide that the late answers of an attempt, up to one of them, do not count."""
    return _decide(context, attempt_id, (first_id, last_id), words, accepted=False)


def _decide(
    context: Context,
    attempt_id: int,
    seen: tuple[int | None, int],
    words: str,
    *,
    accepted: bool,
    lower: bool = False,
) -> int | Refused:
    if not context.may(Role.QUALITY):
        return wrong_role()
    with store.write() as session:
        found = evidence.attempt_of(session, context.centre, attempt_id)
        if found is None:
            return not_found()
        row, candidate, test = found
        attempts.locked(session, row.candidate_id, row.id)  # of two deciders one comes second
        # What came while the page was read is not what was decided about: it waits for the next.
        about = [one for one in evidence.waiting(session, row.id) if one.id <= seen[1]]
        reasons = [
            *why_not_whose(session, context, row, test),
            *_why_not(session, row, about, seen, accepted),
            *readiness.why_not_words(words),
            *too_long(words),
        ]
        if reasons:
            status = 409 if any(one.code in LATE for one in reasons) else 422
            refused = Refused(reasons[0].code, tuple(reasons), status)
            return refuse(session, context, Event.LATE_DECIDED, refused)
        facts: dict[str, Fact] = {
            "attempt": row.id,
            "accepted": accepted,
            "answers": len(about),
            "last": about[-1].id,
        }
        if accepted:
            facts |= _mark(session, context, row, about, lower)
        decision = LateDecision(
            centre_id=row.centre_id,
            attempt_id=row.id,
            last_id=about[-1].id,
            accepted=accepted,
            words=words.strip(),
            decided_by=context.actor,
            decided_at=context.now,
        )
        session.add(decision)
        session.flush()
        facts["decision"] = decision.id
        record(session, context, Event.LATE_DECIDED, facts, {"words": decision.words})
        mail.put_result(session, context, candidate, test, row.id, f"late-{decision.id}")
        return decision.id


def _why_not(
    session: Session,
    row: Attempt,
    about: Sequence[LateAnswer],
    seen: tuple[int | None, int],
    accepted: bool,
) -> list[Reason]:
    if State(row.state) is not State.MARKED:
        return [Reason(Code.STATE, {"move": "late", "state": row.state}, who=Helper.NOBODY)]
    first, last = seen
    if not about or first not in (None, about[0].id):
        reached = first if about and first else last
        done = [d for d in evidence.decisions(session, row.id) if d.last_id >= reached]
        if done:
            return [Reason(Code.DECIDED, {"answered": done[0].decided_at})]
        return [Reason(Code.NOT_NEEDED, {"what": "nothing_late"})]
    if accepted and all(one.cause != Cause.LATE.value for one in about):
        return [Reason(Code.NOT_NEEDED, {"what": "none_late"}, who=Helper.YOU)]
    return []


def _mark(
    session: Session, context: Context, row: Attempt, about: Sequence[LateAnswer], lower: bool
) -> dict[str, Fact]:
    """Store the mark with the late answers; says what the journal keeps of it."""
    stored = marks.newest(session, row.id)
    assert stored is not None  # noqa: S101 - the attempt is marked
    drawn = row.drawn()
    contents = banks.contents(session, [question.version for question in drawn])
    said = specifications.said(session, row.specification_id)
    before = marks.as_mark(stored, drawn, contents, said.specification())
    counted = [
        Saved(one.place, one.writer, one.sequence, one.held().answer, one.received_at)
        for one in evidence.accepted(session, row.id)
    ]
    late = rules.acceptable(
        [one.held() for one in about], [*attempts.answers(session, row.id), *counted]
    )
    answers = {place: one.answer for place, one in late.items()}
    after = marking.with_late(before, contents, answers, lower=lower)
    seconds = [int(second) for second in stored.seconds]
    new = marks.save(session, row, after, seconds, context.now, stored.number + 1)
    session.flush()
    return {
        "mark": new.id,
        "number": new.number,
        "lower": lower,
        "before": before.score,
        "after": after.score,
        "passed_before": before.passed,
        "passed": after.passed,
    }
