"""Which statements of result were given out, under which codes, and do they still hold?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.delivery.attempt import State
from assess.delivery.statement_of_result import Facts
from assess.store import centres, frameworks, holds, marks, specifications
from assess.store.attempts import Attempt
from assess.store.base import Base
from assess.store.marks import MarkRow


class StatementOfResult(Base):
    """A statement of one mark, as it was given out. Never changed: another mark, or another name
    of the candidate, is another statement with another code.
    """

    __tablename__ = "statements_of_result"
    __table_args__ = (UniqueConstraint("mark_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    mark_id: Mapped[int] = mapped_column(ForeignKey("marks.id"))
    name: Mapped[str] = mapped_column(String(200))  # as it is printed
    code: Mapped[str] = mapped_column(String(40), unique=True)
    issued_at: Mapped[datetime]


def of_mark(session: Session, mark_id: int, name: str) -> StatementOfResult | None:
    """The statement of a mark for somebody of this name."""
    return session.scalar(
        select(StatementOfResult).where(
            StatementOfResult.mark_id == mark_id, StatementOfResult.name == name
        )
    )


def by_code(session: Session, code: str) -> StatementOfResult | None:
    """The statement that bears this code."""
    return session.scalar(select(StatementOfResult).where(StatementOfResult.code == code))


def newest(session: Session, attempt_id: int) -> StatementOfResult | None:
    """The statement of an attempt that was given out last."""
    return session.scalar(
        select(StatementOfResult)
        .where(StatementOfResult.attempt_id == attempt_id)
        .order_by(StatementOfResult.id.desc())
        .limit(1)
    )


def facts(session: Session, row: StatementOfResult) -> Facts:
    """What a statement says, and whether the record still says the same.

    Test and programme are called as in the version of the specification that was sat: what stands
    on somebody's paper does not change when the test is published under another title.
    """
    mark = session.get_one(MarkRow, row.mark_id)
    attempt = session.get_one(Attempt, row.attempt_id)
    centre = centres.get(session, row.centre_id)
    test = specifications.get(session, attempt.centre_id, attempt.test_id)
    counting = marks.newest(session, attempt.id)
    assert test is not None and attempt.closed_at is not None  # noqa: S101, PT018 - it is marked
    version = specifications.version(session, mark.specification_id)
    sat = version.specification()
    titles = frameworks.titles(session, [path for path, *_ in mark.outcomes])
    return Facts(
        name=row.name,
        code=row.code,
        issued_at=row.issued_at,
        centre=centre.name,
        zone=centre.timezone,
        programme=sat.programme,
        test=sat.name,
        title=sat.title,
        attempt=attempt.ordinal,
        closed_at=attempt.closed_at,
        passed=mark.passed,
        cut=mark.cut,
        out_of=mark.out_of,
        rule=mark.rule,
        specification=version.number,
        outcomes=tuple(
            (titles[path], bool(met) if least else None) for path, _, _, least, met in mark.outcomes
        ),
        holds=State(attempt.state) is State.MARKED
        and counting is not None
        and counting.id == mark.id,
        held=holds.keep_back(session, test, attempt.candidate_id),
    )
