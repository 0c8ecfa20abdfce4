"""Is an answer on the disk, and if not, what does the record say instead? One round trip.

On PostgreSQL a save is one autocommitted statement: it looks at session, writer, state and
deadline, inserts, and says what it found, also when it did not insert. On SQLite it has a short
IMMEDIATE transaction, alone or with others that wait (`together`). Nothing here goes through the
session of the ORM: saves are most of what the service does (`docs/performance.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Engine

from assess.bank.kinds import Answer
from assess.store import glance
from assess.store.base import db
from assess.store.cursor import in_sqlite
from assess.store.engines import SAVES
from assess.store.sqlite import File
from assess.store.together import together


@dataclass(frozen=True, slots=True)
class Save:
    """One answer on its way to the disk; `options` are the version's own, ascending.

    It counts until `grace` after the deadline.
    """

    attempt_id: int
    session_id: int
    place: int
    writer: int
    sequence: int
    options: Answer
    now: datetime
    grace: timedelta


@dataclass(frozen=True, slots=True)
class Found:
    """What a save met. `kept`: it was inserted now; `there`: what had this key before, if any.

    `session` and `current` say which session and writer may write; `live` whether the session that
    asks would be let in by a page.
    """

    centre_id: int
    state: str
    deadline: datetime | None
    closed_by: str | None
    current: int
    session: int | None
    live: bool
    kept: bool
    there: Answer | None


# Whether a page would let this session in: bars on people and centres end their sessions, but a
# role may be taken, or be over, while a session goes on. It is found by the index of roles held.
LIVE = """(s.ended_at IS NULL AND EXISTS (
  SELECT 1 FROM roles_held AS r WHERE r.person_id = s.person_id AND r.role = 'candidate'
    AND r.taken_at IS NULL AND (r.until IS NULL OR r.until > :now)
))"""
# The share lock makes a save wait for a hand-in that is under way, and then see it: without it
# an answer could be acknowledged after the hand-in has read the answers that count.
POSTGRESQL = f"""
WITH sat AS (
  SELECT a.id, a.centre_id, a.state, a.deadline, a.closed_by, a.writer, a.writer_session_id,
         {LIVE.replace(":now", "%(now)s")} AS live
  FROM attempts AS a JOIN sessions AS s ON s.id = %(session_id)s
  WHERE a.id = %(attempt_id)s AND a.candidate_id = s.person_id
  FOR SHARE OF a
), kept AS (
  INSERT INTO answers (centre_id, attempt_id, place, writer, sequence, options, received_at)
  SELECT centre_id, id, %(place)s, %(writer)s, %(sequence)s, CAST(%(options)s AS jsonb), %(now)s
  FROM sat
  WHERE live AND state = 'open' AND writer = %(writer)s AND writer_session_id = %(session_id)s
    AND deadline >= %(latest)s
  ON CONFLICT (attempt_id, place, writer, sequence) DO NOTHING
  RETURNING id
)
SELECT sat.centre_id, sat.state, sat.deadline, sat.closed_by, sat.writer, sat.writer_session_id,
       sat.live, EXISTS (SELECT FROM kept), answers.options
FROM sat LEFT JOIN answers ON answers.attempt_id = sat.id AND answers.place = %(place)s
  AND answers.writer = %(writer)s AND answers.sequence = %(sequence)s
"""  # noqa: S608 - of our own words

LOOK = f"""
SELECT a.centre_id, a.state, a.deadline, a.closed_by, a.writer, a.writer_session_id,
       {LIVE} AS live, there.options,
       {LIVE} AND a.state = 'open' AND a.writer = :writer
         AND a.writer_session_id = s.id AND a.deadline >= :latest
FROM attempts AS a JOIN sessions AS s ON s.id = :session_id
LEFT JOIN answers AS there ON there.attempt_id = a.id AND there.place = :place
  AND there.writer = :writer AND there.sequence = :sequence
WHERE a.id = :attempt_id AND a.candidate_id = s.person_id
"""  # noqa: S608
INSERT = """
INSERT INTO answers (centre_id, attempt_id, place, writer, sequence, options, received_at)
VALUES (:centre_id, :attempt_id, :place, :writer, :sequence, :options, :now)
"""


def save(it: Save) -> Found | None:
    """Put an answer on the disk if its session lives, its writer is current and it is in time.

    None: there is no such attempt of the person whose session it is.
    """
    engine = db.engines.get(SAVES)
    if engine is None:
        return _on_sqlite(db.engine, it)
    values = {
        "attempt_id": it.attempt_id,
        "session_id": it.session_id,
        "place": it.place,
        "writer": it.writer,
        "sequence": it.sequence,
        "options": str(list(it.options)),
        "now": it.now,
        "latest": it.now - it.grace,
    }
    row = _asked(engine, values)
    if row is not None and not row[7] and row[8] is None and _takes(row, it):
        # The very same key was inserted by another request while this one waited for it:
        # the statement sees what was there when it began. The next one sees it.
        row = _asked(engine, values)
    return None if row is None else _found(row)


def _asked(engine: Engine, values: dict[str, Any]) -> tuple[Any, ...] | None:
    """What the statement says, asked without Core and without a transaction around it.

    The same save twice does no harm.
    """
    rows = glance.asked(engine, POSTGRESQL, values)
    return rows[0] if rows else None


def _takes(row: Any, it: Save) -> bool:
    return bool(
        row[6]
        and row[1] == "open"
        and row[4] == it.writer
        and row[5] == it.session_id
        and row[2] >= it.now - it.grace
    )


def _on_sqlite(engine: Engine, it: Save) -> Found | None:
    values: dict[str, Any] = {
        "attempt_id": it.attempt_id,
        "session_id": it.session_id,
        "place": it.place,
        "writer": it.writer,
        "sequence": it.sequence,
        "options": str(list(it.options)),
        "now": in_sqlite(it.now),
        "latest": in_sqlite(it.now - it.grace),
    }
    found = together(engine, partial(_kept_on_sqlite, values))
    if found is None:
        return None
    *facts, there, kept = found
    facts[2] = None if facts[2] is None else datetime.fromisoformat(facts[2]).replace(tzinfo=UTC)
    return _found((*facts, kept, None if there is None else _read(there)))


def _kept_on_sqlite(values: dict[str, Any], file: File) -> list[Any] | None:
    """The facts that a save met, what had its key before, and whether it was inserted."""
    rows = file.ask(LOOK, values)
    if not rows:
        return None
    *facts, there, takes = rows[0]
    kept = bool(takes and there is None)
    if kept:
        file.ask(INSERT, values | {"centre_id": facts[0]})
    return [*facts, there, kept]


def _found(row: tuple[Any, ...]) -> Found:
    centre, state, deadline, closed_by, current, session, live, kept, there = row
    return Found(
        centre_id=centre,
        state=state,
        deadline=deadline,
        closed_by=closed_by,
        current=current,
        session=session,
        live=bool(live),
        kept=kept,
        there=None if there is None else tuple(there),
    )


def _read(options: str) -> Answer:
    """What `str(list(...))` wrote."""
    return tuple(int(number) for number in options.strip("[] ").split(",") if number)
