"""What is in the banks? Items, their versions, and signposts for each outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.bank.cells import Facts
from assess.bank.items import Content
from assess.store import cursor
from assess.store.base import Base, alone, beside

LIVE = text("state = 'live'")
PRACTICE, HIGH_STAKES = "practice", "high-stakes"
REVIEW = text("state = 'review'")
SAYING = ("live", "suspended", "review")  # states of the versions that say what an item says
KEPT = 20_000  # contents in memory: some 40 MB
CHUNK = 500  # rows a statement: SQLite and PostgreSQL both limit how many values one may carry


class Bank(Base):
    """A collection of items, for practice or for high stakes from its creation on."""

    __tablename__ = "banks"
    __table_args__ = (UniqueConstraint("centre_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    name: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(String(20))
    framework_id: Mapped[int | None] = mapped_column(ForeignKey("frameworks.id"))
    created_at: Mapped[datetime]


class Item(Base):
    """One question over all its versions, known by the identifier its file gave it."""

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("bank_id", "identifier"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks.id"))
    identifier: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class ItemVersion(Base):
    """What an item said at one time. Its content never changes: a trigger refuses it."""

    __tablename__ = "item_versions"
    __table_args__ = (
        UniqueConstraint("item_id", "number"),
        Index(
            "uq_item_versions_live",
            "item_id",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
        Index(
            "uq_item_versions_review",
            "item_id",
            unique=True,
            sqlite_where=REVIEW,
            postgresql_where=REVIEW,
        ),
        Index("ix_item_versions_cell", "bank_id", "outcome", "state"),
        ForeignKeyConstraint(["item_id"], ["items.id"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks.id"))
    item_id: Mapped[int]
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str | None] = mapped_column(String(300))
    stem: Mapped[str] = mapped_column(Text)  # beside the content, to be searched
    content: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]

    def facts(self) -> Facts:
        """What a specification may ask of it. For a version that is placed: it has an outcome."""
        content = self.content
        return Facts(
            self.item_id,
            str(self.outcome),
            self.kind,
            content["level"],
            content["expected_facility"],
            content.get("set", ""),
            tuple(content.get("enemies", ())),
        )


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be stored: of a new item (`item_id` None) or of one that is there."""

    identifier: str
    content: Content
    item_id: int | None = None
    number: int = 1


@dataclass(frozen=True, slots=True)
class Known:
    """An item that is in a bank, with the number of its newest version, 0 where there is none.

    `digests` are those of what it says: of the version in use and of the one in review, else of the
    newest.
    """

    item_id: int
    number: int
    digests: frozenset[str]


def by_name(session: Session, centre_id: int, name: str) -> Bank | None:
    """A centre's bank with this name."""
    return session.scalar(select(Bank).where(Bank.centre_id == centre_id, Bank.name == name))


def get(session: Session, centre_id: int, bank_id: int) -> Bank | None:
    """A bank of this centre."""
    return session.scalar(select(Bank).where(Bank.centre_id == centre_id, Bank.id == bank_id))


def of_centre(session: Session, centre_id: int) -> Sequence[tuple[Bank, int]]:
    """A centre's banks with the number of their items, by name."""
    rows = session.execute(
        select(Bank, func.count(Item.id))
        .outerjoin(Item, Item.bank_id == Bank.id)
        .where(Bank.centre_id == centre_id)
        .group_by(Bank.id)
        .order_by(Bank.name)
    )
    return [(bank, count) for bank, count in rows]


def known(session: Session, bank_id: int) -> dict[str, Known]:
    """Every item of a bank by its identifier, with what it says."""
    newest = (
        select(ItemVersion.item_id, func.max(ItemVersion.number).label("number"))
        .where(ItemVersion.bank_id == bank_id)
        .group_by(ItemVersion.item_id)
        .subquery()
    )
    standing = ItemVersion.state.in_(SAYING)
    rows = session.execute(
        select(Item.identifier, Item.id, newest.c.number, ItemVersion.digest, standing)
        .outerjoin(newest, newest.c.item_id == Item.id)
        .outerjoin(
            ItemVersion,
            (ItemVersion.item_id == Item.id) & (standing | (ItemVersion.number == newest.c.number)),
        )
        .where(Item.bank_id == bank_id)
        .order_by(Item.id, standing)  # the newest alone counts where none stands
        .execution_options(yield_per=5000)
    )
    found: dict[str, Known] = {}
    stood = None
    for name, item, number, digest, stands in rows:
        there = found[name].digests if stands and stood == item else frozenset()
        found[name] = Known(item, number or 0, there | ({digest} - {None}))
        stood = item if stands else None
    return found


def add(
    session: Session,
    bank: Bank,
    versions: Sequence[NewVersion],
    *,
    state: str,
    author: int | None,
    now: datetime,
) -> Iterator[int]:
    """Store versions, making items where they are new; yields how many are stored so far.

    A version that goes live supersedes the one that stood before it, live or suspended, and one
    in review; a version that is to be reviewed supersedes one in review.
    """
    for start in range(0, len(versions), CHUNK):
        chunk = versions[start : start + CHUNK]
        ids = _items_for(session, bank, chunk, now)
        ending = ("live", "suspended", "review") if state == "live" else ("review",)
        session.execute(
            update(ItemVersion)
            .where(ItemVersion.item_id.in_(ids.values()), ItemVersion.state.in_(ending))
            .values(state="superseded")
        )
        session.execute(
            insert(ItemVersion),
            [
                {
                    "centre_id": bank.centre_id,
                    "bank_id": bank.id,
                    "item_id": ids[v.identifier],
                    "number": v.number,
                    "state": state,
                    "kind": v.content.kind,
                    "outcome": v.content.outcome,
                    "stem": v.content.stem,
                    "content": v.content.as_document(),
                    "digest": v.content.digest(),
                    "author_id": author,
                    "created_at": now,
                }
                for v in chunk
            ],
        )
        yield start + len(chunk)


