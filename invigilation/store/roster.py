"""Who is on the roster of a sitting, who was there, and how far is their work?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.bank.specification import INVIGILATED
from assess.delivery.attempt import State
from assess.store import people
from assess.store.attempts import Attempt
from assess.store.base import Base
from assess.store.people import Person
from assess.store.programmes import Registration
from invigilation.admission import Seat
from invigilation.presence import Attendance, Method
from invigilation.store.sittings import Sitting

CURRENT = sql("ended_at IS NULL")


class RosterEntry(Base):
    """A candidate on the roster of a sitting, until it closes or they are taken off.

    One current entry for each candidate and test, over all sittings: a unique index holds it, so
    the door never has to choose between two rooms.
    """

    __tablename__ = "roster_entries"
    __table_args__ = (
        Index(
            "uq_roster_entries_current",
            "test_id",
            "candidate_id",
            unique=True,
            sqlite_where=CURRENT,
            postgresql_where=CURRENT,
        ),
        Index("ix_roster_entries_sitting", "sitting_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    added_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    taken_off_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    taken_off: Mapped[bool] = mapped_column(default=False)


class AttendanceRecord(Base):
    """What an invigilator recorded of a candidate; the newest counts. Never changed: triggers."""

    __tablename__ = "attendance_records"
    __table_args__ = (
        Index("ix_attendance_records_entry", "entry_id"),
        CheckConstraint(
            "state IN (" + ", ".join(f"'{a.value}'" for a in Attendance) + ")", name="state_known"
        ),
        CheckConstraint(
            "state NOT IN ('present', 'late') OR (method IS NOT NULL AND arrived_at IS NOT NULL)",
            name="identity_checked",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("roster_entries.id"))
    state: Mapped[str] = mapped_column(String(20))
    method: Mapped[str | None] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(Text)
    very_late: Mapped[bool]
    arrived_at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Work:
    """How far a candidate's attempt at the sitting is."""

    attempt_id: int
    specification_id: int
    state: State
    prepared_at: datetime
    opened_at: datetime | None
    deadline: datetime | None
    closed_at: datetime | None
    closed_by: str | None

    @property
    def begun(self) -> bool:
        """Whether a question was delivered."""
        return self.opened_at is not None

    @property
    def open(self) -> bool:
        """Whether it is under way: begun and not over."""
        return self.state in {State.OPEN, State.PAUSED}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the roster: the candidate, what was recorded last, how far their work is.

    `earlier` is the work before, of who has sat the test more than once at the sitting.
    """

    entry: RosterEntry
    person: Person
    record: AttendanceRecord | None
    work: Work | None
    earlier: tuple[Work, ...] = ()

    @property
    def begun(self) -> tuple[Work, ...]:
        """Every attempt at the sitting of which a question was delivered, in order."""
        every = self.earlier if self.work is None else (*self.earlier, self.work)
        return tuple(one for one in every if one.begun)

    @property
    def attendance(self) -> Attendance | None:
        """The attendance, None while it is unset."""
        return None if self.record is None else Attendance(self.record.state)

    @property
    def method(self) -> Method | None:
        """How the identity was checked."""
        if self.record is None or self.record.method is None:
            return None
        return Method(self.record.method)


def seat(session: Session, candidate_id: int, test_id: int) -> Seat | None:
    """The candidate's place in a room where this test is sat: the facts of the room's door."""
    row = session.execute(
        select(RosterEntry, Sitting)
        .join(Sitting, Sitting.id == RosterEntry.sitting_id)
        .where(
            RosterEntry.test_id == test_id,
            RosterEntry.candidate_id == candidate_id,
            RosterEntry.ended_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    entry, sitting = row
    newest = _newest(session, [entry.id]).get(entry.id)
    return Seat(
        sitting=sitting.id,
        entry=entry.id,
        place=sitting.place,
        begins_at=sitting.begins_at,
        released_at=sitting.released_at,
        attendance=None if newest is None else Attendance(newest.state),
    )


def lines(session: Session, sitting: Sitting) -> list[Line]:
    """The roster of a sitting, by name; those taken off are not on it."""
    rows = session.execute(
        select(RosterEntry, Person)
        .join(Person, Person.id == RosterEntry.candidate_id)
        .where(RosterEntry.sitting_id == sitting.id, RosterEntry.taken_off.is_(False))
        .order_by(Person.name, Person.id)
    ).all()
    newest = _newest(session, [entry.id for entry, _ in rows])
    work = _work(session, sitting, [person.id for _, person in rows])
    return [
        Line(entry, person, newest.get(entry.id), done[-1] if done else None, tuple(done[:-1]))
        for entry, person in rows
        for done in [work.get(entry.id, [])]
    ]


def line(session: Session, sitting: Sitting, entry_id: int) -> Line | None:
    """One line of the roster of a sitting."""
    return next((one for one in lines(session, sitting) if one.entry.id == entry_id), None)


def taken_off(session: Session, sitting: Sitting, entry_id: int) -> Person | None:
    """Who was taken off the roster of this sitting with this entry; None where nobody was."""
    return session.scalar(
        select(Person)
        .join(RosterEntry, RosterEntry.candidate_id == Person.id)
        .where(
            RosterEntry.id == entry_id,
            RosterEntry.sitting_id == sitting.id,
            RosterEntry.taken_off.is_(True),
        )
    )


def is_on(session: Session, sitting_id: int, person_id: int) -> bool:
    """Whether a person is on the roster of a sitting."""
    return (
        session.scalar(
            select(func.count())
            .select_from(RosterEntry)
            .where(
                RosterEntry.sitting_id == sitting_id,
                RosterEntry.candidate_id == person_id,
                RosterEntry.taken_off.is_(False),
            )
        )
        or 0
    ) > 0


def current_of(session: Session, test_id: int, candidate_ids: Sequence[int]) -> dict[int, int]:
    """The sitting at which each of these candidates is on a roster for a test, by candidate."""
    rows = session.execute(
        select(RosterEntry.candidate_id, RosterEntry.sitting_id).where(
            RosterEntry.test_id == test_id,
            RosterEntry.candidate_id.in_(candidate_ids),
            RosterEntry.ended_at.is_(None),
        )
    )
    return {row.candidate_id: row.sitting_id for row in rows}


def registered(
    session: Session,
    centre_id: int,
    programme_id: int,
    at: datetime,
    words: str = "",
    only: Sequence[int] | None = None,
    limit: int | None = None,
) -> tuple[Sequence[tuple[Person, Registration]], int]:
    """Active people registered on a programme at a moment, by name, and how many there are.

    `words` are looked for in name, log-in name and group; `only` keeps these people alone.
    """
    found = (
        select(Person, Registration)
        .join(Registration, Registration.candidate_id == Person.id)
        .where(
            Person.centre_id == centre_id,
            Person.active,
            Registration.programme_id == programme_id,
            or_(Registration.starts_at.is_(None), Registration.starts_at <= at),
            or_(Registration.ends_at.is_(None), Registration.ends_at > at),
        )
    )
    if words:
        columns = (Person.name, Person.username, Registration.group)
        found = found.where(people.named(words, *columns))
    if only is not None:
        found = found.where(Person.id.in_(only))
    count = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = session.execute(found.order_by(Person.name, Person.id).limit(limit))
    return [(person, registration) for person, registration in rows], count


def _newest(session: Session, entries: Sequence[int]) -> dict[int, AttendanceRecord]:
    """What was recorded last for each of these entries."""
    rows = session.scalars(
        select(AttendanceRecord)
        .where(AttendanceRecord.entry_id.in_(entries))
        .order_by(AttendanceRecord.id)
    )
    return {record.entry_id: record for record in rows}


def _work(session: Session, sitting: Sitting, candidates: Sequence[int]) -> dict[int, list[Work]]:
    """The attempts let in by each entry of this sitting, oldest first; void ones are none."""
    rows = session.execute(
        select(
            Attempt.id,
            Attempt.specification_id,
            Attempt.state,
            Attempt.facts,
            Attempt.prepared_at,
            Attempt.opened_at,
            Attempt.deadline,
            Attempt.closed_at,
            Attempt.closed_by,
        )
        .where(
            Attempt.test_id == sitting.test_id,
            Attempt.candidate_id.in_(candidates),
            Attempt.state != State.VOID.value,
        )
        .order_by(Attempt.id)
    )
    found: dict[int, list[Work]] = {}
    for row in rows:
        door = row.facts.get("doors", {}).get(INVIGILATED, {})
        if door.get("sitting") == sitting.id:
            work = Work(
                attempt_id=row.id,
                specification_id=row.specification_id,
                state=State(row.state),
                prepared_at=row.prepared_at,
                opened_at=row.opened_at,
                deadline=row.deadline,
                closed_at=row.closed_at,
                closed_by=row.closed_by,
            )
            found.setdefault(door["entry"], []).append(work)
    return found
