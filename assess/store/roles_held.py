"""Which roles does somebody hold, and which are asked for?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    bindparam,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.roles import Role
from assess.store.base import Base
from assess.store.people import Person

READ_KEYS = (Role.AUTHOR.value, Role.REVIEWER.value)
"""Roles whose holders open every question of their centre, its key and rationales with it."""


class RoleHeld(Base):
    """A role that a person holds at their centre, up to, not including, `until` if that is set."""

    __tablename__ = "roles_held"
    __table_args__ = (
        Index(
            "uq_roles_held_now",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("taken_at IS NULL"),
            postgresql_where=text("taken_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(String(40))
    given_at: Mapped[datetime]
    given_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    until: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]

    def ended(self, now: datetime) -> datetime | None:
        """Since when it is held no more; None while it is."""
        over = self.until is not None and self.until <= now
        return self.taken_at or (self.until if over else None)


class RoleRequest(Base):
    """A quality role that an administrator asks for themselves, until a second one decides."""

    __tablename__ = "role_requests"
    __table_args__ = (
        Index(
            "uq_role_requests_waiting",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
        CheckConstraint("decided_by IS NULL OR decided_by <> person_id", name="second_decides"),
        CheckConstraint("(decided_at IS NULL) = (granted IS NULL)", name="decision_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(String(40))
    until: Mapped[datetime | None]
    words: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    granted: Mapped[bool | None]


def _held(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    """What a role must be to be held at a moment: not taken, and not over."""
    return RoleHeld.taken_at.is_(None), or_(RoleHeld.until.is_(None), RoleHeld.until > now)


_HELD = select(RoleHeld.role, RoleHeld.until).where(
    RoleHeld.person_id == bindparam("person"), *_held(bindparam("now"))
)


def roles_of(session: Session, person_id: int, now: datetime) -> frozenset[Role]:
    """The roles a person holds at a moment."""
    return frozenset(held_by(session, person_id, now))


def held_by(session: Session, person_id: int, now: datetime) -> dict[Role, datetime | None]:
    """The roles a person holds at a moment, each with its end (None: until it is taken)."""
    rows = session.execute(_HELD, {"person": person_id, "now": now})
    return {Role(role): until for role, until in rows}


def readers_of_questions(session: Session, person_id: int) -> Sequence[RoleHeld]:
    """Each time that a person held a role by which questions are read with their keys."""
    return session.scalars(
        select(RoleHeld)
        .where(RoleHeld.person_id == person_id, RoleHeld.role.in_(READ_KEYS))
        .order_by(RoleHeld.given_at, RoleHeld.id)
    ).all()


def roles_of_many(session: Session, people: Iterable[int], now: datetime) -> dict[int, list[Role]]:
    """The roles that each of these people holds, in the order of the roles' table."""
    held: dict[int, set[Role]] = {p: set() for p in people}
    for person, role in session.execute(
        select(RoleHeld.person_id, RoleHeld.role).where(RoleHeld.person_id.in_(held), *_held(now))
    ):
        held[person].add(Role(role))
    return {p: [r for r in Role if r in roles] for p, roles in held.items()}


def holders(session: Session, centre_id: int, role: Role, now: datetime) -> Sequence[Person]:
    """The people of a centre with an open account who hold a role, by name."""
    return session.scalars(
        select(Person)
        .join(RoleHeld, RoleHeld.person_id == Person.id)
        .where(
            Person.centre_id == centre_id,
            Person.active,
            RoleHeld.role == role.value,
            *_held(now),
        )
        .order_by(Person.name, Person.id)
    ).all()


def count_by_role(session: Session, centre_id: int, now: datetime) -> dict[Role, int]:
    """How many people of a centre with an open account hold each role."""
    rows = session.execute(
        select(RoleHeld.role, func.count())
        .join(Person, Person.id == RoleHeld.person_id)
        .where(Person.centre_id == centre_id, Person.active, *_held(now))
        .group_by(RoleHeld.role)
    )
    return dict.fromkeys(Role, 0) | {Role(role): n for role, n in rows}


def requests(session: Session, centre_id: int) -> Sequence[tuple[RoleRequest, Person]]:
    """The quality roles asked for at a centre that nobody has decided yet, oldest first."""
    rows = session.execute(
        select(RoleRequest, Person)
        .join(Person, Person.id == RoleRequest.person_id)
        .where(RoleRequest.centre_id == centre_id, RoleRequest.decided_at.is_(None))
        .order_by(RoleRequest.asked_at, RoleRequest.id)
    )
    return [(request, person) for request, person in rows]


def request(session: Session, centre_id: int, request_id: int) -> RoleRequest | None:
    """A request for a role at this centre, decided or not."""
    return session.scalar(
        select(RoleRequest).where(RoleRequest.id == request_id, RoleRequest.centre_id == centre_id)
    )
