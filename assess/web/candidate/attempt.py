"""Sitting a test: its questions one a page, going on where one stopped or on another device."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from assess import store, wording
from assess.actions import attempts as deeds
from assess.actions.context import not_found
from assess.delivery import form
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import attempts
from assess.store.attempts import Attempt
from assess.web import access, packing, pages, problems, signing
from assess.web.candidate import player, questions, sitting
from assess.web.candidate.blueprint import bp


@bp.get("/attempts/<int:attempt_id>")
@access.only(Role.CANDIDATE)
def attempt(attempt_id: int) -> ResponseReturnValue:
    """Go on where I stopped: at the first question without an answer."""
    row = sitting.enter(attempt_id)
    if not isinstance(row, Attempt):
        return row
    with store.look() as session:
        saves = attempts.answers(session, row.id)
        unanswered = questions.paper(session, row, saves).unanswered
    if not unanswered:
        return redirect(url_for("candidate.review", attempt_id=attempt_id))
    return redirect(url_for("candidate.question", attempt_id=attempt_id, place=unanswered[0]))


@bp.get("/attempts/<int:attempt_id>/questions/<int:place>")
@access.only(Role.CANDIDATE)
@packing.packable
def question(attempt_id: int, place: int) -> ResponseReturnValue:
    """One question, my answer to it, and the way to all others."""
    return page(attempt_id, place)


@bp.post("/attempts/<int:attempt_id>/continue")
@access.only(Role.CANDIDATE)
def go_on(attempt_id: int) -> ResponseReturnValue:
    """Go on with my attempt on this device; the device before can only read from now on."""
    done = deeds.take_over(signing.context(), attempt_id)
    if isinstance(done, Refused) and done.code is not Code.LATE:
        if done.code is Code.CLOSED and not problems.wants_json():
            return sitting.closed(attempt_id, done)
        return problems.answer(done)
    return redirect(url_for("candidate.attempt", attempt_id=attempt_id))


def page(
    attempt_id: int,
    place: int,
    refused: Refused | None = None,
    sent: tuple[int, ...] | None = None,
) -> ResponseReturnValue:
    """The page of a question; with a refusal, what is saved and what was `sent`, in positions."""
    row = sitting.enter(attempt_id)
    if not isinstance(row, Attempt):
        return row
    if not 1 <= place <= len(row.form):
        return problems.answer(not_found())
    with store.look() as session:
        saves = attempts.answers(session, row.id)
        paper = questions.paper(session, row, saves)
        sheet = questions.sheet(session, row, place, saves)
    errors = {}
    if refused is not None:
        errors = {"answer": wording.words(refused.reasons[0], pages.zone())}
    shown = player.page(
        "candidate/question.html",
        paper,
        row.deadline,
        sheet=sheet,
        chosen=sheet.chosen if sent is None else sent,
        conflict=None
        if sent is None
        else (texts(sheet.question, sheet.chosen), texts(sheet.question, sent)),
        errors_by_field=errors,
        address=url_for("candidate.question", attempt_id=attempt_id, place=place),
    )
    return shown, 200 if refused is None else refused.status


def texts(question: form.Question, positions: tuple[int, ...]) -> str:
    """The options at these shown positions, in words."""
    return "; ".join(question.options[position] for position in positions) or _("no answer")
