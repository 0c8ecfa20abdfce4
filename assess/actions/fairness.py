"""Were the forms that candidates were given as fair as the forecast said they would be?

Of one pool, the newest that anybody was given a form from: its forms beside its own forecast. Forms
are named by the number of their attempt, never by who sat it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from assess.actions import forecasts
from assess.actions import pools as freezing
from assess.actions.forecasts import Forecast, Ground
from assess.psychometrics import forecast as figures
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.forecast import Overlap, Spread
from assess.store import banks, forms, proofs
from assess.store.attempts import Attempt
from assess.store.pools import Pool
from assess.store.specifications import SpecificationVersion, Test

SAID = 200  # attempts outside the band that are named


@dataclass(frozen=True, slots=True)
class Outside:
    """An attempt whose form lies outside the band: which of its candidate's, and by how much.

    `off`: expected score less target, thousandths of a mark.
    """

    attempt: int
    ordinal: int
    off: int


@dataclass(frozen=True, slots=True, eq=False)
class Fairness:
    """What was given: `forms` in all, `first` of them first attempts, of the pool `number`.

    The spread is over all forms, overlap and exposure (float64[drawable items]) over those of
    first attempts, beside the forecast of the same. `outside` names at most SAID of `outside_all`.
    """

    ground: Ground
    number: int
    version: int
    forms: int
    first: int
    balanced: bool
    spread: Spread | None
    overlap: Overlap | None
    exposed: Floats
    outside_all: int
    outside: tuple[Outside, ...]
    ahead: Forecast


def of_test(session: Session, test: Test) -> Fairness | None:
    """The fairness report of a test; None while nobody has been given a form."""
    newest = session.execute(
        select(Pool, SpecificationVersion)
        .join(SpecificationVersion, SpecificationVersion.id == Pool.specification_id)
        .where(
            SpecificationVersion.test_id == test.id,
            Pool.id.in_(select(Attempt.pool_id).where(Attempt.test_id == test.id)),
        )
        .order_by(Pool.id.desc())
        .limit(1)
    ).one_or_none()
    bank = banks.get(session, test.centre_id, test.bank_id)
    if newest is None or bank is None:
        return None
    row, version = newest
    specification = version.specification()
    pool = freezing.frozen(session, row.id, row.fingerprint)
    proof = proofs.prove(session, bank, specification)
    ground = forecasts.ground(session, specification, pool, proof)
    given = _given(session, row, test, ground)
    drawn, first = given.forms, given.forms[given.ordinal == 1]
    outside = _outside(session, row, test, pool.band.target) if pool.band is not None else []
    chance = figures.borderline(ground.plan, specification.cut)
    rng = forecasts.drawer(ground, 1).rng
    return Fairness(
        ground=ground,
        number=row.number,
        version=version.number,
        forms=len(drawn),
        first=len(first),
        balanced=pool.band is not None,
        spread=figures.spread(chance, drawn, specification.cut),
        overlap=figures.overlap(first, len(ground.items), rng) if len(first) else None,
        exposed=figures.exposure(ground.plan, first),
        outside_all=given.outside,
        outside=tuple(outside),
        # What is set beside the given forms are shares of all forms that are drawn for a forecast,
        # however many candidates there are.
        ahead=forecasts.forecast(ground, 2),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Forms int64[forms, length] of items by their place in the plan, ordinals int64[forms] of
    their attempts, and how many lie outside the band."""

    forms: Ints
    ordinal: Ints
    outside: int


def _given(session: Session, pool: Pool, test: Test, ground: Ground) -> Given:
    """The forms that were drawn from a pool."""
    items = np.array(ground.items, np.int64)
    order = np.argsort(items)
    places: list[Ints] = []
    ordinals: list[int] = []
    outside = 0
    for part in forms.of_pool(session, pool.id, test.id):
        place = order[np.searchsorted(items, part.items, sorter=order)]
        places.append(place.reshape(len(part.ordinals), ground.plan.length))
        ordinals += part.ordinals
        outside += part.outside
    return Given(np.concatenate(places), np.array(ordinals, np.int64), outside)


def _outside(session: Session, pool: Pool, test: Test, target: int) -> list[Outside]:
    """The first attempts whose forms lie outside the band."""
    return [
        Outside(number, ordinal, (said or 0) - target)
        for number, ordinal, said in forms.outside(session, pool.id, test.id, SAID)
    ]
