"""How far am I with this programme?"""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store
from assess.actions.context import not_found
from assess.roles import Role
from assess.store import holds, people, programmes
from assess.store import progress as rows
from assess.web import access, problems
from assess.web.candidate.blueprint import bp


@bp.get("/programmes/<int:programme_id>/progress")
@access.only(Role.CANDIDATE)
def progress(programme_id: int) -> ResponseReturnValue:
    """My registration on a programme, and my result in each of its tested modules."""
    person = current_user.person_id
    with store.read() as session:
        programme = programmes.get(session, current_user.centre_id, programme_id)
        registration = programmes.registration(session, programme_id, person)
        if programme is None or registration is None:
            return problems.answer(not_found())
        modules = rows.modules(session, programme)
        held = holds.kept_back(session, person, (test for one in modules for test in one.tests))
        mine = rows.of(session, modules, [person], held)[person]
        tutor = people.get(session, current_user.centre_id, registration.tutor_id)
    return render_template(
        "candidate/progress.html",
        programme=programme,
        registration=registration,
        tutor=tutor,
        progress=mine,
    )
