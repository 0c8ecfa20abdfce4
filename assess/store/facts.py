"""What do the tables say of a candidate and tests? All that eligibility weighs, in two statements.

One row for each test holds what there is one of; a second statement gathers what there may be more
of. Both are the same words on either database, for one test and for all that somebody is
registered for, inside a deed and for a page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from assess.store import cursor, specifications
from assess.store.allowances import Allowed, Kind
from assess.store.arrangements import InForce
from assess.store.specifications import Published


@dataclass(frozen=True, slots=True)
class Offered:
    """A test as a candidate meets it. `gates` names the doors of neighbours."""

    id: int
    name: str
    title: str
    practice: bool
    programme_id: int | None
    gates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """The newest approval, and whether an attempt has used it."""

    id: int
    given_at: datetime
    expires_at: datetime
    withdrawn: bool
    used: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """The newest request for approval: since when, whether it waits, and what it was answered."""

    at: datetime
    waiting: bool
    advice: str | None


@dataclass(frozen=True, slots=True)
class Sat:
    """An attempt without its form. `passed` is None until it is marked."""

    id: int
    ordinal: int
    state: str
    closed_at: datetime | None
    deadline: datetime | None
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Held:
    """A hold that nobody has lifted; `all`: it keeps the candidate from every test."""

    placed_at: datetime
    all: bool
    results: bool


@dataclass(frozen=True, slots=True)
class Period:
    """From when until when a registration is in force; None for no bound."""

    begins: datetime | None
    ends: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it has begun and is not over."""
        begun = self.begins is None or self.begins <= now
        return begun and (self.ends is None or now < self.ends)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one candidate and one test.

    `registration` is None without one; `statement` is id and number of the version that is to be
    signed, `signed` the number of the last that was. `own_questions`: they have written a
    question of the bank that the test is drawn from, or decided about one.
    """

    test: Offered
    active: bool
    centre_active: bool
    own_questions: bool
    timezone: str
    registration: Period | None
    statement: tuple[int, int] | None
    signed: int | None
    approval: Given | None
    asked: Asked | None
    allowed: Allowed
    version: Published | None
    attempts: tuple[Sat, ...] = ()
    holds: tuple[Held, ...] = ()
    arrangements: tuple[InForce, ...] = ()


# What there is one of, or the newest of. The words of a request are read with it: both are asked
# for by their tests' candidates all the time, and a row is read as quickly with them as without.
# What somebody wrote or decided is looked up first, of a candidate nothing: SQLite takes a CROSS
# JOIN in the order in which it stands, PostgreSQL goes by what migration 0018 tells it.
ONE = """
SELECT t.id, t.name, t.title, t.practice, t.programme_id, t.gates,
       p.active, c.active,
       EXISTS (SELECT 1 FROM version_writers AS w CROSS JOIN item_versions AS written
        WHERE w.person_id = p.id AND written.id = w.version_id AND written.bank_id = t.bank_id)
       OR EXISTS (SELECT 1 FROM item_remarks AS m CROSS JOIN items AS i
        WHERE m.person_id = p.id AND m.move IS NOT NULL AND i.id = m.item_id
        AND i.bank_id = t.bank_id),
       c.timezone,
       r.id, r.starts_at, r.ends_at,
       s.id, s.number,
       (SELECT max(o.number) FROM signatures AS g JOIN statements AS o ON o.id = g.statement_id
        WHERE o.programme_id = t.programme_id AND g.person_id = p.id),
       a.id, a.given_at, a.expires_at, a.withdrawn_at,
       EXISTS (SELECT 1 FROM attempts AS u WHERE u.approval_id = a.id),
       q.asked_at, q.answered_at, q.advice,
       (SELECT d.starts_on FROM agreed_dates AS d
        WHERE d.test_id = t.id AND d.candidate_id = p.id AND NOT EXISTS
        (SELECT 1 FROM allowances AS e WHERE e.test_id = t.id AND e.candidate_id = p.id
          AND e.kind = 'another-period' AND e.decided_at > d.agreed_at)
        ORDER BY d.id DESC LIMIT 1),
       v.id, v.digest
