"""Who asks for a person to look at a mark, and what became of it?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    Text,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.store.attempts import Attempt
from assess.store.base import Base
from assess.store.people import Person
from assess.store.specifications import Test

WAITING = text("decided_at IS NULL")


class MarkReview(Base):
    """A candidate asks for a person to mark an attempt again; at most one such wish waits.

    `mark_id` is the mark that the person gave, also where it says the same as before.
    """

    __tablename__ = "mark_reviews"
    __table_args__ = (
        Index(
            "uq_mark_reviews_waiting",
            "attempt_id",
            unique=True,
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        CheckConstraint("(decided_at IS NULL) = (mark_id IS NULL)", name="decision_whole"),
        CheckConstraint("decided_by IS NULL OR decided_by <> candidate_id", name="never_ones_own"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    words: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    mark_id: Mapped[int | None] = mapped_column(ForeignKey("marks.id"), unique=True)


def of_attempt(session: Session, attempt_id: int) -> MarkReview | None:
    """The newest wish to have an attempt marked again."""
    return session.scalar(_OF_ATTEMPT, {"attempt_id": attempt_id})


_OF_ATTEMPT = (
    select(MarkReview)
    .where(MarkReview.attempt_id == bindparam("attempt_id"))
    .order_by(MarkReview.id.desc())
    .limit(1)
)


def get(
    session: Session, centre_id: int, review_id: int
) -> tuple[MarkReview, Attempt, Person, Test] | None:
    """A wish at this centre, with the attempt, whose it is, and the test."""
    row = session.execute(
        _joined().where(MarkReview.id == review_id, MarkReview.centre_id == centre_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])


def waiting(session: Session, centre_id: int) -> Sequence[tuple[MarkReview, Attempt, Person, Test]]:
    """The wishes at this centre that nobody has answered, oldest first."""
    rows = session.execute(_joined().where(*_open(centre_id)).order_by(MarkReview.id))
    return [(review, attempt, person, test) for review, attempt, person, test in rows]


def count(session: Session, centre_id: int) -> int:
    """How many wishes at this centre nobody has answered."""
    return session.scalar(select(func.count(MarkReview.id)).where(*_open(centre_id))) or 0


def _open(centre_id: int) -> tuple[ColumnElement[bool], ...]:
    return (MarkReview.centre_id == centre_id, MarkReview.decided_at.is_(None))


def decided(
    session: Session, centre_id: int, limit: int
) -> Sequence[tuple[MarkReview, Attempt, Person, Test]]:
    """The wishes at this centre answered last, newest first."""
    rows = session.execute(
        _joined()
        .where(MarkReview.centre_id == centre_id, MarkReview.decided_at.is_not(None))
        .order_by(MarkReview.decided_at.desc(), MarkReview.id.desc())
        .limit(limit)
    )
    return [(review, attempt, person, test) for review, attempt, person, test in rows]


def _joined() -> Select[MarkReview, Attempt, Person, Test]:
    return (
        select(MarkReview, Attempt, Person, Test)
        .join(Attempt, Attempt.id == MarkReview.attempt_id)
        .join(Person, Person.id == MarkReview.candidate_id)
        .join(Test, Test.id == Attempt.test_id)
    )
