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

MOST = 200  # rows on the page: the longest waits; those answered make room


@bp.get("/overdue")
@access.only(Role.QUALITY, Role.ADMINISTRATOR)
def overdue() -> str:
    """What has waited two days at this centre; what was written is not shown."""
    now = signing.now()
    with store.read() as session:
        found = messages.late(session, now - OVERDUE_AFTER, current_user.centre_id, limit=MOST + 1)
    rows = [(one, pages.age(now - one.since)) for one in found[:MOST]]
    more = len(found) > MOST
    return render_template("quality/overdue.html", rows=rows, more=more)
