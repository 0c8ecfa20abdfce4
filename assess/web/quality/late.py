"""Which answers came too late, and are they to count? The list, one attempt, and the decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store
from assess.actions import evidence as deeds
from assess.actions.approvals import LONGEST_WORDS
from assess.actions.context import not_found
from assess.bank.items import Content
from assess.bank.kinds import Answer
from assess.delivery import evidence as rules
from assess.delivery.answering import Saved, latest
from assess.delivery.evidence import Cause, Held
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import attempts, banks, evidence, holds, ledger, marks, programmes
from assess.store.attempts import Attempt
from assess.web import access, pages, problems, signing
from assess.web.quality.blueprint import bp

LAST = 20  # decisions shown below what waits
BETTER, WHOLE, OUT = "better", "whole", "out"
Deed = Callable[..., int | Refused]
DEEDS: Mapping[str, Deed] = {
    BETTER: deeds.accept,
    WHOLE: partial(deeds.accept, lower=True),
    OUT: deeds.leave_out,
}


@dataclass(frozen=True, slots=True)
class Came:
    """An answer as the page shows it: the texts chosen, and what is known of how it came."""

    texts: tuple[str, ...]
    held: Held
    counts: bool  # if it is accepted
    after_result: bool  # it came when the candidate could have read what was wrong


@dataclass(frozen=True, slots=True)
class Question:
    """A question with evidence: no key, no score, so that the mark decides nothing."""

    place: int
    stimulus: str | None
    stem: str
    in_time: Saved | None
    chosen: tuple[str, ...]  # in time
    came: tuple[Came, ...]


@bp.get("/late-answers")
@access.only(Role.QUALITY)
def late_answers() -> str:
    """The attempts of this centre with answers that wait for a decision, oldest first."""
    with store.read() as session:
        waiting = evidence.undecided(session, current_user.centre_id)
        decided = evidence.decided(session, current_user.centre_id, LAST)
    return render_template("quality/late_answers.html", waiting=waiting, decided=decided)


@bp.route("/late-answers/<int:attempt_id>", methods=["GET", "POST"])
@access.only(Role.QUALITY)
def late_answer(attempt_id: int) -> ResponseReturnValue:
    """What counted and what came late in one attempt; let it count or leave it out."""
    if request.method == "GET":
        return _page(attempt_id)
    chosen, words = request.form.get("decision", ""), pages.typed_words("words")
    first, last = pages.number("first"), pages.number("last") or 0
    if chosen not in DEEDS:
        nothing = Reason(Code.FIELD, {"field": "decision", "what": "empty"}, who=Helper.YOU)
        refused = Refused(Code.FIELD, (nothing,), 422)
        again = not problems.wants_json()
        return _page(attempt_id, refused) if again else problems.answer(refused, journalled=False)
    done = DEEDS[chosen](signing.context(), attempt_id, last, words, first_id=first)
    if isinstance(done, Refused):
        return _page(attempt_id, done) if problems.on_the_form(done) else problems.answer(done)
    flash(_("Your decision is recorded. The candidate can see it with your reason."), "success")
    return redirect(url_for("quality.late_answers"))


def _page(attempt_id: int, refused: Refused | None = None) -> ResponseReturnValue:
    with store.read() as session:
        found = evidence.attempt_of(session, current_user.centre_id, attempt_id)
        if found is None:
            return problems.answer(not_found())
        row, person, test = found
        waiting = evidence.waiting(session, row.id)
        decided = evidence.decisions(session, row.id)
        marked_at = marks.first_at(session, row.id)
        readable = marked_at and holds.readable_since(session, test, person.id, marked_at)
        questions = _questions(session, row, readable)
        stops = ledger.stood(session, [row.id]).get(row.id, ())
        registration = (
            None
            if test.programme_id is None
            else programmes.registration(session, test.programme_id, person.id)
        )
    reasons = refused.reasons if refused else ()
    shown = [
        *(r for r in reasons if r.values.get("field", "words") != "words"),
        *pages.about("words", [r for r in reasons if r.values.get("field", "words") == "words"]),
    ]
    page = render_template(
        "quality/late_answer.html",
        attempt=row,
        person=person,
        test=test,
        waiting=waiting,
        decided=decided,
        questions=questions,
        readable=readable,
        any_after=any(came.after_result for one in questions for came in one.came),
        stops=stops,
        any_late=any(one.cause == Cause.LATE.value for one in waiting),
        own=person.id == current_user.person_id,
        is_tutor=registration is not None and registration.tutor_id == current_user.person_id,
        typed=request.form,
        longest=LONGEST_WORDS,
        reasons=pages.by_field(shown),
    )
    return page, 200 if refused is None else refused.status


def _questions(session: Session, row: Attempt, readable: datetime | None) -> list[Question]:
    held = [one.held() for one in evidence.of_attempt(session, row.id)]
    saves = attempts.answers(session, row.id)
    in_time, would = latest(saves), rules.acceptable(held, saves)
    drawn = row.drawn()
    places = sorted({one.place for one in held})
    contents = banks.contents(session, [drawn[place - 1].version for place in places])
    shown = []
    for place in places:
        content = contents[drawn[place - 1].version]
        saved = in_time.get(place)
        shown.append(
            Question(
                place,
                content.stimulus,
                content.stem,
                saved,
                () if saved is None else _texts(content, saved.answer),
                tuple(
                    Came(
                        _texts(content, one.answer),
                        one,
                        would.get(place) == one,
                        readable is not None and one.received > readable,
                    )
                    for one in held
                    if one.place == place
                ),
            )
        )
    return shown


def _texts(content: Content, answer: Answer) -> tuple[str, ...]:
    return tuple(content.options[own].text for own in answer)
