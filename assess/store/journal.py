"""Where is the journal kept? Entries, their erasable details, and the seals that chain them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    exists,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess import journal, seeds
from assess.journal import Event, Fact
from assess.store import cursor, kept
from assess.store.base import Base

LATE = 10_000  # how far behind the newest sealed entry a slow transaction's entry may appear


class JournalEntry(Base):
    """One deed. Never updated, never deleted: triggers on both databases refuse it."""

    __tablename__ = "journal_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int | None] = mapped_column(ForeignKey("centres.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(60), index=True)
    facts: Mapped[dict[str, Any]]
    details_digest: Mapped[str | None] = mapped_column(String(64))


class JournalDetails(Base):
    """The personal details of an entry, which may be erased without breaking the chain."""

    __tablename__ = "journal_details"

    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entries.id"), primary_key=True)
    centre_id: Mapped[int | None] = mapped_column(ForeignKey("centres.id"))
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    body: Mapped[str] = mapped_column(Text)


class JournalSeal(Base):
    """The place of an entry in the chain."""

    __tablename__ = "journal_seals"

    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entries.id"), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


TOGETHER = "journal entries to be written together"
TABLE = JournalEntry.metadata.tables[JournalEntry.__tablename__]


def record(
    session: Session,
    event: Event,
    *,
    at: datetime,
    centre: int | None,
    actor: int | None,
    facts: Mapping[str, Fact] | None = None,
    details: Mapping[str, Fact] | None = None,
) -> None:
    """Write a deed down, unsealed, in the deed's own transaction."""
    digest, salt, body = None, b"", ""
    if details:
        salt, body = seeds.salt(), journal.canonical(dict(details)).decode()
        digest = journal.details_digest(salt, body)
    entry = _values(event, at, centre, actor, facts or {}, digest)
    waiting: list[dict[str, Any]] | None = session.info.get(TOGETHER)
    if waiting is not None and not details:
        waiting.append(entry)
        return
    _write(session)
    if details:
        session.flush()
    number = cursor.insert(session, TABLE, entry)
    kept.note(session, TABLE, number)
    if details:
        own = {"entry_id": number, "centre_id": centre, "salt": salt, "body": body}
        session.connection().execute(insert(JournalDetails), own)


def record_new(
    session: Session,
    made: tuple[Table, Mapping[str, Any]],
    name: str,
    event: Event,
    *,
    at: datetime,
    centre: int | None,
    actor: int | None,
    facts: Mapping[str, Fact],
    beside: Sequence[cursor.Beside] = (),
) -> int:
    """Insert a row and write down the deed that made it, in one statement where that can be.

    `made` is the table and the values of all columns but the key; the facts take the key in under
    `name`, in front. `beside`: rows that belong to it, inserted with it. Gives the key.
    """
    _write(session)
    told = (TABLE, _values(event, at, centre, actor, facts, None))
    key = cursor.insert_told(session, made, told, ("facts", name), beside)
    kept.note(session, made[0], key)
    return key


def _values(
    event: Event,
    at: datetime,
    centre: int | None,
    actor: int | None,
    facts: Mapping[str, Fact],
    digest: str | None,
) -> dict[str, Any]:
    return {
        "centre_id": centre,
        "actor_id": actor,
        "at": at,
        "event": event.value,
        "facts": dict(facts),
        "details_digest": digest,
    }


@contextmanager
def together(session: Session) -> Iterator[None]:
    """Write what many deeds of one transaction record in one statement, in its order, at the end.

    For deeds done by the hundred; when one of them fails, nothing of any is written.
    """
    session.info[TOGETHER] = []
    try:
        yield
        _write(session)
    finally:
        del session.info[TOGETHER]


def _write(session: Session) -> None:
    if waiting := session.info.get(TOGETHER):
        session.connection().execute(insert(JournalEntry), waiting)
        waiting.clear()


def first_unsealed(session: Session, *, everywhere: bool = False) -> int | None:
    """The number of the first entry that waits for a seal; None where none does.

    `everywhere` looks through the whole journal and not only near its end: for the first round
    after a start.
    """
    floor = 0
    if not everywhere:
        newest = session.scalar(select(func.max(JournalSeal.entry_id))) or 0
        floor = max(newest - LATE, 0)
    waiting = select(JournalEntry.id).where(JournalEntry.id > floor, _unsealed(floor))
    return session.scalar(waiting.order_by(JournalEntry.id).limit(1))


