"""What does the statement of authenticity say, have I signed it, and how do I sign it?"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store, wording
from assess.actions import programmes as deeds
from assess.actions.context import not_found
from assess.reasons import Code, Reason, Refused
from assess.roles import Role
from assess.store import programmes
from assess.web import access, pages, problems, prose, signing
from assess.web.candidate.blueprint import bp
from assess.web.candidate.numbers import whole

LONGEST_NAME = 200  # characters, as of a person's name
FIELDS = {Code.SIGN_NAME: "name", Code.SIGN_VERSION: "statement"}


@bp.get("/programmes/<int:programme_id>/statement")
@access.only(Role.CANDIDATE)
def statement(programme_id: int) -> ResponseReturnValue:
    """The statement in its current version, and my signature or the place for it."""
    return _page(programme_id, "", (), 200)


@bp.post("/programmes/<int:programme_id>/statement")
@access.only(Role.CANDIDATE)
def sign(programme_id: int) -> ResponseReturnValue:
    """Sign the statement with my typed name."""
    typed = " ".join(request.form.get("name", "").split())[:LONGEST_NAME]
    version = whole(request.form.get("version", ""))
    done = deeds.sign(signing.context(), programme_id, version, typed)
    if isinstance(done, Refused):
        if done.status == not_found().status or problems.wants_json():
            return problems.answer(done)
        return _page(programme_id, typed, done.reasons, done.status)
    flash(_("You have signed the statement, version %(number)d.", number=done.version), "success")
    return redirect(url_for("candidate.statement", programme_id=programme_id))


def _page(
    programme_id: int, typed: str, reasons: tuple[Reason, ...], status: int
) -> ResponseReturnValue:
    with store.read() as session:
        person = current_user.person_id
        programme = programmes.get(session, current_user.centre_id, programme_id)
        registration = programmes.registration(session, programme_id, person)
        current = programmes.current_statement(session, programme_id)
        last = programmes.last_signature(session, programme_id, person)
    if programme is None or registration is None or current is None:
        return problems.answer(not_found())
    page = render_template(
        "candidate/statement.html",
        programme=programme,
        statement=current,
        blocks=prose.blocks(current.words),
        signature=last[0] if last is not None and last[1].id == current.id else None,
        before=last[1].number if last is not None and last[1].id != current.id else None,
        typed=typed,
        errors_by_field={
            FIELDS.get(reason.code, ""): wording.words(reason, pages.zone()) for reason in reasons
        },
    )
    return page, status
