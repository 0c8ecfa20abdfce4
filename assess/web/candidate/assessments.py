"""Which tests are mine, which of them can I start now, and if not, why not?"""

from __future__ import annotations

from collections import defaultdict

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import approvals
from assess.reasons import Refused
from assess.roles import Role
from assess.store import facts
from assess.store.standing import weigh
from assess.web import access, arranged, packing, pages, problems, signing
from assess.web.candidate import cards, sitting
from assess.web.candidate.blueprint import bp


@bp.get("/assessments")
@access.only(Role.CANDIDATE)
@packing.packable
def assessments() -> str:
    """My assessments: a card for each test of the programmes I am registered on."""
    sitting.close_what_is_over()
    context, person, zone = signing.context(), current_user.person_id, pages.zone()
    tests = defaultdict(list)
    with store.look() as session:
        mine = facts.registrations(session, person)
        for found in facts.of_person(session, person, context.now):
            judgement = weigh(session, context.gates, found, person, context.now)
            arranged.known(found.arrangements)
            tests[found.test.programme_id].append(cards.card(found, judgement, context.now, zone))
    programmes = [
        (
            one,
            [card for card in tests[one.programme_id] if not card.practice],
            [card for card in tests[one.programme_id] if card.practice],
        )
        for one in mine
    ]
    return render_template("candidate/assessments.html", programmes=programmes, State=cards.State)


@bp.post("/tests/<int:test_id>/approval")
@access.only(Role.CANDIDATE)
def ask(test_id: int) -> ResponseReturnValue:
    """Ask my tutor to approve me for the next attempt at a test."""
    asked = approvals.ask(signing.context(), test_id)
    if isinstance(asked, Refused):
        return problems.answer(asked)
    flash(_("You have asked your tutor for approval. They see your request now."), "success")
    return redirect(url_for("candidate.assessments"))
