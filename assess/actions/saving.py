"""Saving answers: one at a time, as they are chosen, or the whole journal of a device at once.

Forms and scripts come here alike. What a save has to know of the attempt stands in a `Sitting`,
which the player's token carries, so that the disk is asked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from assess import store
from assess.actions import resting
from assess.actions.context import Context, not_found
from assess.bank.kinds import Answer
from assess.delivery import answering, form, timing
from assess.delivery import evidence as rules
from assess.delivery import ledger as lines
from assess.delivery.attempt import Move, State, after
from assess.delivery.evidence import Cause, Held
from assess.reasons import Code, Helper, Refused
from assess.store import attempts, banks, evidence, ledger, saving
from assess.store.attempts import Attempt
from assess.store.saving import Found

LARGEST = 1 << 31  # numbers of saves are below this


@dataclass(frozen=True, slots=True)
class Shown:
    """What parsing an answer needs to know of one question: its kind, and the order of options."""

    kind: str
    options: int
    order: tuple[int, ...]  # the version's own option at each place shown; empty for its own order


@dataclass(frozen=True, slots=True)
class Sitting:
    """A candidate's device at work on an attempt: who writes, in which session, on which form."""

    attempt_id: int
    person_id: int
    session_id: int
    writer: int
    questions: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as a device sends it: `values` are shown positions, whatever it sent."""

    place: int
    sequence: int
    values: Sequence[object]


@dataclass(frozen=True, slots=True)
class Saved:
    """An answer is on the disk; so many seconds are left."""

    place: int
    sequence: int
    answered: bool
    seconds_left: int = field(default=0, compare=False)


class Outcome(StrEnum):
    """What became of one entry of a journal."""

    SAVED = "saved"
    ALREADY = "already"
    CONFLICT = "conflict"
    LATE = "evidence-late"
    SUPERSEDED = "evidence-superseded"


EVIDENCE = {Cause.LATE: Outcome.LATE, Cause.SUPERSEDED: Outcome.SUPERSEDED}


def sitting(session: Session, row: Attempt, session_id: int, writer: int) -> Sitting:
    """What saves of this attempt need to know."""
    drawn = row.drawn()
    contents = banks.contents(session, [q.version for q in drawn])
    questions = tuple(
        Shown(contents[q.version].kind, len(contents[q.version].options), q.order) for q in drawn
    )
    return Sitting(row.id, row.candidate_id, session_id, writer, questions)


def save(
    context: Context,
    attempt_id: int,
    place: int,
    values: Sequence[object],
    writer: int,
    sequence: int,
) -> Saved | Refused:
    """Save an answer that came without a token: what it needs to know is read first."""
    assert context.actor is not None and context.session_id is not None  # noqa: S101, PT018
    with store.read() as session:
        row = attempts.of_candidate(session, context.actor, attempt_id)
        if row is None:
            return not_found()
        device = sitting(session, row, context.session_id, writer)
    return keep(device, Entry(place, sequence, values), context.now, context.settings.grace)


def keep(device: Sitting, entry: Entry, now: datetime, grace: timedelta) -> Saved | Refused:
    """Put the answer to a question on the disk; said to be saved only when it is there.

    The same save again is no error; the same number with another answer is refused
    [E-SAVE-CONFLICT]. What comes after the end is kept as evidence and refused [E-LATE]. A session
    that has ended is told nothing, not even that this was saved before. What was saved before is
    acknowledged while the clock stands as well, with what the clock stands at: a device that has
    not heard of the pause would take 0 for the end.
    """
    answer = parse(device, entry)
    if isinstance(answer, Refused):
        return answer
    found = _put(device, entry, answer, now, grace)
    if found is None:
        return not_found()
    if found.live and (found.kept or found.there is not None):
        if not found.kept and found.there != answer:
            return Refused.of(Code.CONFLICT, who=Helper.YOU, place=entry.place)
        return Saved(entry.place, entry.sequence, bool(answer), _left(device, found, now))
    refused = why_not(device, found, now)
    if refused.code is Code.LATE:
        kept = _keep_evidence(device, [(entry, answer)], now, grace)
        if kept == [Outcome.CONFLICT]:
            return Refused.of(Code.CONFLICT, who=Helper.YOU, place=entry.place)
    return refused


def _left(device: Sitting, found: Found, now: datetime) -> int:
    """Whole seconds left. Of a clock that stands, as the lines have it: no deadline tells."""
    if State(found.state) is not State.PAUSED:
        return 0 if found.deadline is None else timing.seconds_left(now, found.deadline)
    with store.read() as session:
        row = attempts.of_candidate(session, device.person_id, device.attempt_id)
        assert row is not None and row.opened_at is not None  # noqa: S101, PT018 - it was saved to
        left = lines.remaining(ledger.of_attempt(session, row), row.opened_at, now)
        return max(0, left // lines.SECOND)


def parse(device: Sitting, entry: Entry) -> Answer | Refused:
    """The version's own options behind what a device sent, or why it is no answer."""
    if not 1 <= entry.place <= len(device.questions):
        return not_found()
    question = device.questions[entry.place - 1]
    shown = answering.parse(entry.values, question.options, question.kind)
    if isinstance(shown, Refused):
        return shown
    if not (0 < entry.sequence < LARGEST and 0 < device.writer < LARGEST):
        return Refused.of(Code.ANSWER, status=422, who=Helper.YOU, what="value_unreadable")
    return form.shown_to_own(question.order, shown)


