"""Which tests are there, and what does each version of their specification say?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    bindparam,
    false,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.bank import specification_file
from assess.bank.specification import Specification
from assess.store import cursor
from assess.store.base import Base

PUBLISHED = text("state = 'published'")


class Test(Base):
    """A test that a programme offers, over all versions of its specification."""

    __tablename__ = "tests"
    __table_args__ = (UniqueConstraint("centre_id", "name"),)
    __test__ = False  # the word of the trade, not a test of ours

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks.id"))
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programmes.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(300))
    gates: Mapped[list[Any]]  # names of the doors of neighbours that must let a candidate pass
    practice: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]


class SpecificationVersion(Base):
    """One version of a test's specification. At most one is published."""

    __tablename__ = "specifications"
    __table_args__ = (
        UniqueConstraint("test_id", "number"),
        Index(
            "uq_specifications_published",
            "test_id",
            unique=True,
            sqlite_where=PUBLISHED,
            postgresql_where=PUBLISHED,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    document: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    published_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    published_at: Mapped[datetime]

    def specification(self) -> Specification:
        """The version as the bank floor knows it; read once, for it never changes."""
        if self.digest not in _read:
            _read[self.digest] = specification_file.stored(self.document)
        return _read[self.digest]


@dataclass(frozen=True, slots=True)
class Published:
    """A version of a specification by its number, and what it says."""

    id: int
    said: Specification

    def specification(self) -> Specification:
        """As `SpecificationVersion` says it."""
        return self.said


_read: dict[str, Specification] = {}
"""Specifications by their digest, which names the document they were read from."""


def by_name(session: Session, centre_id: int, name: str) -> Test | None:
    """A centre's test with this name."""
    return session.scalar(select(Test).where(Test.centre_id == centre_id, Test.name == name))


# Every judgement of a start asks these: made once, for making them costs more than running them.
_GET = select(Test).where(Test.centre_id == bindparam("centre"), Test.id == bindparam("test"))
_PUBLISHED = select(SpecificationVersion).where(
    SpecificationVersion.test_id == bindparam("test"), SpecificationVersion.state == "published"
)


def get(session: Session, centre_id: int, test_id: int) -> Test | None:
    """A test of this centre."""
    return session.scalar(_GET, {"centre": centre_id, "test": test_id})


def of_centre(session: Session, centre_id: int) -> Sequence[Test]:
    """A centre's tests, by name."""
    return session.scalars(
        select(Test).where(Test.centre_id == centre_id).order_by(Test.name)
    ).all()


def of_programme(session: Session, programme_id: int) -> Sequence[Test]:
    """The tests of a programme, by name."""
    return session.scalars(_OF_PROGRAMME, {"programme_id": programme_id}).all()


_OF_PROGRAMME = (
    select(Test).where(Test.programme_id == bindparam("programme_id")).order_by(Test.name)
)


def of_bank(session: Session, bank_id: int) -> Sequence[Test]:
    """The tests that draw from a bank."""
    return session.scalars(select(Test).where(Test.bank_id == bank_id).order_by(Test.name)).all()


def published(session: Session, test_id: int) -> SpecificationVersion | None:
    """The version of a test's specification that is in force."""
    return session.scalar(_PUBLISHED, {"test": test_id})


def version(session: Session, specification_id: int) -> SpecificationVersion:
    """The version of a specification that an attempt names. NoResultFound when there is none."""
    return session.get_one(SpecificationVersion, specification_id)


def known(session: Session, digests: Mapping[int, str]) -> dict[int, Published]:
    """Versions by their numbers, whose digests are known; none is read twice in a process."""
    for number, digest in digests.items():
        if digest not in _read:
            ((document,),) = cursor.ask(session, _DOCUMENT, {"version": number})
            _read[digest] = specification_file.stored(cursor.document(document))
    found = {number: Published(number, _read[digest]) for number, digest in digests.items()}
    session.info.setdefault("versions", {}).update(found)
    return found


_DOCUMENT = "SELECT document FROM specifications WHERE id = :version"


def said(session: Session, specification_id: int) -> Published:
    """What the version that an attempt names says; a session asks once. ValueError without one."""
    seen: dict[int, Published] = session.info.setdefault("versions", {})
    if specification_id not in seen:
        ((digest,),) = cursor.ask(session, _DIGEST, {"version": specification_id})
        seen |= known(session, {specification_id: digest})
    return seen[specification_id]


def sat(session: Session, test_id: int, specification_id: int) -> tuple[str, Published]:
    """The title of the test that an attempt is at, and the version that it names."""
    values = {"test": test_id, "version": specification_id}
    ((title, digest),) = cursor.ask(session, _SAT, values)
    return title, known(session, {specification_id: digest})[specification_id]


_DIGEST = "SELECT digest FROM specifications WHERE id = :version"
_SAT = """
SELECT t.title, v.digest FROM specifications AS v JOIN tests AS t ON t.id = v.test_id
WHERE v.id = :version AND t.id = :test
"""


def versions_of(session: Session, test_id: int) -> Sequence[SpecificationVersion]:
    """All versions of a test's specification, newest first."""
    return session.scalars(
        select(SpecificationVersion)
        .where(SpecificationVersion.test_id == test_id)
        .order_by(SpecificationVersion.number.desc())
    ).all()


def newest_number(session: Session, test_id: int) -> int:
    """The number of the newest version, 0 when there is none."""
    return (
        session.scalar(
            select(func.max(SpecificationVersion.number)).where(
                SpecificationVersion.test_id == test_id
            )
        )
        or 0
    )


def published_of_centre(session: Session, centre_id: int) -> dict[int, SpecificationVersion]:
    """The version in force of each of a centre's tests that has one, by the test's number."""
    rows = session.scalars(
        select(SpecificationVersion).where(
            SpecificationVersion.centre_id == centre_id, SpecificationVersion.state == "published"
        )
    )
    return {version.test_id: version for version in rows}
