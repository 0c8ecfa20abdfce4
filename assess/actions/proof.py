"""Is every answer there that was handed in? Digests and receipts, computed again from the rows."""

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

MOST_NAMED = 20  # problems; there is no use in a million lines
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

    Compared with what lies beside the attempt and with what the journal says of its closing.
    """
    journalled = _journalled(session)
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
            if problem := _problem(row, its, journalled.get(row.id)):
                bad += 1
                if bad <= MOST_NAMED:
                    problems.append(f"attempt {row.id}: {problem}")
            if count % 100 == 0:
                show("Computing receipts again", count, len(journalled))
    return Proof(count, answers, tuple(problems), bad)


def _journalled(session: Session) -> dict[object, tuple[object, object]]:
    """Digest of answers and receipt by attempt, as the journal has them."""
    closings = (
        select(JournalEntry.facts)
        .where(JournalEntry.event == Event.ATTEMPT_CLOSED.value)
        .execution_options(yield_per=AT_ONCE)
    )
    with session.scalars(closings) as entries:
        return {
            facts.get("attempt"): (facts.get("answers_digest"), facts.get("receipt"))
            for facts in entries
        }


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
