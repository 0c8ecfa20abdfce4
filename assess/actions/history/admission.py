"""Who may sit: candidates are registered, sign, ask and are approved, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from assess import seeds
from assess.actions.context import Context
from assess.actions.history.plan import Sitter
from assess.delivery import eligibility, readiness
from assess.delivery.eligibility import Standing
from assess.store.approvals import Approval, ApprovalRequest
from assess.store.people import Person
from assess.store.programmes import Registration, Signature, Statement
from assess.store.roles_held import RoleHeld
from assess.store.standing import Judgement

# fmt: off
FIRST_NAMES = (
    "Aisha", "Alan", "Amara", "Aneta", "Benedict", "Bilal", "Callum", "Carys", "Chidi", "Daisy",
    "Dev", "Eilidh", "Emeka", "Farah", "Fergus", "Gwen", "Hamza", "Harpreet", "Imogen", "Ines",
    "Jamal", "Jodie", "Kasia", "Kwame", "Leila", "Liam", "Mairi", "Marek", "Nadia", "Niamh",
    "Olu", "Owen", "Parveen", "Piotr", "Quentin", "Rhiannon", "Rosa", "Samir", "Shanice",
    "Tariq", "Tomasz", "Uma", "Viktor", "Wen", "Yusuf", "Zofia",
)
LAST_NAMES = (
    "Adeyemi", "Ahmed", "Baker", "Banerjee", "Begum", "Brown", "Campbell", "Chen", "Clarke",
    "Davies", "Evans", "Fraser", "Georgiou", "Hughes", "Hussain", "Ivanova", "Jones", "Kaur",
    "Kelly", "Khan", "Kowalski", "Lewis", "Mackay", "Mensah", "Morgan", "Murphy", "Nowak",
    "Okafor", "Patel", "Price", "Quinn", "Rahman", "Reid", "Roberts", "Shah", "Singh", "Smith",
    "Stewart", "Taylor", "Thomas", "Walker", "Wilson", "Wong", "Wright", "Young",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Sitting:
    """One candidate's attempt: what lets them start, who they are, and when it is."""

    sitter: Sitter
    context: Context
    person: Person
    judgement: Judgement


def admitted(
    session: Session,
    context: Context,
    sitters: Sequence[Sitter],
    tutor: int,
    rng: np.random.Generator,
) -> list[Sitting]:
    """All that stands between these and a start: candidates, where they are new, and approvals.

    The judgement that lets them start is made of the facts just stored, for many at once.
    """
    centre = context.centre
    if new := [one for one in sitters if one.person is None]:
        _registered(session, centre, new, tutor, rng)
    persons = [one.person for one in sitters if one.person is not None]
    requests = [
        ApprovalRequest(
            centre_id=centre,
            test_id=one.stage.test.id,
            candidate_id=person.id,
            asked_at=one.moment,
            answered_at=one.moment,
        )
        for one, person in zip(sitters, persons, strict=True)
    ]
    session.add_all(requests)
    session.flush()
    approvals = [
        Approval(
            centre_id=centre,
            test_id=request.test_id,
            candidate_id=request.candidate_id,
            tutor_id=tutor,
            request_id=request.id,
            basis=[readiness.BasisKind.PRACTICE.value],
            words="Simulated: practice questions done.",
            given_at=request.asked_at,
            expires_at=readiness.expires(request.asked_at, 14),
        )
        for request in requests
    ]
    session.add_all(approvals)
    session.flush()
    return [
        Sitting(
            one,
            replace(context, now=one.moment, actor=person.id),
            person,
            _judgement(one, approval),
        )
        for one, person, approval in zip(sitters, persons, approvals, strict=True)
    ]


def _registered(
    session: Session,
    centre: int,
    sitters: Sequence[Sitter],
    tutor: int,
    rng: np.random.Generator,
) -> None:
    """Make a candidate of everybody here, who has signed."""
    persons = [_person(centre, one.moment, rng) for one in sitters]
    session.add_all(persons)
    session.flush()
    session.execute(
        insert(RoleHeld),
        [
            {"centre_id": centre, "person_id": p.id, "role": "candidate", "given_at": one.moment}
            for one, p in zip(sitters, persons, strict=True)
        ],
    )
    session.execute(
        insert(Registration),
        [
            {
                "centre_id": centre,
                "programme_id": one.stage.test.programme_id,
                "candidate_id": person.id,
                "tutor_id": tutor,
                "group": "Simulated history",
                "language": "en",
                "registered_at": one.moment,
            }
            for one, person in zip(sitters, persons, strict=True)
        ],
    )
    signatures = [
        {
            "centre_id": centre,
            "statement_id": one.stage.statement.id,
            "person_id": person.id,
            "typed_name": person.name,
            "hash": one.stage.statement.hash,
            "signed_at": one.moment,
        }
        for one, person in zip(sitters, persons, strict=True)
        if one.stage.statement is not None
    ]
    if signatures:
        session.execute(insert(Signature), signatures)
    for one, person in zip(sitters, persons, strict=True):
        one.person = person


def _person(centre: int, now: datetime, rng: np.random.Generator) -> Person:
    first, last = (names[rng.integers(len(names))] for names in (FIRST_NAMES, LAST_NAMES))
    pseudonym = seeds.pseudonym()
    return Person(
        centre_id=centre,
        username=f"simulated-{pseudonym[:12]}",
        name=f"{first} {last}",
        pseudonym=pseudonym,
        password_hash=None,  # nobody can log in as them
        must_change_password=False,
        active=True,
        created_at=now,
    )


def _judgement(sitter: Sitter, approval: Approval) -> Judgement:
    stage = sitter.stage
    given = eligibility.Approval(approval.given_at, approval.expires_at, used=False)
    standing = standing_of(sitter, stage.statement, given)
    return Judgement(
        terms=stage.terms,
        standing=standing,
        reasons=eligibility.why_not_start(stage.terms, standing, approval.given_at),
        version=stage.source.version,
        approval_id=approval.id,
        statement_id=None if stage.statement is None else stage.statement.id,
        attempts=tuple(sitter.sat),
    )


def standing_of(
    sitter: Sitter, statement: Statement | None, approval: eligibility.Approval | None
) -> Standing:
    """How somebody stands to their test, with the approval that they have."""
    number = None if statement is None else statement.number
    return Standing(
        True, True, True, True, number, number, approval, closed_attempts=tuple(sitter.closed)
    )
