"""Who wrote a version of an item, who waits for a reviewer, and what was said and done?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import (
    ForeignKey,
    Select,
    String,
    Text,
    UniqueConstraint,
    exists,
    false,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.bank.impact import Impact, without
from assess.bank.items import Content
from assess.bank.lifecycle import Move, State
from assess.store import banks, live_items, proofs, specifications
from assess.store.banks import Bank, Item, ItemVersion
from assess.store.base import Base
from assess.store.people import Person

SAME_STEM = 20  # questions with the same stem that are named


class VersionWriter(Base):
    """Somebody who wrote a version, or a part of it. Inserted with the version, never changed."""

    __tablename__ = "version_writers"
    __table_args__ = (UniqueConstraint("version_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)


class ItemRemark(Base):
    """A comment on a version, or a move of it with the words that went with it.

    Never changed. A trigger refuses an approval by somebody who wrote the version.
    """

    __tablename__ = "item_remarks"

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    move: Mapped[str | None] = mapped_column(String(20))  # None for a comment
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Told:
    """A remark as a page tells it."""

    remark: ItemRemark
    number: int  # of the version
    name: str  # of the person, empty for whoever runs the service


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version in review."""

    item: Item
    bank: Bank
    version: ItemVersion
    author: str  # their name, empty for whoever runs the service


def version(session: Session, item_id: int, number: int) -> ItemVersion | None:
    """A version of an item by its number."""
    return session.scalar(
        select(ItemVersion).where(ItemVersion.item_id == item_id, ItemVersion.number == number)
    )


def by_id(session: Session, item_id: int, version_id: int) -> ItemVersion | None:
    """A version of an item by its own number in the database."""
    return session.scalar(
        select(ItemVersion).where(ItemVersion.item_id == item_id, ItemVersion.id == version_id)
    )


def came_back(session: Session, version: ItemVersion) -> bool:
    """Whether a version was returned or withdrawn: nobody ever approved it, whatever it is now."""
    back = select(ItemRemark.id).where(
        ItemRemark.version_id == version.id,
        ItemRemark.move.in_([Move.RETURN.value, Move.WITHDRAW.value]),
    )
    return session.scalar(back.limit(1)) is not None


def in_state(session: Session, item_id: int, *states: State) -> ItemVersion | None:
    """The newest version of an item that is in one of these states."""
    return session.scalar(
        select(ItemVersion)
        .where(ItemVersion.item_id == item_id, ItemVersion.state.in_([s.value for s in states]))
        .order_by(ItemVersion.number.desc())
        .limit(1)
    )


def submit(
    session: Session,
    item: Item,
    content: Content,
    *,
    number: int,
    author: int | None,
    writers: Iterable[int],
    now: datetime,
) -> ItemVersion:
    """Store a version in review, with everybody who wrote it; an earlier one in review gives way.

    Raises IntegrityError when the number is taken.
    """
    for earlier in session.scalars(
        select(ItemVersion).where(
            ItemVersion.item_id == item.id, ItemVersion.state == State.REVIEW.value
        )
    ):
        earlier.state = State.SUPERSEDED.value
    session.flush()
    made = ItemVersion(
        centre_id=item.centre_id,
        bank_id=item.bank_id,
        item_id=item.id,
        number=number,
        state=State.REVIEW.value,
        kind=content.kind,
        outcome=content.outcome,
        stem=content.stem,
        content=content.as_document(),
        digest=content.digest(),
        author_id=author,
        created_at=now,
    )
    session.add(made)
    session.flush()
    session.add_all(
        VersionWriter(centre_id=item.centre_id, version_id=made.id, person_id=writer)
        for writer in sorted(set(writers))
    )
    session.flush()
    return made


def brought_in(
    session: Session,
    bank: Bank,
    identifiers: Sequence[str],
    *,
    person: int,
    words: str,
    now: datetime,
) -> None:
    """Tell of the versions in review of these items that somebody brought them in from a file."""
    for start in range(0, len(identifiers), banks.CHUNK):
        rows = session.execute(
            select(ItemVersion.id, ItemVersion.item_id)
            .join(Item, Item.id == ItemVersion.item_id)
            .where(
                Item.bank_id == bank.id,
                Item.identifier.in_(identifiers[start : start + banks.CHUNK]),
                ItemVersion.state == State.REVIEW.value,
            )
        ).all()
        session.execute(
            insert(ItemRemark),
            [
                {
                    "centre_id": bank.centre_id,
                    "item_id": row.item_id,
                    "version_id": row.id,
                    "person_id": person,
                    "move": Move.SUBMIT.value,
                    "words": words,
                    "at": now,
                }
                for row in rows
            ],
        )
    session.flush()


def remark(
    session: Session,
    of: ItemVersion,
    *,
    person: int | None,
    move: Move | None,
    words: str,
    now: datetime,
) -> None:
    """Tell what was said of a version, or done with it."""
    session.add(
        ItemRemark(
            centre_id=of.centre_id,
            item_id=of.item_id,
            version_id=of.id,
            person_id=person,
            move=None if move is None else move.value,
            words=words,
            at=now,
        )
    )
    session.flush()