def _items_for(
    session: Session, bank: Bank, versions: Sequence[NewVersion], now: datetime
) -> dict[str, int]:
    """The item number of each version's identifier; new ones are made."""
    ids = {v.identifier: v.item_id for v in versions if v.item_id is not None}
    if new := [v.identifier for v in versions if v.item_id is None]:
        made = session.execute(
            insert(Item).returning(Item.identifier, Item.id),
            [
                {
                    "centre_id": bank.centre_id,
                    "bank_id": bank.id,
                    "identifier": i,
                    "created_at": now,
                }
                for i in new
            ],
        )
        ids |= {row.identifier: row.id for row in made}
    return ids


def shared_stems(session: Session, bank: Bank, stems: Iterable[str]) -> dict[str, str]:
    """Those of these stems that stand in a bank of the other purpose, with the bank's name.

    Until the transaction ends nobody brings more into a bank of the other purpose.
    """
    # Practice banks are small and few: into others several may bring much at once.
    take = alone if bank.purpose == PRACTICE else beside
    take(session, f"stems:{bank.centre_id}")
    wanted = list(set(stems))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = session.execute(
            select(ItemVersion.stem, Bank.name)
            .join(Bank, Bank.id == ItemVersion.bank_id)
            .where(
                Bank.centre_id == bank.centre_id,
                Bank.purpose != bank.purpose,
                ItemVersion.stem.in_(wanted[start : start + CHUNK]),
            )
        )
        found |= {row.stem: row.name for row in rows}
    return found


def contents(session: Session, versions: Iterable[int]) -> Mapping[int, Content]:
    """The content of each of these item versions.

    Content never changes: what a session has seen it need not ask for again, and what the process
    has read once, known by its digest, it need not read again.
    """
    wanted = list(versions)
    seen: dict[int, Content] = session.info.setdefault("contents", {})
    if missing := [v for v in wanted if v not in seen]:
        digests = _digests(session, missing)
        seen |= {v: _read[digest] for v, digest in digests.items() if digest in _read}
        if unread := [v for v in digests if v not in seen]:
            if len(_read) + len(unread) > KEPT:
                _read.clear()
            among, ids = cursor.among(session, unread)
            asked = f"SELECT id, content FROM item_versions WHERE id {among}"  # noqa: S608 - as below
            for number, content in cursor.ask(session, asked, {"wanted": ids}):
                document = cursor.document(content)
                seen[number] = _read[digests[number]] = Content.from_document(document)
    return {v: seen[v] for v in wanted if v in seen}


def _digests(session: Session, versions: Sequence[int]) -> dict[int, str]:
    """The digest of each of these item versions; every start asks for them."""
    among, wanted = cursor.among(session, versions)
    asked = f"SELECT id, digest FROM item_versions WHERE id {among}"  # noqa: S608 - two words
    return dict(cursor.ask(session, asked, {"wanted": wanted}))


_read: dict[str, Content] = {}
"""Contents by their digest, which names the document they were read from: none is ever stale."""


def outcomes_of(session: Session, bank_id: int) -> Sequence[str]:
    """The outcome paths that a bank's items are placed at."""
    rows = session.scalars(
        select(ItemVersion.outcome)
        .where(ItemVersion.bank_id == bank_id, ItemVersion.outcome.is_not(None))
        .distinct()
        .order_by(ItemVersion.outcome)
    )
    return [str(r) for r in rows]


def has_outcome(session: Session, bank_id: int, outcome: str) -> bool:
    """Whether anything in a bank is, or was, placed at this outcome."""
    found = select(ItemVersion.id).where(
        ItemVersion.bank_id == bank_id, ItemVersion.outcome == outcome
    )
    return session.scalar(found.limit(1)) is not None


def by_identifier(session: Session, bank_id: int, identifier: str) -> Item | None:
    """A bank's item with this identifier."""
    return session.scalar(
        select(Item).where(Item.bank_id == bank_id, Item.identifier == identifier)
    )


def item(session: Session, centre_id: int, item_id: int) -> Item | None:
    """An item of this centre."""
    return session.scalar(select(Item).where(Item.id == item_id, Item.centre_id == centre_id))


def versions_of(session: Session, item_id: int) -> Sequence[ItemVersion]:
    """All versions of an item, newest first."""
    return session.scalars(
        select(ItemVersion)
        .where(ItemVersion.item_id == item_id)
        .order_by(ItemVersion.number.desc())
    ).all()


def labels(session: Session, versions: Iterable[int]) -> dict[int, tuple[Item, ItemVersion]]:
    """The item and version behind each version number."""
    found: dict[int, tuple[Item, ItemVersion]] = {}
    wanted = list(versions)
    for start in range(0, len(wanted), CHUNK):
        rows = session.execute(
            select(Item, ItemVersion)
            .join(ItemVersion, ItemVersion.item_id == Item.id)
            .where(ItemVersion.id.in_(wanted[start : start + CHUNK]))
        )
        found |= {version.id: (item, version) for item, version in rows}
    return found
