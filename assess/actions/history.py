"""Filling a test with a simulated history: candidates of known ability sit it in the past.

Through the same draw, form, marking and store functions as everybody's attempts, many attempts a
transaction, with the moments handed in. Three flaws are planted in how the crowd answers, none in
the questions: an item answered as if its key were wrong, a distractor that nobody chooses, and an
item that nearly everybody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy.orm import Session

from assess import seeds, store
from assess.actions import attempts as deeds
from assess.actions.context import Context
from assess.bank.items import Content
from assess.delivery import readiness, statement
from assess.delivery.answering import Saved
from assess.delivery.attempt import Move
from assess.psychometrics import simulate
from assess.psychometrics.simulate import ItemModel
from assess.reasons import Refused
from assess.store import attempts, banks, programmes, specifications
from assess.store.approvals import Approval, ApprovalRequest
from assess.store.people import Person, RoleHeld
from assess.store.programmes import Registration, Signature
from assess.store.specifications import Test
from assess.store.standing import judge

EACH = 100  # attempts a transaction
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
        with store.write() as session:
            for moment in moments[start : start + EACH]:
                _one(session, replace(context, now=moment), test, tutor, models, rng)
                session.expunge_all()
        progress(min(start + EACH, plan.candidates), plan.candidates)
    return plan.candidates


def _one(
    session: Session,
    context: Context,
    test: Test,
    tutor: int,
    models: Mapping[int, ItemModel],
    rng: np.random.Generator,
) -> None:
    """One candidate, from registration to mark."""
    ability = float(rng.normal())
    person = _person(session, context, rng)
    _ready(session, context, test, person, tutor)
    judgement = judge(session, context.gates, test, person, context.now)
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
    session.flush()
    if saves:
        attempts.insert_answers(session, row, saves)
    ended = at + timedelta(seconds=20)
    deeds.close(session, replace(acting, now=ended), row, Move.HAND_IN, ended)


def _person(session: Session, context: Context, rng: np.random.Generator) -> Person:
    first, last = (str(rng.choice(names)) for names in (FIRST_NAMES, LAST_NAMES))
    pseudonym = seeds.pseudonym()
    person = Person(
        centre_id=context.centre,
        username=f"simulated-{pseudonym[:12]}",
        name=f"{first} {last}",
        pseudonym=pseudonym,
        password_hash=None,  # nobody can log in as them
        must_change_password=False,
        active=True,
        created_at=context.now,
    )
    session.add(person)
    session.flush()
    session.add(
        RoleHeld(
            centre_id=context.centre, person_id=person.id, role="candidate", given_at=context.now
        )
    )
    return person


def _ready(session: Session, context: Context, test: Test, person: Person, tutor: int) -> None:
    """Register, sign, ask, approve: what stands between a candidate and a start."""
    assert test.programme_id is not None  # noqa: S101 - the demonstration's tests have one
    session.add(
        Registration(
            centre_id=context.centre,
            programme_id=test.programme_id,
            candidate_id=person.id,
            tutor_id=tutor,
            group="Simulated history",
            language="en",
            registered_at=context.now,
        )
    )
    current = programmes.current_statement(session, test.programme_id)
    if current is not None:
        session.add(
            Signature(
                centre_id=context.centre,
                statement_id=current.id,
                person_id=person.id,
                typed_name=person.name,
                hash=statement.text_hash(current.words),
                signed_at=context.now,
            )
        )
    request = ApprovalRequest(
        centre_id=context.centre,
        test_id=test.id,
        candidate_id=person.id,
        asked_at=context.now,
        answered_at=context.now,
    )
    session.add(request)
    session.flush()
    session.add(
        Approval(
            centre_id=context.centre,
            test_id=test.id,
            candidate_id=person.id,
            tutor_id=tutor,
            request_id=request.id,
            basis=[readiness.BasisKind.PRACTICE.value],
            words="Simulated: practice questions done.",
            given_at=context.now,
            expires_at=readiness.expires(context.now, 14),
        )
    )
    session.flush()


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
