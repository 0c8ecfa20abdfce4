"""Which attempts are there, on which form, and what has been answered?

An answer is inserted, never changed: the highest (writer, sequence) of a question counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import instance_dict

from assess.delivery.answering import Saved
from assess.delivery.attempt import LIVE, State
from assess.delivery.draw import Drawn
from assess.store import cursor
from assess.store.base import Base

LIVE_STATES = sorted(s.value for s in LIVE)
ONE_LIVE = sql("state IN (" + ", ".join(f"'{s}'" for s in LIVE_STATES) + ")")


class Attempt(Base):
    """One candidate's sitting of one test, with the form drawn for it.

    One live attempt for each candidate and test: a unique index settles two clicks. One attempt
    for each approval: a unique column.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        Index(
            "uq_attempts_live",
            "test_id",
            "candidate_id",
            unique=True,
            sqlite_where=ONE_LIVE,
            postgresql_where=ONE_LIVE,
        ),
        UniqueConstraint("test_id", "candidate_id", "ordinal"),
        Index("ix_attempts_candidate", "candidate_id"),
        Index("ix_attempts_state_deadline", "state", "deadline"),
        CheckConstraint(
            "state IN (" + ", ".join(f"'{s.value}'" for s in State) + ")", name="state_known"
        ),
        CheckConstraint(
            "(state = 'prepared') = (opened_at IS NULL) OR state = 'void'", name="open_has_moment"
        ),
        CheckConstraint(
            "state NOT IN ('closed', 'marked') OR closed_at IS NOT NULL", name="closed_has_moment"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks.id"))
    specification_id: Mapped[int] = mapped_column(ForeignKey("specifications.id"))
    pool_id: Mapped[int] = mapped_column(ForeignKey("pools.id"))
    epoch_id: Mapped[int] = mapped_column(ForeignKey("epochs.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    approval_id: Mapped[int | None] = mapped_column(ForeignKey("approvals.id"), unique=True)
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("statements.id"))
    ordinal: Mapped[int]  # of this candidate at this test, from 1
    state: Mapped[str] = mapped_column(String(20))
    facts: Mapped[dict[str, Any]]  # behind the decision to let it start
    form: Mapped[list[Any]]  # [item, version, [own option at each place shown]], in order
    form_fingerprint: Mapped[str] = mapped_column(String(64))
    history_fingerprint: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(20))  # of the draw that gave the form
    expected: Mapped[int | None]  # of the borderline candidate, thousandths of a mark
    in_band: Mapped[bool | None]  # None where the pool has no band
    seconds: Mapped[int]
    rest_seconds: Mapped[int]  # of rest breaks that its candidate may begin alone
    prepared_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    deadline: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(20))  # the move that closed it
    writer: Mapped[int]  # the number of the device that may write
    writer_session_id: Mapped[int | None] = mapped_column(ForeignKey("sessions.id"))
    answers_digest: Mapped[str | None] = mapped_column(String(64))
    receipt: Mapped[str | None] = mapped_column(String(64))

    def drawn(self) -> tuple[Drawn, ...]:
        """The form as the delivery floor knows it."""
        return tuple(Drawn(item, version, tuple(order)) for item, version, order in self.form)

    @property
    def is_live(self) -> bool:
        """Whether it is prepared, open or paused."""
        return State(self.state) in LIVE

    @property
    def resting(self) -> bool:
        """Whether the clock stands for a rest break that its candidate began alone.

        Alone of all pauses it has an end. It may be over although nobody has written so yet.
        """
        return State(self.state) is State.PAUSED and self.deadline is not None


class Answer(Base):
    """An answer as it was received. Never changed, never deleted: triggers refuse it."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("attempt_id", "place", "writer", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    place: Mapped[int]
    writer: Mapped[int]
    sequence: Mapped[int]
    options: Mapped[list[Any]]  # the item version's own option numbers, ascending
    received_at: Mapped[datetime]


class Flag(Base):
    """A question that the candidate wants to look at again."""

    __tablename__ = "flags"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))


def of_candidate(session: Session, candidate_id: int, attempt_id: int) -> Attempt | None:
    """An attempt of this candidate, to look at: what is changed in it is not stored."""
    rows = cursor.ask(session, _OF_CANDIDATE, {"candidate": candidate_id, "attempt": attempt_id})
    if not rows:
        return None
    return cursor.seen(Attempt, _READ, rows[0])


def locked(session: Session, candidate_id: int, attempt_id: int) -> Attempt | None:
    """An attempt of this candidate, locked until the transaction ends: no save slips past."""
    return session.scalar(_LOCKED, {"candidate_id": candidate_id, "attempt_id": attempt_id})


_LOCKED = (
    select(Attempt)
    .where(Attempt.id == bindparam("attempt_id"), Attempt.candidate_id == bindparam("candidate_id"))
    .with_for_update()
)


# Every judgement of a start asks this: made once, for making it costs more than running it.
_OF_TEST = (
    select(Attempt)
    .where(Attempt.test_id == bindparam("test"), Attempt.candidate_id == bindparam("candidate"))
    .order_by(Attempt.ordinal)
)


def of_test(session: Session, test_id: int, candidate_id: int) -> Sequence[Attempt]:
    """A candidate's attempts at a test, oldest first."""
    return session.scalars(_OF_TEST, {"test": test_id, "candidate": candidate_id}).all()


def sits_since(
    session: Session, candidate_id: int, running: datetime, standing: datetime
) -> datetime | None:
    """When the first of a candidate's attempts that are not over was begun; None without one.

    Of those whose time ends after `running`, or which were begun after `standing`: one whose clock
    stands, or has not begun, may have been forgotten.
    """
    values = {"candidate_id": candidate_id, "running": running, "standing": standing}
    return session.scalar(_SITS_SINCE, values)


