"""Where does a candidate stand with a test? The facts that eligibility weighs, and the doors.

The page, the start and the audit call `judge`; none of them weighs anything by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from assess.delivery import eligibility
from assess.delivery.eligibility import Closed, Standing
from assess.delivery.terms import Terms
from assess.reasons import Code, Helper, Reason
from assess.store import approvals, attempts, centres, marks, programmes, specifications
from assess.store.attempts import Attempt
from assess.store.people import Person
from assess.store.specifications import SpecificationVersion, Test


@dataclass(frozen=True, slots=True)
class Gate:
    """A neighbour's door: what it knows of a candidate and a test, and why it keeps it shut."""

    load: Callable[[Session, int, int], Any]  # (session, candidate, test) -> facts
    why_not: Callable[[Any, datetime], tuple[Reason, ...]]


Gates = Mapping[str, Gate]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a candidate may start a test now: every reason why not, and the facts behind it."""

    terms: Terms
    standing: Standing
    reasons: tuple[Reason, ...]
    version: SpecificationVersion | None
    approval_id: int | None
    statement_id: int | None
    attempts: tuple[Attempt, ...]

    @property
    def facts(self) -> dict[str, Any]:
        """The facts in plain JSON types, to be stored with the decision."""
        s = self.standing
        return {
            "signed_version": s.signed_version,
            "current_version": s.current_version,
            "approval": self.approval_id,
            "closed_attempts": len(s.closed_attempts),
            "specification": None if self.version is None else self.version.id,
        }


def judge(session: Session, gates: Gates, test: Test, person: Person, now: datetime) -> Judgement:
    """Load every fact about a candidate and a test, and weigh them."""
    version = specifications.published(session, test.id)
    centre = centres.get(session, person.centre_id)
    registration = statement = signature = None
    if test.programme_id is not None:
        registration = programmes.registration(session, test.programme_id, person.id)
        statement = programmes.current_statement(session, test.programme_id)
        signature = programmes.last_signature(session, test.programme_id, person.id)
    approval = approvals.newest(session, test.id, person.id)
    sat = attempts.of_test(session, test.id, person.id)
    passed = marks.passes(session, [a.id for a in sat])
    live = next((a for a in sat if a.is_live), None)
    standing = Standing(
        active=person.active,
        centre_active=centre.active,
        registered=registration is not None
        and (registration.ends_at is None or now < registration.ends_at),
        published=version is not None,
        signed_version=None if signature is None else signature[1].number,
        current_version=None if statement is None else statement.number,
        approval=None
        if approval is None
        else eligibility.Approval(
            given_at=approval[0].given_at, expires_at=approval[0].expires_at, used=approval[1]
        ),
        closed_attempts=tuple(
            Closed(a.ordinal, a.closed_at, passed[a.id])
            for a in sat
            if a.state == "marked" and a.closed_at is not None
        ),
        open_attempt=None if live is None else live.id,
        open_until=None if live is None else live.deadline,
        gates=_neighbours(session, gates, test, person, now),
    )
    if version is None:
        terms = Terms(test.name, 1, None, (), False, None, None, centre.timezone)
    else:
        terms = Terms.of(version.specification(), timezone=centre.timezone)
        terms = replace(terms, test=test.name)
    return Judgement(
        terms=terms,
        standing=standing,
        reasons=eligibility.why_not_start(terms, standing, now),
        version=version,
        approval_id=None if approval is None or approval[1] else approval[0].id,
        statement_id=None if statement is None else statement.id,
        attempts=tuple(sat),
    )


def _neighbours(
    session: Session, gates: Gates, test: Test, person: Person, now: datetime
) -> tuple[Reason, ...]:
    """What the neighbours' doors say. A door that nobody registered is shut, never open."""
    found: list[Reason] = []
    for name in test.gates:
        gate = gates.get(name)
        if gate is None:
            found.append(Reason(Code.UNKNOWN_GATE, {"gate": name}, who=Helper.ADMINISTRATOR))
        else:
            found += gate.why_not(gate.load(session, person.id, test.id), now)
    return tuple(found)
