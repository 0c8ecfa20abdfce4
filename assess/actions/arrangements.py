"""Recording an access arrangement of a person, on evidence, and ending one."""

from __future__ import annotations

from assess import store
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.delivery import arrangements as rules
from assess.delivery import calendar
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import arrangements, centres, people
from assess.store.arrangements import Arrangement


def arrange(
    context: Context, person_id: int, proposal: rules.Proposal, seen: int | None = None
) -> int | Refused:
    """Record and approve an arrangement; says its number.

    It takes the place of one of the same kind, which ends when the new one begins. What has begun
    already, such as an attempt, stays as it is. What is arranged so already is not recorded again.
    `seen` is the last number that the page showed: what came after it is not put out of its place
    by somebody who has not looked at it [E-CHANGED]. None where nobody looked.
    """
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    with store.write() as session:
        store.alone(session, f"arrangements:{person_id}")
        if people.get(session, context.centre, person_id) is None:
            return not_found()
        zone = centres.get(session, context.centre).timezone
        today = calendar.day_of(context.now, zone)
        reasons = list(rules.why_not_record(proposal, person_id, context.actor, today))
        starts = context.now
        if proposal.starts is not None and proposal.starts != today:
            starts = calendar.begins(proposal.starts, zone)
        if starts < context.now:
            reasons.append(Reason(Code.FIELD, {"field": "starts", "what": "over"}, who=Helper.YOU))
        if reasons:
            refused = Refused(Code.FIELD, tuple(reasons), 422)
            return refuse(session, context, Event.ARRANGED, refused)
        value, words, evidence = _plain(proposal), proposal.words.strip(), proposal.evidence.strip()
        ends_at = None if proposal.ends is None else calendar.ends(proposal.ends, zone)
        before = arrangements.lasting(session, person_id, proposal.kind, starts)
        for other in before:
            said = (other.value, other.words, other.evidence, other.ends_at, other.ended_at)
            begun = starts == context.now and other.starts_at <= starts
            same = said == (value, words, evidence, ends_at, None)
            if same and (begun or other.starts_at == starts):
                return other.id
        if seen is not None and any(other.id > seen for other in before):
            refused = Refused.of(Code.CHANGED, status=409, who=Helper.YOU, what="arrangement")
            return refuse(session, context, Event.ARRANGED, refused)
        for other in before:
            other.ended_at, other.ended_by = max(starts, other.starts_at), context.actor
        session.flush()  # they make room before the new one comes in
        row = Arrangement(
            centre_id=context.centre,
            person_id=person_id,
            kind=proposal.kind,
            value=value,
            words=words,
            evidence=evidence,
            approved_by=context.actor,
            approved_at=context.now,
            starts_at=starts,
            ends_at=ends_at,
        )
        session.add(row)
        session.flush()
        facts: dict[str, Fact] = {
            "arrangement": row.id,
            "person": person_id,
            "in_place_of": before[-1].id if before else None,
        }
        # What is arranged, and why, says something of a person's health: it can be erased.
        details = {"kind": row.kind, "value": row.value, "words": row.words}
        record(session, context, Event.ARRANGED, facts, details | {"evidence": row.evidence})
        return row.id


def end(context: Context, person_id: int, arrangement_id: int) -> Refused | None:
    """End an arrangement now. Ending it twice is ending it once."""
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    with store.write() as session:
        store.alone(session, f"arrangements:{person_id}")
        row = arrangements.get(session, person_id, arrangement_id)
        if row is None or row.centre_id != context.centre:
            return not_found()
        if row.ended_at is not None and row.ended_at <= context.now:
            return None
        if person_id == context.actor:
            refused = Refused.of(Code.SELF, who=Helper.ADMINISTRATOR, what="own_arrangement")
            return refuse(session, context, Event.ARRANGEMENT_ENDED, refused)
        row.ended_at, row.ended_by = context.now, context.actor
        facts: dict[str, Fact] = {"arrangement": row.id, "person": person_id}
        record(session, context, Event.ARRANGEMENT_ENDED, facts)
    return None


def _plain(proposal: rules.Proposal) -> str:
    """The value as it is stored: a bare number of per cent or minutes, a choice, or nothing."""
    kind = rules.Kind(proposal.kind)
    if kind is rules.Kind.EXTRA_TIME:
        return str(rules.percent(proposal.value))
    if kind is rules.Kind.REST_BREAKS:
        return str(rules.rest_minutes(proposal.value))
    return proposal.value if rules.FORMS[kind].values else ""
