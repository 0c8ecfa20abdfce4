"""Who may not start tests or see results at present, why, since when, and who has lifted that?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, bindparam, false, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.store.base import Base
from assess.store.people import Person
from assess.store.specifications import Test


class Hold(Base):
    """A person is kept from a test, or from all of them, until somebody lifts it.

    `results`: the results of what they have sat are held back from them too.
    """

    __tablename__ = "holds"
    __table_args__ = (
        Index("ix_holds_person", "person_id"),
        CheckConstraint("placed_by <> person_id", name="somebody_else_places"),
        CheckConstraint("lifted_by <> person_id", name="somebody_else_lifts"),
        CheckConstraint("(lifted_at IS NULL) = (lifting IS NULL)", name="lifting_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    test_id: Mapped[int | None] = mapped_column(ForeignKey("tests.id"))  # None: every test
    results: Mapped[bool] = mapped_column(default=False, server_default=false())
    words: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None: the operator
    placed_at: Mapped[datetime]
    lifting: Mapped[str | None] = mapped_column(Text)  # why it was lifted: the readmission
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    lifted_at: Mapped[datetime | None]


# Every judgement of a start asks this: made once, for making it costs more than running it.
_OF_PERSON = (
    select(Hold)
    .where(Hold.person_id == bindparam("person"), Hold.lifted_at.is_(None))
    .order_by(Hold.id)
)
_ON_TEST = _OF_PERSON.where(or_(Hold.test_id.is_(None), Hold.test_id == bindparam("test")))


def in_force(session: Session, person_id: int, test_id: int | None = None) -> Sequence[Hold]:
    """The holds on a person that nobody has lifted; those that bear on a test if one is given."""
    if test_id is None:
        return session.scalars(_OF_PERSON, {"person": person_id}).all()
    return session.scalars(_ON_TEST, {"person": person_id, "test": test_id}).all()


def keep_back(session: Session, test: Test, person_id: int) -> bool:
    """Whether the results of a person's attempts at a test are held back; never of practice."""
    return not test.practice and any(hold.results for hold in in_force(session, person_id, test.id))


def kept_back(session: Session, person_id: int, tests: Iterable[int]) -> frozenset[int]:
    """Of these tests, none of them practice, those whose results are held back from a person."""
    about = [hold.test_id for hold in in_force(session, person_id) if hold.results]
    return frozenset(tests if None in about else (test for test in tests if test in about))


def kept_since(session: Session, hold: Hold, test_id: int) -> datetime:
    """Since when results of this test were kept back without a gap that ended with this hold."""
    since = hold.placed_at
    others = session.scalars(
        select(Hold)
        .where(
            Hold.person_id == hold.person_id,
            Hold.results,
            or_(Hold.test_id.is_(None), Hold.test_id == test_id),
        )
        .order_by(Hold.placed_at.desc(), Hold.id.desc())
    )
    for other in others:
        if other.placed_at < since and (other.lifted_at is None or since <= other.lifted_at):
            since = other.placed_at
    return since


def readable_since(
    session: Session, test: Test, person_id: int, marked_at: datetime
) -> datetime | None:
    """Since when a person could read the result of an attempt; None while it is kept from them."""
    since = marked_at
    about = session.scalars(
        select(Hold)
        .where(
            Hold.person_id == person_id,
            Hold.results,
            or_(Hold.test_id.is_(None), Hold.test_id == test.id),
        )
        .order_by(Hold.placed_at, Hold.id)
    )
    for hold in () if test.practice else about:
        if hold.placed_at <= since and (hold.lifted_at is None or since < hold.lifted_at):
            if hold.lifted_at is None:
                return None
            since = hold.lifted_at
    return since


def get(session: Session, centre_id: int, hold_id: int) -> Hold | None:
    """A hold of this centre, locked for whoever changes it."""
    return session.scalar(
        select(Hold).where(Hold.id == hold_id, Hold.centre_id == centre_id).with_for_update()
    )


def of_centre(
    session: Session, centre_id: int, limit: int
) -> Sequence[tuple[Hold, Person, Test | None]]:
    """A centre's holds, those in force first, then the newest."""
    rows = session.execute(
        select(Hold, Person, Test)
        .join(Person, Person.id == Hold.person_id)
        .outerjoin(Test, Test.id == Hold.test_id)
        .where(Hold.centre_id == centre_id)
        .order_by(Hold.lifted_at.is_not(None), Hold.id.desc())
        .limit(limit)
    )
    return [(hold, person, test) for hold, person, test in rows]
