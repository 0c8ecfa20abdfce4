"""Starting an attempt, taking it over, handing it in; closing it when its time is up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assess import store
from assess.actions import pools, resting
from assess.actions.closing import HandedIn, close
from assess.actions.context import Context, not_found, record, refuse
from assess.actions.dealing import seal
from assess.delivery import attempt, eligibility, statement, timing
from assess.delivery.attempt import Move, State
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused
from assess.store import attempts, starting
from assess.store.attempts import Attempt
from assess.store.standing import judge


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt has begun and its clock runs."""

    attempt_id: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A form is sealed; its candidate waits until a neighbour lets them in. No clock runs."""

    attempt_id: int


def start(
    context: Context, test_id: int, affirmed: bool, announced: str | None = None
) -> Started | Waiting | Refused:
    """Begin an attempt: judge, draw, open. Two clicks at once begin one attempt.

    `announced` is what the candidate was told of the test (`Judgement.announced`), None where
    nobody asks: whoever affirmed another length or time looks at it again first [E-EDITED].

    Whoever is kept out by nothing but doors at which one may wait gets a sealed form and waits;
    `waiting.begin` opens it.
    """
    assert context.actor is not None  # noqa: S101 - the route lets only candidates come
    try:
        with store.write() as session:
            drawing = pools.drawing(test_id)
            found = starting.door(session, context.centre, test_id, context.actor, drawing)
            if found is None:
                return not_found()
            test, person = found
            judgement = judge(session, context.gates, test, person, context.now)
            if not judgement.enrolled:
                return not_found()
            reasons = () if judgement.may_wait else judgement.reasons
            if announced not in (None, judgement.announced):
                reasons += (Reason(Code.EDITED, {"what": "terms"}, who=Helper.YOU),)
            reasons += statement.why_not_affirm(affirmed or test.practice)
            if reasons or judgement.version is None:
                refused = eligibility.refusal(reasons)
                return refuse(session, context, Event.ATTEMPT_STARTED, refused)
            made = seal(session, context, test, person, judgement, judgement.version)
            if isinstance(made, Refused):
                return refuse(session, context, Event.ATTEMPT_STARTED, made)
            return Waiting(made.id) if judgement.may_wait else Started(made.id)
    except IntegrityError:  # the other click won; its attempt is the open one
        return eligibility.refusal((Reason(Code.OPEN_ATTEMPT, {}, who=Helper.YOU),))


def take_over(context: Context, attempt_id: int) -> int | Refused:
    """Go on with an attempt on this device; the device before can only read from now on."""
    assert context.actor is not None  # noqa: S101
    with store.write() as session:
        row = attempts.locked(session, context.actor, attempt_id)
        if row is None:
            return not_found()
        resting.settle(session, row, context.now)
        # A rest break may be taken over as well: it goes on, and is ended from either device.
        if not row.resting and (refused := _why_not_sit(row, context)) is not None:
            return refuse(session, context, Event.ATTEMPT_TAKEN_OVER, refused)
        if row.writer_session_id != context.session_id:
            row.writer += 1
            row.writer_session_id = context.session_id
            facts = {"attempt": row.id, "writer": row.writer}
            record(session, context, Event.ATTEMPT_TAKEN_OVER, facts)
        return row.id


def flag(context: Context, attempt_id: int, place: int, flagged: bool) -> Refused | None:
    """Flag a question to come back to, or take the flag away."""
    assert context.actor is not None  # noqa: S101
    with store.write() as session:
        row = attempts.locked(session, context.actor, attempt_id)
        if row is None or not 1 <= place <= len(row.form):
            return not_found()
        resting.settle(session, row, context.now)
        if (refused := _why_not_sit(row, context)) is not None:
            return refused
        attempts.set_flag(session, row, place, flagged)
    return None


def hand_in(context: Context, attempt_id: int) -> HandedIn | Refused:
    """Close an attempt for good, mark it at once, give a receipt. It ends a rest break as well."""
    assert context.actor is not None  # noqa: S101
    with store.write() as session:
        row = attempts.locked(session, context.actor, attempt_id)
        if row is None:
            return not_found()
        resting.settle(session, row, context.now)
        if _is_over(row, context):
            return _time_up(session, context, row)
        sits = State(row.state) is State.OPEN or row.resting
        if sits and row.writer_session_id != context.session_id:
            refused = Refused.of(Code.TAKEOVER, who=Helper.YOU)
            return refuse(session, context, Event.ATTEMPT_CLOSED, refused)
        if row.resting:
            resting.finish(session, context, row)
        reached = attempt.after(State(row.state), Move.HAND_IN)
        if isinstance(reached, Refused):
            return refuse(session, context, Event.ATTEMPT_CLOSED, reached)
        return close(session, context, row, Move.HAND_IN, context.now)


def time_up(context: Context, attempt_id: int, candidate_id: int) -> HandedIn | None:
    """Close an attempt whose time and grace are over, with what the server holds.

    None when it is not over, or was closed before. It does not matter when this runs, how often,
    or by whom: the moment of closing is the deadline.
    """
    with store.write() as session:
        row = attempts.locked(session, candidate_id, attempt_id)
        if row is None:
            return None
        resting.settle(session, row, context.now)
        return _time_up(session, context, row) if _is_over(row, context) else None


def _is_over(row: Attempt, context: Context) -> bool:
    """Whether an attempt is still open whose time and grace are over."""
    return State(row.state) is State.OPEN and not _accepts(context, _end(row))


def _time_up(session: Session, context: Context, row: Attempt) -> HandedIn:
    return close(session, context, row, Move.TIME_UP, _end(row))


def _end(row: Attempt) -> datetime:
    """When the time of an open attempt is up."""
    assert row.deadline is not None  # noqa: S101 - an open attempt has one: a check holds it
    return row.deadline


def _accepts(context: Context, deadline: datetime) -> bool:
    """Whether answers still count."""
    return timing.accepts(context.now, deadline, context.settings.grace)


def _why_not_sit(row: Attempt, context: Context) -> Refused | None:
    """Why an attempt takes nothing from its candidate now."""
    state = State(row.state)
    if state is State.OPEN and row.deadline is not None and _accepts(context, row.deadline):
        return None
    if state is State.OPEN:
        return Refused.of(Code.LATE, who=Helper.NOBODY)
    if row.resting:
        return Refused.of(Code.STATE, who=Helper.YOU, what="resting")
    refused = attempt.after(state, Move.HAND_IN)
    return refused if isinstance(refused, Refused) else None
