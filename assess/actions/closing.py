"""What happens when an attempt is closed: answers digested, marked at once, a receipt given."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from assess import journal as chain
from assess.actions import mail
from assess.actions.context import Context, record
from assess.delivery import answering, marking, timing
from assess.delivery.attempt import Move, State
from assess.delivery.ledger import active as running
from assess.journal import Event
from assess.store import attempts, banks, cursor, ledger, marks, people, specifications
from assess.store.attempts import Attempt
from assess.store.people import Person
from assess.store.specifications import Published, SpecificationVersion, Test

CLOSING = ("state", "closed_at", "closed_by", "answers_digest", "receipt")


@dataclass(frozen=True, slots=True)
class HandedIn:
    """An attempt is closed and marked."""

    attempt_id: int
    receipt: str


def close(
    session: Session, context: Context, row: Attempt, move: Move, closed_at: datetime
) -> HandedIn:
    """Close an open attempt by a move, digest its answers, mark it, and make its receipt."""
    saves = attempts.answers(session, row.id)
    version = specifications.said(session, row.specification_id)
    return settle(session, context, row, version, move, closed_at, saves)


def settle(
    session: Session,
    context: Context,
    row: Attempt,
    version: SpecificationVersion | Published,
    move: Move,
    closed_at: datetime,
    saves: Sequence[answering.Saved],
) -> HandedIn:
    """Close and mark an open attempt whose specification and stored answers are at hand."""
    digest, closed = answering.digest(saves), State.CLOSED.value
    cursor.put(row, state=closed, closed_at=closed_at, closed_by=move.value, answers_digest=digest)
    made = receipt(row)
    cursor.put(row, receipt=made)
    cursor.keep(session, row, *CLOSING)
    record(
        session,
        context,
        Event.ATTEMPT_CLOSED,
        {
            "attempt": row.id,
            "by": move.value,
            "answers": len(saves),
            "answers_digest": digest,
            "receipt": made,
        },
    )
    drawn = row.drawn()
    mark = marking.mark(
        version.specification(),
        drawn,
        banks.contents(session, [q.version for q in drawn]),
        {place: s.answer for place, s in answering.latest(saves).items()},
    )
    assert row.opened_at is not None  # noqa: S101 - an open attempt has one: a check holds it
    lines, opened = ledger.of_attempt(session, row), row.opened_at
    seconds = timing.seconds_per_question(
        opened,
        [timing.Save(s.place, opened + running(lines, opened, s.received)) for s in saves],
        len(drawn),
    )
    marks.save(session, row, mark, seconds, context.now)
    cursor.put(row, state=State.MARKED.value)
    cursor.keep(session, row, "state")
    record(
        session,
        context,
        Event.ATTEMPT_MARKED,
        {"attempt": row.id, "score": mark.score, "passed": mark.passed, "rule": mark.rule},
    )
    _mail_result(session, context, row)
    return HandedIn(row.id, made)


def _mail_result(session: Session, context: Context, row: Attempt) -> None:
    """Tell the candidate by mail that there is a result; what it is, only the page says."""
    if people.email_of(session, row.candidate_id) is None:
        return
    candidate = session.get_one(Person, row.candidate_id)
    test = session.get_one(Test, row.test_id)
    mail.put_result(session, context, candidate, test, row.id)


def receipt(row: Attempt) -> str:
    """SHA-256 of the canonical JSON of what was handed in; anybody can compute it again."""
    return hashlib.sha256(chain.canonical(receipt_parts(row))).hexdigest()


def receipt_parts(row: Attempt) -> dict[str, object]:
    """What a receipt stands for."""
    assert row.closed_at is not None  # noqa: S101
    return {
        "attempt": row.id,
        "form": row.form_fingerprint,
        "answers": row.answers_digest,
        "handed_in": row.closed_at.isoformat(timespec="microseconds"),
    }
