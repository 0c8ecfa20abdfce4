"""Which mails are waiting to go out, which went, and which were given up?

The outbox: a deed puts a mail here in its own transaction, so that a mail is never sent of a deed
that was not done, and never forgotten of one that was. The worker sends (`actions/mail.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, Text, and_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.store.base import Base

WAITING = sql("sent_at IS NULL AND given_up_at IS NULL")


class Mail(Base):
    """A mail to a person, ready to be sent; its words are forgotten once it went, or never will.

    `key` names the deed and the reader: a deed done twice mails once. `message_id` is the same
    however often it is sent, so that whoever gets it twice can tell.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_due", "due_at", sqlite_where=WAITING, postgresql_where=WAITING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    address: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]


def is_there(session: Session, key: str) -> bool:
    """Whether the mail of this deed to this reader has been put into the outbox."""
    return session.scalar(select(Mail.id).where(Mail.key == key)) is not None


def is_any_due(session: Session, now: datetime) -> bool:
    """Whether there is a mail to send now; asked often, so it writes nothing."""
    due = select(Mail.id).where(
        Mail.sent_at.is_(None), Mail.given_up_at.is_(None), Mail.due_at <= now
    )
    return session.scalar(due.limit(1)) is not None


def claim(session: Session, now: datetime, lease: timedelta, limit: int) -> Sequence[Mail]:
    """The mails that are due, oldest first, held for this worker until the lease is over.

    A worker that dies with mails in its hands leaves them to be due again: they are sent at least
    once.
    """
    rows = session.scalars(
        select(Mail)
        .where(and_(Mail.sent_at.is_(None), Mail.given_up_at.is_(None)), Mail.due_at <= now)
        .order_by(Mail.due_at, Mail.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.due_at = now + lease
    return rows


def let_go(session: Session, numbers: Sequence[int], now: datetime) -> None:
    """Let mails that were claimed, and not tried, be due at once."""
    session.execute(
        update(Mail).where(Mail.id.in_(numbers), Mail.sent_at.is_(None)).values(due_at=now)
    )


def locked(session: Session, mail_id: int) -> Mail | None:
    """A mail, locked until the transaction ends."""
    return session.scalar(select(Mail).where(Mail.id == mail_id).with_for_update())


def unsent(session: Session, limit: int) -> Sequence[Mail]:
    """The mails that have not gone, those given up first, then by when they are due."""
    return session.scalars(
        select(Mail)
        .where(Mail.sent_at.is_(None), Mail.body.is_not(None))
        .order_by(Mail.given_up_at.is_(None), Mail.due_at, Mail.id)
        .limit(limit)
    ).all()


def given_up(session: Session) -> Sequence[int]:
    """The numbers of the mails that were given up and that nobody has let go."""
    return session.scalars(
        select(Mail.id).where(
            Mail.given_up_at.is_not(None), Mail.sent_at.is_(None), Mail.body.is_not(None)
        )
    ).all()
