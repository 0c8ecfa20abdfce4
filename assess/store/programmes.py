"""Who is registered on what? Programmes, registrations, the statement and its signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, bindparam, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from assess.delivery.registration import Conditions
from assess.store import people
from assess.store.base import Base
from assess.store.people import Person


class Programme(Base):
    """A framework as one centre delivers it.

    `minimum_age` is in years, reached on the day of registration; `last_registration` the last day
    on which a candidate may be registered; `months` how long a registration lasts unless it says
    otherwise. Each is None where the programme does not ask for it.
    """

    __tablename__ = "programmes"
    __table_args__ = (UniqueConstraint("centre_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    framework_id: Mapped[int] = mapped_column(ForeignKey("frameworks.id"))
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    minimum_age: Mapped[int | None]
    last_registration: Mapped[date | None]
    months: Mapped[int | None]

    def conditions(self) -> Conditions:
        """What it asks of a registration, as the rules know it."""
        return Conditions(self.minimum_age, self.last_registration, self.months)


class Registration(Base):
    """A candidate on a programme, with a named tutor and a group, for a period.

    The period is from `starts_at` (None: from registering) up to, not including, `ends_at` (None:
    without end). `needs` holds what the candidate said they need, "" that they were asked and need
    nothing, None that nobody asked.
    """

    __tablename__ = "registrations"
    __table_args__ = (UniqueConstraint("programme_id", "candidate_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"), index=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    tutor_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    group: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(20))
    registered_at: Mapped[datetime]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    needs: Mapped[str | None] = mapped_column(Text)

    def in_force(self, now: datetime) -> bool:
        """Whether the period has begun and is not over."""
        begun = self.starts_at is None or self.starts_at <= now
        return begun and (self.ends_at is None or now < self.ends_at)


class Statement(Base):
    """A version of a programme's authenticity statement."""

    __tablename__ = "statements"
    __table_args__ = (UniqueConstraint("programme_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    number: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime]


class Signature(Base):
    """A candidate's signature under one version. Never changed: a trigger refuses it."""

    __tablename__ = "signatures"
    __table_args__ = (UniqueConstraint("statement_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    statement_id: Mapped[int] = mapped_column(ForeignKey("statements.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    typed_name: Mapped[str] = mapped_column(String(200))
    hash: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime]


def by_name(session: Session, centre_id: int, name: str) -> Programme | None:
    """A centre's programme with this name."""
    return session.scalar(
        select(Programme).where(Programme.centre_id == centre_id, Programme.name == name)
    )


def get(session: Session, centre_id: int, programme_id: int) -> Programme | None:
    """A programme of this centre."""
    return session.scalar(
        select(Programme).where(Programme.centre_id == centre_id, Programme.id == programme_id)
    )


def of_centre(session: Session, centre_id: int) -> Sequence[Programme]:
    """A centre's programmes, by name."""
    return session.scalars(
        select(Programme).where(Programme.centre_id == centre_id).order_by(Programme.name)
    ).all()


# Every judgement of a start asks these: made once, for making them costs more than running them.
_REGISTRATION = select(Registration).where(
    Registration.programme_id == bindparam("programme"),
    Registration.candidate_id == bindparam("candidate"),
)
_STATEMENT = (
    select(Statement)
    .where(Statement.programme_id == bindparam("programme"))
    .order_by(Statement.number.desc())
    .limit(1)
)
_SIGNATURE = (
    select(Signature, Statement)
    .join(Statement, Statement.id == Signature.statement_id)
    .where(
        Statement.programme_id == bindparam("programme"),
        Signature.person_id == bindparam("person"),
    )
    .order_by(Statement.number.desc())
    .limit(1)
)


def registration(session: Session, programme_id: int, candidate_id: int) -> Registration | None:
    """A candidate's registration on a programme."""
    values = {"programme": programme_id, "candidate": candidate_id}
    return session.scalar(_REGISTRATION, values)


def registrations_of(
    session: Session, candidate_id: int
) -> Sequence[tuple[Registration, Programme]]:
    """The programmes a candidate is registered on."""
    rows = session.execute(_REGISTRATIONS_OF, {"candidate_id": candidate_id})
    return [(registration, programme) for registration, programme in rows]


_REGISTRATIONS_OF = (
    select(Registration, Programme)
    .join(Programme, Programme.id == Registration.programme_id)
    .where(Registration.candidate_id == bindparam("candidate_id"))
    .order_by(Programme.name)
)


def registered(
    session: Session, centre_id: int, registration_id: int
) -> tuple[Registration, Programme, Person] | None:
    """A registration at this centre, with its programme and its candidate."""
    row = session.execute(
        select(Registration, Programme, Person)
        .join(Programme, Programme.id == Registration.programme_id)
        .join(Person, Person.id == Registration.candidate_id)
        .where(Registration.id == registration_id, Registration.centre_id == centre_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def on_programme(
    session: Session, programme_id: int, group: str | None, offset: int, limit: int
) -> tuple[Sequence[tuple[Registration, Person, Person]], int]:
    """Registrations on a programme, or of one group: with candidate and tutor; and how many."""
    candidate, tutor = aliased(Person), aliased(Person)
    found = (
        select(Registration, candidate, tutor)
        .join(candidate, candidate.id == Registration.candidate_id)
        .join(tutor, tutor.id == Registration.tutor_id)
        .where(Registration.programme_id == programme_id)
    )
    if group is not None:
        found = found.where(Registration.group == group)
    count = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = session.execute(
        found.order_by(candidate.name, Registration.id).offset(offset).limit(limit)
    )
    return [(r, c, t) for r, c, t in rows], count


def places(
    session: Session, candidates: Iterable[int]
) -> Sequence[tuple[Registration, Programme, str]]:
    """Registrations of these candidates, each with its programme and the tutor's log-in name."""
    wanted = sorted(set(candidates))
    found: list[tuple[Registration, Programme, str]] = []
    for begin in range(0, len(wanted), people.MANY):
        rows = session.execute(
            select(Registration, Programme, Person.username)
            .join(Programme, Programme.id == Registration.programme_id)
            .join(Person, Person.id == Registration.tutor_id)
            .where(Registration.candidate_id.in_(wanted[begin : begin + people.MANY]))
        )
        found += [(registration, programme, tutor) for registration, programme, tutor in rows]
    return found


def groups(session: Session, programme_id: int, now: datetime) -> Mapping[str, int]:
    """The groups of a programme by name, each with its candidates who are there still.

    Of whoever's period is over, or whose account is closed, a tutor follows nothing.
    """
    rows = session.execute(
        select(Registration.group, func.count().label("size"))
        .join(Person, Person.id == Registration.candidate_id)
        .where(
            Registration.programme_id == programme_id,
            Person.active,
            or_(Registration.ends_at.is_(None), Registration.ends_at > now),
        )
        .group_by(Registration.group)
        .order_by(Registration.group)
    )
    return {row.group: row.size for row in rows}


def statements(session: Session, programme_id: int) -> Sequence[tuple[Statement, int]]:
    """Every version of a programme's statement, newest first, with how many have signed it."""
    rows = session.execute(
        select(Statement, func.count(Signature.id))
        .outerjoin(Signature, Signature.statement_id == Statement.id)
        .where(Statement.programme_id == programme_id)
        .group_by(Statement.id)
        .order_by(Statement.number.desc())
    )
    return [(statement, signed) for statement, signed in rows]


def current_statement(session: Session, programme_id: int) -> Statement | None:
    """The newest version of a programme's statement."""
    return session.scalar(_STATEMENT, {"programme": programme_id})


def last_signature(
    session: Session, programme_id: int, person_id: int
) -> tuple[Signature, Statement] | None:
    """The newest version of a programme's statement that a person has signed."""
    values = {"programme": programme_id, "person": person_id}
    row = session.execute(_SIGNATURE, values).one_or_none()
    return None if row is None else (row[0], row[1])
