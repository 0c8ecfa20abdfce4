"""May this person act on this sitting? An invigilator of its centre who is not on its roster."""

from __future__ import annotations

from sqlalchemy.orm import Session

from assess.actions.context import Context, not_found, wrong_role
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
