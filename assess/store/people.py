"""Who has an account, at which centre?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, ForeignKey, String, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from assess.delivery import accounts
from assess.store import cursor
from assess.store.base import Base
from assess.store.columns import holds

MANY = 500  # log-in names, or numbers, of one question to the database
One = TypeVar("One")


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


def by_username(session: Session, username: str) -> Person | None:
    """The person with this log-in name, whatever its case."""
    return session.scalar(_BY_USERNAME, {"username": accounts.log_in_name(username)})


_BY_USERNAME = select(Person).where(Person.username == bindparam("username"))


def email_of(session: Session, person_id: int) -> str | None:
    """Where mails to a person go; None for nowhere."""
    rows = cursor.ask(session, "SELECT email FROM people WHERE id = :person", {"person": person_id})
    return rows[0][0] if rows else None


def get(session: Session, centre_id: int, person_id: int) -> Person | None:
    """A person of this centre."""
    return session.scalar(_GET, {"centre_id": centre_id, "person_id": person_id})


def held(session: Session, centre_id: int, person_id: int) -> Person | None:
    """A person of this centre, locked until the transaction ends, as `locked` does."""
    held = _GET.with_for_update(key_share=True)
    return session.scalar(held, {"centre_id": centre_id, "person_id": person_id})


_GET = select(Person).where(
    Person.id == bindparam("person_id"), Person.centre_id == bindparam("centre_id")
)


# Every start asks this: made once, for making it costs more than running it. The number of a person
# stays free (NO KEY): whoever holds an attempt and writes an entry of its candidate does not wait
# for a deed that holds the candidate and waits for the attempt.
_LOCKED = select(Person).where(Person.id == bindparam("person")).with_for_update(key_share=True)


def locked(session: Session, person_id: int) -> Person:
    """A person, locked until the transaction ends: no attempt of theirs starts meanwhile."""
    return session.scalars(_LOCKED, {"person": person_id}).one()


def hold(session: Session, centre_id: int, usernames: Iterable[str]) -> None:
    """Lock the people of this centre with these log-in names, as `locked` does, in one order."""
    ours = select(Person.id).where(Person.centre_id == centre_id)
    numbers: list[int] = []
    for names in _parts(sorted(set(usernames))):
        numbers += session.scalars(ours.where(Person.username.in_(names)))
    for some in _parts(sorted(numbers)):
        held = ours.where(Person.id.in_(some)).order_by(Person.id)
        session.execute(held.with_for_update(key_share=True))


def named(words: str, *columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """That one of these columns holds the words, whatever their case."""
    return holds(accounts.plain(words), *columns)


def page(
    session: Session, centre_id: int, words: str, offset: int, limit: int
) -> tuple[Sequence[Person], int]:
    """People of a centre whose name or log-in name holds the words, and how many there are."""
    found = select(Person).where(Person.centre_id == centre_id)
    if words:
        found = found.where(named(words, Person.name, Person.username))
    count = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = session.scalars(found.order_by(Person.name, Person.id).offset(offset).limit(limit))
    return rows.all(), count


def by_usernames(session: Session, usernames: Iterable[str]) -> dict[str, Person]:
    """The people with these log-in names, whatever their centre."""
    found: dict[str, Person] = {}
    for some in _parts(sorted(set(usernames))):
        rows = session.scalars(select(Person).where(Person.username.in_(some)))
        found |= {person.username: person for person in rows}
    return found


def _parts(wanted: list[One]) -> Iterator[list[One]]:
    """As many at once as one question to the database may name."""
    for begin in range(0, len(wanted), MANY):
        yield wanted[begin : begin + MANY]
