"""Stopping a candidate's clock, starting it, giving time: in a sitting, by who is on duty."""

from __future__ import annotations

from assess import store
from assess.actions import timekeeping
from assess.actions.context import Context, refuse
from assess.journal import Event
from assess.reasons import Code, Helper, Refused
from invigilation.actions import duty
from invigilation.store import roster

EVENTS = {
    "pause": Event.ATTEMPT_PAUSED,
    "rest": Event.ATTEMPT_PAUSED,
    "resume": Event.ATTEMPT_RESUMED,
    "credit": Event.TIME_CREDITED,
}
DEEDS = tuple(EVENTS)


def keep(
    context: Context,
    sitting_id: int,
    entry_id: int,
    deed: str,
    minutes: int,
    words: str,
    seen: int | None = None,
) -> str | Refused:
    """Do one of `DEEDS` to the attempt of this entry; the candidate's name.

    `minutes` for credit; `seen`: how many lines the ledger had for whoever decided it.

    Whoever may act on the sitting may act on the clocks of its roster.
    """
    with store.write() as session:
        sitting = duty.on(session, context, sitting_id)
        if isinstance(sitting, Refused):
            return refuse(session, context, EVENTS[deed], sitting)
        line = roster.line(session, sitting, entry_id)
        if line is None:
            return duty.no_line(session, context, sitting, entry_id, EVENTS[deed])
        if line.work is None or not line.work.begun:
            refused = Refused.of(Code.STATE, who=Helper.YOU)
            return refuse(session, context, EVENTS[deed], refused)
    attempt = line.work.attempt_id
    if deed == "credit":
        done = timekeeping.credit(context, attempt, minutes * 60, words, seen)
    elif deed == "resume":
        done = timekeeping.resume(context, attempt, words, seen)
    else:
        done = timekeeping.pause(context, attempt, words, rest=deed == "rest", seen=seen)
    return line.person.name if done is None else done
