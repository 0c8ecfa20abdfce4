"""Which arrangements has a person, on what evidence, approved by whom, from when until when?

What was recorded is not changed: another arrangement of the same kind takes the place of the one
before, whose `ended_at` is the moment at which the new one begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    bindparam,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.delivery import arrangements as rules
from assess.store import cursor
from assess.store.base import Base

NOT_ENDED = text("ended_at IS NULL")


class Arrangement(Base):
    """One access arrangement of one person; at most one of each kind has not been ended."""

    __tablename__ = "arrangements"
    __table_args__ = (
        Index(
            "uq_arrangements_kind",
            "person_id",
            "kind",
            unique=True,
            sqlite_where=NOT_ENDED,
            postgresql_where=NOT_ENDED,
        ),
        Index("ix_arrangements_person", "person_id"),
        CheckConstraint("approved_by <> person_id", name="somebody_else_approves"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="period_not_empty"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(40))  # per cent, minutes, scheme, ...; or ""
    words: Mapped[str] = mapped_column(Text)  # what exactly is arranged
    evidence: Mapped[str] = mapped_column(Text)
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None: the operator
    approved_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


@dataclass(frozen=True, slots=True)
class InForce:
    """An arrangement that applies at a moment: what is arranged, and until when."""

    kind: str
    value: str
    words: str
    ends_at: datetime | None


def of_person(session: Session, person_id: int) -> Sequence[Arrangement]:
    """Every arrangement that a person has or had, newest first."""
    return session.scalars(
        select(Arrangement)
        .where(Arrangement.person_id == person_id)
        .order_by(Arrangement.approved_at.desc(), Arrangement.id.desc())
    ).all()


# Every judgement of a start asks this: made once, for making it costs more than running it.
_IN_FORCE = (
    select(Arrangement)
    .where(
        Arrangement.person_id == bindparam("person"),
        Arrangement.starts_at <= bindparam("now"),
        or_(Arrangement.ends_at.is_(None), Arrangement.ends_at > bindparam("now")),
        or_(Arrangement.ended_at.is_(None), Arrangement.ended_at > bindparam("now")),
    )
    .order_by(Arrangement.kind)
)


_APPLYING = """
SELECT kind, value, words, ends_at FROM arrangements
WHERE person_id = :person AND starts_at <= :now AND (ends_at IS NULL OR ends_at > :now)
  AND (ended_at IS NULL OR ended_at > :now)
ORDER BY kind
"""


def applying(session: Session, person_id: int, now: datetime) -> Sequence[InForce]:
    """The same as `in_force`, for pages that show what it is and no more."""
    values = {"person": person_id, "now": cursor.moment(session, now)}
    rows = cursor.ask(session, _APPLYING, values)
    return [InForce(kind, value, words, cursor.when(ends)) for kind, value, words, ends in rows]


def in_force(session: Session, person_id: int, now: datetime) -> Sequence[Arrangement]:
    """The arrangements that apply to a person at this moment, by kind."""
    return session.scalars(_IN_FORCE, {"person": person_id, "now": now}).all()


def get(session: Session, person_id: int, arrangement_id: int) -> Arrangement | None:
    """An arrangement of this person."""
    return session.scalar(
        select(Arrangement).where(
            Arrangement.id == arrangement_id, Arrangement.person_id == person_id
        )
    )


def lasting(session: Session, person_id: int, kind: str, after: datetime) -> Sequence[Arrangement]:
    """The arrangements of a kind that nobody has ended by this moment, in force or not.

    There may be two: one that ends when another begins, which lies ahead.
    """
    return session.scalars(
        select(Arrangement)
        .where(
            Arrangement.person_id == person_id,
            Arrangement.kind == kind,
            or_(Arrangement.ended_at.is_(None), Arrangement.ended_at > after),
        )
        .order_by(Arrangement.id)
    ).all()


def extra_percent(session: Session, person_id: int, now: datetime) -> int:
    """The extra time in per cent that a person has at this moment; 0 for none."""
    return extra_of(in_force(session, person_id, now))


def extra_of(rows: Iterable[Arrangement | InForce]) -> int:
    """The extra time in per cent that these arrangements give; 0 for none."""
    return rules.extra_percent(rules.Arranged(rules.Kind(r.kind), r.value) for r in rows)


def rest_of(rows: Iterable[Arrangement | InForce]) -> int:
    """The seconds of rest breaks that these arrangements give each attempt; 0 for none."""
    return rules.rest_seconds(rules.Arranged(rules.Kind(r.kind), r.value) for r in rows)
