"""What is simulated: how many candidates sit which test, when, and how each item is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from assess.actions import dealing
from assess.actions.context import Context
from assess.bank.items import Content
from assess.delivery.eligibility import Closed
from assess.delivery.terms import Terms
from assess.psychometrics import simulate
from assess.psychometrics.simulate import ItemModel
from assess.reasons import Refused
from assess.store import banks, centres, live_items, programmes, specifications
from assess.store.attempts import Attempt
from assess.store.people import Person
from assess.store.programmes import Statement
from assess.store.specifications import SpecificationVersion, Test


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
class Stage:
    """All that the attempts at one test have in common."""

    test: Test
    source: dealing.Source
    statement: Statement | None
    terms: Terms
    models: Mapping[int, ItemModel]
    attempts: int


@dataclass(slots=True, eq=False)
class Sitter:
    """Somebody who sits a test: since when they may, who they are, and what they have sat."""

    stage: Stage
    moment: datetime
    person: Person | None = None
    ability: float | None = None
    sat: list[Attempt] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)


def stage_of(session: Session, context: Context, plan: Plan, rng: np.random.Generator) -> Stage:
    """What a plan comes to. LookupError where its test is not there or not ready to be sat."""
    test = specifications.by_name(session, context.centre, plan.test)
    if test is None or test.programme_id is None:
        raise LookupError(f"no test {plan.test!r} of a programme")
    version = specifications.published(session, test.id)
    if version is None:
        raise LookupError(f"the test {test.name!r} is not published")
    source = dealing.source_of(session, version)
    if isinstance(source, Refused):
        raise LookupError(f"the test {test.name!r} has no pool")
    zone = centres.get(session, context.centre).timezone
    return Stage(
        test=test,
        source=source,
        statement=programmes.current_statement(session, test.programme_id),
        terms=Terms.of(version.specification(), timezone=zone),
        models=_models(session, test, version, plan.flaws, rng),
        attempts=plan.attempts,
    )


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
