"""May this page of an attempt be shown now, to this session, or what is shown in its place?

Whatever page of an attempt is asked for after its time, asking closes it: nobody needs to wait for
the job that closes attempts by itself.
"""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store, wording
from assess.actions import attempts as deeds
from assess.actions import resting
from assess.actions.context import not_found
from assess.delivery import timing
from assess.delivery.attempt import Move, State, after
from assess.reasons import Code, Refused
from assess.store import attempts, specifications
from assess.store.attempts import Attempt
from assess.web import pages, problems, signing

LOOK_AGAIN = 5  # seconds until a page of a paused test asks whether it goes on
SETTLE = 2  # seconds after the last moment that counts, before the result is asked for


def find(attempt_id: int) -> Attempt | None:
    """My attempt with this number; closed, and its rest break ended, if that is over by now."""
    row = _row(attempt_id)
    if row is not None and row.resting:
        resting.end_over(signing.now(), current_user.person_id, row.id)
        row = _row(attempt_id)
    if row is None or not is_over(row):
        return row
    deeds.time_up(signing.context(), row.id, current_user.person_id)
    return _row(attempt_id)


def _row(attempt_id: int) -> Attempt | None:
    with store.look() as session:
        return attempts.of_candidate(session, current_user.person_id, attempt_id)


def is_over(row: Attempt) -> bool:
    """Whether an open attempt's time and grace have run out."""
    return (
        State(row.state) is State.OPEN
        and row.deadline is not None
        and not timing.accepts(signing.now(), row.deadline, signing.settings().grace)
    )


def close_what_is_over() -> None:
    """Close my attempts whose time is over."""
    # What is compared is the deadline with its grace, as `is_over` does.
    latest = signing.now() - signing.settings().grace
    with store.look() as session:
        over = attempts.over(session, current_user.person_id, latest)
    for attempt_id in over:
        find(attempt_id)


def enter(attempt_id: int) -> Attempt | ResponseReturnValue:
    """My attempt, if this session may sit it now; otherwise the answer to give."""
    row = find(attempt_id)
    if row is None:
        return problems.answer(not_found())
    state = State(row.state)
    if state is State.MARKED:
        return redirect(url_for("candidate.result", attempt_id=row.id))
    if state is State.PREPARED:
        return redirect(url_for("candidate.waiting", attempt_id=row.id))
    if row.resting:
        place = (request.view_args or {}).get("place")  # where one goes on afterwards
        return redirect(url_for("candidate.rest", attempt_id=row.id, question=place))
    if state is State.PAUSED and not problems.wants_json():
        return paused(row)
    if state is not State.OPEN or row.deadline is None:
        return refused_by_state(state)
    if not timing.is_open(signing.now(), row.deadline):
        return time_is_up(row)
    if row.writer_session_id != current_user.session_id:
        return render_template("candidate/elsewhere.html", attempt_id=row.id, sent=None)
    return row


def stopped(attempt_id: int) -> Attempt | None:
    """My attempt, if somebody else has stopped its clock."""
    row = find(attempt_id)
    return None if row is None or row.resting or State(row.state) is not State.PAUSED else row


def paused(row: Attempt, place: int | None = None, sent: str | None = None) -> ResponseReturnValue:
    """The page of a test that somebody has paused, in the place of its questions.

    It asks by itself for what was asked for, or for the question at `place`, for which something
    was `sent` that is not saved.
    """
    address = request.path
    if request.method != "GET":
        address = url_for("candidate.attempt", attempt_id=row.id)
        if place is not None:
            address = url_for("candidate.question", attempt_id=row.id, place=place)
    with store.look() as session:
        test = specifications.get(session, row.centre_id, row.test_id)
    page = render_template(
        "candidate/paused.html",
        attempt_id=row.id,
        test=test,
        address=address,
        again=LOOK_AGAIN,
        sent=sent,
    )
    return page, Refused.of(Code.STATE).status


def refused_by_state(state: State) -> ResponseReturnValue:
    """The answer for an attempt that can neither be sat nor has a result."""
    refused = after(state, Move.HAND_IN)
    if isinstance(refused, Refused):
        return problems.answer(refused, journalled=False)
    return problems.answer(not_found())


def time_is_up(row: Attempt) -> ResponseReturnValue:
    """Time is up and the last answers may still arrive; the result is asked for by itself."""
    assert row.deadline is not None  # noqa: S101 - an open attempt has one: a check holds it
    latest = row.deadline + signing.settings().grace
    wait = timing.seconds_left(signing.now(), latest) + SETTLE
    page = render_template("candidate/time_up.html", attempt_id=row.id, wait=wait)
    response = make_response(page)
    address = url_for("candidate.result", attempt_id=row.id)
    response.headers["Refresh"] = f"{wait}; url={address}"
    return response


def elsewhere(attempt_id: int, refused: Refused, sent: str | None = None) -> ResponseReturnValue:
    """This test is open on another device, which alone may answer."""
    words = wording.words(refused.reasons[0], pages.zone())
    page = render_template(
        "candidate/elsewhere.html", attempt_id=attempt_id, sent=sent, reason=words
    )
    return page, refused.status


def closed(attempt_id: int, refused: Refused, sent: str | None = None) -> ResponseReturnValue:
    """What was asked came after the attempt was closed; the way to the result."""
    reasons = [wording.words(reason, pages.zone()) for reason in refused.reasons]
    page = render_template(
        "candidate/closed.html",
        attempt_id=attempt_id,
        title=wording.title(refused),
        code=refused.code,
        reasons=reasons,
        sent=sent,
    )
    return page, refused.status
