"""Recording that a candidate is here and who they are, is absent, or was turned away."""

from __future__ import annotations

from dataclasses import dataclass

from assess import store
from assess.actions.context import Context, record, refuse
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.store import people, specifications
from invigilation import presence
from invigilation import sittings as rules
from invigilation.actions import duty
from invigilation.presence import ADMITTED, Attendance, Lateness, Seen
from invigilation.store import roster
from invigilation.store.roster import AttendanceRecord


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded of whom."""

    name: str
    attendance: Attendance


@dataclass(frozen=True, slots=True)
class Said:
    """What an invigilator says of a candidate, as it was sent.

    `all_the_same`: that somebody who is very late is admitted on purpose. `after`: the number of
    the record that was the newest when it was decided, 0 for none, None where nobody looked.
    """

    seen: str
    method: str = ""
    words: str = ""
    all_the_same: bool = False
    after: int | None = None


def say(context: Context, sitting_id: int, entry_id: int, said: Said) -> Recorded | Refused:
    """Record attendance. It may be recorded again, until the sitting closes: the newest counts.

    Somebody who was here before keeps the moment of their arrival. Where somebody else has recorded
    something else meanwhile, nothing is [E-CHANGED]; what is recorded so already is not once more.
    """
    with store.write() as session:
        sitting = duty.on(session, context, sitting_id)
        if isinstance(sitting, Refused):
            return refuse(session, context, Event.ATTENDANCE_RECORDED, sitting)
        line = roster.line(session, sitting, entry_id)
        if line is None:
            return duty.no_line(session, context, sitting, entry_id, Event.ATTENDANCE_RECORDED)
        # Whoever begins locks themselves: it has happened by now, or it will find this recorded.
        people.locked(session, line.person.id)
        line = roster.line(session, sitting, entry_id)
        assert line is not None  # noqa: S101 - the sitting is locked
        before = line.record if line.attendance in ADMITTED else None
        arrived = context.now if before is None else before.arrived_at or context.now
        version = specifications.published(session, sitting.test_id)
        minutes = presence.HOUR if version is None else version.specification().minutes
        late = presence.lateness(arrived, sitting.course.began_at, minutes)
        words = said.words.strip()
        reasons = rules.why_not_change(sitting.course) + presence.why_not_record(
            said.seen,
            said.method,
            words,
            late,
            all_the_same=said.all_the_same or before is not None,
            begun=line.work is not None and line.work.begun,
        )
        if reasons:
            changed = sitting.closed_at is not None
            refused = Refused(reasons[0].code, reasons, 409 if changed else 422)
            return refuse(session, context, Event.ATTENDANCE_RECORDED, refused)
        seen = Seen(said.seen)
        here = seen is Seen.HERE
        state = presence.attendance(seen, late)
        method = said.method if here else None
        last = line.record
        if last is not None and said.after not in (None, last.id):  # recorded since it was decided
            if (last.state, last.method) != (state.value, method):
                theirs: dict[str, Value] = {"what": "attendance", "field": "seen"}
                other = Reason(Code.CHANGED, theirs, who=Helper.YOU)
                overtaken = Refused(Code.CHANGED, (other,), 409)
                return refuse(session, context, Event.ATTENDANCE_RECORDED, overtaken)
            if words in ("", last.words):
                return Recorded(line.person.name, state)
        session.add(
            AttendanceRecord(
                centre_id=context.centre,
                entry_id=entry_id,
                state=state.value,
                method=method,
                words=words,
                very_late=here and late is Lateness.VERY_LATE,
                arrived_at=arrived if here else None,
                by_id=context.actor,
                at=context.now,
            )
        )
        record(
            session,
            context,
            Event.ATTENDANCE_RECORDED,
            {
                "sitting": sitting.id,
                "entry": entry_id,
                "candidate": line.person.id,
                "state": state.value,
                "method": method,
                "very_late": here and late is Lateness.VERY_LATE,
            },
            {"words": words} if words else None,
        )
        return Recorded(line.person.name, state)
