"""What does a programme's statement say, who has signed which version, and how does it change?"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import programmes as deeds
from assess.actions.context import not_found
from assess.reasons import Refused
from assess.store import programmes as rows
from assess.web import pages, problems, prose, signing
from assess.web.administrator import typed
from assess.web.administrator.blueprint import administrators, bp


@bp.route("/programmes/<int:programme_id>/statements", methods=["GET", "POST"])
@administrators
def statements(programme_id: int) -> ResponseReturnValue:
    """The statement in force and those before it; a new text, looked at first, then published."""
    words = typed.text("words")
    if request.method == "GET" or "look" in request.form:
        return _page(programme_id, words)
    after = typed.key("after") if "after" in request.form else None
    done = deeds.publish_statement(signing.context(), programme_id, words, after)
    if isinstance(done, Refused):
        again = done.status != 404 and not problems.wants_json()
        return _page(programme_id, words, done) if again else problems.answer(done)
    if done == after:
        said = _("Nothing has changed: version %(number)s stays in force.", number=done)
    else:
        said = _("Version %(number)d is in force. Candidates sign it anew.", number=done)
    flash(said, "success")
    return redirect(url_for("administrator.statements", programme_id=programme_id))


def _page(programme_id: int, words: str, refused: Refused | None = None) -> ResponseReturnValue:
    with store.read() as session:
        programme = rows.get(session, current_user.centre_id, programme_id)
        if programme is None:
            return problems.answer(not_found())
        every = rows.statements(session, programme_id)
    current = every[0][0] if every else None
    number = str(current.number if current else 0)
    # Who looks at their text first publishes it over the version that they began with.
    looks = "look" in request.form
    after = request.form.get("after", number) if looks else pages.seen("after", number, refused)
    page = render_template(
        "administrator/statements.html",
        programme=programme,
        every=every,
        current=current,
        after=after,
        blocks=prose.blocks(current.words) if current else (),
        looked=prose.blocks(words) if words.strip() else (),
        words=words or (current.words if current and not refused else ""),
        same=current is not None and words.strip() == current.words,
        reasons=typed.beside(refused, "words"),
    )
    return page, 200 if refused is None else refused.status
