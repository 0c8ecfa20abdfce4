"""May I rest, for how long, and when does my test go on? A rest break that I begin by myself."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store, wording
from assess.actions import attempts as sitting_deeds
from assess.actions import resting as deeds
from assess.delivery import arrangements, timing
from assess.delivery import ledger as rules
from assess.delivery.attempt import State
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import attempts, ledger, specifications
from assess.store.attempts import Attempt
from assess.web import access, pages, problems, signing
from assess.web.candidate import sitting
from assess.web.candidate.blueprint import bp

SETTLE = 1  # seconds after the end of a break, before the page asks for the questions


@bp.get("/attempts/<int:attempt_id>/rest")
@access.only(Role.CANDIDATE)
def rest(attempt_id: int) -> ResponseReturnValue:
    """What a rest break is, before I begin one; while it lasts, how long and how to end it."""
    row = sitting.find(attempt_id)
    if row is not None and row.resting:
        return page(row)
    return _ask(attempt_id)


def _ask(attempt_id: int) -> ResponseReturnValue:
    """What a rest break is, with the button that begins it; or why none can be begun."""
    entered = sitting.enter(attempt_id)
    if not isinstance(entered, Attempt):
        return entered
    with store.look() as session:
        lines = ledger.of_attempt(session, entered)
        test = specifications.get(session, entered.centre_id, entered.test_id)
    left = rules.rest_left(lines, entered.rest_seconds, signing.now())
    reasons = arrangements.why_no_rest(entered.rest_seconds, left)
    shown = render_template(
        "candidate/rest_ask.html",
        attempt_id=attempt_id,
        test=test,
        left=left,
        question=_question(),
        back=_back(attempt_id),
        reasons=[wording.words(reason, pages.zone()) for reason in reasons],
    )
    return shown, 409 if reasons else 200


@bp.post("/attempts/<int:attempt_id>/rest")
@access.only(Role.CANDIDATE)
def begin_rest(attempt_id: int) -> ResponseReturnValue:
    """Begin a rest break now."""
    done = deeds.begin(signing.context(), attempt_id)
    if isinstance(done, Refused):
        if not problems.wants_json():
            if done.code is Code.CLOSED:
                return sitting.closed(attempt_id, done)
            if done.code is Code.TAKEOVER:
                return sitting.elsewhere(attempt_id, done)
            if done.code is Code.REST:
                return _ask(attempt_id)
        return problems.answer(done)
    return redirect(url_for("candidate.rest", attempt_id=attempt_id, question=_question()))


@bp.post("/attempts/<int:attempt_id>/rest/end")
@access.only(Role.CANDIDATE)
def end_rest(attempt_id: int) -> ResponseReturnValue:
    """End my rest break, and go on with the test on this device."""
    done = deeds.end(signing.context(), attempt_id)
    if done is None:
        taken = sitting_deeds.take_over(signing.context(), attempt_id)
        done = taken if isinstance(taken, Refused) else None
    if done is not None and done.code is not Code.LATE:
        if done.code is Code.CLOSED and not problems.wants_json():
            return sitting.closed(attempt_id, done)
        return problems.answer(done)
    return redirect(_back(attempt_id))


def _question() -> int | None:
    """From which question the break was asked for, if the address says so."""
    return request.args.get("question", type=int)


def _back(attempt_id: int) -> str:
    """Where one goes on after a break: at that question."""
    place = _question()
    if place is None:
        return url_for("candidate.attempt", attempt_id=attempt_id)
    return url_for("candidate.question", attempt_id=attempt_id, place=place)


def page(row: Attempt, refused: Refused | None = None, sent: str = "") -> ResponseReturnValue:
    """The page of a break under way, of which no question is part.

    It asks for the test by itself when the minutes are used up. With a refusal: what was `sent`.
    """
    with store.look() as session:
        stop = rules.own_rest(ledger.of_attempt(session, row))
        test = specifications.get(session, row.centre_id, row.test_id)
    if stop is None or stop.to is None:
        return sitting.refused_by_state(State(row.state))
    shown = render_template(
        "candidate/rest.html",
        attempt_id=row.id,
        test=test,
        left=timing.seconds_left(signing.now(), stop.to),
        ends=stop.to,
        question=_question(),
        here=row.writer_session_id == current_user.session_id,
        reason=None if refused is None else wording.words(refused.reasons[0], pages.zone()),
        sent=sent,
    )
    response = make_response(shown, 200 if refused is None else refused.status)
    wait = timing.seconds_left(signing.now(), stop.to) + SETTLE
    response.headers["Refresh"] = f"{wait}; url={_back(row.id)}"
    return response


def under_way(attempt_id: int) -> Attempt | None:
    """My attempt, if I am having a rest break."""
    with store.look() as session:
        row = attempts.of_candidate(session, current_user.person_id, attempt_id)
    return row if row is not None and row.resting else None
