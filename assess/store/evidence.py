"""What reached the server too late or from a device that was taken over, and what was decided?

Such answers are neither accepted nor dropped. Rows are inserted, never changed: triggers hold it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.delivery.evidence import Cause, Held
from assess.store.attempts import Attempt
from assess.store.base import Base

CAUSES = ", ".join(f"'{cause.value}'" for cause in Cause)


class LateAnswer(Base):
    """An answer that is evidence and does not count, as it was received."""

    __tablename__ = "late_answers"
    __table_args__ = (
        UniqueConstraint("attempt_id", "place", "writer", "sequence"),
        CheckConstraint(f"cause IN ({CAUSES})", name="cause_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    cause: Mapped[str] = mapped_column(String(20))
    place: Mapped[int]
    writer: Mapped[int]
    sequence: Mapped[int]
    options: Mapped[list[Any]]  # the item version's own option numbers, ascending
    unbroken: Mapped[bool]  # whether no number was missing before it in its journal
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"))
    received_at: Mapped[datetime]

    def held(self) -> Held:
        """As the rules know it."""
        return Held(
            Cause(self.cause),
            self.place,
            self.writer,
            self.sequence,
            tuple(self.options),
            self.received_at,
            self.unbroken,
        )


class LateDecision(Base):
    """Whether the late answers of an attempt, up to one of them, are to count, and why."""

    __tablename__ = "late_decisions"
    __table_args__ = (UniqueConstraint("attempt_id", "last_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    last_id: Mapped[int] = mapped_column(ForeignKey("late_answers.id"))
    accepted: Mapped[bool]
    words: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime]


def keep(session: Session, attempt: Attempt, session_id: int, held: Iterable[Held]) -> None:
    """Store answers as evidence."""
    session.add_all(
        LateAnswer(
            centre_id=attempt.centre_id,
            attempt_id=attempt.id,
            cause=one.cause.value,
            place=one.place,
            writer=one.writer,
            sequence=one.sequence,
            options=list(one.answer),
            unbroken=one.unbroken,
            session_id=session_id,
            received_at=one.received,
        )
        for one in held
    )
    session.flush()


def of_attempt(session: Session, attempt_id: int) -> Sequence[LateAnswer]:
    """All evidence of an attempt, in the order in which it came."""
    return session.scalars(
        select(LateAnswer).where(LateAnswer.attempt_id == attempt_id).order_by(LateAnswer.id)
    ).all()


def decisions(session: Session, attempt_id: int) -> Sequence[LateDecision]:
    """What was decided about an attempt's evidence, oldest first."""
    return session.scalars(
        select(LateDecision).where(LateDecision.attempt_id == attempt_id).order_by(LateDecision.id)
    ).all()


def undecided(session: Session, centre_id: int) -> Sequence[tuple[Attempt, int, datetime]]:
    """A centre's attempts that are over with evidence nobody has decided about.

    Each with how many answers wait and when the first of them came, the oldest first.
    """
    rows = session.execute(
        select(Attempt, LateAnswer)
        .join(LateAnswer, LateAnswer.attempt_id == Attempt.id)
        .where(
            Attempt.centre_id == centre_id,
            Attempt.state == "marked",
            ~select(LateDecision.id)
            .where(
                LateDecision.attempt_id == LateAnswer.attempt_id,
                LateDecision.last_id >= LateAnswer.id,
            )
            .exists(),
        )
        .order_by(LateAnswer.id)
    )
    found: dict[int, tuple[Attempt, int, datetime]] = {}
    for attempt, late in rows:
        _, count, first = found.get(attempt.id, (attempt, 0, late.received_at))
        found[attempt.id] = (attempt, count + 1, first)
    return list(found.values())
