"""Which items of a bank does an author look for, and in what states are they?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    case,
    column,
    exists,
    func,
    select,
    table,
)
from sqlalchemy.orm import Session, aliased

from assess.store.banks import Item, ItemVersion
from assess.store.columns import holds

UNDER_WAY = ("review", "returned")
"""States in which an item's newest version stands beside the one that is in use."""
UNPLACED = "-"  # looked for: items without an outcome
DRAFTS = table("item_drafts", column("item_id"))


@dataclass(frozen=True, slots=True)
class Search:
    """What an author looks for in a bank; empty: no matter.

    `outcome` may also be UNPLACED, `state` also `draft`: a working copy is there.
    """

    words: str = ""
    outcome: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """An item of a bank with the version it stands for, and the states it is in.

    The version is the live or suspended one, else the newest; None where nothing was submitted
    yet. Beside its own state an item may have a version in review or returned, and a draft.
    """

    item: Item
    version: ItemVersion | None
    states: tuple[str, ...]


def page(
    session: Session, bank_id: int, search: Search, offset: int, limit: int
) -> tuple[Sequence[Listed], int]:
    """Items of a bank, filtered, by identifier, and how many there are."""
    found = select(Item.id).where(Item.bank_id == bank_id)
    if search != Search():  # an item without a search needs no look at its versions
        # The bank is said again: where few items are expected, only its versions are read.
        of_bank = ItemVersion.bank_id == bank_id
        found = found.outerjoin(ItemVersion, (ItemVersion.id == _standing()) & of_bank)
        found = found.where(*_sought(bank_id, search))
    count = session.scalar(select(func.count()).select_from(found.subquery()))
    order = (Item.identifier, Item.id)
    # The page is cut out of the numbers: versions are looked at of its items, not of all before it.
    shown = found.order_by(*order).offset(offset).limit(limit).subquery()
    rows: Sequence[tuple[Item, ItemVersion | None]] = [
        (item, version)
        for item, version in session.execute(
            select(Item, ItemVersion)
            .join(shown, shown.c.id == Item.id)
            .outerjoin(ItemVersion, ItemVersion.id == _standing())
            .order_by(*order)
        )
    ]
    beside = _under_way(session, [item.id for item, _ in rows])
    return [
        Listed(
            item,
            version,
            (*(() if version is None else (version.state,)), *beside.get(item.id, ())),
        )
        for item, version in rows
    ], count or 0


def _sought(bank_id: int, search: Search) -> Iterator[ColumnElement[bool]]:
    """The conditions of a search; what few items have is narrowed by an index first."""

    other = aliased(ItemVersion)

    def some_version(so: ColumnElement[bool]) -> ColumnElement[bool]:
        return Item.id.in_(select(other.item_id).where(other.bank_id == bank_id, so))

    if search.words:
        words = search.words
        yield holds(words, Item.identifier) | some_version(holds(words, other.stem))
        yield holds(words, Item.identifier, ItemVersion.stem)
    if search.outcome == UNPLACED:
        yield ItemVersion.outcome.is_(None)
    elif search.outcome:
        yield some_version(other.outcome == search.outcome)
        yield ItemVersion.outcome == search.outcome
    if search.state == "draft":
        yield exists().where(DRAFTS.c.item_id == Item.id)
    elif search.state in UNDER_WAY:
        yield some_version(other.state == search.state)
        yield _newest_state() == search.state
    elif search.state:
        if search.state != "live":  # most are: nothing to be narrowed
            yield some_version(other.state == search.state)
        yield ItemVersion.state == search.state


def _standing() -> ScalarSelect[int]:
    """The number of the version that an item stands for."""
    other = aliased(ItemVersion)
    return (
        select(other.id)
        .where(other.item_id == Item.id)
        .correlate(Item)
        .order_by(case((other.state.in_(("live", "suspended")), 0), else_=1), other.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def _newest_state() -> ScalarSelect[str]:
    other = aliased(ItemVersion)
    return (
        select(other.state)
        .where(other.item_id == Item.id)
        .correlate(Item)
        .order_by(other.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def _under_way(session: Session, items: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """What is under way for these items beside the version that each stands for."""
    newest = (
        select(ItemVersion.item_id, func.max(ItemVersion.number).label("number"))
        .where(ItemVersion.item_id.in_(items))
        .group_by(ItemVersion.item_id)
        .subquery()
    )
    standing = exists().where(
        ItemVersion.item_id == newest.c.item_id, ItemVersion.state.in_(("live", "suspended"))
    )
    found: dict[int, tuple[str, ...]] = {}
    other = aliased(ItemVersion)
    for item_id, state in session.execute(
        select(other.item_id, other.state)
        .join(newest, (newest.c.item_id == other.item_id) & (newest.c.number == other.number))
        .where(other.state.in_(UNDER_WAY), standing)
    ):
        found[item_id] = (state,)
    for item_id in session.scalars(select(DRAFTS.c.item_id).where(DRAFTS.c.item_id.in_(items))):
        found[item_id] = (*found.get(item_id, ()), "draft")
    return found
