"""Filling tests with a simulated history: candidates of known ability sit them in the past.

Through the same draw, form, marking and store functions as everybody's attempts, many attempts a
transaction and a statement, with the moments handed in. Who has not passed may come again. Three
flaws can be planted in how a crowd answers, none in the questions: an item answered as if its key
were wrong, a distractor that nobody chooses, and an item that nearly everybody knows.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from assess import seeds, store
from assess.actions import attempts as deeds
from assess.actions import pools
from assess.actions.context import Context
from assess.bank.items import Content
from assess.delivery import eligibility, readiness
from assess.delivery.answering import Saved
from assess.delivery.attempt import Move
from assess.delivery.eligibility import Closed, Standing
from assess.delivery.terms import Terms
from assess.psychometrics import simulate
from assess.psychometrics.simulate import ItemModel
from assess.reasons import Refused
from assess.store import (
    attempts,
    banks,
    centres,
    journal,
    live_items,
    marks,
    programmes,
    specifications,
)
from assess.store.approvals import Approval, ApprovalRequest
from assess.store.attempts import Attempt
from assess.store.people import Person, RoleHeld
from assess.store.pools import Turn
from assess.store.programmes import Registration, Signature, Statement
from assess.store.specifications import SpecificationVersion, Test
from assess.store.standing import Judgement

EACH = 100  # attempts a transaction
ABILITY = (0.4, 1.0)  # mean and SD: the author expects 0 of somebody just about ready
NEVER = datetime.max.replace(tzinfo=UTC)
AGAIN = 6.0  # days, by mean, from when somebody may come again until they do
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
class Flaws:
    """The items that the crowd answers as if they were flawed, by identifier; empty for none."""

    wrong_key: str = ""
    dead_option: str = ""
    very_easy: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many candidates sit which test, and which of its items they stumble over.

    Who has not passed comes again when the wait is over, up to `attempts` times and no more often
    than the test allows, while the history lasts.
    """

    test: str
    candidates: int
    flaws: Flaws = Flaws()
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Past:
    """When the history happens, and by which dice."""

    since: datetime
    until: datetime
    seed: int


@dataclass(frozen=True, slots=True)
class _Stage:
    """All that the attempts at one test have in common."""

    test: Test
    source: deeds.Source
    statement: Statement | None
    terms: Terms
    models: Mapping[int, ItemModel]
    attempts: int


@dataclass(slots=True, eq=False)
class _Sitter:
    """Somebody who sits a test: since when they may, who they are, and what they have sat."""

    stage: _Stage
    moment: datetime
    person: Person | None = None
    ability: float | None = None
    sat: list[Attempt] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Sitting:
    """One candidate's attempt: what lets them start, who they are, and when it is."""

    sitter: _Sitter
    context: Context
    person: Person
    judgement: Judgement


