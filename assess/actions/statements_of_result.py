"""Giving a candidate a statement of their result, and telling others whether one is genuine."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from assess import seeds, store
from assess.actions.context import Context, not_found, record, refuse
from assess.delivery import signposts, statement_of_result
from assess.delivery.attempt import State
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused
from assess.store import (
    attempts,
    encounters,
    holds,
    marks,
    people,
    specifications,
    statements_of_result,
)
from assess.store.statements_of_result import StatementOfResult


def issue(context: Context, attempt_id: int) -> str | Refused:
    """Give out the statement of one's attempt; says its code.

    The statement of the same mark for the same name is the same one, however often it is asked
    for. After another mark, or under another name, it is a new one. Refused [E-OPEN-ATTEMPT] while
    the marks wait for another attempt, which asks the same questions.
    """
    assert context.actor is not None  # noqa: S101 - the route lets only candidates come
    try:
        with store.write() as session:
            row = attempts.of_candidate(session, context.actor, attempt_id)
            person = people.get(session, context.centre, context.actor)
            if row is None or person is None:
                return not_found()
            test = specifications.get(session, row.centre_id, row.test_id)
            mark = marks.newest(session, row.id)
            practice = test is not None and test.practice
            held = test is not None and holds.keep_back(session, test, context.actor)
            reasons = statement_of_result.why_not_issue(State(row.state), practice, held)
            if not reasons and mark is not None:
                asked = encounters.in_front_of(session, context.actor, row.bank_id)
                if signposts.marks_wait(row.drawn(), asked, mark.marked_at):
                    reasons = (Reason(Code.OPEN_ATTEMPT, {"what": "beside"}, who=Helper.YOU),)
            if reasons or mark is None:
                refused = Refused(reasons[0].code, reasons, 409)
                return refuse(session, context, Event.RESULT_STATED, refused)
            before = statements_of_result.of_mark(session, mark.id, person.name)
            if before is not None:
                return before.code
            given = StatementOfResult(
                centre_id=row.centre_id,
                attempt_id=row.id,
                mark_id=mark.id,
                name=person.name,
                code=seeds.verification_code(),
                issued_at=context.now,
            )
            session.add(given)
            session.flush()
            facts = {"statement": given.id, "attempt": row.id, "mark": mark.id}
            record(session, context, Event.RESULT_STATED, facts)
            return given.code
    except IntegrityError:  # asked for twice at the same moment: the other one made it
        return issue(context, attempt_id)
