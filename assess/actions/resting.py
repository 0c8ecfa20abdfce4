"""A rest break that a candidate begins alone: by arrangement, where no invigilator keeps the door.

The line of a break says how long it can last. When that has passed it is over, whoever writes so:
the next deed at the attempt, a page, or the job, each with the moment at which it ended.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from assess import store
from assess.actions.context import Context, not_found, record, refuse
from assess.delivery import arrangements as terms
from assess.delivery import ledger as rules
from assess.delivery import timing
from assess.delivery.attempt import Move, State, after
from assess.delivery.ledger import Entry, Line
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Refused
from assess.store import arrangements, attempts, journal, ledger
from assess.store.attempts import Attempt


def begin(context: Context, attempt_id: int) -> Refused | None:
    """Stop the clock of one's own attempt for a rest break. Beginning it twice is beginning once.

    Answers that a device holds unsent are refused while it lasts, and taken when it is over: the
    player sends them first.
    """
    assert context.actor is not None  # noqa: S101 - the route lets only candidates come
    with store.write() as session:
        row = attempts.locked(session, context.actor, attempt_id)
        if row is None:
            return not_found()
        settle(session, row, context.now)
        if row.resting:
            return None
        if (refused := _why_not(context, row)) is not None:
            return refuse(session, context, Event.REST_BEGUN, refused)
        left = rules.rest_left(ledger.of_attempt(session, row), row.rest_seconds, context.now)
        if reasons := terms.why_no_rest(row.rest_seconds, left):
            refused = Refused(Code.REST, reasons, 409)
            return refuse(session, context, Event.REST_BEGUN, refused)
        row.state = State.PAUSED.value
        line = Line(Entry.OWN_REST, context.now, left)
        ledger.go_on(session, row, line, context.actor, _words(session, row))
        record(session, context, Event.REST_BEGUN, {"attempt": row.id, "seconds": left})
    return None


def end(context: Context, attempt_id: int) -> Refused | None:
    """Let the clock run again, before the minutes are used up. Ending twice is ending once."""
    assert context.actor is not None  # noqa: S101
    with store.write() as session:
        row = attempts.locked(session, context.actor, attempt_id)
        if row is None:
            return not_found()
        settle(session, row, context.now)
        if State(row.state) is State.OPEN:
            return None
        if (refused := why_not_end(row)) is not None:
            return refuse(session, context, Event.REST_ENDED, refused)
        finish(session, context, row)
    return None


def end_over(now: datetime, candidate_id: int, attempt_id: int) -> bool:
    """End a break whose minutes are used up, if it is one; says whether it ended one now."""
    with store.read() as session:  # asked every few seconds: most of the time it is not over
        row = attempts.of_candidate(session, candidate_id, attempt_id)
        if row is None or _over(session, row, now) is None:
            return False
    with store.write() as session:
        row = attempts.locked(session, candidate_id, attempt_id)
        return row is not None and settle(session, row, now)


def why_not_end(row: Attempt) -> Refused | None:
    """Why a candidate cannot let the clock of their attempt run again: others have stopped it."""
    if row.resting:
        return None
    if State(row.state) is State.PAUSED:
        return Refused.of(Code.STATE, who=Helper.INVIGILATOR, what="stopped")
    reached = after(State(row.state), Move.RESUME)
    return reached if isinstance(reached, Refused) else None


def settle(session: Session, row: Attempt, now: datetime) -> bool:
    """Write down the end of a break whose minutes are used up; part of a deed that holds `row`."""
    ended = _over(session, row, now)
    if ended is None:
        return False
    row.state = State.OPEN.value
    ledger.go_on(session, row, Line(Entry.RESUME, ended), None, "")
    facts: dict[str, Fact] = {
        "attempt": row.id,
        "by": "itself",
        "ended": ended.isoformat(timespec="microseconds"),
    }
    # Nobody did it: whoever asks for the page at that moment is not named.
    journal.record(session, Event.REST_ENDED, at=now, centre=row.centre_id, actor=None, facts=facts)
    return True


def _over(session: Session, row: Attempt, now: datetime) -> datetime | None:
    """When the break under way ended by itself; None where none does, or it still lasts."""
    if not row.resting:
        return None
    stop = rules.own_rest(ledger.of_attempt(session, row))
    return None if stop is None or stop.to is None or now < stop.to else stop.to


def finish(session: Session, context: Context, row: Attempt) -> None:
    """End the break of its candidate now; part of a deed that holds `row` and has settled it."""
    row.state = State.OPEN.value
    line = ledger.go_on(session, row, Line(Entry.RESUME, context.now), context.actor, "")
    facts: dict[str, Fact] = {
        "attempt": row.id,
        "by": "candidate",
        "ended": line.at.isoformat(timespec="microseconds"),
    }
    record(session, context, Event.REST_ENDED, facts)


def _why_not(context: Context, row: Attempt) -> Refused | None:
    reached = after(State(row.state), Move.PAUSE)
    if isinstance(reached, Refused):
        return reached
    if row.deadline is None or not timing.is_open(context.now, row.deadline):
        return Refused.of(Code.LATE, who=Helper.NOBODY)
    if row.writer_session_id != context.session_id:
        return Refused.of(Code.TAKEOVER, who=Helper.YOU)
    return None


def _words(session: Session, row: Attempt) -> str:
    """Why the clock may stand: the words of the arrangement that was in force at the start."""
    found = arrangements.in_force(session, row.candidate_id, row.prepared_at)
    return next((one.words for one in found if one.kind == terms.Kind.REST_BREAKS), "")
