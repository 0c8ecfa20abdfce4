"""Which forms were drawn from a pool, all of them at once, and which lie outside its band?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from assess.store.attempts import Attempt

AT_ONCE = 4096  # forms whose documents are in memory
ITEM = re.compile(r"\[(\d+),\s*\d+,\s*\[")  # of a stored form: item, version, order of options


@dataclass(frozen=True, slots=True, eq=False)
class Forms:
    """Some forms of a pool. `items` int64: form after form, in the order shown; by form,
    `ordinals` of their candidates' attempts, and how many of the forms lie `outside` the band."""

    items: npt.NDArray[np.int64]
    ordinals: tuple[int, ...]
    outside: int


def of_pool(session: Session, pool_id: int, test_id: int) -> Iterator[Forms]:
    """All forms that were drawn from a pool, oldest first, some thousand at a time."""
    # As text: to make lists in lists of a hundred thousand forms takes ten times as long.
    rows = session.execute(
        select(Attempt.ordinal, cast(Attempt.form, Text), Attempt.in_band)
        # Of a pool, and so of its test: of the two there is an index for the test.
        .where(Attempt.pool_id == pool_id, Attempt.test_id == test_id)
        .order_by(Attempt.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for part in rows.partitions():
        yield Forms(
            np.array(ITEM.findall("".join(form for _, form, _ in part)), np.int64),
            tuple(ordinal for ordinal, *_ in part),
            sum(in_band is False for *_, in_band in part),
        )


def outside(
    session: Session, pool_id: int, test_id: int, limit: int
) -> Sequence[tuple[int, int, int | None]]:
    """The first attempts whose forms lie outside the band: number, ordinal, expected score."""
    rows = session.execute(
        select(Attempt.id, Attempt.ordinal, Attempt.expected)
        .where(
            Attempt.pool_id == pool_id,
            Attempt.test_id == test_id,
            Attempt.in_band.is_(False),
            Attempt.expected.is_not(None),
        )
        .order_by(Attempt.id)
        .limit(limit)
    )
    return [(number, ordinal, expected) for number, ordinal, expected in rows]


def ever_outside(session: Session, test_id: int) -> int:
    """How many forms of all pools of a test lie outside their band."""
    return (
        session.scalar(
            select(func.count()).where(Attempt.test_id == test_id, Attempt.in_band.is_(False))
        )
        or 0
    )
