"""Asking for a quality role for oneself, and a second administrator's decision on it."""

from __future__ import annotations

from datetime import date

from sqlalchemy.exc import IntegrityError

from assess import store
from assess.actions import people as deeds
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.delivery import calendar
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.roles import QUALITY_ROLES, Role
from assess.store import centres, people, roles_held
from assess.store.roles_held import RoleRequest

LEAST_WORDS = 10  # characters: enough that the second administrator can weigh it
LONGEST_WORDS = 2000  # characters


def ask(context: Context, role: str, until: date | None, words: str) -> int | Refused:
    """Ask for a quality role for oneself; says the number of the request."""
    if context.actor is None or not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    words = words.strip()
    try:
        with store.write() as session:
            people.locked(session, context.actor)
            zone = centres.get(session, context.centre).timezone
            reasons = _why_not_ask(role, words)
            if until is not None and until < calendar.day_of(context.now, zone):
                values: dict[str, Value] = {"field": "until", "what": "over"}
                reasons.append(Reason(Code.FIELD, values, who=Helper.YOU))
            held = roles_held.roles_of(session, context.actor, context.now)
            if role in held:
                has: dict[str, Value] = {"field": "role", "what": "role_held"}
                reasons.append(Reason(Code.ASKED, has, who=Helper.NOBODY))
            if reasons:
                refused = Refused(Code.FIELD, tuple(reasons), 422)
                return refuse(session, context, Event.ROLE_ASKED, refused)
            request = RoleRequest(
                centre_id=context.centre,
                person_id=context.actor,
                role=role,
                until=None if until is None else calendar.ends(until, zone),
                words=words,
                asked_at=context.now,
            )
            session.add(request)
            session.flush()
            facts: dict[str, Fact] = {"request": request.id, "role": role}
            record(session, context, Event.ROLE_ASKED, facts, {"words": words})
            return request.id
    except IntegrityError:  # asked before: the unique index keeps one that waits for each role
        who = Helper.ADMINISTRATOR
        refused = Refused.of(Code.ASKED, who=who, what="role_waits", field="role")
        with store.write() as session:
            return refuse(session, context, Event.ROLE_ASKED, refused)


def decide(context: Context, request_id: int, granted: bool | None) -> Refused | None:
    """Give the role that another administrator asks for, or say no; None says neither."""
    if context.actor is None or not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    with store.write() as session:
        request = roles_held.request(session, context.centre, request_id)
        if request is None:
            return not_found()
        people.locked(session, request.person_id)
        session.refresh(request, with_for_update=True)
        reasons = []
        if request.person_id == context.actor:
            reasons.append(Reason(Code.SELF, {"what": "own_request"}, who=Helper.ADMINISTRATOR))
        if granted is None:
            reasons.append(Reason(Code.FIELD, {"field": "decision", "what": "empty"}))
        if request.decided_at is not None:
            reasons.append(Reason(Code.DECIDED, {"answered": request.decided_at}))
        elif granted and request.until is not None and request.until <= context.now:
            reasons.append(Reason(Code.FIELD, {"field": "until", "what": "over"}))
        if reasons:
            refused = Refused(reasons[0].code, tuple(reasons), 409)
            return refuse(session, context, Event.ROLE_DECIDED, refused)
        request.decided_at, request.decided_by = context.now, context.actor
        request.granted = granted
        facts: dict[str, Fact] = {
            "request": request.id,
            "person": request.person_id,
            "role": request.role,
            "granted": granted,
        }
        record(session, context, Event.ROLE_DECIDED, facts)
        role = Role(request.role)
        if granted and role not in roles_held.roles_of(session, request.person_id, context.now):
            deeds.give(session, context, request.person_id, role, request.until)
            given: dict[str, Fact] = {"person": request.person_id, "role": request.role}
            record(session, context, Event.ROLE_GIVEN, given)
    return None


def _why_not_ask(role: str, words: str) -> list[Reason]:
    found = []
    if role not in {r.value for r in QUALITY_ROLES}:
        found.append(Reason(Code.FIELD, {"field": "role", "what": "empty"}, who=Helper.YOU))
    if len(words) < LEAST_WORDS:
        short: dict[str, Value] = {"field": "words", "what": "short", "need": LEAST_WORDS}
        found.append(Reason(Code.FIELD, short, who=Helper.YOU))
    elif len(words) > LONGEST_WORDS:
        long: dict[str, Value] = {"field": "words", "what": "long", "allowed": LONGEST_WORDS}
        found.append(Reason(Code.FIELD, long, who=Helper.YOU))
    return found