def why_not(device: Sitting, found: Found, now: datetime) -> Refused:
    """Why a save that was not kept was not."""
    if not found.live:
        return Refused.of(Code.SIGNED_OUT, status=403, who=Helper.YOU)
    if found.closed_by == Move.TIME_UP:
        return Refused.of(Code.LATE, who=Helper.NOBODY)
    state = State(found.state)
    if _resting(found):
        return Refused.of(Code.STATE, who=Helper.YOU, what="resting")
    if state is not State.OPEN:
        reached = after(state, Move.HAND_IN)
        assert isinstance(reached, Refused)  # noqa: S101 - only an open attempt is handed in
        return reached
    if found.current != device.writer or found.session != device.session_id:
        return Refused.of(Code.TAKEOVER, who=Helper.YOU)
    return Refused.of(Code.LATE, who=Helper.NOBODY)


def keep_journal(
    device: Sitting, session_id: int, entries: Sequence[Entry], now: datetime, grace: timedelta
) -> list[Outcome] | Refused:
    """Take the journal of a device, in its order: what became of each entry.

    `device` is what the journal's own token says, `session_id` the session that brings it: a
    journal may come after its session has ended. Refused as a whole when an entry is no answer,
    so that nothing of it is lost in silence.
    """
    answers: list[Answer] = []
    for entry in entries:
        answer = parse(device, entry)
        if isinstance(answer, Refused):
            return answer
        answers.append(answer)
    outcomes: list[Outcome | None] = []
    for entry, answer in zip(entries, answers, strict=True):
        found = _put(device, entry, answer, now, grace)
        if found is None:
            return not_found()
        if found.kept or found.there is not None:
            same = found.kept or found.there == answer
            already = Outcome.SAVED if found.kept else Outcome.ALREADY
            outcomes.append(already if same else Outcome.CONFLICT)
            continue
        if State(found.state) in {State.PREPARED, State.PAUSED}:
            return why_not(device, found, now)  # the device keeps it and comes again
        outcomes.append(None)
    late = [
        (entry, answer)
        for entry, answer, outcome in zip(entries, answers, outcomes, strict=True)
        if outcome is None
    ]
    kept = iter(_keep_evidence(device, late, now, grace, session_id) if late else ())
    return [next(kept) if outcome is None else outcome for outcome in outcomes]


def _put(
    device: Sitting, entry: Entry, answer: Answer, now: datetime, grace: timedelta
) -> Found | None:
    it = saving.Save(
        attempt_id=device.attempt_id,
        session_id=device.session_id,
        place=entry.place,
        writer=device.writer,
        sequence=entry.sequence,
        options=answer,
        now=now,
        grace=grace,
    )
    found = saving.save(it)
    # A rest break may be over without anybody having written so, or it was written since: then
    # this counts.
    if found is not None and _resting(found):
        resting.end_over(now, device.person_id, device.attempt_id)
        found = saving.save(it)
    return found


def _resting(found: Found) -> bool:
    """Whether the clock stands for a rest break that its candidate began: it alone has an end."""
    return State(found.state) is State.PAUSED and found.deadline is not None


def _keep_evidence(
    device: Sitting,
    late: Sequence[tuple[Entry, Answer]],
    now: datetime,
    grace: timedelta,
    session_id: int | None = None,
) -> list[Outcome]:
    """Store as evidence what does not count; once, however often it comes."""
    with store.write() as session:
        row = attempts.locked(session, device.person_id, device.attempt_id)
        assert row is not None  # noqa: S101 - the save has just found it
        over = State(row.state) is not State.OPEN or (
            row.deadline is not None and not timing.accepts(now, row.deadline, grace)
        )
        cause = Cause.LATE if over else Cause.SUPERSEDED
        before = {
            (one.place, one.writer, one.sequence): one.held()
            for one in evidence.of_attempt(session, row.id)
        }
        known: dict[int, int] = {}
        for place, writer, sequence in (
            *((s.place, s.writer, s.sequence) for s in attempts.answers(session, row.id)),
            *before,
        ):
            if writer <= device.writer:  # a writer goes on where the one before had come to
                known[place] = max(sequence, known.get(place, 0))
        whole = rules.unbroken(known, [(entry.place, entry.sequence) for entry, _ in late])
        outcomes, fresh = [], []
        for (entry, answer), unbroken in zip(late, whole, strict=True):
            key = (entry.place, device.writer, entry.sequence)
            there = before.get(key)
            if there is not None:
                same = there.answer == answer
                outcomes.append(EVIDENCE[there.cause] if same else Outcome.CONFLICT)
                continue
            before[key] = Held(cause, *key, answer, now, unbroken)
            fresh.append(before[key])
            outcomes.append(EVIDENCE[cause])
        evidence.keep(session, row, session_id or device.session_id, fresh)
    return outcomes
