"""Changing a centre's name or time zone, closing it, opening it again: the operator's deeds."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from assess import store
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.delivery import accounts
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused
from assess.store import centres, sessions

CODE = re.compile(r"[A-Za-z0-9-]{1,40}")


def change(
    context: Context,
    code: str,
    name: str | None = None,
    timezone: str | None = None,
    active: bool | None = None,
) -> Refused | None:
    """Change what is given of a centre. Closing ends everybody's sessions."""
    if context.actor is not None:
        return wrong_role()  # of no role: a centre does not look after itself or another
    with store.write() as session:
        centre = centres.held(session, code)
        if centre is None:
            return not_found()
        name = None if name is None else accounts.plain(name)
        reasons = () if name is None else accounts.why_not_call(name)
        if timezone is not None and not _is_zone(timezone):
            reasons += (Reason(Code.FIELD, {"field": "timezone", "what": "zone"}, who=Helper.YOU),)
        if reasons:
            refused = Refused(Code.FIELD, reasons, 422)
            return refuse(session, context, Event.CENTRE_CHANGED, refused)
        centre.name = centre.name if name is None else name
        centre.timezone = centre.timezone if timezone is None else timezone
        centre.active = centre.active if active is None else active
        if not centre.active:
            sessions.end_sessions_at(session, centre.id, context.now)
        facts: dict[str, Fact] = {
            "code": code,
            "name": centre.name,
            "timezone": centre.timezone,
            "active": centre.active,
        }
        record(session, context, Event.CENTRE_CHANGED, facts)
    return None


def why_not_add(code: str, name: str, timezone: str) -> tuple[Reason, ...]:
    """Every reason why a centre cannot be added under this code, with this name and zone."""
    found = [*accounts.why_not_call(accounts.plain(name))]
    if CODE.fullmatch(code) is None:
        found.append(Reason(Code.FIELD, {"field": "code", "what": "code"}, who=Helper.YOU))
    if not _is_zone(timezone):
        found.append(Reason(Code.FIELD, {"field": "timezone", "what": "zone"}, who=Helper.YOU))
    return tuple(found)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True
