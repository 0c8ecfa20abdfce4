"""Who asks to be approved as ready, and which approvals were given?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, bindparam, func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.store.attempts import Attempt
from assess.store.base import Base
from assess.store.people import Person
from assess.store.programmes import Registration
from assess.store.specifications import Test

WAITING = sql("answered_at IS NULL")


class ApprovalRequest(Base):
    """A candidate asks for approval for a test. At most one waits for each test."""

    __tablename__ = "approval_requests"
    __table_args__ = (
        Index(
            "uq_approval_requests_waiting",
            "test_id",
            "candidate_id",
            unique=True,
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        Index("ix_approval_requests_test_candidate", "test_id", "candidate_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    advice: Mapped[str | None] = mapped_column(Text)  # "not yet", and what to do first
    advised_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Approval(Base):
    """A tutor's judgement that a candidate is ready, for one attempt."""

    __tablename__ = "approvals"
    __table_args__ = (
        Index("ix_approvals_candidate_test", "candidate_id", "test_id"),
        Index("ix_approvals_tutor", "tutor_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    tutor_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    request_id: Mapped[int] = mapped_column(ForeignKey("approval_requests.id"), unique=True)
    basis: Mapped[list[Any]]
    words: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    withdrawn_words: Mapped[str | None] = mapped_column(Text)


def waiting(session: Session, test_id: int, candidate_id: int) -> ApprovalRequest | None:
    """A candidate's request that nobody has answered yet."""
    return session.scalar(_WAITING, {"test_id": test_id, "candidate_id": candidate_id})


_WAITING = select(ApprovalRequest).where(
    ApprovalRequest.test_id == bindparam("test_id"),
    ApprovalRequest.candidate_id == bindparam("candidate_id"),
    ApprovalRequest.answered_at.is_(None),
)


# Every judgement of a start asks this: made once, for making it costs more than running it.
_NEWEST = (
    select(Approval, Attempt.id)
    .outerjoin(Attempt, Attempt.approval_id == Approval.id)
    .where(Approval.test_id == bindparam("test"), Approval.candidate_id == bindparam("candidate"))
    .order_by(Approval.id.desc())
    .limit(1)
)


def newest(session: Session, test_id: int, candidate_id: int) -> tuple[Approval, bool] | None:
    """The newest approval of a candidate for a test, and whether an attempt has used it."""
    values = {"test": test_id, "candidate": candidate_id}
    row = session.execute(_NEWEST, values).one_or_none()
    return None if row is None else (row[0], row[1] is not None)


def given(
    session: Session, approval_id: int, tutor_id: int
) -> tuple[Approval, Attempt | None] | None:
    """An approval for a candidate of this tutor, and the attempt that it was used for."""
    row = session.execute(
        select(Approval, Attempt)
        .outerjoin(Attempt, Attempt.approval_id == Approval.id)
        .join(Test, Test.id == Approval.test_id)
        .join(
            Registration,
            (Registration.programme_id == Test.programme_id)
            & (Registration.candidate_id == Approval.candidate_id),
        )
        .where(Approval.id == approval_id, Registration.tutor_id == tutor_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def last_advice(session: Session, test_id: int, candidate_id: int) -> ApprovalRequest | None:
    """The newest request for a test, if it was answered "not yet"."""
    newest = session.scalar(_LAST_ASKED, {"test_id": test_id, "candidate_id": candidate_id})
    return newest if newest is not None and newest.advice is not None else None


_LAST_ASKED = (
    select(ApprovalRequest)
    .where(
        ApprovalRequest.test_id == bindparam("test_id"),
        ApprovalRequest.candidate_id == bindparam("candidate_id"),
    )
    .order_by(ApprovalRequest.id.desc())
    .limit(1)
)


def asks(session: Session, centre_id: int, request_id: int) -> int | None:
    """The candidate whose request, at this centre, this is."""
    return session.scalar(
        select(ApprovalRequest.candidate_id).where(
            ApprovalRequest.id == request_id, ApprovalRequest.centre_id == centre_id
        )
    )


def request_for(session: Session, tutor_id: int, request_id: int) -> ApprovalRequest | None:
    """A request of a candidate of this tutor, locked until the transaction ends."""
    return session.scalar(
        select(ApprovalRequest)
        .join(Test, Test.id == ApprovalRequest.test_id)
        .join(
            Registration,
            (Registration.programme_id == Test.programme_id)
            & (Registration.candidate_id == ApprovalRequest.candidate_id),
        )
        .where(ApprovalRequest.id == request_id, Registration.tutor_id == tutor_id)
        .with_for_update(of=ApprovalRequest)
    )


def shown_to(
    session: Session, tutor_id: int, request_id: int
) -> tuple[ApprovalRequest, Person, Test] | None:
    """A request of a candidate of this tutor, with the candidate and the test, for a page."""
    row = session.execute(_requests(tutor_id).where(ApprovalRequest.id == request_id)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def queue(
    session: Session, tutor_id: int, limit: int
) -> Sequence[tuple[ApprovalRequest, Person, Test]]:
    """The requests that wait for this tutor, oldest first; nobody waits who is barred."""
    rows = session.execute(
        _waiting(tutor_id).order_by(ApprovalRequest.asked_at, ApprovalRequest.id).limit(limit)
    )
    return [(request, person, test) for request, person, test in rows]


def asked_by(
    session: Session, candidate_id: int, tutor_id: int
) -> Sequence[tuple[ApprovalRequest, Test]]:
    """The requests of one candidate that wait for this tutor."""
    rows = session.execute(_waiting(tutor_id).where(ApprovalRequest.candidate_id == candidate_id))
    return [(request, test) for request, _, test in rows]


def count(session: Session, tutor_id: int) -> int:
    """How many requests wait for this tutor."""
    found = _waiting(tutor_id).with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalar(found) or 0


def _waiting(tutor_id: int) -> Select[ApprovalRequest, Person, Test]:
    return _requests(tutor_id).where(ApprovalRequest.answered_at.is_(None), Person.active)


def _requests(tutor_id: int) -> Select[ApprovalRequest, Person, Test]:
    return (
        select(ApprovalRequest, Person, Test)
        .join(Person, Person.id == ApprovalRequest.candidate_id)
        .join(Test, Test.id == ApprovalRequest.test_id)
        .join(
            Registration,
            (Registration.programme_id == Test.programme_id)
            & (Registration.candidate_id == ApprovalRequest.candidate_id),
        )
        .where(Registration.tutor_id == tutor_id)
    )


def given_by(
    session: Session, tutor_id: int, limit: int = 20
) -> Sequence[tuple[Approval, Person, Test]]:
    """The approvals a tutor gave last, newest first."""
    rows = session.execute(
        select(Approval, Person, Test)
        .join(Test, Test.id == Approval.test_id)
        .join(Person, Person.id == Approval.candidate_id)
        .where(Approval.tutor_id == tutor_id)
        .order_by(Approval.id.desc())
        .limit(limit)
    )
    return [(approval, person, test) for approval, person, test in rows]
