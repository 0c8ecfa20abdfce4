"""What is my result, what do I revise, when may I try again, and how is my receipt checked?"""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import journal, store
from assess.actions import attempts as deeds
from assess.actions.context import not_found
from assess.bank import kinds
from assess.delivery import eligibility, signposts, timing
from assess.delivery.attempt import Move, State
from assess.roles import Role
from assess.store import banks, frameworks, marks, people, specifications
from assess.store.standing import judge
from assess.web import access, problems, signing
from assess.web.candidate import cards, sitting
from assess.web.candidate.blueprint import bp


@bp.get("/attempts/<int:attempt_id>/result")
@access.only(Role.CANDIDATE)
def result(attempt_id: int) -> ResponseReturnValue:
    """Pass or Not yet passed; per outcome; wrong questions without keys; what to revise."""
    row = sitting.find(attempt_id)
    if row is None:
        return problems.answer(not_found())
    state = State(row.state)
    if state is State.OPEN and row.deadline is not None:
        if timing.is_open(signing.now(), row.deadline):
            return redirect(url_for("candidate.attempt", attempt_id=attempt_id))
        return sitting.time_is_up(row)
    if state is not State.MARKED:
        return sitting.refused_by_state(state)
    context, drawn = signing.context(), row.drawn()
    with store.read() as session:
        stored = marks.newest(session, row.id)
        version = specifications.version(session, row.specification_id)
        test = specifications.get(session, row.centre_id, row.test_id)
        person = people.get(session, current_user.centre_id, current_user.person_id)
        assert stored is not None and test is not None and person is not None  # noqa: S101, PT018
        contents = banks.contents(session, [question.version for question in drawn])
        told = signposts.feedback(
            version.specification().feedback,
            marks.as_mark(stored, drawn, contents),
            drawn,
            contents,
            {
                int(place): kinds.unpack(int(mask))
                for place, mask in zip(stored.places, stored.options, strict=True)
            },
            banks.signposts(session, row.bank_id),
            frameworks.titles(session, [outcome for outcome, *_ in stored.outcomes]),
        )
        judgement = judge(session, context.gates, test, person, context.now)
    opens = eligibility.next_opens(judgement.terms, judgement.standing)
    return render_template(
        "candidate/result.html",
        test=test,
        attempt=row,
        result=told,
        by_itself=row.closed_by == Move.TIME_UP.value,
        passed_before=judgement.standing.passed and not told.passed,
        left=cards.left(judgement),
        opens=opens if opens is not None and opens > context.now else None,
        receipt_line=journal.canonical(deeds.receipt_parts(row)).decode(),
    )
