"""What is my result, what do I revise, when may I try again, and how is my receipt checked?"""

from __future__ import annotations

from dataclasses import asdict

from flask import flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import journal, store, wording
from assess.actions import closing
from assess.actions import remarking as remark
from assess.actions.approvals import LONGEST_WORDS
from assess.actions.context import not_found
from assess.bank import kinds
from assess.delivery import eligibility, signposts, timing
from assess.delivery.attempt import State
from assess.delivery.evidence import Cause
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import (
    banks,
    encounters,
    evidence,
    facts,
    frameworks,
    marks,
    outcome_signposts,
    remarking,
    specifications,
)
from assess.store.attempts import Attempt
from assess.store.facts import Offered
from assess.store.standing import weigh
from assess.web import access, arranged, pages, problems, signing
from assess.web.candidate import cards, sitting
from assess.web.candidate.blueprint import bp


@bp.get("/attempts/<int:attempt_id>/result")
@access.only(Role.CANDIDATE)
def result(attempt_id: int) -> ResponseReturnValue:
    """Pass or Not yet passed; per outcome; wrong questions without keys; what to revise."""
    return _page(attempt_id)


@bp.post("/attempts/<int:attempt_id>/review")
@access.only(Role.CANDIDATE)
def ask_for_review(attempt_id: int) -> ResponseReturnValue:
    """Ask for a person to look at the mark of an attempt."""
    words = pages.typed_words("words")
    done = remark.ask(signing.context(), attempt_id, words)
    if isinstance(done, Refused):
        again = problems.on_the_form(done)
        return _page(attempt_id, words, done) if again else problems.answer(done)
    flash(_("You have asked for a review. Your result page tells you when it is done."), "success")
    return redirect(url_for("candidate.result", attempt_id=attempt_id))


def _page(attempt_id: int, words: str = "", refused: Refused | None = None) -> ResponseReturnValue:
    row = sitting.find(attempt_id)
    if row is None:
        return problems.answer(not_found())
    state = State(row.state)
    if state is State.OPEN and row.deadline is not None:
        if timing.is_open(signing.now(), row.deadline):
            return redirect(url_for("candidate.attempt", attempt_id=attempt_id))
        return sitting.time_is_up(row)
    if state is State.PAUSED and not problems.wants_json():
        return redirect(url_for("candidate.attempt", attempt_id=attempt_id))
    if state is not State.MARKED:
        return sitting.refused_by_state(state)
    context, drawn = signing.context(), row.drawn()
    me = current_user.person_id
    with store.look() as session:
        found = facts.of_test(session, me, row.test_id, context.now)
        assert found is not None  # noqa: S101 - a foreign key holds it
        judgement = weigh(session, context.gates, found, me, context.now)
        arranged.known(found.arrangements)
        if judgement.standing.results_held:
            return _on_hold(row, found.test, refused)
        stored = marks.newest(session, row.id)
        version = specifications.said(session, row.specification_id)
        assert stored is not None  # noqa: S101 - what is marked has a mark
        contents = banks.contents(session, [question.version for question in drawn])
        asked = {} if found.test.practice else encounters.in_front_of(session, me, row.bank_id)
        told = signposts.feedback(
            version.specification().feedback,
            marks.as_mark(stored, drawn, contents, version.specification()),
            drawn,
            contents,
            {
                int(place): kinds.unpack(int(mask))
                for place, mask in zip(stored.places, stored.options, strict=True)
            },
            outcome_signposts.of_bank(session, row.bank_id),
            frameworks.titles(session, [outcome for outcome, *_ in stored.outcomes]),
            asked,
            waits=signposts.marks_wait(drawn, asked, stored.marked_at),
        )
        reviewed, came_late = evidence.later(session, row.id)
        review = remarking.of_attempt(session, row.id) if reviewed else None
        waiting = evidence.waiting(session, row.id) if came_late else ()
        late = sum(one.cause == Cause.LATE.value for one in waiting)
        decided = evidence.decisions(session, row.id) if came_late else ()
    if problems.wants_json() and refused is None:
        return jsonify(asdict(told))
    opens = eligibility.next_opens(judgement.terms, judgement.standing)
    shown = render_template(
        "candidate/result.html",
        test=found.test,
        attempt=row,
        result=told,
        passed_before=judgement.standing.passed and not told.passed,
        left=cards.left(judgement),
        under_way=judgement.standing.open_attempt,
        review=review,
        repeats=any(question.item in asked for question in drawn),
        late=late,
        decided=decided,
        words=words,
        longest=LONGEST_WORDS,
        reasons=pages.by_field(pages.about("words", refused.reasons if refused else ())),
        opens=opens if opens is not None and opens > context.now else None,
        receipt_line=journal.canonical(closing.receipt_parts(row)).decode(),
    )
    return shown, 200 if refused is None else refused.status


def _on_hold(row: Attempt, test: Offered, refused: Refused | None) -> ResponseReturnValue:
    """That there is a result and somebody holds it back; the receipt of what was handed in."""
    held = Reason(Code.RESULT_HELD, who=Helper.QUALITY)
    if problems.wants_json() or refused is not None:
        return problems.answer(refused or Refused(held.code, (held,), 423), journalled=False)
    return render_template(
        "candidate/held.html",
        test=test,
        attempt=row,
        held=wording.words(held, pages.zone()),
        receipt_line=journal.canonical(closing.receipt_parts(row)).decode(),
    )
