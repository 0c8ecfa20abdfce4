"""Which sittings are there, and what was fixed when they closed?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.bank.specification import INVIGILATED
from assess.store import specifications
from assess.store.base import Base
from assess.store.specifications import Test
from invigilation.sittings import Course


class Sitting(Base):
    """A room at a moment in which candidates sit one test, with an invigilator."""

    __tablename__ = "sittings"
    __table_args__ = (
        Index("ix_sittings_centre_begins", "centre_id", "begins_at"),
        CheckConstraint(
            "closed_at IS NULL OR closed_at >= created_at", name="closed_after_created"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    place: Mapped[str] = mapped_column(String(200))
    begins_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]  # the moment from which questions are delivered
    released_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    @property
    def course(self) -> Course:
        """When it was to begin, was released, was closed: as the rules know it."""
        return Course(self.begins_at, self.released_at, self.closed_at)


class SittingReport(Base):
    """What happened at a sitting, fixed when it closed. Never changed: triggers refuse it."""

    __tablename__ = "sitting_reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"), unique=True)
    document: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the document and the note
    note: Mapped[str] = mapped_column(Text)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]


def get(session: Session, centre_id: int, sitting_id: int) -> Sitting | None:
    """A sitting of this centre."""
    return session.scalar(
        select(Sitting).where(Sitting.centre_id == centre_id, Sitting.id == sitting_id)
    )


def like(
    session: Session, test_id: int, place: str, begins_at: datetime, by: int | None
) -> Sitting | None:
    """A sitting of a test in the same room at the same time, by the same person, not closed."""
    return session.scalar(
        select(Sitting).where(
            Sitting.test_id == test_id,
            Sitting.place == place,
            Sitting.begins_at == begins_at,
            Sitting.created_by == by,
            Sitting.closed_at.is_(None),
        )
    )


def locked(session: Session, centre_id: int, sitting_id: int) -> Sitting | None:
    """A sitting of this centre, locked until the transaction ends: its deeds follow each other."""
    return session.scalar(
        select(Sitting)
        .where(Sitting.centre_id == centre_id, Sitting.id == sitting_id)
        .with_for_update()
    )


def current(session: Session, centre_id: int) -> Sequence[tuple[Sitting, Test]]:
    """A centre's sittings that are not closed, the earliest first."""
    rows = session.execute(
        select(Sitting, Test)
        .join(Test, Test.id == Sitting.test_id)
        .where(Sitting.centre_id == centre_id, Sitting.closed_at.is_(None))
        .order_by(Sitting.begins_at, Sitting.id)
    )
    return [(sitting, test) for sitting, test in rows]


def closed(
    session: Session, centre_id: int, offset: int, limit: int
) -> tuple[Sequence[tuple[Sitting, Test]], int]:
    """A page of a centre's closed sittings, the latest first, and how many there are."""
    where = (Sitting.centre_id == centre_id, Sitting.closed_at.is_not(None))
    rows = session.execute(
        select(Sitting, Test)
        .join(Test, Test.id == Sitting.test_id)
        .where(*where)
        .order_by(Sitting.begins_at.desc(), Sitting.id.desc())
        .offset(offset)
        .limit(limit)
    )
    count = session.scalar(select(func.count()).select_from(Sitting).where(*where)) or 0
    return [(sitting, test) for sitting, test in rows], count


def report(session: Session, sitting_id: int) -> SittingReport | None:
    """The report of a sitting, None while it is not closed."""
    return session.scalar(select(SittingReport).where(SittingReport.sitting_id == sitting_id))


def tests(session: Session, centre_id: int) -> list[Test]:
    """A centre's published tests that are sat in a room, by name."""
    published = specifications.published_of_centre(session, centre_id)
    return [
        test
        for test in specifications.of_centre(session, centre_id)
        if INVIGILATED in test.gates and test.id in published
    ]
