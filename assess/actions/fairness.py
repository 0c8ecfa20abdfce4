"""Were the forms that candidates were given as fair as the forecast said they would be?

Of one pool, the newest that anybody was given a form from: its forms beside its own forecast. Forms
are named by the number of their attempt, never by who sat it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assess.actions import forecasts
from assess.actions import pools as freezing
from assess.actions.forecasts import Forecast, Ground
from assess.psychometrics import forecast as figures
from assess.psychometrics.exact import Floats
from assess.psychometrics.forecast import Overlap, Spread
from assess.store import banks, proofs
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
    place = {item: k for k, item in enumerate(ground.items)}
    drawn, ordinals, outside = [], [], []
    # The forms pass by: as Python's lists thirty thousand of them are a hundred megabytes, through
    # which its garbage collector goes again and again.
    attempts = session.execute(
        select(Attempt.id, Attempt.ordinal, Attempt.form, Attempt.expected, Attempt.in_band)
        # Of a pool, and so of its test: of the two there is an index for the test.
        .where(Attempt.pool_id == row.id, Attempt.test_id == test.id)
        .order_by(Attempt.id)
        .execution_options(yield_per=500)
    )
    for one in attempts:
        drawn.append(np.array([place[item] for item, *_ in one.form], dtype=np.int64))
        ordinals.append(one.ordinal)
        if one.in_band is False and one.expected is not None and pool.band is not None:
            outside.append(Outside(one.id, one.ordinal, one.expected - pool.band.target))
    forms = np.array(drawn)
    first = forms[np.array(ordinals) == 1]
    chance = figures.borderline(ground.plan, specification.cut)
    rng = forecasts.drawer(ground, 1).rng
    return Fairness(
        ground=ground,
        number=row.number,
        version=version.number,
        forms=len(forms),
        first=len(first),
        balanced=pool.band is not None,
        spread=figures.spread(chance, forms, specification.cut),
        overlap=figures.overlap(first, len(ground.items), rng) if len(first) else None,
        exposed=figures.exposure(ground.plan, first),
        outside_all=len(outside),
        outside=tuple(outside[:SAID]),
        ahead=forecasts.forecast(ground, max(len(first), 2)),
    )


def earlier_outside(session: Session, test: Test) -> int:
    """How many forms of all pools of a test lay outside their band."""
    return (
        session.scalar(
            select(func.count()).where(Attempt.test_id == test.id, Attempt.in_band.is_(False))
        )
        or 0
    )
