"""Which lines has the ledger of an attempt's time, by whom, and why? Inserted, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.delivery import timing
from assess.delivery.arrangements import Kind
from assess.delivery.ledger import GIVES, STOPS, Entry, Line, Stop, deadline, stops
from assess.store import arrangements, cursor, specifications
from assess.store.attempts import Attempt
from assess.store.base import Base
from assess.store.people import Person

COUNTED = ", ".join(f"'{entry.value}'" for entry in sorted({*GIVES, Entry.OWN_REST}))
ENTRIES = ", ".join(f"'{entry.value}'" for entry in Entry)


class TimeLine(Base):
    """One line: seconds given, or a moment at which the clock began to stand or to run.

    A rest break that a candidate began alone has the seconds after which it ends by itself.
    """

    __tablename__ = "time_lines"
    __table_args__ = (
        Index("ix_time_lines_attempt", "attempt_id"),
        CheckConstraint(f"entry IN ({ENTRIES})", name="entry_known"),
        CheckConstraint(f"(entry IN ({COUNTED})) = (seconds > 0)", name="seconds_where_given"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    entry: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    seconds: Mapped[int]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None: the installation
    reason: Mapped[str] = mapped_column(Text)

    def line(self) -> Line:
        """As the rules know it."""
        return Line(Entry(self.entry), self.at, self.seconds)


_TABLE = TimeLine.metadata.tables[TimeLine.__tablename__]


def add(session: Session, attempt: Attempt, line: Line, actor: int | None, reason: str) -> None:
    """Write one line more."""
    values = _values(attempt, line, actor, reason)
    cursor.insert(session, _TABLE, {**values, "attempt_id": attempt.id})


def _values(attempt: Attempt, line: Line, actor: int | None, reason: str) -> dict[str, Any]:
    """A line by column, without its attempt's number, which may not be known yet."""
    return {
        "centre_id": attempt.centre_id,
        "entry": line.entry.value,
        "at": line.at,
        "seconds": line.seconds,
        "actor_id": actor,
        "reason": reason,
    }


def go_on(
    session: Session,
    row: Attempt,
    line: Line,
    actor: int | None,
    reason: str,
) -> Line:
    """Write one line more of an attempt under way, and reckon its deadline anew.

    The moment of a line never lies before that of the line before: two hosts may differ by what
    passes between two readings of the database's clock. Gives the line as it was written.
    """
    lines = of_attempt(session, row)
    line = replace(line, at=max([line.at, *(before.at for before in lines)]))
    add(session, row, line, actor, reason)
    assert row.opened_at is not None  # noqa: S101 - it is open or paused
    row.deadline = deadline([*lines, line], row.opened_at)
    return line


def given(session: Session, row: Attempt, now: datetime) -> tuple[int, int]:
    """Seconds for an attempt whose clock has not begun, and the extra per cent that is in them.

    Not those of its sealing: what was arranged for its candidate since counts as well.
    """
    percent = arrangements.extra_percent(session, row.candidate_id, now)
    return timing.seconds_allowed(_minutes(session, row), percent), percent


def _minutes(session: Session, row: Attempt) -> int:
    """What everybody has at the specification of an attempt."""
    return specifications.said(session, row.specification_id).specification().minutes


def begin(session: Session, row: Attempt) -> None:
    """Write the first lines of an attempt that was just opened."""
    minutes = _minutes(session, row)
    for table, line, attempt in first(session, row, minutes):
        cursor.insert(session, table, {**line, attempt: row.id})


def first(session: Session, row: Attempt, minutes: int) -> list[cursor.Beside]:
    """The first lines of an attempt that was just opened: base, and extra time if any.

    `minutes`: what everybody has. To be inserted with the attempt or after it.
    """
    assert row.opened_at is not None  # noqa: S101 - it was just opened
    base = timing.seconds_allowed(minutes)
    lines = [_values(row, Line(Entry.BASE, row.opened_at, base), None, "")]
    if row.seconds > base:
        found = arrangements.in_force(session, row.candidate_id, row.opened_at)
        given = next((a for a in found if a.kind == Kind.EXTRA_TIME), None)
        by, words = (None, "") if given is None else (given.approved_by, given.words)
        extra = Line(Entry.EXTRA, row.opened_at, row.seconds - base)
        lines.append(_values(row, extra, by, words))
    return [(_TABLE, line, "attempt_id") for line in lines]


def of_attempt(session: Session, attempt: Attempt) -> tuple[Line, ...]:
    """The lines of an attempt in their order.

    Of an attempt that has none (from before there were ledgers, or a simulated past) all the time
    is one base line.
    """
    found = tuple(
        Line(Entry(entry), cursor.moment_of(at), seconds)
        for entry, at, seconds in cursor.ask(session, _OF_ATTEMPT, {"attempt": attempt.id})
    )
    return found or (Line(Entry.BASE, attempt.opened_at or attempt.prepared_at, attempt.seconds),)


_OF_ATTEMPT = "SELECT entry, at, seconds FROM time_lines WHERE attempt_id = :attempt ORDER BY id"


def stood(session: Session, numbers: Iterable[int]) -> Mapping[int, tuple[Stop, ...]]:
    """From when until when the clock of these attempts stood, by attempt, if it did."""
    found: dict[int, list[Line]] = {}
    rows = session.scalars(
        select(TimeLine)
        .where(
            TimeLine.attempt_id.in_(list(numbers)),
            TimeLine.entry.in_([entry.value for entry in (*STOPS, Entry.RESUME)]),
        )
        .order_by(TimeLine.id)
    )
    for row in rows:
        found.setdefault(row.attempt_id, []).append(row.line())
    return {number: tuple(stops(lines)) for number, lines in found.items()}


def during(session: Session, numbers: Iterable[int]) -> Mapping[int, Sequence[TimeLine]]:
    """What was done to the clock of these attempts after they had begun, by attempt, if it was."""
    found: dict[int, list[TimeLine]] = {}
    rows = session.scalars(
        select(TimeLine)
        .where(
            TimeLine.attempt_id.in_(list(numbers)),
            TimeLine.entry.not_in([Entry.BASE.value, Entry.EXTRA.value]),
        )
        .order_by(TimeLine.id)
    )
    for row in rows:
        found.setdefault(row.attempt_id, []).append(row)
    return found


def signed(session: Session, attempt_id: int) -> Sequence[tuple[TimeLine, Person | None]]:
    """The lines as they are stored, each with who wrote it."""
    rows = session.execute(
        select(TimeLine, Person)
        .outerjoin(Person, Person.id == TimeLine.actor_id)
        .where(TimeLine.attempt_id == attempt_id)
        .order_by(TimeLine.id)
    )
    return [(line, person) for line, person in rows]
