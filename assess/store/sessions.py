"""Who is signed in where, and who knocked in vain?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.delivery import accounts
from assess.roles import Role
from assess.store import cursor
from assess.store.base import Base
from assess.store.people import Person


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


def account(session: Session, username: str, *, held: bool = False) -> Account | None:
    """The account with this log-in name, whatever its case; `held` until the transaction ends.

    Who is held is barred, or given another password, before this or after it, and not meanwhile;
    nor is their centre closed.
    """
    hold = held and cursor.dialect(session) == cursor.POSTGRESQL
    statement = f"{_ACCOUNT} FOR NO KEY UPDATE OF p FOR SHARE OF c" if hold else _ACCOUNT
    rows = cursor.ask(session, statement, {"name": accounts.log_in_name(username)})
    if not rows:
        return None
    person, centre, password_hash, active = rows[0]
    return Account(person, centre, password_hash, bool(active))


_ACCOUNT = """
SELECT p.id, p.centre_id, p.password_hash, p.active AND c.active
FROM people AS p JOIN centres AS c ON c.id = p.centre_id WHERE p.username = :name
"""


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


# One row for each role that is held now, as `store/roles_held.py` says it.
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


def is_of(session: Session, person_id: int, session_id: int) -> bool:
    """Whether a session is, or was, this person's."""
    wanted = select(SignIn.id).where(SignIn.id == session_id, SignIn.person_id == person_id)
    return session.scalar(wanted) is not None


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


def forget_failures_before(session: Session, moment: datetime) -> int:
    """Delete the failures of anybody before a moment; how many they were."""
    gone = delete(LoginFailure).where(LoginFailure.at < moment).returning(LoginFailure.id)
    return len(session.scalars(gone).all())
