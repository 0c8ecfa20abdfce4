"""What were attempts worth? One packed row an attempt and mark version; `packed` reads them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    exists,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.bank.cells import Placing
from assess.bank.items import Content
from assess.bank.kinds import FULL_MARK
from assess.bank.specification import Specification
from assess.delivery.draw import Drawn
from assess.delivery.marking import Mark, OutcomeMark, Scored, counted_for
from assess.store import cursor
from assess.store.attempts import Attempt
from assess.store.base import Base
from assess.store.columns import Packed
from assess.store.specifications import Test

Ints = npt.NDArray[np.int32]


class MarkRow(Base):
    """The mark of an attempt. Never changed: a re-mark is another row, a trigger refuses the rest.

    The packed columns hold one int32 for each question, in order of place: the item version, the
    bit mask of the options chosen (0: none), the score in thousandths of a mark, the seconds
    spent, and the place.
    """

    __tablename__ = "marks"
    __table_args__ = (
        UniqueConstraint("attempt_id", "number"),
        Index("ix_marks_report", "test_id", "ordinal"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks.id"), index=True)
    specification_id: Mapped[int] = mapped_column(ForeignKey("specifications.id"))
    # Which of the attempts at the test that its candidate was told a result of.
    ordinal: Mapped[int]
    number: Mapped[int]  # of the mark: 1, and more after a re-mark
    score: Mapped[int]  # thousandths of a mark
    out_of: Mapped[int]  # marks
    cut: Mapped[int]  # marks
    passed: Mapped[bool]
    outcomes: Mapped[list[Any]]  # [path, score, out of, minimum, met]
    rule: Mapped[str] = mapped_column(String(40))
    marked_at: Mapped[datetime]
    versions: Mapped[Ints] = mapped_column(Packed)
    options: Mapped[Ints] = mapped_column(Packed)
    scores: Mapped[Ints] = mapped_column(Packed)
    seconds: Mapped[Ints] = mapped_column(Packed)
    places: Mapped[Ints] = mapped_column(Packed)


TABLE = MarkRow.metadata.tables[MarkRow.__tablename__]


@dataclass(frozen=True, slots=True)
class Population:
    """Which marks a report stands on."""

    attempts: int  # in the report
    later: int  # left out: not the candidate's first attempt
    void: int  # left out: the attempt does not count
    first: datetime | None
    last: datetime | None


def save(
    session: Session,
    attempt: Attempt,
    mark: Mark,
    seconds: Sequence[int],
    now: datetime,
    number: int = 1,
) -> MarkRow:
    """Store a mark of an attempt: the first, or after a review the next.

    The row is not part of the session: nothing is ever changed in it.
    """
    questions = mark.questions
    values = {
        "centre_id": attempt.centre_id,
        "attempt_id": attempt.id,
        "test_id": attempt.test_id,
        "bank_id": attempt.bank_id,
        "specification_id": attempt.specification_id,
        "ordinal": _told_before(session, attempt) + 1,
        "number": number,
        "score": mark.score,
        "out_of": mark.out_of,
        "cut": mark.cut,
        "passed": mark.passed,
        "outcomes": [[o.outcome, o.score, o.out_of, o.minimum, o.met] for o in mark.outcomes],
        "rule": mark.rule,
        "marked_at": now,
        "versions": np.array([q.version for q in questions], dtype="<i4"),
        "options": np.array([q.option_mask for q in questions], dtype="<i4"),
        "scores": np.array([q.score for q in questions], dtype="<i4"),
        "seconds": np.array(seconds, dtype="<i4"),
        "places": np.array([q.place for q in questions], dtype="<i4"),
    }
    row = MarkRow(**values)
    row.id = cursor.insert(session, TABLE, values)
    return row


def _told_before(session: Session, attempt: Attempt) -> int:
    """How many attempts at the test the candidate had been told a result of before this one.

    One that was cancelled or void before its end taught nothing: the next is a first one still.
    """
    if attempt.ordinal == 1:
        return 0
    values = {
        "test": attempt.test_id,
        "candidate": attempt.candidate_id,
        "ordinal": attempt.ordinal,
    }
    ((told,),) = cursor.ask(session, _TOLD, values)
    return int(told)


_TOLD = """
SELECT count(*) FROM attempts AS a JOIN marks AS m ON m.attempt_id = a.id AND m.number = 1
WHERE a.test_id = :test AND a.candidate_id = :candidate AND a.ordinal < :ordinal
"""


def first_at(session: Session, attempt_id: int) -> datetime | None:
    """When an attempt was marked first; None while it is not."""
    first = select(MarkRow.marked_at).where(MarkRow.attempt_id == attempt_id, MarkRow.number == 1)
    return session.scalar(first)


def newest(session: Session, attempt_id: int) -> MarkRow | None:
    """The mark that counts for an attempt, to look at: a mark is never changed."""
    rows = cursor.ask(session, _NEWEST, {"attempt": attempt_id})
    if not rows:
        return None
    return cursor.seen(MarkRow, _READ, rows[0])


_READ = [(column.key, cursor.reader(column.type)) for column in TABLE.columns]
_NEWEST = (
    f"SELECT {', '.join(name for name, _ in _READ)} FROM marks "  # noqa: S608 - names of columns
    "WHERE attempt_id = :attempt ORDER BY number DESC LIMIT 1"
)


def as_mark(
    row: MarkRow,
    drawn: Sequence[Drawn],
    contents: Mapping[int, Content],
    specification: Specification,
) -> Mark:
    """A stored mark as the delivery floor knows it: `drawn` is the form, `contents` by version.

    `specification` is that of the attempt.
    """
    placing = Placing(specification.quotas)
    outcomes = tuple(OutcomeMark(*line) for line in row.outcomes)
    rows = zip(row.places, row.versions, row.options, row.scores, strict=True)
    return Mark(
        score=row.score,
        out_of=row.out_of,
        cut=row.cut,
        passed=row.passed,
        outcomes=outcomes,
        questions=tuple(
            Scored(
                place=int(place),
                item=drawn[int(place) - 1].item,
                version=int(version),
                outcome=counted_for(placing, contents[int(version)]),
                score=int(score),
                option_mask=int(mask),
                answered=bool(mask),
                correct=int(score) == FULL_MARK,
            )
            for place, version, mask, score in rows
        ),
        rule=row.rule,
    )


def passes(session: Session, attempts: Sequence[int]) -> dict[int, bool]:
    """Whether each of these attempts passed, where it is marked."""
    if not attempts:
        return {}
    rows = session.execute(
        select(MarkRow.attempt_id, MarkRow.passed)
        .where(MarkRow.attempt_id.in_(list(attempts)))
        .order_by(MarkRow.number)
    )
    return {row.attempt_id: row.passed for row in rows}


def since(session: Session, candidate_id: int, moment: datetime) -> list[tuple[int, Test]]:
    """The attempts of a candidate that were marked at a moment or later, each with its test."""
    rows = session.execute(
        select(Attempt.id, Test)
        .join(Test, Test.id == Attempt.test_id)
        .where(
            Attempt.candidate_id == candidate_id,
            Attempt.state == "marked",
            Attempt.id.in_(select(MarkRow.attempt_id).where(MarkRow.marked_at >= moment)),
        )
        .order_by(Attempt.id)
    )
    return [(attempt, test) for attempt, test in rows]


def population(
    session: Session, *, test_id: int | None = None, bank_id: int | None = None
) -> Population:
    """What `packed.read` gives and what it leaves out."""
    marks = counting(test_id, bank_id).subquery()
    count, first, last = session.execute(
        select(func.count(), func.min(marks.c.marked_at), func.max(marks.c.marked_at)).where(
            marks.c.ordinal == 1
        )
    ).one()
    later = session.scalar(select(func.count()).select_from(marks).where(marks.c.ordinal > 1))
    # A form that was cancelled before anybody saw it was no attempt.
    void = select(func.count()).where(Attempt.state == "void", Attempt.opened_at.is_not(None))
    if test_id is not None:
        void = void.where(Attempt.test_id == test_id)
    if bank_id is not None:
        void = void.where(Attempt.bank_id == bank_id)
    return Population(count, later or 0, session.scalar(void) or 0, first, last)


def counting(test_id: int | None, bank_id: int | None) -> Select[MarkRow]:
    """The newest mark of every attempt that counts, of a test or of all tests of a bank.

    Said so that a database which looks through a million marks has few to remember: those that
    were marked again, and attempts that do not count.
    """

    of = []
    if test_id is not None:
        of.append(MarkRow.test_id == test_id)
    if bank_id is not None:
        of.append(MarkRow.bank_id == bank_id)
    again = (
        select(MarkRow.attempt_id, func.max(MarkRow.number).label("number"))
        .where(MarkRow.number > 1, *of)
        .group_by(MarkRow.attempt_id)
        .subquery()
    )
    return (
        select(MarkRow)
        .outerjoin(again, again.c.attempt_id == MarkRow.attempt_id)
        .where(
            MarkRow.number == func.coalesce(again.c.number, 1),
            ~exists().where(Attempt.id == MarkRow.attempt_id, Attempt.state != "marked"),
            *of,
        )
    )
