"""Behind a door: opening a sealed form when its candidate is let in, cancelling it when not."""

from __future__ import annotations

from sqlalchemy.orm import Session

from assess import store
from assess.actions import dealing
from assess.actions.attempts import Started
from assess.actions.context import Context, not_found, record, refuse
from assess.delivery import eligibility
from assess.delivery.attempt import Move, State, after
from assess.journal import Event
from assess.reasons import Refused
from assess.store import attempts, ledger, people, specifications
from assess.store.attempts import Attempt
from assess.store.standing import why_not_begin


def begin(context: Context, attempt_id: int) -> Started | Refused:
    """Open a prepared attempt: its first question is delivered, its clock runs from now.

    Everything else was weighed when the form was sealed; the neighbours' doors are asked again,
    for they alone kept the candidate waiting, and whether somebody holds the candidate back by now.
    Twice is once: the second click finds it open.
    """
    assert context.actor is not None  # noqa: S101 - the route lets only candidates come
    with store.write() as session:
        # Whoever shuts a door locks its candidates: it happens before this, or sees this done.
        people.locked(session, context.actor)
        row = attempts.locked(session, context.actor, attempt_id)
        test = None if row is None else specifications.get(session, context.centre, row.test_id)
        if row is None or test is None:
            return not_found()
        if State(row.state) is State.OPEN:
            return Started(row.id)
        reached = after(State(row.state), Move.OPEN)
        if isinstance(reached, Refused):
            return refuse(session, context, Event.ATTEMPT_OPENED, reached)
        reasons = why_not_begin(session, context.gates, test, context.actor, context.now)
        if reasons:
            refused = eligibility.refusal(reasons)
            return refuse(session, context, Event.ATTEMPT_OPENED, refused)
        row.seconds, percent = ledger.given(session, row, context.now)
        row.facts = {**row.facts, "extra_percent": percent}
        dealing.open_(row, context)
        ledger.begin(session, row)
        # Nobody has written yet: the device that is shown the first question is the writer.
        row.writer_session_id = context.session_id
        record(session, context, Event.ATTEMPT_OPENED, {"attempt": row.id, "test": row.test_id})
        return Started(row.id)


def cancel(session: Session, context: Context, row: Attempt) -> None:
    """Void a prepared attempt, of which nobody has seen a question; its approval is free again.

    Part of a neighbour's deed, which holds the row locked.
    """
    if State(row.state) is not State.PREPARED:
        raise ValueError(f"attempt {row.id} is {row.state}: only a prepared one is cancelled")
    row.state = State.VOID.value
    row.approval_id = None
    record(session, context, Event.ATTEMPT_CANCELLED, {"attempt": row.id, "test": row.test_id})
