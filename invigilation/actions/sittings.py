"""Opening a sitting, and releasing its test to the room."""

from __future__ import annotations

from datetime import datetime

from assess import store
from assess.actions.context import Context, record, refuse, wrong_role
from assess.bank.specification import INVIGILATED
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.roles import Role
from assess.store import specifications
from invigilation import sittings as rules
from invigilation.actions import duty
from invigilation.presence import ADMITTED
from invigilation.store import roster, sittings
from invigilation.store.sittings import Sitting


def open_(context: Context, test_id: int, place: str, begins_at: datetime) -> int | Refused:
    """Set a sitting down: a test that is sat in a room, where and when; says its number.

    A form that is sent again, because the answer to the first try was slow, sets down no other.
    """
    if not context.may(Role.INVIGILATOR):
        return wrong_role()
    place = " ".join(place.split())
    with store.write() as session:
        reasons = list(rules.why_not_open(place, begins_at, context.now))
        test = specifications.get(session, context.centre, test_id)
        if test is None or INVIGILATED not in test.gates:
            # Another centre's test is as unknown as one that is sat without a room.
            unknown: dict[str, Value] = {"field": "test", "what": "no_invigilated_test"}
            reasons.append(Reason(Code.FIELD, unknown, who=Helper.YOU))
        if reasons or test is None:
            refused = Refused(Code.FIELD, tuple(reasons), 422)
            return refuse(session, context, Event.SITTING_OPENED, refused)
        store.alone(session, f"sitting:{test.id}")
        if (there := sittings.like(session, test.id, place, begins_at, context.actor)) is not None:
            return there.id
        sitting = Sitting(
            centre_id=context.centre,
            test_id=test.id,
            place=place,
            begins_at=begins_at,
            created_by=context.actor,
            created_at=context.now,
        )
        session.add(sitting)
        session.flush()
        facts: dict[str, Fact] = {
            "sitting": sitting.id,
            "test": test.id,
            "begins": begins_at.isoformat(),
        }
        record(session, context, Event.SITTING_OPENED, facts)
        return sitting.id


def release(context: Context, sitting_id: int) -> datetime | Refused:
    """Release the test to everybody who is admitted; says from when questions are delivered.

    Pressed twice it stays released from the first moment. Who is admitted later comes in at once.
    """
    with store.write() as session:
        sitting = duty.on(session, context, sitting_id)
        if isinstance(sitting, Refused):
            return refuse(session, context, Event.SITTING_RELEASED, sitting)
        admitted = [one for one in roster.lines(session, sitting) if one.attendance in ADMITTED]
        reasons = rules.why_not_release(sitting.course, len(admitted))
        if reasons:
            refused = Refused(reasons[0].code, reasons, 409)
            return refuse(session, context, Event.SITTING_RELEASED, refused)
        if sitting.released_at is not None:
            return sitting.released_at
        sitting.released_at = context.now + rules.NOTICE
        sitting.released_by = context.actor
        record(
            session,
            context,
            Event.SITTING_RELEASED,
            {
                "sitting": sitting.id,
                "released": sitting.released_at.isoformat(),
                "admitted": len(admitted),
            },
        )
        return sitting.released_at
