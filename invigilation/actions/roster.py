"""Putting candidates on a roster by hand, and taking them off."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError

from assess import store
from assess.actions import waiting
from assess.actions.context import Context, not_found, record, refuse
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.store import attempts, people, specifications
from invigilation import sittings as rules
from invigilation.actions import duty
from invigilation.store import roster
from invigilation.store.roster import RosterEntry

MOST = 500  # candidates put on a roster at once


def add(context: Context, sitting_id: int, candidate_ids: Sequence[int]) -> int | Refused:
    """Put candidates on the roster, all or none; says how many.

    Each is registered on the programme of the test when the sitting begins, and on no other open
    roster for it [E-ROSTER], and none is the invigilator [E-SELF].
    """
    wanted = list(dict.fromkeys(candidate_ids))
    try:
        with store.write() as session:
            sitting = duty.on(session, context, sitting_id)
            if isinstance(sitting, Refused):
                return refuse(session, context, Event.ROSTER_ADDED, sitting)
            reasons = list(rules.why_not_change(sitting.course))
            test = specifications.get(session, context.centre, sitting.test_id)
            programme = None if test is None else test.programme_id
            there = []
            if programme is not None and wanted:
                found, _ = roster.registered(
                    session, context.centre, programme, sitting.begins_at, only=wanted[:MOST]
                )
                there = [person for person, _ in found]
            if not wanted:
                empty: dict[str, Value] = {"what": "nobody_chosen", "field": "candidate"}
                reasons.append(Reason(Code.ROSTER, empty, who=Helper.YOU))
            elif len(there) < len(wanted):
                missing: dict[str, Value] = {"what": "not_registered", "field": "candidate"}
                reasons.append(Reason(Code.ROSTER, missing, who=Helper.ADMINISTRATOR))
            if context.actor in wanted:
                own: dict[str, Value] = {"what": "own_sitting", "field": "candidate"}
                reasons.append(Reason(Code.SELF, own, who=Helper.INVIGILATOR))
            taken = roster.current_of(session, sitting.test_id, [person.id for person in there])
            for person in there:
                if person.id in taken:
                    name: dict[str, Value] = {
                        "what": "on_roster",
                        "field": "candidate",
                        "name": person.name,
                    }
                    reasons.append(Reason(Code.ROSTER, name, who=Helper.YOU))
            if reasons:
                refused = Refused(reasons[0].code, tuple(reasons), 409)
                return refuse(session, context, Event.ROSTER_ADDED, refused)
            for person in there:
                entry = RosterEntry(
                    centre_id=context.centre,
                    sitting_id=sitting.id,
                    test_id=sitting.test_id,
                    candidate_id=person.id,
                    added_by=context.actor,
                    added_at=context.now,
                )
                session.add(entry)
                session.flush()
                facts = {"sitting": sitting.id, "entry": entry.id, "candidate": person.id}
                record(session, context, Event.ROSTER_ADDED, facts)
            return len(there)
    except IntegrityError:  # another invigilator was faster, in this room or in another
        raced: dict[str, Value] = {"what": "raced", "field": "candidate"}
        refused = Refused(Code.ROSTER, (Reason(Code.ROSTER, raced, who=Helper.YOU),), 409)
        with store.write() as session:
            return refuse(session, context, Event.ROSTER_ADDED, refused)


def take_off(context: Context, sitting_id: int, entry_id: int) -> str | Refused:
    """Take a candidate off the roster before anything is recorded of them; says their name.

    A form that was sealed for them is cancelled: nobody has seen a question of it.
    """
    with store.write() as session:
        sitting = duty.on(session, context, sitting_id)
        if isinstance(sitting, Refused):
            return refuse(session, context, Event.ROSTER_TAKEN_OFF, sitting)
        line = roster.line(session, sitting, entry_id)
        if line is None:
            gone = roster.taken_off(session, sitting, entry_id)  # twice is once
            return not_found() if gone is None else gone.name
        people.locked(session, line.person.id)
        line = roster.line(session, sitting, entry_id)
        assert line is not None  # noqa: S101 - the sitting is locked
        reasons = list(rules.why_not_change(sitting.course))
        if line.record is not None and not reasons:
            reasons.append(Reason(Code.ROSTER, {"what": "recorded"}, who=Helper.NOBODY))
        if reasons:
            refused = Refused(reasons[0].code, tuple(reasons), 409)
            return refuse(session, context, Event.ROSTER_TAKEN_OFF, refused)
        if line.work is not None:
            sealed = attempts.locked(session, line.person.id, line.work.attempt_id)
            assert sealed is not None  # noqa: S101 - it was there a moment ago
            waiting.cancel(session, context, sealed)
        line.entry.ended_at = context.now
        line.entry.taken_off_by = context.actor
        line.entry.taken_off = True
        facts = {"sitting": sitting.id, "entry": entry_id, "candidate": line.person.id}
        record(session, context, Event.ROSTER_TAKEN_OFF, facts)
        return line.person.name
