"""Which items of a bank can be drawn, and by what number and name are they known?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assess.bank.cells import Facts, Placing
from assess.bank.specification import Specification
from assess.store.banks import CHUNK, Item, ItemVersion, outcomes_of


def live_counts(session: Session, bank_id: int) -> dict[str, int]:
    """How many live items a bank has for each outcome path."""
    rows = session.execute(
        select(ItemVersion.outcome, func.count())
        .where(
            ItemVersion.bank_id == bank_id,
            ItemVersion.state == "live",
            ItemVersion.outcome.is_not(None),
        )
        .group_by(ItemVersion.outcome)
    )
    return {str(outcome): count for outcome, count in rows}


def live(session: Session, bank_id: int, specification: Specification) -> Iterator[ItemVersion]:
    """The live versions that fit a quota of a specification, in an order that never changes."""
    yield from session.scalars(
        select(ItemVersion)
        .where(
            ItemVersion.bank_id == bank_id,
            ItemVersion.state == "live",
            ItemVersion.outcome.in_(_drawn(session, bank_id, specification)),
        )
        .order_by(ItemVersion.outcome, ItemVersion.item_id)
        .execution_options(yield_per=5000)
    )


def live_facts(session: Session, bank_id: int, specification: Specification) -> Iterator[Facts]:
    """The same items, only by what a specification may ask of them."""
    content = ItemVersion.content
    rows = session.execute(
        select(
            ItemVersion.item_id,
            ItemVersion.outcome,
            ItemVersion.kind,
            content["level"].as_string(),
            content["expected_facility"].as_integer(),
            content["set"].as_string(),
            content["enemies"],
        )
        .where(
            ItemVersion.bank_id == bank_id,
            ItemVersion.state == "live",
            ItemVersion.outcome.in_(_drawn(session, bank_id, specification)),
        )
        .execution_options(yield_per=5000)
    )
    for item, outcome, kind, level, difficulty, set_, enemies in rows:
        yield Facts(item, outcome, kind, level, difficulty, set_ or "", tuple(enemies or ()))


def _drawn(session: Session, bank_id: int, specification: Specification) -> list[str]:
    """The paths of a bank's items that a quota stands at or above."""
    placing = Placing(specification.quotas)
    return [path for path in outcomes_of(session, bank_id) if placing.covers(path)]


def numbers(session: Session, bank_id: int, groups: Iterable[Iterable[str]]) -> dict[str, int]:
    """The number of each item of a bank that is named by its identifier in one of these groups."""
    wanted = list(dict.fromkeys(one for group in groups for one in group))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = session.execute(
            select(Item.identifier, Item.id).where(
                Item.bank_id == bank_id, Item.identifier.in_(wanted[start : start + CHUNK])
            )
        )
        found |= {row.identifier: row.id for row in rows}
    return found


def identifiers(session: Session, items: Iterable[int]) -> dict[int, str]:
    """The identifier of each of these items, by its number."""
    wanted = list(items)
    found: dict[int, str] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = session.execute(
            select(Item.id, Item.identifier).where(Item.id.in_(wanted[start : start + CHUNK]))
        )
        found |= {row.id: row.identifier for row in rows}
    return found