_SITS_SINCE = select(func.min(Attempt.prepared_at)).where(
    Attempt.candidate_id == bindparam("candidate_id"),
    Attempt.state.in_(LIVE_STATES),
    or_(Attempt.deadline > bindparam("running"), Attempt.prepared_at > bindparam("standing")),
)


_OVER = """
SELECT id FROM attempts WHERE candidate_id = :candidate
  AND (state = 'open' AND deadline < :before OR state = 'paused' AND deadline IS NOT NULL)
"""


def over(session: Session, candidate_id: int, before: datetime) -> Sequence[int]:
    """A candidate's attempts whose deadline was before a moment, or that are in a rest break."""
    values = {"candidate": candidate_id, "before": cursor.moment(session, before)}
    return [number for (number,) in cursor.ask(session, _OVER, values)]


TABLE = Attempt.metadata.tables[Attempt.__tablename__]
_READ = [(column.key, cursor.reader(column.type)) for column in TABLE.columns]
_OF_CANDIDATE = (
    f"SELECT {', '.join(name for name, _ in _READ)} FROM attempts "  # noqa: S608 - names of columns
    "WHERE id = :attempt AND candidate_id = :candidate"
)
GIVEN = [column.key for column in TABLE.columns if not column.primary_key]


def new(**said: object) -> Attempt:
    """A new attempt, of which these columns are said; nothing is stored.

    SQLAlchemy keeps no account of what was set, which takes longer than the draw's fingerprints.
    A session that it is added to inserts what is there. TypeError for what is no column.
    """
    if unknown := said.keys() - GIVEN:
        raise TypeError(f"an attempt has no {', '.join(sorted(unknown))}")
    row = Attempt()
    instance_dict(row).update(said)
    return row


def values(row: Attempt) -> dict[str, Any]:
    """A new attempt by column, without its number."""
    said = instance_dict(row)  # what was never set is not there
    return {key: said.get(key) for key in GIVEN}


def live_by_epoch(session: Session, test_id: int) -> dict[int, tuple[int, datetime | None]]:
    """How many attempts of each epoch of a test are not over, and when the last is, if known.

    It is not known while one waits or is paused.
    """
    rows = session.execute(
        select(
            Attempt.epoch_id,
            func.count(),
            func.max(Attempt.deadline),
            func.sum(case((Attempt.state == State.OPEN.value, 0), else_=1)),
        )
        .where(Attempt.test_id == test_id, Attempt.state.in_(LIVE_STATES))
        .group_by(Attempt.epoch_id)
    )
    return {epoch: (count, None if still else last) for epoch, count, last, still in rows}


def expired(session: Session, before: datetime) -> Sequence[tuple[int, int, int]]:
    """Open attempts whose time was up before a moment: (candidate, attempt, centre)."""
    rows = session.execute(
        select(Attempt.candidate_id, Attempt.id, Attempt.centre_id)
        .where(Attempt.state == State.OPEN.value, Attempt.deadline < before)
        .order_by(Attempt.deadline)
    )
    return [(candidate, attempt, centre) for candidate, attempt, centre in rows]


def resting(session: Session) -> Sequence[Attempt]:
    """The attempts whose candidates take a rest break that they began alone."""
    return session.scalars(
        select(Attempt).where(Attempt.state == State.PAUSED.value, Attempt.deadline.is_not(None))
    ).all()


def insert_answers(session: Session, of: Iterable[tuple[Attempt, Sequence[Saved]]]) -> None:
    """Store answers whose moment and writer are beyond doubt: those of a simulated history.

    Many attempts go in one statement; each attempt has its number.
    """
    rows = [
        {
            "centre_id": attempt.centre_id,
            "attempt_id": attempt.id,
            "place": s.place,
            "writer": s.writer,
            "sequence": s.sequence,
            "options": list(s.answer),
            "received_at": s.received,
        }
        for attempt, saves in of
        for s in saves
    ]
    if rows:
        session.connection().execute(insert(Answer), rows)


def answers(session: Session, attempt_id: int) -> tuple[Saved, ...]:
    """All answers of an attempt as they were received, in order of place, writer, sequence."""
    rows = cursor.ask(session, _ANSWERS, {"attempt": attempt_id})
    return tuple(
        Saved(
            place=place,
            writer=writer,
            sequence=sequence,
            answer=tuple(cursor.document(options)),
            received=cursor.moment_of(received),
        )
        for place, writer, sequence, options, received in rows
    )


_ANSWERS = """
SELECT place, writer, sequence, options, received_at FROM answers WHERE attempt_id = :attempt
ORDER BY place, writer, sequence
"""


def flags(session: Session, attempt_id: int) -> frozenset[int]:
    """The places of the questions that are flagged."""
    asked = "SELECT place FROM flags WHERE attempt_id = :attempt"
    return frozenset(place for (place,) in cursor.ask(session, asked, {"attempt": attempt_id}))


def set_flag(session: Session, attempt: Attempt, place: int, flagged: bool) -> None:
    """Flag a question, or take its flag away; twice does no harm."""
    if not flagged:
        session.execute(delete(Flag).where(Flag.attempt_id == attempt.id, Flag.place == place))
        return
    values = {"attempt_id": attempt.id, "place": place, "centre_id": attempt.centre_id}
    made = (
        postgresql.insert(Flag).values(values).on_conflict_do_nothing()
        if session.get_bind().dialect.name == "postgresql"
        else sqlite.insert(Flag).values(values).on_conflict_do_nothing()
    )
    session.execute(made)