FROM tests AS t
JOIN people AS p ON p.id = :person
JOIN centres AS c ON c.id = p.centre_id
LEFT JOIN registrations AS r ON r.programme_id = t.programme_id AND r.candidate_id = p.id
LEFT JOIN statements AS s ON s.programme_id = t.programme_id AND s.number =
  (SELECT max(o.number) FROM statements AS o WHERE o.programme_id = t.programme_id)
LEFT JOIN approvals AS a ON a.id =
  (SELECT max(o.id) FROM approvals AS o WHERE o.test_id = t.id AND o.candidate_id = p.id)
LEFT JOIN approval_requests AS q ON q.id =
  (SELECT max(o.id) FROM approval_requests AS o WHERE o.test_id = t.id AND o.candidate_id = p.id)
LEFT JOIN specifications AS v ON v.test_id = t.id AND v.state = 'published'
"""
OF_TEST = ONE + "WHERE t.id = :test AND t.centre_id = p.centre_id"
OF_PERSON = (
    ONE + "WHERE r.id IS NOT NULL AND t.centre_id = p.centre_id ORDER BY t.programme_id, t.name"
)

# What there may be more of, each kind with the columns it needs. A mark counts by its number.
MANY = """
SELECT 'attempt' AS what, a.test_id AS test, a.id AS number, a.ordinal AS ordinal,
       CAST(a.state AS VARCHAR(40)) AS value,
       a.closed_at AS begins, a.deadline AS ends, m.passed AS told, CAST(NULL AS TEXT) AS words
FROM attempts AS a LEFT JOIN marks AS m ON m.attempt_id = a.id AND m.number =
  (SELECT max(o.number) FROM marks AS o WHERE o.attempt_id = a.id)
WHERE a.candidate_id = :person {test}
UNION ALL
SELECT 'allowance', a.test_id, a.id, a.after_ordinal, a.kind, NULL, NULL, NULL, NULL
FROM allowances AS a WHERE a.candidate_id = :person {test}
UNION ALL
SELECT 'hold', a.test_id, a.id, NULL, NULL, a.placed_at, NULL, a.results, NULL
FROM holds AS a WHERE a.person_id = :person AND a.lifted_at IS NULL {some}
UNION ALL
SELECT a.kind, NULL, a.id, NULL, a.value, a.starts_at, a.ends_at, NULL, a.words
FROM arrangements AS a WHERE a.person_id = :person AND a.starts_at <= :now
  AND (a.ends_at IS NULL OR a.ends_at > :now) AND (a.ended_at IS NULL OR a.ended_at > :now)
