"""Where do the pages of the room hang, and which sitting is a page about?"""

from __future__ import annotations

from flask import Blueprint
from flask_login import current_user
from sqlalchemy.orm import Session

from assess.actions.context import not_found
from assess.reasons import Refused
from assess.roles import Role
from assess.web import access
from invigilation.actions import duty
from invigilation.store import sittings
from invigilation.store.sittings import Sitting

bp = Blueprint("room", __name__, template_folder="templates")
invigilators = access.only(Role.INVIGILATOR)


def find(session: Session, sitting_id: int) -> Sitting | Refused:
    """The sitting of this centre, or why it is not shown to this person."""
    sitting = sittings.get(session, current_user.centre_id, sitting_id)
    if sitting is None:
        return not_found()
    return duty.why_not(session, current_user.person_id, sitting) or sitting
