"""May this person act on this sitting? An invigilator of its centre who is not on its roster."""

from __future__ import annotations

from sqlalchemy.orm import Session

from assess.actions.context import Context, not_found, refuse, wrong_role
from assess.journal import Event
from assess.reasons import Code, Helper, Refused
from assess.roles import Role
from invigilation.store import roster, sittings
from invigilation.store.sittings import Sitting

FORBIDDEN = 403


def on(session: Session, context: Context, sitting_id: int) -> Sitting | Refused:
    """The sitting, locked for a deed of this actor, or why they may not touch it."""
    if not context.may(Role.INVIGILATOR):
        return wrong_role()
    sitting = sittings.locked(session, context.centre, sitting_id)
    if sitting is None:
        return not_found()
    return why_not(session, context.actor, sitting) or sitting


def why_not(session: Session, actor: int | None, sitting: Sitting) -> Refused | None:
    """E-SELF for somebody on the roster: nobody invigilates themselves."""
    if actor is None or not roster.is_on(session, sitting.id, actor):
        return None
    return Refused.of(Code.SELF, status=FORBIDDEN, who=Helper.INVIGILATOR, what="own_sitting")


def no_line(
    session: Session, context: Context, sitting: Sitting, entry_id: int, deed: Event
) -> Refused:
    """`why_no_line`, for a deed: that a colleague has taken the candidate off is on record."""
    refused = why_no_line(session, sitting, entry_id)
    return refused if refused.code is Code.NOT_FOUND else refuse(session, context, deed, refused)


def why_no_line(session: Session, sitting: Sitting, entry_id: int) -> Refused:
    """Why a roster has no such line: its candidate was taken off, or there never was one."""
    gone = roster.taken_off(session, sitting, entry_id)
    if gone is None:
        return not_found()
    return Refused.of(Code.ROSTER, who=Helper.NOBODY, what="taken_off", name=gone.name)
