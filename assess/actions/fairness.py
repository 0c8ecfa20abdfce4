"""Were the forms that candidates were given as fair as the forecast said they would be?

Of one pool, the newest that anybody was given a form from: its forms beside its own forecast. Forms
are named by the number of their attempt, never by who sat it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from assess.actions import forecasts
from assess.actions import pools as freezing
from assess.actions.forecasts import Forecast, Ground
from assess.psychometrics import forecast as figures
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.forecast import Overlap, Spread
from assess.store import banks, proofs
from assess.store.attempts import Attempt
from assess.store.pools import Pool
from assess.store.specifications import SpecificationVersion, Test

SAID = 200  # attempts outside the band that are named
AT_ONCE = 4096  # forms whose documents are in memory
QUESTION = re.compile(r"\[(\d+),\s*\d+,\s*\[")  # of a form: item, version, order of options


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
    forms, first = given.forms, given.forms[given.ordinal == 1]
    outside = _outside(session, row, test, pool.band.target) if pool.band is not None else []
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
    # As text: to make lists in lists of a hundred thousand forms takes ten times as long.
    rows = session.execute(
        select(Attempt.ordinal, cast(Attempt.form, Text), Attempt.in_band)
        # Of a pool, and so of its test: of the two there is an index for the test.
        .where(Attempt.pool_id == pool.id, Attempt.test_id == test.id)
        .order_by(Attempt.id)
        .execution_options(yield_per=AT_ONCE)
    )
    forms, ordinals, outside = [], [], 0
    for part in rows.partitions():
        shown = np.array(QUESTION.findall("".join(form for _, form, _ in part)), np.int64)
        place = order[np.searchsorted(items, shown, sorter=order)]
        forms.append(place.reshape(len(part), ground.plan.length))
        ordinals += [ordinal for ordinal, *_ in part]
        outside += sum(in_band is False for *_, in_band in part)
    return Given(np.concatenate(forms), np.array(ordinals, np.int64), outside)


def _outside(session: Session, pool: Pool, test: Test, target: int) -> list[Outside]:
    """The first attempts whose forms lie outside the band."""
    rows = session.execute(
        select(Attempt.id, Attempt.ordinal, Attempt.expected)
        .where(
            Attempt.pool_id == pool.id,
            Attempt.test_id == test.id,
            Attempt.in_band.is_(False),
            Attempt.expected.is_not(None),
        )
        .order_by(Attempt.id)
        .limit(SAID)
    )
    return [Outside(number, ordinal, (said or 0) - target) for number, ordinal, said in rows]


def earlier_outside(session: Session, test: Test) -> int:
    """How many forms of all pools of a test lay outside their band."""
    return (
        session.scalar(
            select(func.count()).where(Attempt.test_id == test.id, Attempt.in_band.is_(False))
        )
        or 0
    )
