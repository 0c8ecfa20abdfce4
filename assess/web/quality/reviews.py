"""Marking an attempt again on request: what was asked, every question, and a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import remarking as deeds
from assess.actions.approvals import LONGEST_WORDS
from assess.actions.context import not_found
from assess.bank import kinds
from assess.bank.items import Content
from assess.delivery.draw import Drawn
from assess.delivery.marking import Mark, Scored
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import (
    banks,
    frameworks,
    ledger,
    marks,
    programmes,
    remarking,
    specifications,
)
from assess.web import access, pages, problems, signing
from assess.web.quality.blueprint import bp

LAST = 20  # reviews shown below those that wait


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the attempt: what was asked, in the order shown, the key, what was chosen."""

    scored: Scored
    content: Content
    order: tuple[int, ...]
    chosen: tuple[int, ...]


@bp.get("/mark-reviews")
@access.only(Role.QUALITY)
def reviews() -> str:
    """The candidates who ask for a person to look at a mark, oldest first."""
    with store.read() as session:
        waiting = remarking.waiting(session, current_user.centre_id)
        decided = remarking.decided(session, current_user.centre_id, LAST)
    return render_template("quality/reviews.html", waiting=waiting, decided=decided)


@bp.route("/mark-reviews/<int:review_id>", methods=["GET", "POST"])
@access.only(Role.QUALITY)
def review(review_id: int) -> ResponseReturnValue:
    """One attempt, question by question; mark it again with a reason."""
    if request.method == "GET":
        return _page(review_id)
    typed = request.form.getlist("given")
    given = {int(one) for one in typed if one.isascii() and one.isdecimal() and len(one) < 4}
    reason = pages.typed_words("reason")
    seen = request.form.get("seen")
    done = deeds.mark_again(signing.context(), review_id, given, reason, seen)
    if isinstance(done, Refused):
        again = problems.on_the_form(done, (Code.FIELD, Code.REASON, Code.CHANGED))
        return _page(review_id, given, reason, done) if again else problems.answer(done)
    flash(_("The attempt is marked again. The candidate can see it with your reason."), "success")
    return redirect(url_for("quality.reviews"))


def _page(
    review_id: int,
    given: set[int] | None = None,
    reason: str = "",
    refused: Refused | None = None,
) -> ResponseReturnValue:
    with store.read() as session:
        found = remarking.get(session, current_user.centre_id, review_id)
        if found is None:
            return problems.answer(not_found())
        wish, row, person, test = found
        stored = marks.newest(session, row.id)
        assert stored is not None  # noqa: S101 - only a marked attempt can be reviewed
        stops = ledger.stood(session, [row.id]).get(row.id, ())
        drawn = row.drawn()
        contents = banks.contents(session, [question.version for question in drawn])
        version = specifications.said(session, row.specification_id)
        mark = marks.as_mark(stored, drawn, contents, version.specification())
        registration = (
            None
            if test.programme_id is None
            else programmes.registration(session, test.programme_id, person.id)
        )
        titles = frameworks.titles(session, [one.outcome for one in mark.outcomes])
    shown = render_template(
        "quality/review.html",
        wish=wish,
        attempt=row,
        person=person,
        test=test,
        mark=mark,
        seen=pages.seen("seen", str(stored.number), refused),
        stops=stops,
        questions=_questions(mark, drawn, contents, [int(mask) for mask in stored.options]),
        titles=titles,
        own=person.id == current_user.person_id,
        is_tutor=registration is not None and registration.tutor_id == current_user.person_id,
        given=given or set(),
        reason=reason,
        longest=LONGEST_WORDS,
        letter="ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        reasons=pages.by_field(pages.about("reason", refused.reasons if refused else ())),
    )
    return shown, 200 if refused is None else refused.status


def _questions(
    mark: Mark, drawn: Sequence[Drawn], contents: Mapping[int, Content], masks: Sequence[int]
) -> list[Question]:
    def order(scored: Scored) -> tuple[int, ...]:
        own = drawn[scored.place - 1].order
        return own or tuple(range(len(contents[scored.version].options)))

    return [
        Question(scored, contents[scored.version], order(scored), kinds.unpack(mask))
        for scored, mask in zip(mark.questions, masks, strict=True)
    ]
