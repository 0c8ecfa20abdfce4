"""Which sittings are there at my centre, and how is a new one set down?"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.web import pages, problems, signing
from invigilation import sittings as rules
from invigilation.actions import sittings as deeds
from invigilation.store import roster, sittings
from invigilation.web import moments
from invigilation.web.blueprint import bp, invigilators

LONGEST = 500  # characters of a field that are looked at: more than any may hold
FIELDS = ("test", "place", "day", "month", "year", "time")


@bp.get("/sittings")
@invigilators
def overview() -> str:
    """Sittings that are not closed, the next one first, and those that are, the last one first."""
    number = pages.page_number()
    with store.read() as session:
        current = [
            (sitting, test, len(roster.lines(session, sitting)))
            for sitting, test in sittings.current(session, current_user.centre_id)
        ]
        offset = (number - 1) * pages.PER_PAGE
        over, count = sittings.closed(session, current_user.centre_id, offset, pages.PER_PAGE)
    return render_template(
        "room/overview.html",
        current=current,
        over=over,
        count=count,
        number=number,
        last=max(1, -(-count // pages.PER_PAGE)),
    )


@bp.route("/sittings/new", methods=["GET", "POST"])
@invigilators
def new() -> ResponseReturnValue:
    """Open a sitting: which test, where, when."""
    if request.method == "GET":
        typed = dict.fromkeys(FIELDS, "") | moments.typed(signing.now(), signing.zone())
        return _form(typed), 200
    typed = {name: request.form.get(name, "").strip()[:LONGEST] for name in FIELDS}
    begins = moments.read(typed, signing.zone())
    test = pages.whole(typed["test"]) or 0
    if begins is None:
        unread: dict[str, Value] = {"field": "begins", "what": "no_moment"}
        reasons = [Reason(Code.FIELD, unread, who=Helper.YOU)]
        now = signing.now()
        reasons += rules.why_not_open(typed["place"], now, now)
        done: int | Refused = Refused(Code.FIELD, tuple(reasons), 422)
    else:
        done = deeds.open_(signing.context(), test, typed["place"], begins)
    if isinstance(done, Refused):
        if done.code is not Code.FIELD or problems.wants_json():
            return problems.answer(done)
        return _form(typed, done), done.status
    flash(_("The sitting is set down. Now put its candidates on the roster."), "success")
    return redirect(url_for("room.choose", sitting_id=done))


def _form(typed: dict[str, str], refused: Refused | None = None) -> str:
    with store.read() as session:
        tests = sittings.tests(session, current_user.centre_id)
    return render_template(
        "room/new.html",
        tests=tests,
        typed=typed,
        longest=rules.LONGEST_PLACE,
        errors_by_field=pages.by_field(refused.reasons) if refused else {},
    )
