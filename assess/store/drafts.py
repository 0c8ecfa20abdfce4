"""What is an author working on? The working copy of an item, at most one of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.bank.drafting import Draft
from assess.bank.lifecycle import State
from assess.store.banks import Bank, Item, ItemVersion
from assess.store.base import Base


class ItemDraft(Base):
    """A working copy: saved over and over until it is submitted or thrown away.

    `base_id` is the version it was begun from, None for a new item. `writers` are the people who
    have saved it, and those of a base that was never approved. Each save makes the next `revision`.
    """

    __tablename__ = "item_drafts"

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"), index=True)
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), unique=True)
    base_id: Mapped[int | None] = mapped_column(ForeignKey("item_versions.id"))
    document: Mapped[dict[str, Any]]
    writers: Mapped[list[Any]]
    revision: Mapped[int]
    begun_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    begun_at: Mapped[datetime]
    saved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    saved_at: Mapped[datetime]

    def draft(self) -> Draft:
        """The working copy as the bank floor knows it."""
        return Draft.from_document(self.document)


def of_item(session: Session, item_id: int) -> ItemDraft | None:
    """The working copy of an item."""
    return session.scalar(select(ItemDraft).where(ItemDraft.item_id == item_id))


def held(session: Session, item_id: int) -> ItemDraft | None:
    """The working copy of an item, locked until the transaction ends."""
    return session.scalar(select(ItemDraft).where(ItemDraft.item_id == item_id).with_for_update())


def discard(session: Session, draft: ItemDraft) -> None:
    """Take a working copy away, and its item too where that never had a version."""
    session.execute(delete(ItemDraft).where(ItemDraft.id == draft.id))
    versions = select(ItemVersion.id).where(ItemVersion.item_id == draft.item_id)
    if session.scalar(versions.limit(1)) is None:
        session.execute(delete(Item).where(Item.id == draft.item_id))


def of_person(
    session: Session, centre_id: int, person_id: int
) -> Sequence[tuple[ItemDraft, Item, Bank, ItemVersion | None]]:
    """What somebody is working on, the newest first, each with the version it was begun from."""
    rows = session.execute(
        select(ItemDraft, Item, Bank, ItemVersion)
        .join(Item, Item.id == ItemDraft.item_id)
        .join(Bank, Bank.id == ItemDraft.bank_id)
        .outerjoin(ItemVersion, ItemVersion.id == ItemDraft.base_id)
        .where(
            ItemDraft.centre_id == centre_id,
            (ItemDraft.begun_by == person_id) | (ItemDraft.saved_by == person_id),
        )
        .order_by(ItemDraft.saved_at.desc(), ItemDraft.id.desc())
    )
    return [(draft, item, bank, base) for draft, item, bank, base in rows]


def is_returned(base: ItemVersion | None) -> bool:
    """Whether a working copy was begun from a version that came back from review."""
    return base is not None and base.state == State.RETURNED.value
