"""Where does a candidate stand with a test? The facts that eligibility weighs, and the doors.

The page, the start and the audit call `judge`; none of them weighs anything by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from assess.delivery import eligibility, timing
from assess.delivery.attempt import LIVE, State
from assess.delivery.eligibility import Closed, Standing
from assess.delivery.terms import Terms
from assess.reasons import Code, Helper, Reason
from assess.store import arrangements, centres, facts, holds
from assess.store.arrangements import InForce
from assess.store.attempts import Attempt
from assess.store.facts import Facts, Offered, Period, Sat
from assess.store.people import Person
from assess.store.specifications import Published, SpecificationVersion, Test
from assess.store.starting import Comer, Wanted


@dataclass(frozen=True, slots=True)
class Gate:
    """A neighbour's door: what it knows of a candidate and a test, and why it keeps it shut."""

    load: Callable[[Session, int, int], Any]  # (session, candidate, test) -> facts
    why_not: Callable[[Any, datetime], tuple[Reason, ...]]
    # Before a door that people may wait at: why somebody may not even do that.
    why_not_wait: Callable[[Any, datetime], tuple[Reason, ...]] | None = None
    # What is kept of the facts with an attempt, in plain JSON types.
    plain: Callable[[Any], Mapping[str, Any]] | None = None


Gates = Mapping[str, Gate]


@dataclass(frozen=True, slots=True)
class Door:
    """What one neighbour says: why not in, why not even wait, and what is kept of its facts."""

    name: str
    reasons: tuple[Reason, ...]
    not_even_wait: tuple[Reason, ...]
    plain: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a candidate may start a test now: every reason why not, and the facts behind it."""

    terms: Terms
    standing: Standing
    reasons: tuple[Reason, ...]
    version: SpecificationVersion | Published | None
    approval_id: int | None
    statement_id: int | None
    attempts: tuple[Attempt | Sat, ...]
    doors: tuple[Door, ...] = ()
    enrolled: bool = True  # whether there is a registration at all, in force or not
    arrangements: tuple[InForce, ...] = ()  # of the person

    @property
    def extra_percent(self) -> int:
        """Extra time in per cent, by the person's arrangements."""
        return arrangements.extra_of(self.arrangements)

    @property
    def seconds(self) -> int:
        """How long this candidate has for the test, their extra time included."""
        return timing.seconds_allowed(self.terms.minutes, self.extra_percent)

    @property
    def rest_seconds(self) -> int:
        """Seconds of rest breaks that this candidate may begin alone, by their arrangements.

        None where a neighbour keeps the door: whoever lets people in stops their clocks.
        """
        return 0 if self.doors else arrangements.rest_of(self.arrangements)

    @property
    def announced(self) -> str:
        """What the page before a start says of the test, in short: its version and its times."""
        version = "-" if self.version is None else self.version.id
        return f"{version}.{self.seconds}.{self.rest_seconds}"

    @property
    def may_wait(self) -> bool:
        """Whether neighbours alone keep the candidate out, and all of them let people wait."""
        shut = sum(len(door.reasons) for door in self.doors)
        return 0 < shut == len(self.reasons) and not any(door.not_even_wait for door in self.doors)

    @property
    def facts(self) -> dict[str, Any]:
        """The facts in plain JSON types, to be stored with the decision."""
        s = self.standing
        return {
            "signed_version": s.signed_version,
            "current_version": s.current_version,
            "approval": self.approval_id,
            "closed_attempts": len(s.closed_attempts),
            "extra_attempts": s.extra_attempts,
            "waived": s.waived,
            "opens": None if self.terms.opens is None else self.terms.opens.isoformat(),
            "closes": None if self.terms.closes is None else self.terms.closes.isoformat(),
            "specification": None if self.version is None else self.version.id,
            "extra_percent": self.extra_percent,
            "rest_seconds": self.rest_seconds,
            **({"doors": {d.name: dict(d.plain) for d in self.doors}} if self.doors else {}),
        }


def judge(
    session: Session, gates: Gates, test: Test | Wanted, person: Person | Comer, now: datetime
) -> Judgement:
    """Load every fact about a candidate and a test, and weigh them."""
    found = facts.of_test(session, person.id, test.id, now)
    assert found is not None  # noqa: S101 - both were there a moment ago, and rows of them stay
    return weigh(session, gates, found, person.id, now)


