"""Who is there, in which roles, signed in where, and who knocked in vain?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.roles import Role
from assess.store import cursor
from assess.store.base import Base

MANY = 500  # log-in names of one question to the database


class Person(Base):
    """Somebody with an account, at one centre."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"), index=True)
    username: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    pseudonym: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    born_on: Mapped[date | None]  # where a programme asks for it
    email: Mapped[str | None] = mapped_column(String(254))  # where mails go, if anywhere


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


class SignIn(Base):
    """A server-side session: the browser holds a token, the table its hash."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LoginFailure(Base):
    """A failed log-in, counted by a hash of the name, so that unknown names lock alike."""

    __tablename__ = "login_failures"
    __table_args__ = (Index("ix_login_failures_name_at", "name_hash", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a request, with the session that vouches for them, and their centre."""

    session_id: int
    person_id: int
    centre_id: int
    name: str
    username: str
    roles: frozenset[Role]
    must_change_password: bool
    created_at: datetime
    seen_at: datetime
    centre_name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Account:
    """What a log-in asks of a person; `active`: they are, and so is their centre."""

    id: int
    centre_id: int
    password_hash: str | None
    active: bool


def account(session: Session, username: str) -> Account | None:
    """The account with this log-in name, whatever its case."""
    rows = cursor.ask(session, _ACCOUNT, {"name": username.strip().lower()})
    if not rows:
        return None
    person, centre, password_hash, active = rows[0]
    return Account(person, centre, password_hash, bool(active))


_ACCOUNT = """
SELECT p.id, p.centre_id, p.password_hash, p.active AND c.active
FROM people AS p JOIN centres AS c ON c.id = p.centre_id WHERE p.username = :name
"""


def by_username(session: Session, username: str) -> Person | None:
    """The person with this log-in name, whatever its case."""
    return session.scalar(_BY_USERNAME, {"username": username.strip().lower()})


_BY_USERNAME = select(Person).where(Person.username == bindparam("username"))


def email_of(session: Session, person_id: int) -> str | None:
    """Where mails to a person go; None for nowhere."""
    rows = cursor.ask(session, "SELECT email FROM people WHERE id = :person", {"person": person_id})
    return rows[0][0] if rows else None


def get(session: Session, centre_id: int, person_id: int) -> Person | None:
    """A person of this centre."""
    return session.scalar(_GET, {"centre_id": centre_id, "person_id": person_id})


_GET = select(Person).where(
    Person.id == bindparam("person_id"), Person.centre_id == bindparam("centre_id")
)


# Every start asks this: made once, for making it costs more than running it.
_LOCKED = select(Person).where(Person.id == bindparam("person")).with_for_update()


def locked(session: Session, person_id: int) -> Person:
    """A person, locked until the transaction ends: no attempt of theirs starts meanwhile."""
    return session.scalars(_LOCKED, {"person": person_id}).one()


