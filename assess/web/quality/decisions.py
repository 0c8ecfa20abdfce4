"""Lifting a wait, allowing one attempt or period more: what no tutor decides for their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store
from assess.actions import allowances as deeds
from assess.actions.approvals import LONGEST_WORDS
from assess.actions.context import not_found
from assess.delivery import eligibility
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import allowances, cohorts, people, programmes, roles_held, specifications
from assess.store.allowances import Allowance, Kind
from assess.store.people import Person
from assess.store.specifications import Test
from assess.store.standing import judge
from assess.web import access, pages, problems, signing
from assess.web.quality.blueprint import bp

MOST = 50  # candidates listed; who looks for another types a name


@dataclass(frozen=True, slots=True)
class Open:
    """A test of a candidate: what was decided, and what could be decided now."""

    test: Test
    attempts: int
    passed: bool
    may: tuple[Kind, ...]
    decided: Sequence[tuple[Allowance, Person]]

    @property
    def matters(self) -> bool:
        """Whether something was decided, or could be now."""
        return bool(self.may or self.decided)


@bp.get("/decisions")
@access.only(Role.QUALITY)
def decisions() -> str:
    """Find a candidate."""
    words = request.args.get("words", "").strip()[:200]
    with store.read() as session:
        found = cohorts.of_centre(session, current_user.centre_id, words, MOST + 1)
    return render_template(
        "quality/decisions.html", found=found[:MOST], words=words, more=len(found) > MOST
    )


@bp.get("/decisions/<int:candidate_id>")
@access.only(Role.QUALITY)
def candidate(candidate_id: int) -> ResponseReturnValue:
    """One candidate's tests, with the decisions made and those that could be made now."""
    return _page(candidate_id)


@bp.post("/decisions/<int:candidate_id>/tests/<int:test_id>")
@access.only(Role.QUALITY)
def decide(candidate_id: int, test_id: int) -> ResponseReturnValue:
    """Lift the wait that runs, or allow one attempt or period more."""
    known = {kind.value: kind for kind in Kind}
    kind = known.get(request.form.get("kind", ""))
    if kind is None:
        return problems.answer(Refused.of(Code.FIELD, status=422, field="kind", what="empty"))
    words = pages.typed_words("words")
    done = deeds.allow(signing.context(), test_id, candidate_id, kind, words)
    if isinstance(done, Refused):
        if problems.on_the_form(done):
            return _page(candidate_id, test_id, words, done)
        return problems.answer(done)
    flash(_("The decision is recorded. The candidate can see what it opens."), "success")
    return redirect(url_for("quality.candidate", candidate_id=candidate_id))


def _page(
    candidate_id: int, test_id: int = 0, words: str = "", refused: Refused | None = None
) -> ResponseReturnValue:
    with store.read() as session:
        person = people.get(session, current_user.centre_id, candidate_id)
        registered = programmes.registrations_of(session, candidate_id)
        if person is None or not registered:
            return problems.answer(not_found())
        shown = render_template(
            "quality/candidate.html",
            person=person,
            programmes=[
                (
                    programme,
                    registration.tutor_id == current_user.person_id,
                    [
                        _open(session, test, person)
                        for test in specifications.of_programme(session, programme.id)
                        if not test.practice  # it has neither breaks nor a last attempt
                    ],
                )
                for registration, programme in registered
            ],
            own=person.id == current_user.person_id,
            read_keys=[
                (Role(held.role), held.given_at, held.ended(signing.now()))
                for held in roles_held.readers_of_questions(session, person.id)
            ],
            Kind=Kind,
            longest=LONGEST_WORDS,
            refused=test_id,
            words=words,
            reasons=pages.by_field(
                pages.about(f"words-{test_id}", refused.reasons if refused else ())
            ),
        )
    return shown, 200 if refused is None else refused.status


def _open(session: Session, test: Test, person: Person) -> Open:
    context = signing.context()
    judgement = judge(session, context.gates, test, person, context.now)
    terms, standing = judgement.terms, judgement.standing
    may = []
    if not eligibility.why_not_waive(terms, standing, context.now):
        may.append(Kind.WAIVER)
    if standing.failed and not eligibility.why_not_allow_another(terms, standing):
        may.append(Kind.EXTRA_ATTEMPT)
    if not eligibility.why_not_another_period(terms, standing, context.now):
        may.append(Kind.PERIOD)
    rows = allowances.decisions(session, test.id, person.id)
    return Open(
        test,
        len(standing.closed_attempts),
        standing.passed,
        tuple(may),
        [(row, session.get_one(Person, row.decided_by)) for row in rows],
    )