def writers_of(session: Session, of: ItemVersion) -> frozenset[int]:
    """Everybody who wrote a version; nobody where it came from whoever runs the service."""
    return _writers(session, [of])[of.id]


def story(session: Session, item_id: int) -> Sequence[Told]:
    """What was said of an item and done with it, the newest first."""
    rows = session.execute(
        select(ItemRemark, ItemVersion.number, Person.name)
        .join(ItemVersion, ItemVersion.id == ItemRemark.version_id)
        .outerjoin(Person, Person.id == ItemRemark.person_id)
        .where(ItemRemark.item_id == item_id)
        .order_by(ItemRemark.at.desc(), ItemRemark.id.desc())
    )
    return [Told(remark, number, name or "") for remark, number, name in rows]


def sent_back(session: Session, version_id: int) -> ItemRemark | None:
    """With which words a version was returned; None where its author took it back."""
    return session.scalar(
        select(ItemRemark)
        .where(ItemRemark.version_id == version_id, ItemRemark.move == Move.RETURN.value)
        .order_by(ItemRemark.id.desc())
        .limit(1)
    )


def waiting(
    session: Session, centre_id: int, person_id: int, *, own: bool, limit: int
) -> Sequence[Waiting]:
    """A centre's versions in review, the longest wait first: of this person's work, or others'."""
    found = _in_review(centre_id, person_id, own=own)
    rows = session.execute(found.order_by(ItemVersion.created_at, ItemVersion.id).limit(limit))
    return [Waiting(item, bank, version, name or "") for item, bank, version, name in rows]


def count(session: Session, centre_id: int, person_id: int) -> int:
    """How many versions of others' work wait to be read by this person."""
    found = _in_review(centre_id, person_id, own=False)
    return session.scalar(found.with_only_columns(func.count(), maintain_column_froms=True)) or 0


def _in_review(
    centre_id: int, person_id: int, *, own: bool
) -> Select[Item, Bank, ItemVersion, str]:
    wrote = or_(
        func.coalesce(ItemVersion.author_id == person_id, false()),
        exists().where(
            VersionWriter.version_id == ItemVersion.id, VersionWriter.person_id == person_id
        ),
    )
    return (
        select(Item, Bank, ItemVersion, Person.name)
        .join(ItemVersion, ItemVersion.item_id == Item.id)
        .join(Bank, Bank.id == Item.bank_id)
        .outerjoin(Person, Person.id == ItemVersion.author_id)
        .where(Item.centre_id == centre_id, banks.REVIEW, wrote if own else ~wrote)
    )


def impacts(session: Session, bank: Bank, item_id: int) -> Sequence[Impact]:
    """What one live item less would do to each published test that draws it."""
    found = []
    for test in specifications.of_bank(session, bank.id):
        version = specifications.published(session, test.id)
        if version is None:
            continue
        specification = version.specification()
        live = list(live_items.live_facts(session, bank.id, specification))
        prove = partial(proofs.prove, session, bank, specification)
        if (impact := without(specification, live, item_id, prove)) is not None:
            found.append(impact)
    return tuple(found)


def same_stem(session: Session, bank_id: int, item_id: int, content: Content) -> Sequence[str]:
    """Identifiers of other questions of the same outcome that ask the same, but for case."""
    return session.scalars(
        select(Item.identifier)
        .join(ItemVersion, ItemVersion.item_id == Item.id)
        .where(
            ItemVersion.bank_id == bank_id,
            ItemVersion.outcome == content.outcome,  # by its index: no scan of a large bank
            ItemVersion.state.in_([State.LIVE.value, State.REVIEW.value]),
            ItemVersion.item_id != item_id,
            func.lower(ItemVersion.stem) == func.lower(content.stem),
        )
        .distinct()
        .order_by(Item.identifier)
        .limit(SAME_STEM)
    ).all()


def other_cases(session: Session, bank_id: int, item_id: int, content: Content) -> Sequence[str]:
    """Identifiers of live questions of the same set whose shared case reads otherwise."""
    if not content.set:
        return ()
    rows = session.execute(
        select(Item.identifier, ItemVersion.content)
        .join(ItemVersion, ItemVersion.item_id == Item.id)
        .where(
            ItemVersion.bank_id == bank_id,
            ItemVersion.item_id != item_id,
            ItemVersion.state == State.LIVE.value,
            ItemVersion.content["set"].as_string() == content.set,
        )
        .order_by(Item.identifier)
    )
    return [name for name, document in rows if document.get("stimulus", "") != content.stimulus]


def _writers(session: Session, versions: Sequence[ItemVersion]) -> dict[int, frozenset[int]]:
    found = {v.id: {v.author_id} - {None} for v in versions}
    for start in range(0, len(versions), banks.CHUNK):
        part = [v.id for v in versions[start : start + banks.CHUNK]]
        for row in session.execute(
            select(VersionWriter.version_id, VersionWriter.person_id).where(
                VersionWriter.version_id.in_(part)
            )
        ):
            found[row.version_id].add(row.person_id)
    return {key: frozenset(p for p in people if p is not None) for key, people in found.items()}
