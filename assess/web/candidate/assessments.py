"""Which tests are mine, which of them can I start now, and if not, why not?"""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import approvals
from assess.reasons import Refused
from assess.roles import Role
from assess.store import messages, people, programmes, specifications
from assess.web import access, packing, pages, problems, signing
from assess.web.candidate import cards, sitting
from assess.web.candidate.blueprint import bp


@bp.get("/assessments")
@access.only(Role.CANDIDATE)
@packing.packable
def assessments() -> str:
    """My assessments: a card for each test of the programmes I am registered on."""
    sitting.close_what_is_over()
    context = signing.context()
    with store.look() as session:
        person = people.get(session, current_user.centre_id, current_user.person_id)
        assert person is not None  # noqa: S101 - whoever is signed in is there
        mine = []
        for registration, programme in programmes.registrations_of(session, person.id):
            tutor = people.get(session, current_user.centre_id, registration.tutor_id)
            tests = [
                cards.card(session, context.gates, test, person, context.now, pages.zone())
                for test in specifications.of_programme(session, programme.id)
            ]
            statement = programmes.current_statement(session, programme.id)
            counting = [card for card in tests if not card.practice]
            practice = [card for card in tests if card.practice]
            talk = (registration.id, messages.last(session, registration.id))
            mine.append((programme, tutor, statement, counting, practice, talk))
    return render_template("candidate/assessments.html", programmes=mine, State=cards.State)


@bp.post("/tests/<int:test_id>/approval")
@access.only(Role.CANDIDATE)
def ask(test_id: int) -> ResponseReturnValue:
    """Ask my tutor to approve me for the next attempt at a test."""
    asked = approvals.ask(signing.context(), test_id)
    if isinstance(asked, Refused):
        return problems.answer(asked)
    flash(_("You have asked your tutor for approval. They see your request now."), "success")
    return redirect(url_for("candidate.assessments"))