def seal(session: Session, now: datetime, first: int, *, limit: int = 5000) -> int:
    """Seal entries that are not sealed yet, from the `first` on, at most `limit`; how many were.

    The caller holds the sealing duty alone.
    """
    place, head = end(session)
    waiting = (
        select(JournalEntry)
        .where(JournalEntry.id >= first, _unsealed(first - 1))
        .order_by(JournalEntry.id)
        .limit(limit)
    )
    rows = []
    for row in session.scalars(waiting):
        place, head = place + 1, journal.link(head, _entry(row))
        rows.append({"place": place, "entry_id": row.id, "hash": head, "at": now})
    if rows:
        session.execute(insert(JournalSeal), rows)
    return len(rows)


def _unsealed(floor: int) -> ColumnElement[bool]:
    """That an entry above this number has no seal.

    Said so that PostgreSQL walks two indexes beside each other from there on: a LEFT JOIN whose
    other side is NULL it takes for one of all seals, a second for every million of them.
    """
    return ~exists().where(JournalSeal.entry_id == JournalEntry.id, JournalSeal.entry_id > floor)


def end(session: Session) -> tuple[int, str]:
    """The last place in the chain and its hash: 0 and the beginning's when nothing is sealed."""
    last = session.execute(
        select(JournalSeal.place, JournalSeal.hash).order_by(JournalSeal.place.desc()).limit(1)
    ).one_or_none()
    return (last.place, last.hash) if last else (0, journal.GENESIS)


def chain(
    session: Session,
) -> Generator[tuple[journal.Seal, journal.Entry | None, tuple[bytes, str] | None], None, None]:
    """The whole chain in order, as `journal.verify` walks it; close it when it is left early."""
    walk = (
        select(JournalSeal, JournalEntry, JournalDetails)
        .outerjoin(JournalEntry, JournalEntry.id == JournalSeal.entry_id)
        .outerjoin(JournalDetails, JournalDetails.entry_id == JournalSeal.entry_id)
        .order_by(JournalSeal.place)
        .execution_options(yield_per=1000)
    )
    with session.execute(walk) as rows:
        for row in rows:
            # Outer joins: SQLAlchemy's types do not say that these may be missing.
            entry: JournalEntry | None = row[1]
            details: JournalDetails | None = row[2]
            yield (
                journal.Seal(row[0].place, row[0].entry_id, row[0].hash),
                _entry(entry) if entry else None,
                (details.salt, details.body) if details else None,
            )


def entries(session: Session, event: Event, at: datetime, actor: int) -> Sequence[JournalEntry]:
    """The entries of one event by one person at one moment."""
    return session.scalars(
        select(JournalEntry).where(
            JournalEntry.event == event.value, JournalEntry.at == at, JournalEntry.actor_id == actor
        )
    ).all()


def between(
    session: Session, event: Event, since: datetime, until: datetime
) -> Sequence[JournalEntry]:
    """The entries of one event from a moment up to another, both of them too, oldest first."""
    return session.scalars(
        select(JournalEntry)
        .where(JournalEntry.event == event.value, JournalEntry.at.between(since, until))
        .order_by(JournalEntry.id)
    ).all()


def last_at(session: Session) -> datetime | None:
    """When the newest entry was written; None where there is none."""
    newest = select(JournalEntry.at).order_by(JournalEntry.id.desc()).limit(1)
    return session.scalar(newest)


def unsealed_since(session: Session) -> datetime | None:
    """When the oldest entry was written that waits for a seal; None where none does."""
    return session.scalar(select(func.min(JournalEntry.at)).where(_unsealed(0)))


def unsealed(session: Session) -> int:
    """How many entries wait for a seal."""
    return session.scalar(select(func.count(JournalEntry.id)).where(_unsealed(0))) or 0


def _entry(row: JournalEntry) -> journal.Entry:
    return journal.Entry(
        id=row.id,
        at=row.at,
        event=row.event,
        centre=row.centre_id,
        actor=row.actor_id,
        facts=row.facts,
        details_digest=row.details_digest,
    )
