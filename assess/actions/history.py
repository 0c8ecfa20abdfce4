"""Filling a test with a simulated history: candidates of known ability sit it in the past.

Through the same draw, form, marking and store functions as everybody's attempts, many attempts a
transaction, with the moments handed in. Three flaws are planted in how the crowd answers, none in
the questions: an item answered as if its key were wrong, a distractor that nobody chooses, and an
item that nearly everybody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy.orm import Session

from assess import seeds, store
from assess.actions import attempts as deeds
from assess.actions.context import Context
from assess.bank.items import Content
from assess.delivery import eligibility, readiness
from assess.delivery.answering import Saved
from assess.delivery.attempt import Move
from assess.delivery.eligibility import Standing
from assess.delivery.terms import Terms
from assess.psychometrics import simulate
from assess.psychometrics.simulate import ItemModel
from assess.reasons import Refused
from assess.store import attempts, banks, centres, programmes, specifications
from assess.store.approvals import Approval, ApprovalRequest
from assess.store.people import Person, RoleHeld
from assess.store.programmes import Registration, Signature, Statement
from assess.store.specifications import SpecificationVersion, Test
from assess.store.standing import Judgement

EACH = 100  # attempts a transaction
ABILITY = (0.4, 1.0)  # mean and SD: the author expects 0 of somebody just about ready
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
class Plan:
    """Who sat what, when, and by which dice."""

    test: str
    candidates: int
    since: datetime
    until: datetime
    seed: int


@dataclass(frozen=True, slots=True)
class Flaws:
    """The items that the crowd answers as if they were flawed, by identifier."""

    wrong_key: str
    dead_option: str
    very_easy: str


def simulate_history(
    context: Context,
    plan: Plan,
    flaws: Flaws,
    tutor: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> int:
    """Let candidates sit a test in the past; says how many attempts were made.

    Can be interrupted: what is there is whole, in transactions of a hundred attempts.
    """
    rng = np.random.default_rng(plan.seed)
    with store.read() as session:
        test = specifications.by_name(session, context.centre, plan.test)
        if test is None:
            raise LookupError(f"no test {plan.test!r}")
        models = _models(session, test, flaws, rng)
    spread = np.sort(rng.random(plan.candidates)) * (plan.until - plan.since).total_seconds()
    moments = [plan.since + timedelta(seconds=float(s)) for s in spread]
    for start in range(0, plan.candidates, EACH):
        chunk = moments[start : start + EACH]
        with store.write() as session:
            ready = _registered(session, context, test, tutor, chunk, rng)
            for person, judgement in ready:
                at = replace(context, now=person.created_at)
                _sit(session, at, test, person, judgement, models, rng)
        progress(start + len(chunk), plan.candidates)
    return plan.candidates


def _registered(
    session: Session,
    context: Context,
    test: Test,
    tutor: int,
    moments: Sequence[datetime],
    rng: np.random.Generator,
) -> list[tuple[Person, Judgement]]:
    """A candidate for each moment, with all that stands between them and a start.

    The judgement that lets them start is made of the facts just stored, for many at once.
    """
    assert test.programme_id is not None  # noqa: S101 - the demonstration's tests have one
    centre = context.centre
    persons = [_person(centre, moment, rng) for moment in moments]
    session.add_all(persons)
    session.flush()
    statement = programmes.current_statement(session, test.programme_id)
    requests = []
    for person in persons:
        now = person.created_at
        session.add_all(
            (
                RoleHeld(centre_id=centre, person_id=person.id, role="candidate", given_at=now),
                Registration(
                    centre_id=centre,
                    programme_id=test.programme_id,
                    candidate_id=person.id,
                    tutor_id=tutor,
                    group="Simulated history",
                    language="en",
                    registered_at=now,
                ),
            )
        )
        if statement is not None:
            session.add(
                Signature(
                    centre_id=centre,
                    statement_id=statement.id,
                    person_id=person.id,
                    typed_name=person.name,
                    hash=statement.hash,
                    signed_at=now,
                )
            )
        requests.append(
            ApprovalRequest(
                centre_id=centre,
                test_id=test.id,
                candidate_id=person.id,
                asked_at=now,
                answered_at=now,
            )
        )
    session.add_all(requests)
    session.flush()
    approvals = [
        Approval(
            centre_id=centre,
            test_id=test.id,
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
    version = specifications.published(session, test.id)
    zone = centres.get(session, centre).timezone
    return [
        (person, _judgement(version, statement, approval, zone))
        for person, approval in zip(persons, approvals, strict=True)
    ]


def _judgement(
    version: SpecificationVersion | None,
    statement: Statement | None,
    approval: Approval,
    zone: str,
) -> Judgement:
    if version is None:
        raise LookupError("the test is not published")
    terms = Terms.of(version.specification(), timezone=zone)
    number = None if statement is None else statement.number
    given = eligibility.Approval(approval.given_at, approval.expires_at, used=False)
    standing = Standing(True, True, True, True, number, number, given)
    return Judgement(
        terms=terms,
        standing=standing,
        reasons=eligibility.why_not_start(terms, standing, approval.given_at),
        version=version,
        approval_id=approval.id,
        statement_id=None if statement is None else statement.id,
        attempts=(),
    )


def _person(centre: int, now: datetime, rng: np.random.Generator) -> Person:
    first, last = (str(rng.choice(names)) for names in (FIRST_NAMES, LAST_NAMES))
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


def _sit(
    session: Session,
    context: Context,
    test: Test,
    person: Person,
    judgement: Judgement,
    models: Mapping[int, ItemModel],
    rng: np.random.Generator,
) -> None:
    """One attempt, from the draw to its mark."""
    ability = float(rng.normal(*ABILITY))
    if judgement.reasons or judgement.version is None:
        raise RuntimeError(f"a simulated candidate may not start: {judgement.reasons}")
    acting = replace(context, actor=person.id)
    row = deeds.prepare(session, acting, test, person, judgement, judgement.version)
    if isinstance(row, Refused):
        raise RuntimeError(f"no form for a simulated candidate: {row.reasons}")
    deeds.open_(row, acting)
    at, saves = context.now, []
    for place, drawn in enumerate(row.drawn(), start=1):
        at += timedelta(seconds=float(np.clip(rng.lognormal(3.7, 0.5), 6, 120)))
        answer = simulate.respond(rng, ability, models[drawn.version])
        if answer:
            saves.append(Saved(place, 1, 1, answer, at))
    if saves:
        attempts.insert_answers(session, row, saves)
    ended = at + timedelta(seconds=20)
    deeds.close(session, replace(acting, now=ended), row, Move.HAND_IN, ended)


def _models(
    session: Session, test: Test, flaws: Flaws, rng: np.random.Generator
) -> dict[int, ItemModel]:
    """How the crowd answers each live item version of a test."""
    version = specifications.published(session, test.id)
    if version is None:
        raise LookupError(f"the test {test.name!r} is not published")
    rows = list(
        banks.live(session, test.bank_id, [q.outcome for q in version.specification().quotas])
    )
    names = {
        v: item.identifier for v, (item, _) in banks.labels(session, [r.id for r in rows]).items()
    }
    models = {}
    for row in rows:
        content = Content.from_document(row.content)
        model = simulate.ordinary(rng, content.kind, len(content.options), content.key)
        if content.expected_facility is not None:
            # At average ability the share that knows is what the author expects.
            share = min(max(content.expected_facility / 1000, 0.05), 0.95)
            model = replace(model, d=float(np.log(share / (1 - share))))
        if names[row.id] == flaws.wrong_key:
            # The question is right; this crowd believes in another option than its key.
            other = next(k for k in range(len(content.options)) if k not in content.key)
            model = replace(model, key=(other,), truth=(other,))
        if names[row.id] == flaws.dead_option:
            wrong = next(k for k in range(len(content.options)) if k not in content.key)
            model = simulate.with_dead_option(model, wrong)
        if names[row.id] == flaws.very_easy:
            model = simulate.very_easy(model)
        models[row.id] = model
    return models
