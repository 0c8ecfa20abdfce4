"""How does one candidate's clock stand? Stop it, let it run again, give time, each for a reason."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from assess import store
from assess.actions.approvals import LONGEST_WORDS
from assess.delivery import ledger as rules
from assess.reasons import Code, Refused
from assess.store import ledger
from assess.store.attempts import Attempt
from assess.web import pages, problems, signing
from invigilation.actions import duty
from invigilation.actions import time as deeds
from invigilation.store import roster
from invigilation.web import words
from invigilation.web.blueprint import bp, find, invigilators

MOST_DIGITS = 4
ON_THE_FORM = frozenset({Code.FIELD, Code.REASON, Code.CHANGED})


@bp.route("/sittings/<int:sitting_id>/roster/<int:entry_id>/time", methods=["GET", "POST"])
@invigilators
def time(sitting_id: int, entry_id: int) -> ResponseReturnValue:
    """One candidate's clock."""
    if request.method == "GET":
        return _page(sitting_id, entry_id)
    typed = request.form.get("minutes", "")
    plain = typed.isascii() and typed.isdecimal() and len(typed) <= MOST_DIGITS
    deed, reason = request.form.get("deed", ""), pages.typed_words("words")
    if deed not in deeds.DEEDS:
        return _page(sitting_id, entry_id, Refused.of(Code.FIELD, status=422, field="deed"))
    minutes = int(typed) if plain else 0
    seen = pages.number("seen")
    done = deeds.keep(signing.context(), sitting_id, entry_id, deed, minutes, reason, seen)
    if isinstance(done, Refused):
        again = problems.on_the_form(done, ON_THE_FORM)
        return _page(sitting_id, entry_id, done) if again else problems.answer(done)
    said = {
        "pause": _("The clock of %(name)s stands still.", name=done),
        "rest": _("The rest break of %(name)s has begun.", name=done),
        "resume": _("The clock of %(name)s runs again.", name=done),
        "credit": _("%(name)s has more time.", name=done),
    }
    flash(said[deed], "success")
    return redirect(url_for("room.time", sitting_id=sitting_id, entry_id=entry_id))


def _page(sitting_id: int, entry_id: int, refused: Refused | None = None) -> ResponseReturnValue:
    with store.read() as session:
        sitting = find(session, sitting_id)
        if isinstance(sitting, Refused):
            return problems.answer(sitting, journalled=False)
        line = roster.line(session, sitting, entry_id)
        if line is None:
            why = duty.why_no_line(session, sitting, entry_id)
            return problems.answer(why, journalled=why.code is Code.NOT_FOUND)
        row, signed = None, []
        steps: tuple[rules.Step, ...] = ()
        if line.work is not None and line.work.opened_at is not None:
            row = session.get_one(Attempt, line.work.attempt_id)
            signed = list(ledger.signed(session, row.id))
            steps = rules.steps(ledger.of_attempt(session, row), line.work.opened_at)
    found = refused.reasons if refused else ()
    page = render_template(
        "room/time.html",
        sitting=sitting,
        line=line,
        work=words.work(line),
        state=None if row is None else row.state,
        signed=signed,
        seen=pages.seen("seen", str(len(signed) or 1), refused),
        steps=steps,
        typed=request.form,
        longest=LONGEST_WORDS,
        errors_by_field=pages.by_field(
            [
                *(r for r in found if r.values.get("field")),
                *pages.about("words", [r for r in found if not r.values.get("field")]),
            ]
        ),
    )
    return page, 200 if refused is None else refused.status
