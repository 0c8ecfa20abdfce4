"""Who is kept from starting tests, and why? Placing a hold, and lifting it: the readmission."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import holds as deeds
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import holds, people, specifications
from assess.web import access, pages, problems, signing
from assess.web.quality.blueprint import bp

MOST = 100  # holds on the page
EVERY_TEST = "*"  # no test can be called so


@bp.get("/holds")
@access.only(Role.QUALITY, Role.ADMINISTRATOR)
def all_holds() -> ResponseReturnValue:
    """The holds of this centre, and the form for another."""
    return _page(None)


@bp.post("/holds")
@access.only(Role.QUALITY, Role.ADMINISTRATOR)
def place() -> ResponseReturnValue:
    """Keep somebody from a test, or from all."""
    username = request.form.get("username", "").strip().lower()[:200]
    with store.read() as session:
        person = people.by_username(session, username)
        tests = {t.name: t.id for t in specifications.of_centre(session, current_user.centre_id)}
    wanted, words = request.form.get("test", ""), pages.typed_words("words")
    if person is None or person.centre_id != current_user.centre_id:
        unknown = Reason(Code.FIELD, {"field": "username", "what": "no_person"}, who=Helper.YOU)
        return _page(Refused(Code.FIELD, (unknown,), 422))
    if wanted != EVERY_TEST and wanted not in tests:
        nothing = Reason(Code.FIELD, {"field": "test", "what": "empty"}, who=Helper.YOU)
        return _page(Refused(Code.FIELD, (nothing,), 422))
    back = request.form.get("results") == "yes"
    done = deeds.place(signing.context(), person.id, tests.get(wanted), words, results=back)
    if isinstance(done, Refused):
        return _page(done) if not problems.wants_json() else problems.answer(done)
    if back:
        said = _("%(name)s is kept from starting, and results are kept back.", name=person.name)
    else:
        said = _("%(name)s is kept from starting.", name=person.name)
    flash(said, "success")
    return redirect(url_for("quality.all_holds"))


@bp.post("/holds/<int:hold_id>/lift")
@access.only(Role.QUALITY, Role.ADMINISTRATOR)
def lift(hold_id: int) -> ResponseReturnValue:
    """Readmit somebody."""
    done = deeds.lift(signing.context(), hold_id, pages.typed_words("lifting"))
    if isinstance(done, Refused):
        if problems.on_the_form(done):
            return _page(done, hold_id)
        return problems.answer(done)
    flash(_("The hold is lifted."), "success")
    return redirect(url_for("quality.all_holds"))


def _page(refused: Refused | None, lifting: int | None = None) -> ResponseReturnValue:
    with store.read() as session:
        found = holds.of_centre(session, current_user.centre_id, MOST)
        tests = specifications.of_centre(session, current_user.centre_id)
    reasons = refused.reasons if refused else ()
    words = f"lifting-{lifting}" if lifting else "words"
    shown = [
        *(r for r in reasons if r.values.get("field") and r.values["field"] != "words"),
        *pages.about(words, [r for r in reasons if r.values.get("field", "words") == "words"]),
    ]
    page = render_template(
        "quality/holds.html",
        holds=found,
        tests=tests,
        typed=request.form,
        lifting=lifting,
        errors_by_field=pages.by_field(shown),
    )
    return page, 200 if refused is None else refused.status
