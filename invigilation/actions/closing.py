"""Closing a sitting: nothing unset, no work open; then its report is fixed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from assess import journal as chain
from assess import store
from assess.actions import attempts as deeds
from assess.actions import waiting
from assess.actions.context import Context, record, refuse
from assess.delivery import timing
from assess.delivery.attempt import State
from assess.journal import Event, Fact
from assess.reasons import Refused
from assess.store import attempts, ledger, people, specifications
from assess.store.ledger import TimeLine
from invigilation import sittings as rules
from invigilation.actions import duty
from invigilation.store import roster, sittings
from invigilation.store.roster import Line, RosterEntry, Work
from invigilation.store.sittings import Sitting, SittingReport

SCHEMA = "sitting-report/2"  # the first one says nothing of clocks

Clocks = Mapping[int, Sequence[TimeLine]]
"""What was done to the clocks of a sitting, by attempt."""


def close(context: Context, sitting_id: int, note: str) -> int | Refused:
    """Close a sitting and fix its report, with a free note; says the report's number.

    Refused [E-OPEN] while attendance is unset or somebody is at work. Forms that were sealed for
    people who never saw a question are cancelled.
    """
    close_what_is_over(context, sitting_id)
    note = note.strip()
    with store.write() as session:
        sitting = duty.on(session, context, sitting_id)
        if isinstance(sitting, Refused):
            return refuse(session, context, Event.SITTING_CLOSED, sitting)
        # Whoever begins locks themselves first: nobody begins between the look and the closing.
        for person in sorted(line.person.id for line in roster.lines(session, sitting)):
            people.locked(session, person)
        lines = roster.lines(session, sitting)
        reasons = why_not(sitting, lines, note)
        if reasons:
            refused = Refused(reasons[0].code, reasons, 409)
            return refuse(session, context, Event.SITTING_CLOSED, refused)
        for line in lines:
            if line.work is not None and line.work.state is State.PREPARED:
                sealed = attempts.locked(session, line.person.id, line.work.attempt_id)
                assert sealed is not None  # noqa: S101 - a foreign key holds it
                waiting.cancel(session, context, sealed)
        sitting.closed_at, sitting.closed_by = context.now, context.actor
        session.execute(
            update(RosterEntry)
            .where(RosterEntry.sitting_id == sitting.id, RosterEntry.ended_at.is_(None))
            .values(ended_at=context.now)
        )
        report = SittingReport(
            centre_id=context.centre,
            sitting_id=sitting.id,
            document=document(session, sitting, lines),
            digest="",
            note=note,
            made_by=context.actor,
            made_at=context.now,
        )
        report.digest = digest(report.document, note)
        session.add(report)
        session.flush()
        facts: dict[str, Fact] = {
            "sitting": sitting.id,
            "report": report.id,
            "digest": report.digest,
        }
        record(session, context, Event.SITTING_CLOSED, facts)
        return report.id


def why_not(sitting: Sitting, lines: list[Line], note: str = "") -> tuple[Any, ...]:
    """Every reason why the sitting cannot be closed as its roster stands."""
    unset = sum(line.attendance is None for line in lines)
    working = sum(line.work is not None and line.work.open for line in lines)
    return rules.why_not_close(sitting.course, unset, working, note)


def close_what_is_over(context: Context, sitting_id: int) -> None:
    """Close the attempts of the roster whose time is over, each in its own transaction."""
    with store.read() as session:
        sitting = sittings.get(session, context.centre, sitting_id)
        lines = [] if sitting is None else roster.lines(session, sitting)
    for line in lines:
        work = line.work
        if (
            work is not None
            and work.state is State.OPEN
            and work.deadline is not None
            and not timing.accepts(context.now, work.deadline, context.settings.grace)
        ):
            deeds.time_up(context, work.attempt_id, line.person.id)


def document(session: Session, sitting: Sitting, lines: list[Line]) -> dict[str, Any]:
    """The report in plain JSON types: people by number, so that a name can be erased."""
    test = specifications.get(session, sitting.centre_id, sitting.test_id)
    sat = [work.attempt_id for line in lines for work in line.begun]
    clocks = ledger.during(session, sat)
    return {
        "schema": SCHEMA,
        "sitting": sitting.id,
        "test": {
            "id": sitting.test_id,
            "name": "" if test is None else test.name,
            "title": "" if test is None else test.title,
            "version": _version(session, sitting, lines),
        },
        "place": sitting.place,
        "begins": _said(sitting.begins_at),
        "opened": {"at": _said(sitting.created_at), "by": sitting.created_by},
        "released": {"at": _said(sitting.released_at), "by": sitting.released_by},
        "closed": {"at": _said(sitting.closed_at), "by": sitting.closed_by},
        "roster": [_line(line, clocks) for line in lines],
    }


def _version(session: Session, sitting: Sitting, lines: list[Line]) -> int | None:
    """Which version of the test was sat, the newest of several; that in force where none was."""
    sat = [work.specification_id for line in lines for work in line.begun]
    if sat:
        return specifications.version(session, max(sat)).number
    published = specifications.published(session, sitting.test_id)
    return None if published is None else published.number


def digest(document: dict[str, Any], note: str) -> str:
    """SHA-256 of the canonical JSON of the document with its note."""
    return hashlib.sha256(chain.canonical({**document, "note": note})).hexdigest()


def _line(line: Line, clocks: Clocks) -> dict[str, Any]:
    record_, begun = line.record, line.begun
    assert record_ is not None  # noqa: S101 - no sitting closes while one is missing
    said: dict[str, Any] = {
        "candidate": line.person.id,
        "attendance": record_.state,
        "identity": record_.method,
        "words": record_.words,
        "very_late": record_.very_late,
        "arrived": _said(record_.arrived_at),
        "recorded": {"at": _said(record_.at), "by": record_.by_id},
        **_work(begun[-1] if begun else None, clocks),
    }
    if len(begun) > 1:  # who sat the test again at the same sitting
        said["earlier"] = [_work(one, clocks) for one in begun[:-1]]
    return said


def _work(begun: Work | None, clocks: Clocks) -> dict[str, Any]:
    done = () if begun is None else clocks.get(begun.attempt_id, ())
    return {
        "attempt": None if begun is None else begun.attempt_id,
        "began": None if begun is None else _said(begun.opened_at),
        "ended": None if begun is None else _said(begun.closed_at),
        "ended_by": None if begun is None else begun.closed_by,
        "clock": [
            {
                "entry": one.entry,
                "at": _said(one.at),
                "seconds": one.seconds,
                "by": one.actor_id,
                "words": one.reason,
            }
            for one in done
        ],
    }


def _said(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
