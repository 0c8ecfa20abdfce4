"""What reached the server too late or from a device that was taken over, and what was decided?

Such answers are neither accepted nor dropped. Rows are inserted, never changed: triggers hold it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    case,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.delivery.attempt import State
from assess.delivery.evidence import Cause, Held
from assess.store import cursor
from assess.store.attempts import Attempt
from assess.store.base import Base
from assess.store.people import Person
from assess.store.specifications import Test

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
    return session.scalars(_OF_ATTEMPT, {"attempt_id": attempt_id}).all()


_OF_ATTEMPT = (
    select(LateAnswer)
    .where(LateAnswer.attempt_id == bindparam("attempt_id"))
    .order_by(LateAnswer.id)
)


_ANY = """
SELECT EXISTS (SELECT 1 FROM mark_reviews WHERE attempt_id = :attempt),
       EXISTS (SELECT 1 FROM late_answers WHERE attempt_id = :attempt)
"""


def later(session: Session, attempt_id: int) -> tuple[bool, bool]:
    """Whether anything came after the hand-in: a wish to be marked again, answers that were late.

    There is hardly ever any, and the page of a result asks for all of it.
    """
    ((reviewed, late),) = cursor.ask(session, _ANY, {"attempt": attempt_id})
    return bool(reviewed), bool(late)


def decisions(session: Session, attempt_id: int) -> Sequence[LateDecision]:
    """What was decided about an attempt's evidence, oldest first."""
    return session.scalars(_DECISIONS, {"attempt_id": attempt_id}).all()


_DECISIONS = (
    select(LateDecision)
    .where(LateDecision.attempt_id == bindparam("attempt_id"))
    .order_by(LateDecision.id)
)


def waiting(session: Session, attempt_id: int) -> Sequence[LateAnswer]:
    """The evidence of an attempt that nobody has decided about, in the order in which it came."""
    found = of_attempt(session, attempt_id)
    if not found:
        return ()
    reached = max((one.last_id for one in decisions(session, attempt_id)), default=0)
    return [one for one in found if one.id > reached]


def accepted(session: Session, attempt_id: int) -> Sequence[LateAnswer]:
    """The evidence of an attempt that was decided to count."""
    found, reached = [], 0
    rows = of_attempt(session, attempt_id)
    for decision in sorted(decisions(session, attempt_id), key=lambda one: one.last_id):
        if decision.accepted:
            found += [one for one in rows if reached < one.id <= decision.last_id]
        reached = decision.last_id
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """An attempt with evidence that waits: whose, of which test, how many, since when."""

    attempt: Attempt
    person: Person
    test: Test
    late: int  # answers that came after the end
    superseded: int  # answers from a device that was taken over
    first: datetime


def undecided(session: Session, centre_id: int) -> Sequence[Waiting]:
    """A centre's marked attempts with evidence nobody has decided about, the oldest first."""
    rows = session.execute(
        select(
            Attempt,
            Person,
            Test,
            func.sum(case((LateAnswer.cause == Cause.LATE.value, 1), else_=0)),
            func.count(LateAnswer.id),
            func.min(LateAnswer.received_at),
        )
        .join(LateAnswer, LateAnswer.attempt_id == Attempt.id)
        .join(Person, Person.id == Attempt.candidate_id)
        .join(Test, Test.id == Attempt.test_id)
        .where(*_undecided(centre_id))
        .group_by(Attempt.id, Person.id, Test.id)
        .order_by(func.min(LateAnswer.id))
    )
    return [
        Waiting(attempt, person, test, late, every - late, first)
        for attempt, person, test, late, every, first in rows
    ]


def count(session: Session, centre_id: int) -> int:
    """How many marked attempts of a centre have evidence that nobody has decided about."""
    return (
        session.scalar(
            select(func.count(Attempt.id.distinct()))
            .join(LateAnswer, LateAnswer.attempt_id == Attempt.id)
            .where(*_undecided(centre_id))
        )
        or 0
    )


def _undecided(centre_id: int) -> tuple[ColumnElement[bool], ...]:
    decided = (
        select(LateDecision.id)
        .where(
            LateDecision.attempt_id == LateAnswer.attempt_id,
            LateDecision.last_id >= LateAnswer.id,
        )
        .exists()
    )
    return (Attempt.centre_id == centre_id, Attempt.state == State.MARKED.value, ~decided)


def decided(
    session: Session, centre_id: int, limit: int
) -> Sequence[tuple[LateDecision, Attempt, Person, Test]]:
    """What was decided last at a centre, newest first."""
    rows = session.execute(
        select(LateDecision, Attempt, Person, Test)
        .join(Attempt, Attempt.id == LateDecision.attempt_id)
        .join(Person, Person.id == Attempt.candidate_id)
        .join(Test, Test.id == Attempt.test_id)
        .where(LateDecision.centre_id == centre_id)
        .order_by(LateDecision.id.desc())
        .limit(limit)
    )
    return [(decision, attempt, person, test) for decision, attempt, person, test in rows]


def attempt_of(
    session: Session, centre_id: int, attempt_id: int
) -> tuple[Attempt, Person, Test] | None:
    """An attempt at this centre, with whose it is and the test."""
    row = session.execute(
        select(Attempt, Person, Test)
        .join(Person, Person.id == Attempt.candidate_id)
        .join(Test, Test.id == Attempt.test_id)
        .where(Attempt.id == attempt_id, Attempt.centre_id == centre_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])