ORDER BY what, number
"""
MANY_OF_TEST = MANY.format(
    test="AND a.test_id = :test", some="AND (a.test_id IS NULL OR a.test_id = :test)"
)
MANY_OF_PERSON = MANY.format(test="", some="")


def of_test(session: Session, person_id: int, test_id: int, now: datetime) -> Facts | None:
    """All about a candidate and a test; None where one of the two is not there, at one centre."""
    values = {"person": person_id, "test": test_id}
    rows = cursor.ask(session, OF_TEST, values)
    if not rows:
        return None
    more = cursor.ask(session, MANY_OF_TEST, {**values, "now": cursor.moment(session, now)})
    return _facts(session, rows, more)[0]


def of_person(session: Session, person_id: int, now: datetime) -> Sequence[Facts]:
    """All about a candidate and each test of the programmes they are registered for, by name."""
    values = {"person": person_id}
    rows = cursor.ask(session, OF_PERSON, values)
    if not rows:
        return ()
    more = cursor.ask(session, MANY_OF_PERSON, {**values, "now": cursor.moment(session, now)})
    return _facts(session, rows, more)


@dataclass(slots=True)
class _More:
    """What the second statement found, by test where it belongs to one."""

    attempts: defaultdict[int, list[Sat]] = field(default_factory=lambda: defaultdict(list))
    allowances: defaultdict[int, list[tuple[str, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    holds: list[tuple[int | None, Held]] = field(default_factory=list)
    arrangements: list[InForce] = field(default_factory=list)


def _more(rows: Sequence[Any]) -> _More:
    found, when = _More(), cursor.when
    for what, test, number, ordinal, value, begins, ends, told, words in rows:
        if what == "attempt":
            passed = None if told is None else bool(told)
            sat = Sat(number, ordinal, value, when(begins), when(ends), passed)
            found.attempts[test].append(sat)
        elif what == "allowance":
            found.allowances[test].append((value, ordinal))
        elif what == "hold":
            held = Held(cursor.moment_of(begins), test is None, bool(told))
            found.holds.append((test, held))
        else:
            found.arrangements.append(InForce(what, value, words, when(ends)))
    return found


def _facts(session: Session, rows: Sequence[Any], more: Sequence[Any]) -> list[Facts]:
    found, when = _more(more), cursor.when
    versions = specifications.known(session, {row[-2]: row[-1] for row in rows if row[-2]})
    told = []
    for row in rows:
        (
            test, name, title, practice, programme, gates, active, centre_active, own, timezone,
            registration, starts_at, ends_at, statement, number, signed,
            approval, given_at, expires_at, withdrawn_at, used,
            asked_at, answered_at, advice, agreed, version, _digest,
        ) = row  # fmt: skip
        given = None
        if approval is not None:
            given = Given(
                approval,
                cursor.moment_of(given_at),
                cursor.moment_of(expires_at),
                withdrawn_at is not None,
                bool(used),
            )
        told.append(
            Facts(
                test=Offered(
                    test, name, title, bool(practice), programme, tuple(cursor.document(gates))
                ),
                active=bool(active),
                centre_active=bool(centre_active),
                own_questions=bool(own),
                timezone=timezone,
                registration=None
                if registration is None
                else Period(when(starts_at), when(ends_at)),
                statement=None if statement is None else (statement, number),
                signed=signed,
                approval=given,
                asked=None
                if asked_at is None
                else Asked(cursor.moment_of(asked_at), answered_at is None, advice),
                allowed=_allowed(agreed, found.allowances.get(test, ())),
                version=versions.get(version),
                attempts=tuple(sorted(found.attempts.get(test, ()), key=lambda a: a.ordinal)),
                holds=tuple(held for of, held in found.holds if of is None or of == test),
                arrangements=tuple(sorted(found.arrangements, key=lambda one: one.kind)),
            )
        )
    return told


def _allowed(agreed: Any, decisions: Sequence[tuple[str, int]]) -> Allowed:
    waived = [after for kind, after in decisions if kind == Kind.WAIVER.value]
    return Allowed(
        starts_on=date.fromisoformat(agreed) if isinstance(agreed, str) else agreed,
        extra_attempts=sum(kind == Kind.EXTRA_ATTEMPT.value for kind, _ in decisions),
        waived=max(waived, default=None),
    )


@dataclass(frozen=True, slots=True)
class Mine:
    """A registration as its candidate meets it.

    `statement`: the programme has one. `said_at` is when the last message of its conversation was
    written, None without any; `by_me`: by the candidate.
    """

    id: int
    programme_id: int
    programme: str
    tutor: str
    statement: bool
    said_at: datetime | None
    by_me: bool


MINE = """
SELECT r.id, p.id, p.name, t.name,
       EXISTS (SELECT 1 FROM statements AS s WHERE s.programme_id = p.id),
       m.written_at, m.from_candidate
FROM registrations AS r
JOIN programmes AS p ON p.id = r.programme_id
JOIN people AS t ON t.id = r.tutor_id
LEFT JOIN messages AS m ON m.id =
  (SELECT max(o.id) FROM messages AS o WHERE o.registration_id = r.id)
WHERE r.candidate_id = :person
ORDER BY p.name, r.id
"""


def registrations(session: Session, person_id: int) -> Sequence[Mine]:
    """What a candidate is registered for, by name of the programme."""
    rows = cursor.ask(session, MINE, {"person": person_id})
    return [
        Mine(number, of, programme, tutor, bool(statement), cursor.when(said_at), bool(by_me))
        for number, of, programme, tutor, statement, said_at, by_me in rows
    ]
