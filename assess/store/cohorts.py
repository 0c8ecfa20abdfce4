"""Whom does a tutor look after, and how does each stand with each test? Few queries for many."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session, aliased

from assess.delivery.attempt import State
from assess.delivery.marking import OutcomeMark
from assess.store import people
from assess.store.approvals import Approval, ApprovalRequest
from assess.store.attempts import Attempt
from assess.store.marks import MarkRow
from assess.store.people import Person
from assess.store.programmes import Programme, Registration
from assess.store.specifications import Test


@dataclass(frozen=True, slots=True)
class Sat:
    """An attempt as others than its candidate may see it: when, how it ended, by outcome."""

    attempt_id: int
    ordinal: int
    state: State
    opened_at: datetime | None
    closed_at: datetime | None
    passed: bool | None
    outcomes: tuple[OutcomeMark, ...]


def of_tutor(
    session: Session, centre_id: int, tutor_id: int, now: datetime, limit: int
) -> Sequence[tuple[Registration, Person, Programme]]:
    """A tutor's candidates: by programme, group and name, and behind them those of the past."""
    past = ~Person.active | func.coalesce(Registration.ends_at <= now, False)
    return _registered(session, centre_id, Registration.tutor_id == tutor_id, limit, (past,))


def is_past(registration: Registration, candidate: Person, now: datetime) -> bool:
    """Whether a tutor has no more to do for them: the period is over, or they have left."""
    ends = registration.ends_at
    return not candidate.active or (ends is not None and ends <= now)


def of_tutor_and_candidate(
    session: Session, centre_id: int, tutor_id: int, candidate_id: int
) -> Sequence[tuple[Registration, Person, Programme]]:
    """Where this tutor is the tutor of this candidate."""
    both = (Registration.tutor_id == tutor_id) & (Registration.candidate_id == candidate_id)
    return _registered(session, centre_id, both)


def mine(session: Session, tutor_id: int, candidates: Collection[int]) -> frozenset[int]:
    """Which of these candidates this tutor looks after at present."""
    rows = session.scalars(
        select(Registration.candidate_id).where(
            Registration.tutor_id == tutor_id, Registration.candidate_id.in_(list(candidates))
        )
    )
    return frozenset(rows)


def of_centre(
    session: Session, centre_id: int, words: str, limit: int
) -> Sequence[tuple[Registration, Person, Programme]]:
    """Candidates of a centre whose name holds these words."""
    found = people.named(words, Person.name)
    return _registered(session, centre_id, found, limit)


def _registered(
    session: Session,
    centre_id: int,
    condition: ColumnElement[bool],
    limit: int | None = None,
    first: Sequence[ColumnElement[bool]] = (),
) -> Sequence[tuple[Registration, Person, Programme]]:
    rows = session.execute(
        select(Registration, Person, Programme)
        .join(Person, Person.id == Registration.candidate_id)
        .join(Programme, Programme.id == Registration.programme_id)
        .where(Registration.centre_id == centre_id, condition)
        .order_by(*first, Programme.name, Registration.group, Person.name, Person.id)
        .limit(limit)
    )
    return [(registration, person, programme) for registration, person, programme in rows]


def sat(
    session: Session, candidates: Collection[int], tests: Iterable[int]
) -> Mapping[tuple[int, int], Sequence[Sat]]:
    """The attempts of these candidates at these tests, oldest first, by (candidate, test)."""
    rows = session.execute(
        select(
            Attempt.candidate_id,
            Attempt.test_id,
            Attempt.id,
            Attempt.ordinal,
            Attempt.state,
            Attempt.opened_at,
            Attempt.closed_at,
            MarkRow.passed,
            MarkRow.outcomes,
        )
        .outerjoin(MarkRow, (MarkRow.attempt_id == Attempt.id) & (MarkRow.number == _newest()))
        .where(Attempt.candidate_id.in_(list(candidates)), Attempt.test_id.in_(list(tests)))
        .order_by(Attempt.ordinal)
    )
    found: dict[tuple[int, int], list[Sat]] = {}
    for candidate, test, attempt, ordinal, state, opened, closed, passed, outcomes in rows:
        lines = tuple(OutcomeMark(*line) for line in outcomes or ())
        one = Sat(attempt, ordinal, State(state), opened, closed, passed, lines)
        found.setdefault((candidate, test), []).append(one)
    return found


def _newest() -> ScalarSelect[int]:
    """The number of the mark that counts for an attempt: it was marked again, perhaps."""
    other = aliased(MarkRow)  # asked for each attempt: marks of everybody else are never read
    return select(func.max(other.number)).where(other.attempt_id == Attempt.id).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Practised:
    """How practice went in one outcome, over all of a candidate's practice attempts."""

    outcome: str
    score: int  # thousandths of a mark
    out_of: int  # marks
    last: datetime


def practised(session: Session, candidate_id: int, programme_id: int) -> Sequence[Practised]:
    """A candidate's practice on a programme, by outcome, in the order of their paths."""
    rows = session.execute(
        select(MarkRow.outcomes, MarkRow.marked_at)
        .join(Attempt, Attempt.id == MarkRow.attempt_id)
        .join(Test, Test.id == Attempt.test_id)
        .where(
            Attempt.candidate_id == candidate_id,
            Test.programme_id == programme_id,
            Test.practice,
            Attempt.state == State.MARKED.value,
            MarkRow.number == _newest(),
        )
        .order_by(MarkRow.marked_at)
    )
    found: dict[str, Practised] = {}
    for outcomes, marked_at in rows:
        for path, score, out_of, _, _ in outcomes:
            so_far = found.get(path, Practised(path, 0, 0, marked_at))
            found[path] = Practised(path, so_far.score + score, so_far.out_of + out_of, marked_at)
    return [found[path] for path in sorted(found)]


def asked(session: Session, candidates: Collection[int]) -> Mapping[tuple[int, int], datetime]:
    """Since when these candidates wait for an answer, by (candidate, test); barred, they do not."""
    rows = session.execute(
        select(ApprovalRequest.candidate_id, ApprovalRequest.test_id, ApprovalRequest.asked_at)
        .join(Person, Person.id == ApprovalRequest.candidate_id)
        .where(
            ApprovalRequest.candidate_id.in_(list(candidates)),
            ApprovalRequest.answered_at.is_(None),
            Person.active,
        )
    )
    return {(row.candidate_id, row.test_id): row.asked_at for row in rows}


def approved(
    session: Session, candidates: Collection[int], now: datetime
) -> Mapping[tuple[int, int], Approval]:
    """The approvals of these candidates that an attempt can still begin by, by (candidate, test).

    That of a form which is sealed for somebody who waits to be let in is among them.
    """
    begun = (Attempt.approval_id == Approval.id) & (Attempt.state != State.PREPARED.value)
    rows = session.scalars(
        select(Approval)
        .outerjoin(Attempt, begun)
        .where(
            Approval.candidate_id.in_(list(candidates)),
            Approval.expires_at > now,
            Approval.withdrawn_at.is_(None),
            Attempt.id.is_(None),
        )
        .order_by(Approval.id)
    )
    return {(row.candidate_id, row.test_id): row for row in rows}
