"""Whom do I look after, and where does each of them stand?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store
from assess.actions.context import not_found
from assess.delivery.attempt import LIVE, State
from assess.delivery.ledger import Stop
from assess.delivery.progress import Progress
from assess.delivery.readiness import ANSWERED_WITHIN
from assess.delivery.registration import LARGEST_GROUP
from assess.delivery.terms import Terms
from assess.reasons import Refused
from assess.store import (
    allowances,
    approvals,
    centres,
    cohorts,
    frameworks,
    ledger,
    messages,
    notes,
    progress,
    specifications,
)
from assess.store.allowances import Allowance
from assess.store.approvals import Approval, ApprovalRequest
from assess.store.cohorts import Sat
from assess.store.notes import Note
from assess.store.people import Person
from assess.store.programmes import Programme, Registration
from assess.store.specifications import Test
from assess.web import pages, problems, signing
from assess.web.tutor.blueprint import bp, tutors

MOST = 200  # candidates on the page: ten groups of the largest size that is advised
LONGEST_PART = 20  # characters of a day's number, a month's or a year's that are shown again


@dataclass(frozen=True, slots=True)
class Cell:
    """How one candidate stands with one test: a word for the state, and how many attempts."""

    state: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a programme: its tests, and a row of cells for each candidate.

    `past`: those of it whose period is over, or who have left.
    """

    programme: Programme
    name: str
    tests: Sequence[Test]
    rows: Sequence[tuple[Person, Progress, Sequence[Cell]]]
    large: bool
    past: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A candidate and one test, as the tutor sees it: outcomes, never a question."""

    test: Test
    state: str
    sat: Sequence[Sat]
    stood: Mapping[int, Sequence[Stop]]  # the clock, by attempt: pauses and rest breaks
    approval: Approval | None
    request: ApprovalRequest | None
    advice: ApprovalRequest | None
    decisions: Sequence[Allowance]
    terms: Terms | None


@bp.get("/cohort")
@tutors
def cohort() -> str:
    """The tutor's candidates, by programme and group, with a word for each test."""
    now = signing.now()
    with store.read() as session:
        here, me = current_user.centre_id, current_user.person_id
        mine = cohorts.of_tutor(session, here, me, now, MOST + 1)
        mine, beyond = mine[:MOST], mine[MOST:]
        people = [person.id for _, person, _ in mine]
        programmes = {programme.id: programme for _, _, programme in mine}
        far = {
            number: progress.of(session, progress.modules(session, programme), people)
            for number, programme in programmes.items()
        }
        tests = {
            p: [test for test in specifications.of_programme(session, p) if not test.practice]
            for p in programmes
        }
        every = [test.id for of_programme in tests.values() for test in of_programme]
        sat = cohorts.sat(session, people, every)
        asked = cohorts.asked(session, people)
        approved = cohorts.approved(session, people, now)
    groups = []
    for (past, _, name), members in groupby(
        mine, lambda row: (cohorts.is_past(row[0], row[1], now), row[2].id, row[0].group)
    ):
        listed = list(members)
        programme = listed[0][2]
        rows = [
            (
                person,
                far[programme.id][person.id],
                [
                    Cell(
                        _state((person.id, test.id), sat, asked, approved, now),
                        sum(
                            one.state is not State.VOID for one in sat.get((person.id, test.id), ())
                        ),
                    )
                    for test in tests[programme.id]
                ],
            )
            for _, person, _ in listed
        ]
        large = len(rows) > LARGEST_GROUP and not past
        groups.append(Group(programme, name, tests[programme.id], rows, large, past))
    past = any(cohorts.is_past(row, person, now) for row, person, _ in beyond)
    return render_template(
        "tutor/cohort.html", groups=groups, largest=LARGEST_GROUP, more=bool(beyond), past=past
    )


@bp.get("/cohort/<int:candidate_id>")
@tutors
def candidate(candidate_id: int) -> ResponseReturnValue:
    """One candidate: attempts by outcome, requests and approvals, agreed dates, notes."""
    return page(candidate_id)


def page(
    candidate_id: int, refused: Refused | None = None, form: str = "", typed: str = ""
) -> ResponseReturnValue:
    """The candidate's page; with a refusal, beside the form it answers (`form`) what was typed."""
    with store.read() as session:
        mine = cohorts.of_tutor_and_candidate(
            session, current_user.centre_id, current_user.person_id, candidate_id
        )
        if not mine:
            return problems.answer(not_found())
        person = mine[0][1]
        programmes = [
            (
                registration,
                programme,
                _standings(session, registration, person),
                progress.of(session, progress.modules(session, programme), [person.id])[person.id],
                cohorts.practised(session, person.id, programme.id),
            )
            for registration, _, programme in mine
        ]
        paths = {
            line.outcome
            for _, _, standings, _, _ in programmes
            for standing in standings
            for one in standing.sat
            for line in one.outcomes
        }
        paths |= {line.outcome for *_, practice in programmes for line in practice}
        shown = render_template(
            "tutor/candidate.html",
            person=person,
            programmes=programmes,
            titles=frameworks.titles(session, paths),
            notes=_notes(session, candidate_id),
            talked={r.id: messages.last(session, r.id) for r, _, _ in mine},
            now=signing.now(),
            refused=form,
            typed=typed,
            agreed={
                part: request.form.get(f"starts_on-{part}", "")[:LONGEST_PART]
                for part in ("day", "month", "year")
            },
            reasons=pages.by_field(refused.reasons if refused else ()),
        )
    return shown, 200 if refused is None else refused.status


def _standings(session: Session, registration: Registration, person: Person) -> list[Standing]:
    every = specifications.of_programme(session, registration.programme_id)
    tests = [test for test in every if not test.practice]
    sat = cohorts.sat(session, [person.id], [test.id for test in tests])
    stood = ledger.stood(session, [one.attempt_id for of in sat.values() for one in of])
    asked = cohorts.asked(session, [person.id])
    now = signing.now()
    approved = cohorts.approved(session, [person.id], now)
    zone = centres.get(session, person.centre_id).timezone
    found = []
    for test in tests:
        version = specifications.published(session, test.id)
        allowed = allowances.of(session, test.id, person.id)
        found.append(
            Standing(
                test=test,
                state=_state((person.id, test.id), sat, asked, approved, now),
                sat=sat.get((person.id, test.id), ()),
                stood=stood,
                approval=approved.get((person.id, test.id)),
                request=approvals.waiting(session, test.id, person.id),
                advice=approvals.last_advice(session, test.id, person.id),
                decisions=allowances.decisions(session, test.id, person.id),
                terms=None
                if version is None
                else Terms.of(version.specification(), timezone=zone, agreed=allowed.starts_on),
            )
        )
    return found


def _notes(session: Session, candidate_id: int) -> Sequence[tuple[Note, Person]]:
    return notes.of_candidate(session, candidate_id)


def _state(
    key: tuple[int, int],
    sat: Mapping[tuple[int, int], Sequence[Sat]],
    asked: Mapping[tuple[int, int], datetime],
    approved: Mapping[tuple[int, int], object],
    now: datetime,
) -> str:
    """One word for where somebody stands with a test; the template says and colours it."""
    attempts = sat.get(key, ())
    if any(one.passed for one in attempts):
        return "passed"
    if any(one.state in LIVE for one in attempts):
        return "in-progress"
    if key in asked:
        return "late" if now - asked[key] >= ANSWERED_WITHIN else "asked"
    if key in approved:
        return "approved"
    return "not-yet" if any(one.passed is False for one in attempts) else "none"
