"""Deciding about one's candidate: withdrawing an approval, agreeing a day, writing a note."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import allowances, approvals
from assess.actions import notes as deeds
from assess.actions.context import not_found
from assess.delivery import readiness
from assess.delivery.attempt import State
from assess.reasons import Refused
from assess.store import approvals as rows
from assess.store import people, specifications
from assess.web import pages, problems, signing
from assess.web.tutor import candidates
from assess.web.tutor.blueprint import bp, tutors


@bp.route("/approvals/<int:approval_id>/withdraw", methods=["GET", "POST"])
@tutors
def withdraw(approval_id: int) -> ResponseReturnValue:
    """Take an approval back before its attempt begins, with a reason."""
    if request.method == "GET":
        return _withdrawing(approval_id)
    words = pages.typed_words("words")
    done = approvals.withdraw(signing.context(), approval_id, words)
    if isinstance(done, Refused):
        return (
            _withdrawing(approval_id, words, done)
            if problems.on_the_form(done)
            else problems.answer(done)
        )
    flash(_("The approval is withdrawn. The candidate can see it now."), "success")
    return redirect(url_for("tutor.queue"))


@bp.post("/cohort/<int:candidate_id>/notes")
@tutors
def note(candidate_id: int) -> ResponseReturnValue:
    """Keep a note on a candidate."""
    words = pages.typed_words("words")
    done = deeds.write(signing.context(), candidate_id, words)
    if isinstance(done, Refused):
        again = problems.on_the_form(done)
        return (
            candidates.page(candidate_id, done, "note", words) if again else problems.answer(done)
        )
    flash(_("The note is kept."), "success")
    return redirect(url_for("tutor.candidate", candidate_id=candidate_id, _anchor="notes"))


@bp.post("/cohort/<int:candidate_id>/tests/<int:test_id>/date")
@tutors
def agree(candidate_id: int, test_id: int) -> ResponseReturnValue:
    """Note the day that was agreed with the candidate for a test."""
    done = allowances.agree(signing.context(), test_id, candidate_id, _day())
    if done is not None:
        form = f"date-{test_id}"
        return (
            candidates.page(candidate_id, done, form)
            if problems.on_the_form(done)
            else problems.answer(done)
        )
    flash(_("The day is agreed. The candidate can see it now."), "success")
    return redirect(url_for("tutor.candidate", candidate_id=candidate_id))


def _withdrawing(
    approval_id: int, words: str = "", refused: Refused | None = None
) -> ResponseReturnValue:
    with store.read() as session:
        found = rows.given(session, approval_id, current_user.person_id)
        if found is None or found[0].centre_id != current_user.centre_id:
            return problems.answer(not_found())
        approval, sat = found
        test = specifications.get(session, approval.centre_id, approval.test_id)
        person = people.get(session, approval.centre_id, approval.candidate_id)
    shown = render_template(
        "tutor/withdraw.html",
        approval=approval,
        used=readiness.is_used(None if sat is None else State(sat.state)),
        test=test,
        person=person,
        longest=approvals.LONGEST_WORDS,
        words=words,
        reasons=pages.by_field(pages.about("words", refused.reasons if refused else ())),
    )
    return shown, 200 if refused is None else refused.status


def _day() -> date | None:
    """The day of three number fields; None where they name none."""
    parts = [request.form.get(f"starts_on-{part}", "") for part in ("year", "month", "day")]
    if not all(part.isascii() and part.isdecimal() and len(part) < 5 for part in parts):
        return None
    year, month, day = map(int, parts)
    try:
        return date(year, month, day)
    except ValueError:
        return None
