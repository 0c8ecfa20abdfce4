"""Which candidates have waited too long for an answer of their tutor, and for what?"""

from __future__ import annotations

from flask import render_template
from flask_login import current_user

from assess import store
from assess.delivery.messages import OVERDUE_AFTER
from assess.roles import Role
from assess.store import messages
from assess.web import access, pages, signing
from assess.web.quality.blueprint import bp


@bp.get("/overdue")
@access.only(Role.QUALITY, Role.ADMINISTRATOR)
def overdue() -> str:
    """Everything that has waited two days at this centre; what was written is not shown."""
    now = signing.now()
    with store.read() as session:
        found = messages.late(session, now - OVERDUE_AFTER, current_user.centre_id)
    rows = [(one, pages.age(now - one.since)) for one in found]
    return render_template("quality/overdue.html", rows=rows)