def _held(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    """What a role must be to be held at a moment: not taken, and not over."""
    return RoleHeld.taken_at.is_(None), or_(RoleHeld.until.is_(None), RoleHeld.until > now)


def roles_of(session: Session, person_id: int, now: datetime) -> frozenset[Role]:
    """The roles a person holds at a moment."""
    return frozenset(held_by(session, person_id, now))


def held_by(session: Session, person_id: int, now: datetime) -> dict[Role, datetime | None]:
    """The roles a person holds at a moment, each with its end (None: until it is taken)."""
    rows = session.execute(
        select(RoleHeld.role, RoleHeld.until).where(RoleHeld.person_id == person_id, *_held(now))
    )
    return {Role(role): until for role, until in rows}


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


def page(
    session: Session, centre_id: int, words: str, offset: int, limit: int
) -> tuple[Sequence[Person], int]:
    """People of a centre whose name or log-in name holds the words, and how many there are."""
    found = select(Person).where(Person.centre_id == centre_id)
    if words:
        found = found.where(
            or_(*(c.icontains(words, autoescape=True) for c in (Person.name, Person.username)))
        )
    count = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = session.scalars(found.order_by(Person.name, Person.id).offset(offset).limit(limit))
    return rows.all(), count


def signed_in(session: Session, token_hash: str, now: datetime) -> SignedIn | None:
    """The person whose session has this token, if it has not ended and they are active."""
    # Every page asks this first.
    values = {"token": token_hash, "now": cursor.moment(session, now)}
    rows = cursor.ask(session, _SIGNED_IN, values)
    if not rows:
        return None
    sign_in, person, centre, name, username, must_change, created, seen, called, zone, _ = rows[0]
    return SignedIn(
        session_id=sign_in,
        person_id=person,
        centre_id=centre,
        name=name,
        username=username,
        roles=frozenset(Role(row[-1]) for row in rows if row[-1] is not None),
        must_change_password=bool(must_change),
        created_at=cursor.moment_of(created),
        seen_at=cursor.moment_of(seen),
        centre_name=called,
        zone=zone,
    )


# One row for each role that is held now, as `_held` says it.
_SIGNED_IN = """
SELECT s.id, p.id, p.centre_id, p.name, p.username, p.must_change_password, s.created_at,
       s.seen_at, c.name, c.timezone, r.role
FROM sessions AS s
JOIN people AS p ON p.id = s.person_id
JOIN centres AS c ON c.id = p.centre_id
LEFT JOIN roles_held AS r ON r.person_id = p.id AND r.taken_at IS NULL
  AND (r.until IS NULL OR r.until > :now)
WHERE s.token_hash = :token AND s.ended_at IS NULL AND p.active AND c.active
"""


def begin_session(
    session: Session, person: Account, token_hash: str, device: str, now: datetime
) -> None:
    """Store that a person is signed in from now on."""
    values = {
        "centre_id": person.centre_id,
        "person_id": person.id,
        "token_hash": token_hash,
        "device": device,
        "created_at": now,
        "seen_at": now,
        "ended_at": None,
    }
    cursor.insert(session, SignIn.metadata.tables[SignIn.__tablename__], values)


def sessions_of(session: Session, person_id: int) -> Sequence[SignIn]:
    """The person's sessions that have not ended, newest first."""
    return session.scalars(
        select(SignIn)
        .where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        .order_by(SignIn.seen_at.desc())
    ).all()


def last_log_in(session: Session, person_id: int) -> datetime | None:
    """When the person logged in last; None for never."""
    return session.scalar(select(func.max(SignIn.created_at)).where(SignIn.person_id == person_id))


def end_sessions(
    session: Session,
    person_id: int,
    now: datetime,
    *,
    only: int | None = None,
    but: int | None = None,
) -> int:
    """End a person's sessions: one, or all but one, or all. Says how many ended."""
    change = update(SignIn).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
    if only is not None:
        change = change.where(SignIn.id == only)
    if but is not None:
        change = change.where(SignIn.id != but)
    ended = session.scalars(change.values(ended_at=now).returning(SignIn.id))
    return len(ended.all())


def end_sessions_at(session: Session, centre_id: int, now: datetime) -> None:
    """End the sessions of everybody at a centre."""
    here = select(Person.id).where(Person.centre_id == centre_id)
    session.execute(
        update(SignIn)
        .where(SignIn.person_id.in_(here), SignIn.ended_at.is_(None))
        .values(ended_at=now)
    )


def failures_since(session: Session, name_hash: str, since: datetime) -> Sequence[datetime]:
    """When log-ins with this name failed since a moment, oldest first."""
    values = {"name": name_hash, "since": cursor.moment(session, since)}
    return [cursor.moment_of(at) for (at,) in cursor.ask(session, _FAILURES, values)]


_FAILURES = "SELECT at FROM login_failures WHERE name_hash = :name AND at > :since ORDER BY at"


def forget_failures(session: Session, name_hash: str) -> None:
    """Start counting anew after a log-in that succeeded."""
    session.execute(delete(LoginFailure).where(LoginFailure.name_hash == name_hash))


def by_usernames(session: Session, usernames: Iterable[str]) -> dict[str, Person]:
    """The people with these log-in names, whatever their centre."""
    wanted = sorted(set(usernames))
    found: dict[str, Person] = {}
    for begin in range(0, len(wanted), MANY):
        some = wanted[begin : begin + MANY]
        rows = session.scalars(select(Person).where(Person.username.in_(some)))
        found |= {person.username: person for person in rows}
    return found
