"""What do I wait for? A form is sealed for me; its first question comes when I am let in.

Who lets me in is a neighbour's business: their reasons are shown as they are. The page asks again
every two seconds; without a script there is a link to load it again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import journal, store, wording
from assess.actions import waiting as deeds
from assess.actions.context import not_found
from assess.delivery.attempt import State
from assess.reasons import Code, Reason, Refused
from assess.roles import Role
from assess.store import attempts, ledger, specifications
from assess.store.attempts import Attempt
from assess.store.specifications import Test
from assess.store.standing import why_not_begin
from assess.web import access, pages, problems, signing
from assess.web.candidate.blueprint import bp


@bp.get("/attempts/<int:attempt_id>/waiting")
@access.only(Role.CANDIDATE)
def waiting(attempt_id: int) -> ResponseReturnValue:
    """Why no question is shown yet; the button for the first one when there is no reason left."""
    return _page(attempt_id)


@bp.get("/attempts/<int:attempt_id>/waiting/state")
@access.only(Role.CANDIDATE)
def waiting_state(attempt_id: int) -> ResponseReturnValue:
    """The same for the page's script; 304 while nothing has changed. The page of a test that is
    `paused` learns here that it is so no more.

    `begin_in` is in seconds, from now: null while nobody has said when. A device's own clock plays
    no part.
    """
    found = _found(attempt_id)
    if found is None:
        return problems.answer(not_found())
    row, _test, reasons = found
    if State(row.state) is not State.PREPARED:
        if State(row.state) is State.PAUSED and not row.resting and "paused" in request.args:
            return jsonify(texts={}, begin_in=None, moved=None)
        address = url_for("candidate.attempt", attempt_id=attempt_id)
        return jsonify(texts={}, begin_in=None, moved=address)
    said = _said(reasons)
    begins = _begins(reasons)
    left = None
    if begins or not reasons:
        left = max(0.0, (begins - signing.now()).total_seconds()) if begins else 0.0
    # The seconds change with every answer, the moment that they lead to does not.
    lasting = [said, begins.isoformat() if begins else None, not reasons]
    response = jsonify(texts={"said": said}, begin_in=left, moved=None)
    response.set_etag(hashlib.sha256(journal.canonical(lasting)).hexdigest()[:32])
    return response.make_conditional(request)


@bp.post("/attempts/<int:attempt_id>/begin")
@access.only(Role.CANDIDATE)
def begin(attempt_id: int) -> ResponseReturnValue:
    """Show me the first question: my clock runs from now."""
    done = deeds.begin(signing.context(), attempt_id)
    if isinstance(done, Refused):
        if done.code is Code.GATE and not problems.wants_json():
            return _page(attempt_id, done.status)
        return problems.answer(done)
    return redirect(url_for("candidate.question", attempt_id=done.attempt_id, place=1))


def _page(attempt_id: int, status: int = 200) -> ResponseReturnValue:
    found = _found(attempt_id)
    if found is None:
        return problems.answer(not_found())
    row, test, reasons = found
    if State(row.state) is not State.PREPARED:
        return redirect(url_for("candidate.attempt", attempt_id=attempt_id))
    with store.read() as session:
        seconds, _percent = ledger.given(session, row, signing.now())
    page = render_template(
        "candidate/waiting.html",
        attempt_id=row.id,
        test=test,
        length=len(row.form),
        seconds=seconds,
        reasons=[wording.words(reason, pages.zone()) for reason in reasons],
        said=_said(reasons),
        ready=not reasons,
    )
    return page, status


def _found(attempt_id: int) -> tuple[Attempt, Test, tuple[Reason, ...]] | None:
    """My attempt, its test, and why no question of it is shown to me now."""
    context = signing.context()
    with store.read() as session:
        row = attempts.of_candidate(session, current_user.person_id, attempt_id)
        test = None if row is None else specifications.get(session, row.centre_id, row.test_id)
        if row is None or test is None:
            return None
        me = current_user.person_id
        return row, test, why_not_begin(session, context.gates, test, me, context.now)


def _said(reasons: tuple[Reason, ...]) -> str:
    """The reasons in a sentence or two."""
    if not reasons:
        return str(_("You are let in. The first question is ready."))
    words = [wording.words(reason, pages.zone()) for reason in reasons]
    return " ".join(part for one in words for part in (one.what, one.do) if part)


def _begins(reasons: tuple[Reason, ...]) -> datetime | None:
    """The moment at which the last reason clears by itself; None while one of them does not."""
    moments = [reason.until for reason in reasons]
    return max((m for m in moments if m is not None), default=None) if all(moments) else None
