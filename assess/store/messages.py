"""What did a candidate and their tutor write to each other, and whose turn is it?

A conversation belongs to a registration: its candidate and whoever is its tutor read it, nobody
else. A message is inserted, never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, aliased, mapped_column

from assess.store.approvals import ApprovalRequest
from assess.store.base import Base
from assess.store.centres import Centre
from assess.store.columns import Key
from assess.store.people import Person
from assess.store.programmes import Programme, Registration
from assess.store.specifications import Test


class Message(Base):
    """What one of the two wrote. Never changed, never deleted: triggers refuse it."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_registration", "registration_id", "from_candidate", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    from_candidate: Mapped[bool]
    words: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]


class Overdue(Base):
    """An answer that two days did not bring: the quality team was told. One for each request."""

    __tablename__ = "overdue_answers"
    __table_args__ = (
        CheckConstraint("(message_id IS NULL) <> (request_id IS NULL)", name="one_request"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("approval_requests.id"), unique=True)
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request without an answer: a message, or (with `test`) one for approval.

    `number` is that of the message or of the request, `count` how many messages wait.
    """

    number: int
    centre_id: int
    registration: Registration
    candidate: Person
    tutor: Person
    programme: Programme
    since: datetime
    count: int = 1
    test: Test | None = None


def of_registration(session: Session, registration_id: int) -> Sequence[tuple[Message, Person]]:
    """A conversation from its beginning, each message with who wrote it."""
    rows = session.execute(
        select(Message, Person)
        .join(Person, Person.id == Message.author_id)
        .where(Message.registration_id == registration_id)
        .order_by(Message.id)
    )
    return [(message, author) for message, author in rows]


def last(session: Session, registration_id: int) -> Message | None:
    """What was written last in a conversation."""
    return session.scalar(_LAST, {"registration_id": registration_id})


_LAST = (
    select(Message)
    .where(Message.registration_id == bindparam("registration_id"))
    .order_by(Message.id.desc())
    .limit(1)
)


def unanswered(session: Session, registration_id: int) -> int:
    """How many messages a candidate has written since their tutor wrote last."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Message)
            .where(
                Message.registration_id == registration_id,
                Message.from_candidate,
                Message.id > _answered_up_to(Message.registration_id, Message),
            )
        )
        or 0
    )


def of_tutor(session: Session, centre_id: int, tutor_id: int, limit: int) -> Sequence[Waiting]:
    """The conversations in which this tutor has to answer, the longest wait first."""
    return _messages(session, _to_answer(centre_id, tutor_id).limit(limit))


def count(session: Session, centre_id: int, tutor_id: int) -> int:
    """In how many conversations this tutor has to answer."""
    found = _to_answer(centre_id, tutor_id).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def late(
    session: Session,
    before: datetime,
    centre_id: int | None = None,
    *,
    limit: int,
    untold: bool = False,
) -> Sequence[Waiting]:
    """What has waited for a tutor since before a moment, the longest wait first.

    At one centre, or at all of them; with `untold` only what the quality team was not told of, at
    centres that are open.
    """
    messages = _waiting() if centre_id is None else _waiting(Registration.centre_id == centre_id)
    messages = messages.where(before >= _SINCE)
    tutor = aliased(Person)
    asked = (
        select(ApprovalRequest, Registration, Person, tutor, Programme, Test)
        .join(Test, Test.id == ApprovalRequest.test_id)
        .join(
            Registration,
            (Registration.programme_id == Test.programme_id)
            & (Registration.candidate_id == ApprovalRequest.candidate_id),
        )
        .join(Person, Person.id == Registration.candidate_id)
        .join(tutor, tutor.id == Registration.tutor_id)
        .join(Programme, Programme.id == Registration.programme_id)
        .where(ApprovalRequest.answered_at.is_(None), ApprovalRequest.asked_at <= before)
        .where(Person.active)
    )
    if centre_id is not None:
        asked = asked.where(ApprovalRequest.centre_id == centre_id)
    if untold:
        of_messages = select(Overdue.message_id).where(Overdue.message_id.is_not(None))
        of_requests = select(Overdue.request_id).where(Overdue.request_id.is_not(None))
        open_ = select(Centre.id).where(Centre.active)
        here = select(Registration.id).where(Registration.centre_id.in_(open_))
        messages = messages.where(_FIRST.not_in(of_messages), _REGISTRATION.in_(here))
        asked = asked.where(
            ApprovalRequest.id.not_in(of_requests), ApprovalRequest.centre_id.in_(open_)
        )
    asked = asked.order_by(ApprovalRequest.asked_at, ApprovalRequest.id).limit(limit)
    requests = [
        Waiting(r.id, r.centre_id, reg, who, teacher, programme, r.asked_at, test=test)
        for r, reg, who, teacher, programme, test in session.execute(asked)
    ]
    found = [*_messages(session, messages.limit(limit)), *requests]
    return sorted(found, key=lambda one: one.since)[:limit]