def weigh(session: Session, gates: Gates, found: Facts, person_id: int, now: datetime) -> Judgement:
    """Weigh the facts about a candidate and a test; neighbours with a door are asked theirs."""
    test, version, registration = found.test, found.version, found.registration
    live = next((a for a in found.attempts if State(a.state) in LIVE), None)
    neighbours = doors(session, gates, test, person_id, now)
    approval = found.approval
    standing = Standing(
        active=found.active,
        centre_active=found.centre_active,
        own_questions=found.own_questions,
        registered=registration is not None and registration.holds(now),
        registration_begins=_later(registration, now),
        registration_ended=_ended(registration, now),
        published=version is not None,
        signed_version=found.signed,
        current_version=None if found.statement is None else found.statement[1],
        approval=None
        if approval is None
        else eligibility.Approval(
            given_at=approval.given_at,
            expires_at=approval.expires_at,
            used=approval.used,
            withdrawn=approval.withdrawn,
        ),
        closed_attempts=tuple(
            Closed(a.ordinal, a.closed_at, a.passed)
            for a in found.attempts
            if a.state == State.MARKED.value and a.closed_at is not None and a.passed is not None
        ),
        open_attempt=None if live is None else live.id,
        open_until=None if live is None else live.deadline,
        held=None if not found.holds else found.holds[0].placed_at,
        held_from_all=any(hold.all for hold in found.holds),
        results_held=not test.practice and any(hold.results for hold in found.holds),
        extra_attempts=found.allowed.extra_attempts,
        waived=found.allowed.waived,
        gates=tuple(reason for door in neighbours for reason in door.reasons),
    )
    if version is None:
        terms = Terms(test.name, 1, None, (), False, None, None, found.timezone)
    else:
        terms = Terms.of(
            version.specification(),
            timezone=found.timezone,
            agreed=found.allowed.starts_on,
            practice=test.practice,
        )
        terms = replace(terms, test=test.name)
    return Judgement(
        terms=terms,
        standing=standing,
        reasons=eligibility.why_not_start(terms, standing, now),
        version=version,
        approval_id=None if approval is None or approval.used else approval.id,
        statement_id=None if found.statement is None else found.statement[0],
        attempts=found.attempts,
        arrangements=found.arrangements,
        enrolled=registration is not None,
        doors=neighbours,
    )


def _later(registration: Period | None, now: datetime) -> datetime | None:
    """When a registration will be in force that is not yet."""
    begins = None if registration is None else registration.begins
    return begins if begins is not None and now < begins else None


def _ended(registration: Period | None, now: datetime) -> datetime | None:
    """Since when a registration is over that was in force."""
    ends = None if registration is None else registration.ends
    return ends if ends is not None and ends <= now else None


def why_not_begin(
    session: Session, gates: Gates, test: Test, candidate_id: int, now: datetime
) -> tuple[Reason, ...]:
    """Why a candidate whose form is sealed is shown no question yet: a hold, or a shut door.

    All else was weighed when it was sealed.
    """
    found = [
        reason for door in doors(session, gates, test, candidate_id, now) for reason in door.reasons
    ]
    if on := holds.in_force(session, candidate_id, test.id):
        zone = ZoneInfo(centres.get(session, test.centre_id).timezone)
        everywhere = any(hold.test_id is None for hold in on)
        found.insert(0, eligibility.held(on[0].placed_at, zone, from_all=everywhere))
    return tuple(found)


def doors(
    session: Session, gates: Gates, test: Test | Offered, candidate_id: int, now: datetime
) -> tuple[Door, ...]:
    """What the neighbours say of a candidate and a test. A door nobody registered stays shut."""
    found: list[Door] = []
    for name in test.gates:
        gate = gates.get(name)
        if gate is None:
            unknown = (Reason(Code.UNKNOWN_GATE, {"gate": name}, who=Helper.ADMINISTRATOR),)
            found.append(Door(name, unknown, unknown, {}))
            continue
        facts = gate.load(session, candidate_id, test.id)
        reasons = gate.why_not(facts, now)
        waiting = reasons if gate.why_not_wait is None else gate.why_not_wait(facts, now)
        found.append(Door(name, reasons, waiting, gate.plain(facts) if gate.plain else {}))
    return tuple(found)
