"""Which questions are still open or flagged, and do I want to hand in for good?"""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from assess import store
from assess.actions import attempts as deeds
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import attempts
from assess.store.attempts import Attempt
from assess.web import access, problems, signing
from assess.web.candidate import player, questions, sitting
from assess.web.candidate.blueprint import bp


@bp.get("/attempts/<int:attempt_id>/review")
@access.only(Role.CANDIDATE)
def review(attempt_id: int) -> ResponseReturnValue:
    """What is not answered, what is flagged, and the button that ends the test."""
    row = sitting.enter(attempt_id)
    if not isinstance(row, Attempt):
        return row
    with store.look() as session:
        paper = questions.paper(session, row, attempts.answers(session, row.id))
    return player.page(
        "candidate/review.html", paper, row.deadline, q=player.BLANK, errors_by_field={}
    )


@bp.post("/attempts/<int:attempt_id>/hand-in")
@access.only(Role.CANDIDATE)
def hand_in(attempt_id: int) -> ResponseReturnValue:
    """Hand in for good; the result is there at once."""
    done = deeds.hand_in(signing.context(), attempt_id)
    if not isinstance(done, Refused):
        return redirect(url_for("candidate.result", attempt_id=attempt_id))
    if not problems.wants_json():
        if done.code is Code.CLOSED:
            return sitting.closed(attempt_id, done)
        if done.code is Code.TAKEOVER:
            return sitting.elsewhere(attempt_id, done)
        if done.code is Code.STATE and (row := sitting.stopped(attempt_id)) is not None:
            return sitting.paused(row)
    return problems.answer(done)