def told(session: Session, waiting: Waiting) -> bool:
    """Whether the quality team was told of this one."""
    column = Overdue.message_id if waiting.test is None else Overdue.request_id
    return session.scalar(select(Overdue.id).where(column == waiting.number)) is not None


def _answered_up_to(
    conversation: InstrumentedAttribute[int], whose: type[Base]
) -> ScalarSelect[Any]:
    answer = aliased(Message)
    return (
        select(func.coalesce(func.max(answer.id), 0))
        .where(answer.registration_id == conversation, ~answer.from_candidate)
        .correlate(whose)
        .scalar_subquery()
    )


def _to_answer(centre_id: int, tutor_id: int) -> Select[Any]:
    return _waiting(Registration.tutor_id == tutor_id, Registration.centre_id == centre_id)


# Of a conversation that waits: its registration, the first message without an answer, since when.
_REGISTRATION: ColumnElement[int] = column("registration", Key)
_FIRST: ColumnElement[int] = column("first", Key)
_SINCE = select(Message.written_at).where(Message.id == _FIRST).scalar_subquery()


def _waiting(*whose: ColumnElement[bool]) -> Select[Any]:
    """By registration: the first message without an answer, when it was written, how many.

    Whoever is barred waits for nothing: they could read no answer.

    Two looks into an index for each registration, however much was written: who asks for each
    message whether it was answered waits ten seconds for a million of them.
    """
    first, later = aliased(Message), aliased(Message)
    unanswered = (
        select(func.min(first.id))
        .where(
            first.registration_id == Registration.id,
            first.from_candidate,
            first.id > _answered_up_to(Registration.id, Registration),
        )
        .correlate(Registration)
        .scalar_subquery()
    )
    asked = select(Registration.id.label("registration"), unanswered.label("first"))
    here = Registration.candidate_id.in_(select(Person.id).where(Person.active))
    # Once a registration.
    waiting = asked.where(here, *whose).cte("waiting").prefix_with("MATERIALIZED")
    many = select(func.count()).where(
        later.registration_id == _REGISTRATION, later.from_candidate, later.id >= _FIRST
    )
    return (
        select(_REGISTRATION, _FIRST, _SINCE, many.scalar_subquery())
        .select_from(waiting)
        .where(_FIRST.is_not(None))
        .order_by(_FIRST)
    )


def _messages(session: Session, found: Select[Any]) -> list[Waiting]:
    first = {
        registration: (number, since, n)
        for registration, number, since, n in session.execute(found)
    }
    tutor = aliased(Person)
    rows = session.execute(
        select(Registration, Person, tutor, Programme)
        .join(Person, Person.id == Registration.candidate_id)
        .join(tutor, tutor.id == Registration.tutor_id)
        .join(Programme, Programme.id == Registration.programme_id)
        .where(Registration.id.in_(first))
    )
    listed = [
        Waiting(
            first[r.id][0], r.centre_id, r, who, teacher, programme, first[r.id][1], first[r.id][2]
        )
        for r, who, teacher, programme in rows
    ]
    return sorted(listed, key=lambda one: (one.since, one.number))
