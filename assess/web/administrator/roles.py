"""Who asks for a quality role for themselves, and what does a second administrator say to it?"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import roles as deeds
from assess.reasons import Code, Reason, Refused
from assess.roles import QUALITY_ROLES, Role
from assess.store import roles_held
from assess.web import problems, signing
from assess.web.administrator import typed
from assess.web.administrator.blueprint import administrators, bp

DECISIONS = {"give": True, "decline": False}


@bp.route("/roles", methods=["GET", "POST"], endpoint="requests")
@administrators
def requests_() -> ResponseReturnValue:
    """Requests for quality roles that wait for a second administrator; a form for one's own."""
    if request.method == "GET":
        return _page()
    amiss: list[Reason] = []
    until = typed.day("until", amiss)
    done: int | Refused
    if amiss:
        done = Refused(Code.FIELD, tuple(amiss), 422)
    else:
        words = typed.text("words")
        done = deeds.ask(signing.context(), typed.line("role"), until, words)
    if isinstance(done, Refused):
        return problems.answer(done) if problems.wants_json() else _page(done)
    flash(_("Your request is recorded. Another administrator of your centre decides."), "success")
    return redirect(url_for("administrator.requests"))


@bp.post("/roles/<int:role_request_id>")
@administrators
def decide(role_request_id: int) -> ResponseReturnValue:
    """Give the role that another administrator asks for, or say no."""
    granted = DECISIONS.get(request.form.get("decision", ""))
    refused = deeds.decide(signing.context(), role_request_id, granted)
    if refused is not None:
        return problems.answer(refused)
    flash(_("The role is given.") if granted else _("The request is declined."), "success")
    return redirect(url_for("administrator.requests"))


def _page(refused: Refused | None = None) -> ResponseReturnValue:
    with store.read() as session:
        waiting = roles_held.requests(session, current_user.centre_id)
        others = [
            one
            for one in roles_held.holders(
                session, current_user.centre_id, Role.ADMINISTRATOR, signing.now()
            )
            if one.id != current_user.person_id
        ]
    page = render_template(
        "administrator/requests.html",
        waiting=waiting,
        others=others,
        offered=[role for role in Role if role in QUALITY_ROLES - current_user.roles],
        typed={name: typed.line(name) for name in ("role", "until")}
        | {"words": typed.text("words")},
        reasons=typed.beside(refused, "role"),
    )
    return page, 200 if refused is None else refused.status