def simulate_history(
    context: Context,
    plans: Sequence[Plan],
    past: Past,
    tutor: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> int:
    """Let candidates sit tests in the past, in the order of time; says how many attempts were made.

    Each candidate sits one test. Can be interrupted: what is there is whole, in transactions of a
    hundred attempts at the most.
    """
    rng = np.random.default_rng(past.seed)
    with store.read() as session:
        stages = [_stage(session, context, plan, rng) for plan in plans]
    which = np.repeat(np.arange(len(plans)), [plan.candidates for plan in plans])
    spread = rng.random(len(which)) * (past.until - past.since).total_seconds()
    # Those who come next in front; of two at one moment, who was there first.
    coming = [
        (past.since + timedelta(seconds=float(after)), k, _Sitter(stages[stage], past.since))
        for k, (stage, after) in enumerate(zip(which.tolist(), spread.tolist(), strict=True))
    ]
    heapq.heapify(coming)
    made = 0
    while coming:
        chunk: list[_Sitter] = []
        while coming and len(chunk) < EACH and coming[0][0] < _soonest(chunk):
            moment, _, sitter = heapq.heappop(coming)
            sitter.moment = moment
            chunk.append(sitter)
        with store.write() as session:
            _sit(session, _admitted(session, context, chunk, tutor, rng), rng)
        made += len(chunk)
        for sitter in chunk:
            if (again := _again(sitter, rng)) is not None and again < past.until:
                heapq.heappush(coming, (again, made, sitter))
        progress(made, made + len(coming))
    return made


def _soonest(chunk: Sequence[_Sitter]) -> datetime:
    """Before which moment nobody of these can come again."""
    return min(
        (
            one.moment + timedelta(hours=min(one.stage.terms.cool_down_hours, default=0))
            for one in chunk
            if one.stage.attempts > 1
        ),
        default=NEVER,
    )


def _again(sitter: _Sitter, rng: np.random.Generator) -> datetime | None:
    """When somebody comes again; None: they have passed, or may not."""
    stage, tried = sitter.stage, len(sitter.closed)
    most = stage.attempts if stage.terms.attempts is None else stage.terms.attempts
    if sitter.closed[-1].passed or tried >= min(stage.attempts, most):
        return None
    opens = eligibility.next_opens(stage.terms, _standing(sitter, stage.statement, None))
    waits = timedelta(days=float(rng.exponential(AGAIN)))
    return (opens or sitter.closed[-1].closed_at) + waits


def _stage(session: Session, context: Context, plan: Plan, rng: np.random.Generator) -> _Stage:
    test = specifications.by_name(session, context.centre, plan.test)
    if test is None or test.programme_id is None:
        raise LookupError(f"no test {plan.test!r} of a programme")
    version = specifications.published(session, test.id)
    if version is None:
        raise LookupError(f"the test {test.name!r} is not published")
    source = deeds.source_of(session, version)
    if isinstance(source, Refused):
        raise LookupError(f"the test {test.name!r} has no pool")
    zone = centres.get(session, context.centre).timezone
    return _Stage(
        test=test,
        source=source,
        statement=programmes.current_statement(session, test.programme_id),
        terms=Terms.of(version.specification(), timezone=zone),
        models=_models(session, test, version, plan.flaws, rng),
        attempts=plan.attempts,
    )


def _registered(
    session: Session,
    centre: int,
    sitters: Sequence[_Sitter],
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


def _admitted(
    session: Session,
    context: Context,
    sitters: Sequence[_Sitter],
    tutor: int,
    rng: np.random.Generator,
) -> list[_Sitting]:
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
        _Sitting(
            one,
            replace(context, now=one.moment, actor=person.id),
            person,
            _judgement(one, approval),
        )
        for one, person, approval in zip(sitters, persons, approvals, strict=True)
    ]


def _judgement(sitter: _Sitter, approval: Approval) -> Judgement:
    stage = sitter.stage
    given = eligibility.Approval(approval.given_at, approval.expires_at, used=False)
    standing = _standing(sitter, stage.statement, given)
    return Judgement(
        terms=stage.terms,
        standing=standing,
        reasons=eligibility.why_not_start(stage.terms, standing, approval.given_at),
        version=stage.source.version,
        approval_id=approval.id,
        statement_id=None if stage.statement is None else stage.statement.id,
        attempts=tuple(sitter.sat),
    )


def _standing(
    sitter: _Sitter, statement: Statement | None, approval: eligibility.Approval | None
) -> Standing:
    number = None if statement is None else statement.number
    return Standing(
        True, True, True, True, number, number, approval, closed_attempts=tuple(sitter.closed)
    )


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


def _sit(session: Session, sittings: Sequence[_Sitting], rng: np.random.Generator) -> None:
    """Attempts from the draw to the mark: each step for all of them, so that few statements do."""
    dealt = [_dealt(session, sitting) for sitting in sittings]
    rows = [row for row, _ in dealt]
    session.add_all(rows)
    session.flush()
    # Read at once what marking asks for one attempt after another.
    banks.contents(session, {one.version for row in rows for one in row.drawn()})
    answered = [_answers(one.sitter, row, rng) for one, row in zip(sittings, rows, strict=True)]
    attempts.insert_answers(session, zip(rows, (saves for saves, _ in answered), strict=True))
    with journal.together(session):
        for sitting, (row, turn), (saves, ended) in zip(sittings, dealt, answered, strict=True):
            source = sitting.sitter.stage.source
            deeds.record_start(session, sitting.context, row, source, turn)
            after = replace(sitting.context, now=ended)
            deeds.settle(session, after, row, source.version, Move.HAND_IN, ended, saves)
    passed = marks.passes(session, [row.id for row in rows])
    for sitting, row, (_, ended) in zip(sittings, rows, answered, strict=True):
        sitting.sitter.sat.append(row)
        sitting.sitter.closed.append(Closed(row.ordinal, ended, passed[row.id]))


def _dealt(session: Session, sitting: _Sitting) -> tuple[Attempt, Turn]:
    """An open attempt, not stored yet, and the turn it was drawn in."""
    judgement, stage, context = sitting.judgement, sitting.sitter.stage, sitting.context
    if judgement.reasons:
        raise RuntimeError(f"a simulated candidate may not start: {judgement.reasons}")
    turn = pools.turn(session, context, stage.source.pool_id, context.centre)
    # Each candidate of this history sits one test only, so this is all they have met of its bank.
    met = attempts.met(one.form for one in sitting.sitter.sat)
    row = deeds.deal(context, stage.test, sitting.person, judgement, stage.source, turn, met)
    if isinstance(row, Refused):
        raise RuntimeError(f"no form for a simulated candidate: {row.reasons}")
    deeds.open_(row, context)
    return row, turn


def _answers(
    sitter: _Sitter, row: Attempt, rng: np.random.Generator
) -> tuple[tuple[Saved, ...], datetime]:
    """What a candidate of a chance ability answers, and when they hand in."""
    if sitter.ability is None:
        sitter.ability = float(rng.normal(*ABILITY))
    drawn = row.drawn()
    took = np.clip(rng.lognormal(3.7, 0.5, len(drawn)), 6, 120)  # seconds a question
    at, saves = sitter.moment, []
    for place, (one, seconds) in enumerate(zip(drawn, took, strict=True), start=1):
        at += timedelta(seconds=float(seconds))
        answer = simulate.respond(rng, sitter.ability, sitter.stage.models[one.version])
        if answer:
            saves.append(Saved(place, 1, 1, answer, at))
    return tuple(saves), at + timedelta(seconds=20)


def _models(
    session: Session,
    test: Test,
    version: SpecificationVersion,
    flaws: Flaws,
    rng: np.random.Generator,
) -> dict[int, ItemModel]:
    """How the crowd answers each live item version of a test."""
    rows = list(live_items.live(session, test.bank_id, version.specification()))
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
