"""What was agreed or allowed for one candidate and one test: first days, waits, attempts, periods.

Rows are inserted and never changed: a later one takes the place of an earlier one, or adds to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    bindparam,
    exists,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.store.base import Base


class Kind(StrEnum):
    """What somebody other than the tutor may allow."""

    WAIVER = "waiver"  # of the wait after one failed attempt
    EXTRA_ATTEMPT = "extra-attempt"
    PERIOD = "another-period"  # after the weeks from an agreed day: a day may be agreed anew


class AgreedDate(Base):
    """The first day of a window that counts in weeks, agreed between candidate and tutor."""

    __tablename__ = "agreed_dates"
    __table_args__ = (Index("ix_agreed_dates_test_candidate", "test_id", "candidate_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    starts_on: Mapped[date] = mapped_column(Date)
    agreed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    agreed_at: Mapped[datetime]


class Allowance(Base):
    """A decision in a candidate's favour: a wait lifted, one attempt or one period more."""

    __tablename__ = "allowances"
    __table_args__ = (
        Index("ix_allowances_test_candidate", "test_id", "candidate_id"),
        # One decision for one failed attempt, however many people click at once.
        Index(
            "uq_allowances_after",
            "test_id",
            "candidate_id",
            "kind",
            "after_ordinal",
            unique=True,
        ),
        CheckConstraint(
            "kind IN (" + ", ".join(f"'{kind.value}'" for kind in Kind) + ")", name="kind_known"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(20))
    after_ordinal: Mapped[int]  # the running number of the attempt, or period, that it follows
    words: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What stands for a candidate and a test now.

    `starts_on`: None also where another period was allowed after the last, and no day is agreed.
    """

    starts_on: date | None
    extra_attempts: int
    waived: int | None


def of(session: Session, test_id: int, candidate_id: int) -> Allowed:
    """What was agreed and allowed for a candidate and a test."""
    rows = decisions(session, test_id, candidate_id)
    waived = [r.after_ordinal for r in rows if r.kind == Kind.WAIVER.value]
    return Allowed(
        starts_on=agreed(session, test_id, candidate_id),
        extra_attempts=sum(r.kind == Kind.EXTRA_ATTEMPT.value for r in rows),
        waived=max(waived, default=None),
    )


# Every judgement of a start asks these: made once, for making them costs more than running them.
_AGREED = (
    select(AgreedDate.starts_on)
    .where(
        AgreedDate.test_id == bindparam("test"),
        AgreedDate.candidate_id == bindparam("candidate"),
        ~exists()
        .where(
            Allowance.test_id == AgreedDate.test_id,
            Allowance.candidate_id == AgreedDate.candidate_id,
            Allowance.kind == Kind.PERIOD.value,
            Allowance.decided_at > AgreedDate.agreed_at,
        )
        .correlate(AgreedDate),
    )
    .order_by(AgreedDate.id.desc())
    .limit(1)
)
_DECISIONS = (
    select(Allowance)
    .where(Allowance.test_id == bindparam("test"), Allowance.candidate_id == bindparam("candidate"))
    .order_by(Allowance.id)
)


def agreed(session: Session, test_id: int, candidate_id: int) -> date | None:
    """The first day that was agreed last, for the period that stands."""
    return session.scalar(_AGREED, {"test": test_id, "candidate": candidate_id})


def decisions(session: Session, test_id: int, candidate_id: int) -> Sequence[Allowance]:
    """All decisions for a candidate and a test, oldest first."""
    return session.scalars(_DECISIONS, {"test": test_id, "candidate": candidate_id}).all()
