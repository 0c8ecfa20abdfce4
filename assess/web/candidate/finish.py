"""Where does my finish time come from? The ledger of my attempt's time, line by line."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store
from assess.actions.context import not_found
from assess.delivery import ledger as rules
from assess.roles import Role
from assess.store import attempts, ledger, specifications
from assess.web import access, problems, signing
from assess.web.candidate import sitting
from assess.web.candidate.blueprint import bp


@bp.get("/attempts/<int:attempt_id>/finish")
@access.only(Role.CANDIDATE)
def finish(attempt_id: int) -> ResponseReturnValue:
    """Base, extra time, pauses, rest breaks, credits: each with the finish time it leads to."""
    sitting.find(attempt_id)  # a rest break that is over is among the lines
    with store.read() as session:
        row = attempts.of_candidate(session, current_user.person_id, attempt_id)
        if row is None or row.opened_at is None:
            return problems.answer(not_found())
        test = specifications.get(session, row.centre_id, row.test_id)
        signed = ledger.signed(session, row.id)
        lines = ledger.of_attempt(session, row)
    return render_template(
        "candidate/finish.html",
        attempt=row,
        test=test,
        signed=signed,
        steps=rules.steps(lines, row.opened_at),
        rest_left=rules.rest_left(lines, row.rest_seconds, signing.now()),
    )
