"""What does a start ask, and what does it write, in as few statements as can be?

Each statement is a round trip to PostgreSQL, and what is done about it costs more than the trip.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from assess.delivery.draw import History
from assess.store import cursor, encounters, pools
from assess.store.pools import Turn

NAMED = {"sqlite": "json_group_array(json_array(id, json(form)))"}
NAMED_ELSEWHERE = "jsonb_agg(jsonb_build_array(id, form))"
BASIS = f"""
UPDATE epochs SET draws = draws + 1
WHERE {pools.SERVES} AND pool_id = (
    SELECT id FROM pools WHERE specification_id = :specification ORDER BY number DESC LIMIT 1
)
RETURNING id, number, commitment, sealed_seed, pool_id,
    (SELECT fingerprint FROM pools WHERE pools.id = epochs.pool_id),
    (SELECT %s FROM attempts WHERE candidate_id = :candidate AND bank_id = :bank)
"""  # noqa: S608 - two texts of this project


# Materialized: the lock is waited for before the person's row is.
BESIDE = """
WITH beside AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(hashtextextended(:what, 0)))
"""
WHO = """
SELECT t.id, t.bank_id, t.practice, p.id, p.centre_id, p.pseudonym
FROM %s tests AS t JOIN people AS p ON p.id = :person
WHERE t.id = :test AND t.centre_id = :centre
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The test that somebody wants to start: what never changes of it, and a start needs."""

    id: int
    bank_id: int
    practice: bool


@dataclass(frozen=True, slots=True)
class Comer:
    """Who wants to start it: what never changes of them, and a start needs."""

    id: int
    centre_id: int
    pseudonym: str


@dataclass(frozen=True, slots=True)
class Basis:
    """What a form is drawn from: the newest pool, a turn of its epoch, what was met before."""

    pool_id: int
    fingerprint: str
    turn: Turn
    history: History


def door(
    session: Session, centre_id: int, test_id: int, person_id: int, drawing: str
) -> tuple[Wanted, Comer] | None:
    """A test of this centre and a person, locked until the transaction ends; None without the test.

    Starts go beside each other; whoever deals with `drawing` alone (`store.alone`) waits for them,
    and they for it. What is asked afterwards is as it is under both locks.
    """
    values = {"centre": centre_id, "test": test_id, "person": person_id}
    if cursor.dialect(session) == cursor.POSTGRESQL:
        statement = f"{BESIDE}{WHO % 'beside CROSS JOIN'}FOR NO KEY UPDATE OF p"
        rows = cursor.ask(session, statement, {**values, "what": drawing})
    else:
        rows = cursor.ask(session, WHO % "", values)  # BEGIN IMMEDIATE has locked all there is
    if not rows:
        return None
    test, bank, practice, person, centre, pseudonym = rows[0]
    return Wanted(test, bank, bool(practice)), Comer(person, centre, pseudonym)


def basis(
    session: Session, specification_id: int, candidate_id: int, bank_id: int, now: datetime
) -> Basis | None:
    """What the next form of a specification is drawn from for a candidate; the draw is counted.

    As `pools.newest`, `pools.turn` and `encounters.history` one after another. None, and nothing is
    counted, when there is no pool or its epoch does not serve this draw.
    """
    forms = NAMED.get(cursor.dialect(session), NAMED_ELSEWHERE)
    values = pools.serving(session, now) | {
        "specification": specification_id,
        "candidate": candidate_id,
        "bank": bank_id,
    }
    rows = cursor.ask(session, BASIS % forms, values)
    if not rows:
        return None
    *turn, pool_id, fingerprint, met = rows[0]
    given: list[Any] = sorted(cursor.document(met) or ())  # by the number of the attempt
    return Basis(pool_id, fingerprint, Turn(*turn), encounters.met(form for _, form in given))
