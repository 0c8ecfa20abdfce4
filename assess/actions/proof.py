"""Is every answer there that was handed in, and every mark the one that was given?

Digests and receipts are computed again from the rows; the journal says which attempts were closed,
and what each of their marks was.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from assess.actions.closing import receipt
from assess.delivery import answering
from assess.delivery.answering import Saved
from assess.journal import Event
from assess.store.attempts import Answer, Attempt
from assess.store.fingerprints import AT_ONCE, Show
from assess.store.journal import JournalEntry
from assess.store.marks import MarkRow

GIVEN = (Event.ATTEMPT_MARKED, Event.MARKED_AGAIN, Event.LATE_DECIDED)
"""Deeds that give a mark: the first one, and those that may give another."""
MOST_NAMED = 20  # problems; there is no use in a million lines
Marks = dict[object, tuple[object, object]]
NO_MORE: tuple[float, tuple[Saved, ...]] = (math.inf, ())


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found: attempts with a receipt, their answers, and in words what is bad."""

    receipts: int
    answers: int
    problems: tuple[str, ...]
    bad: int  # how many attempts the problems are about, named or not


def prove(session: Session, show: Show) -> Proof:
    """Compute digest and receipt of every attempt that was handed in, from its answers as they lie.

    Compared with what lies beside the attempt and with what the journal says of its closing and of
    its marks. What the journal says was closed and is there no more, or without a receipt, is bad.
    """
    journalled = _journalled(session)
    closed, given, marked = set(journalled), _given(session), _marked(session)
    columns = (Attempt.form_fingerprint, Attempt.closed_at, Attempt.answers_digest, Attempt.receipt)
    handed_in = (
        select(Attempt)
        .options(load_only(*columns))
        .where(Attempt.receipt.is_not(None))
        .order_by(Attempt.id)
        .execution_options(yield_per=AT_ONCE)
    )
    problems: list[str] = []
    count = answers = bad = 0
    # Two results side by side, both in order of attempt, and both closed when this ends early.
    with session.scalars(handed_in) as attempts, closing(_by_attempt(session)) as saved:
        number, saves = next(saved, NO_MORE)
        for row in attempts:
            while number < row.id:  # of attempts that are still open
                number, saves = next(saved, NO_MORE)
            its = saves if number == row.id else ()
            count, answers = count + 1, answers + len(its)
            closed.discard(row.id)
            problem = _problem(row, its, journalled.get(row.id))
            if problem is None and marked.get(row.id) != given.get(row.id):
                problem = "its marks are not those that the journal says were given"
            if problem:
                bad += 1
                if bad <= MOST_NAMED:
                    problems.append(f"attempt {row.id}: {problem}")
            if count % 100 == 0:
                show("Computing receipts again", count, len(journalled))
    gone = [
        f"attempt {number}: it was handed in, and no receipt of it is here"
        for number in sorted(closed, key=str)
    ]
    problems += gone[: max(0, MOST_NAMED - bad)]
    return Proof(count, answers, tuple(problems), bad + len(gone))


def _journalled(session: Session) -> dict[object, tuple[object, object]]:
    """Digest of answers and receipt by attempt, as the journal has them."""
    with closing(_facts(session, Event.ATTEMPT_CLOSED)) as entries:
        return {
            facts.get("attempt"): (facts.get("answers_digest"), facts.get("receipt"))
            for facts in entries
        }


def _given(session: Session) -> dict[object, Marks]:
    """By attempt, what the journal says of each of its marks."""
    found: dict[object, Marks] = {}
    with closing(_facts(session, *GIVEN)) as entries:
        for facts in entries:
            if "passed" in facts:  # not of late answers that were left out
                number, score = facts.get("number", 1), facts.get("after", facts.get("score"))
                found.setdefault(facts["attempt"], {})[number] = (score, facts["passed"])
    return found


def _marked(session: Session) -> dict[object, Marks]:
    """By attempt, what its marks are: of each number the score, and whether it is a pass."""
    found: dict[object, Marks] = {}
    columns = (MarkRow.attempt_id, MarkRow.number, MarkRow.score, MarkRow.passed)
    every = select(*columns).execution_options(yield_per=AT_ONCE)
    with session.execute(every) as rows:
        for attempt, number, score, passed in rows:
            found.setdefault(attempt, {})[number] = (score, passed)
    return found


def _facts(session: Session, *events: Event) -> Generator[dict[str, object], None, None]:
    """The facts of all entries of these events."""
    told = (
        select(JournalEntry.facts)
        .where(JournalEntry.event.in_([event.value for event in events]))
        .execution_options(yield_per=AT_ONCE)
    )
    with session.scalars(told) as entries:
        yield from entries


def _problem(
    row: Attempt, saves: tuple[Saved, ...], journalled: tuple[object, object] | None
) -> str | None:
    if answering.digest(saves) != row.answers_digest:
        return "its answers are not those that were handed in"
    if receipt(row) != row.receipt:
        return "its receipt is not the one that these facts give"
    if journalled != (row.answers_digest, row.receipt):
        return "the journal says something else of its closing, or nothing"
    return None


def _by_attempt(session: Session) -> Generator[tuple[float, tuple[Saved, ...]], None, None]:
    """All answers, attempt by attempt, in the order of their numbers."""
    every = (
        select(
            Answer.attempt_id,
            Answer.place,
            Answer.writer,
            Answer.sequence,
            Answer.options,
            Answer.received_at,
        )
        .order_by(Answer.attempt_id, Answer.place, Answer.writer, Answer.sequence)
        .execution_options(yield_per=AT_ONCE)
    )
    with session.execute(every) as rows:
        for attempt, of in groupby(rows, key=lambda row: row.attempt_id):
            yield (
                attempt,
                tuple(
                    Saved(
                        place=row.place,
                        writer=row.writer,
                        sequence=row.sequence,
                        answer=tuple(row.options),
                        received=row.received_at,
                    )
                    for row in of
                ),
            )
