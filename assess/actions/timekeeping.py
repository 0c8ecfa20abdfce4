"""Stopping a candidate's clock and starting it, giving time, ending an attempt: for a reason.

The room calls these; so may the quality team. Each writes a line into the attempt's ledger, from
which the deadline is reckoned anew.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from assess import store
from assess.actions import closing, resting
from assess.actions.approvals import too_long
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.delivery import ledger as rules
from assess.delivery import readiness, timing
from assess.delivery.attempt import Move, State, after
from assess.delivery.ledger import Entry, Line
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import ledger
from assess.store.attempts import Attempt

MAY = (Role.INVIGILATOR, Role.QUALITY)
MOVED = {Move.PAUSE: State.PAUSED, Move.RESUME: State.OPEN}


def pause(
    context: Context, attempt_id: int, reason: str, *, rest: bool = False, seen: int | None = None
) -> Refused | None:
    """Stop the clock of an open attempt; with `rest`, for a rest break by arrangement.

    `seen`: how many lines the ledger had when it was decided. Where it has more by now somebody has
    changed the clock, and nothing is done [E-CHANGED]; so it is with the two deeds below.
    """
    entry = Entry.REST if rest else Entry.PAUSE
    return _do(context, attempt_id, Event.ATTEMPT_PAUSED, reason, Move.PAUSE, entry, seen=seen)


def resume(
    context: Context, attempt_id: int, reason: str, seen: int | None = None
) -> Refused | None:
    """Let the clock run again, with exactly what was left when it stopped."""
    event, entry = Event.ATTEMPT_RESUMED, Entry.RESUME
    return _do(context, attempt_id, event, reason, Move.RESUME, entry, seen=seen)


def credit(
    context: Context, attempt_id: int, seconds: int, reason: str, seen: int | None = None
) -> Refused | None:
    """Give an attempt under way more time: whole seconds, more than none."""
    return _do(context, attempt_id, Event.TIME_CREDITED, reason, None, Entry.CREDIT, seconds, seen)


def stop(context: Context, attempt_id: int, reason: str) -> Refused | None:
    """End an attempt now, with what the server holds; it is marked at once."""
    return _end(context, attempt_id, reason, Move.STOP)


def void(context: Context, attempt_id: int, reason: str) -> Refused | None:
    """Declare that an attempt does not count; nothing leads back."""
    return _end(context, attempt_id, reason, Move.VOID)


def _do(
    context: Context,
    attempt_id: int,
    event: Event,
    reason: str,
    move: Move | None,
    entry: Entry,
    seconds: int = 0,
    seen: int | None = None,
) -> Refused | None:
    with store.write() as session:
        row = _locked(session, context, attempt_id)
        if isinstance(row, Refused):
            return row
        if (reasons := _why_not(context, row, reason, entry, seconds)) != ():
            return refuse(session, context, event, Refused(reasons[0].code, reasons, 422))
        refused = _why_not_now(row, move, context.now)
        if refused is None or refused.code is Code.STATE:
            # Whoever stops a clock that a colleague has stopped is told of the colleague.
            overtaken = seen not in (None, len(ledger.of_attempt(session, row)))
            changed = Reason(Code.CHANGED, {"what": "clock", "field": "words"}, who=Helper.YOU)
            refused = Refused(changed.code, (changed,), 409) if overtaken else refused
        if refused is not None:
            return refuse(session, context, event, refused)
        if move is not None:
            row.state = MOVED[move].value
        line = Line(entry, context.now, seconds)
        ledger.go_on(session, row, line, context.actor, reason.strip())
        facts: dict[str, Fact] = {"attempt": row.id, "entry": entry.value, "seconds": seconds}
        record(session, context, event, facts, {"reason": reason.strip()})
    return None


def _why_not_now(row: Attempt, move: Move | None, now: datetime) -> Refused | None:
    """Why an attempt does not take this now; no move at all is more time, running or not."""
    state = State(row.state)
    if state is State.OPEN and (row.deadline is None or not timing.is_open(now, row.deadline)):
        return Refused.of(Code.LATE, who=Helper.NOBODY)
    if state is State.OPEN and move is None:
        return None
    reached = after(state, move or Move.RESUME)
    return reached if isinstance(reached, Refused) else None


def _end(context: Context, attempt_id: int, reason: str, move: Move) -> Refused | None:
    event = Event.ATTEMPT_STOPPED if move is Move.STOP else Event.ATTEMPT_VOIDED
    with store.write() as session:
        row = _locked(session, context, attempt_id)
        if isinstance(row, Refused):
            return row
        if (reasons := _why_not(context, row, reason, None, 0)) != ():
            return refuse(session, context, event, Refused(reasons[0].code, reasons, 422))
        reached = after(State(row.state), move)
        if isinstance(reached, Refused):
            return refuse(session, context, event, reached)
        record(session, context, event, {"attempt": row.id}, {"reason": reason.strip()})
        if move is Move.STOP:
            closed_at = context.now if row.deadline is None else min(context.now, row.deadline)
            closing.close(session, context, row, move, closed_at)
        else:
            row.state = reached.value
    return None


def _locked(session: Session, context: Context, attempt_id: int) -> Attempt | Refused:
    """The attempt, locked, if its centre is the actor's and they may touch it."""
    if not context.may(*MAY):
        return wrong_role()
    row = session.scalar(
        select(Attempt)
        .where(Attempt.id == attempt_id, Attempt.centre_id == context.centre)
        .with_for_update()
    )
    if row is None:
        return not_found()
    resting.settle(session, row, context.now)
    return row


def _why_not(
    context: Context, row: Attempt, reason: str, entry: Entry | None, seconds: int
) -> tuple[Reason, ...]:
    found: list[Reason] = []
    if context.actor == row.candidate_id:
        found.append(Reason(Code.SELF, {"what": "own"}, who=Helper.QUALITY))
    found += [*readiness.why_not_words(reason), *too_long(reason)]
    if entry is Entry.CREDIT and not 0 < seconds <= rules.MOST_CREDIT:
        most = rules.MOST_CREDIT // 60
        found.append(
            Reason(
                Code.FIELD,
                {"field": "minutes", "what": "range", "least": 1, "most": most},
                who=Helper.YOU,
            )
        )
    return tuple(found)
