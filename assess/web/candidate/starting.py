"""What will happen when I start this test, and may I? The last page before the clock runs."""

from __future__ import annotations

from collections.abc import Mapping

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store, wording
from assess.actions import attempts
from assess.actions.attempts import Waiting
from assess.actions.context import not_found
from assess.bank.specification import Specification
from assess.delivery import eligibility
from assess.reasons import Code, Reason, Refused
from assess.roles import Role
from assess.store import facts, frameworks
from assess.store.standing import weigh
from assess.web import access, arranged, packing, pages, problems, signing
from assess.web.candidate import cards, sitting
from assess.web.candidate.blueprint import bp

FIELDS = {Code.AFFIRM: "affirmed", Code.EDITED: "announced"}  # what this page itself can ask again


@bp.get("/tests/<int:test_id>/start")
@access.only(Role.CANDIDATE)
@packing.packable
def confirm(test_id: int) -> ResponseReturnValue:
    """Who I am, what the test is, what will happen; or every reason why I may not start."""
    return _page(test_id, ())


@bp.post("/tests/<int:test_id>/attempts")
@access.only(Role.CANDIDATE)
def start(test_id: int) -> ResponseReturnValue:
    """Start an attempt; its clock runs from now, or from when its candidate is let in."""
    sitting.close_what_is_over()
    affirmed = request.form.get("affirmed") == "yes"
    announced = request.form.get("announced")
    started = attempts.start(signing.context(), test_id, affirmed, announced)
    if isinstance(started, Refused):
        ours = all(reason.code in FIELDS for reason in started.reasons)
        if ours and not problems.wants_json():
            return _page(test_id, started.reasons)
        return problems.answer(started)
    if isinstance(started, Waiting):
        return redirect(url_for("candidate.waiting", attempt_id=started.attempt_id))
    return redirect(url_for("candidate.question", attempt_id=started.attempt_id, place=1))


def _page(test_id: int, wrong: tuple[Reason, ...]) -> ResponseReturnValue:
    sitting.close_what_is_over()
    context = signing.context()
    with store.look() as session:
        found = facts.of_test(session, current_user.person_id, test_id, context.now)
        # Who is not registered for a test is not told that there is one, at whatever centre.
        if found is None or found.registration is None:
            return problems.answer(not_found())
        judgement = weigh(session, context.gates, found, current_user.person_id, context.now)
        arranged.known(judgement.arrangements)
        asked = None if judgement.version is None else judgement.version.specification()
        titles = {} if asked is None else _titles(session, asked)
    shut = judgement.reasons and not judgement.may_wait
    if shut or asked is None:
        return problems.answer(eligibility.refusal(judgement.reasons), journalled=False)
    page = render_template(
        "candidate/start.html",
        test=found.test,
        specification=asked,
        titles=titles,
        announced=judgement.announced,
        seconds=judgement.seconds,
        extra_percent=judgement.extra_percent,
        rest_seconds=judgement.rest_seconds,
        arrangements=judgement.arrangements,
        left=cards.left(judgement),
        statement=judgement.standing.current_version,
        approval=judgement.terms.approval,
        waits=[wording.words(reason, pages.zone()) for reason in judgement.reasons],
        errors_by_field={
            FIELDS[reason.code]: wording.words(reason, pages.zone()) for reason in wrong
        },
    )
    return page, eligibility.FORBIDDEN if wrong else 200


def _titles(session: Session, asked: Specification) -> Mapping[str, str]:
    """The titles of outcomes with a minimum, by path; none where all ask for the same minimum."""
    if len({one.minimum for one in asked.outcomes}) == 1:
        return {}
    return frameworks.titles(session, [one.outcome for one in asked.outcomes if one.minimum])
