"""Starting an attempt, taking it over, handing it in; closing it when its time is up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assess import journal as chain
from assess import store
from assess.actions import mail, pools, resting
from assess.actions.context import Context, not_found, record, record_new, refuse
from assess.delivery import answering, attempt, draw, eligibility, marking, statement, timing
from assess.delivery.attempt import Move, State
from assess.delivery.ledger import active as running
from assess.delivery.mailing import Kind
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused
from assess.store import attempts, banks, cursor, ledger, marks, people, specifications, starting
from assess.store import pools as pool_rows
from assess.store.attempts import Attempt
from assess.store.people import Person
from assess.store.pools import Turn
from assess.store.specifications import Published, SpecificationVersion, Test
from assess.store.standing import Judgement, judge
from assess.store.starting import Comer, Wanted

CLOSING = ("state", "closed_at", "closed_by", "answers_digest", "receipt")


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt has begun and its clock runs."""

    attempt_id: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A form is sealed; its candidate waits until a neighbour lets them in. No clock runs."""

    attempt_id: int


@dataclass(frozen=True, slots=True)
class HandedIn:
    """An attempt is closed and marked."""

    attempt_id: int
    receipt: str


def start(context: Context, test_id: int, affirmed: bool) -> Started | Waiting | Refused:
    """Begin an attempt: judge, draw, open. Two clicks at once begin one attempt.

    Whoever is kept out by nothing but doors at which one may wait gets a sealed form and waits;
    `waiting.begin` opens it.
    """
    assert context.actor is not None  # noqa: S101 - the route lets only candidates come
    try:
        with store.write() as session:
            drawing = pools.drawing(test_id)
            found = starting.door(session, context.centre, test_id, context.actor, drawing)
            if found is None:
                return not_found()
            test, person = found
            judgement = judge(session, context.gates, test, person, context.now)
            if not judgement.enrolled:
                return not_found()
            reasons = () if judgement.may_wait else judgement.reasons
            reasons += statement.why_not_affirm(affirmed or test.practice)
            if reasons or judgement.version is None:
                refused = eligibility.refusal(reasons)
                return refuse(session, context, Event.ATTEMPT_STARTED, refused)
            made = seal(session, context, test, person, judgement, judgement.version)
            if isinstance(made, Refused):
                return refuse(session, context, Event.ATTEMPT_STARTED, made)
            return Waiting(made.id) if judgement.may_wait else Started(made.id)
    except IntegrityError:  # the other click won; its attempt is the open one
        return eligibility.refusal((Reason(Code.OPEN_ATTEMPT, {}, who=Helper.YOU),))


def seal(
    session: Session,
    context: Context,
    test: Test | Wanted,
    person: Person | Comer,
    judgement: Judgement,
    version: SpecificationVersion | Published,
) -> Attempt | Refused:
    """Draw a form for a candidate and store the attempt; open unless they have to wait.

    One that is open has the first lines of its ledger.

    The attempt is not part of the session: what is changed in it afterwards is not stored.
    """
    found = _basis(session, context, test, person, version)
    if isinstance(found, Refused):
        return found
    source, turn, history = found
    row = deal(context, test, person, judgement, source, turn, history)
    if isinstance(row, Refused):
        return row
    if not judgement.may_wait:
        open_(row, context)
    row.id = record_new(
        session,
        context,
        (attempts.TABLE, attempts.values(row)),
        "attempt",
        Event.ATTEMPT_STARTED,
        _facts(row, source, turn),
        () if judgement.may_wait else ledger.first(session, row, judgement.terms.minutes),
    )
    return row


def _basis(
    session: Session,
    context: Context,
    test: Test | Wanted,
    person: Person | Comer,
    version: SpecificationVersion | Published,
) -> tuple[Source, Turn, draw.History] | Refused:
    """What a form is drawn from. The draw is counted, in a new epoch when the last is used up."""
    found = starting.basis(session, version.id, person.id, test.bank_id, context.now)
    if found is not None:
        pool = pools.frozen(session, found.pool_id, found.fingerprint)
        return Source(version, found.pool_id, found.fingerprint, pool), found.turn, found.history
    source = source_of(session, version)
    if isinstance(source, Refused):
        return source
    turn = pools.turn(session, context, source.pool_id, person.centre_id)
    return source, turn, attempts.history(session, person.id, test.bank_id)


@dataclass(frozen=True, slots=True)
class Source:
    """What the next form of a published specification is drawn from: its newest pool."""

    version: SpecificationVersion | Published
    pool_id: int
    fingerprint: str
    pool: draw.Pool


def source_of(session: Session, version: SpecificationVersion | Published) -> Source | Refused:
    """What forms of a published specification are drawn from now."""
    newest = pool_rows.newest(session, version.id)
    if newest is None:
        return Refused.of(Code.BLUEPRINT, who=Helper.AUTHOR, what="no_pool")
    pool_id, fingerprint = newest
    return Source(version, pool_id, fingerprint, pools.frozen(session, pool_id, fingerprint))


def deal(
    context: Context,
    test: Test | Wanted,
    person: Person | Comer,
    judgement: Judgement,
    source: Source,
    turn: Turn,
    history: draw.History,
) -> Attempt | Refused:
    """A prepared attempt with the form that this epoch's seed draws; nothing is stored yet."""
    ordinal = max((a.ordinal for a in judgement.attempts), default=0) + 1
    seed = pool_rows.decrypt(turn.sealed_seed, context.settings.seed_key)
    drawn = draw.draw(source.pool, history, draw.Stream(seed, person.pseudonym, ordinal))
    if isinstance(drawn, Refused):
        return drawn
    return attempts.new(
        centre_id=person.centre_id,
        test_id=test.id,
        bank_id=test.bank_id,
        specification_id=source.version.id,
        pool_id=source.pool_id,
        epoch_id=turn.id,
        candidate_id=person.id,
        approval_id=judgement.approval_id if judgement.terms.approval else None,
        statement_id=judgement.statement_id,
        ordinal=ordinal,
        state=State.PREPARED.value,
        facts=judgement.facts,
        form=[[q.item, q.version, list(q.order)] for q in drawn.questions],
        form_fingerprint=drawn.fingerprint,
        history_fingerprint=draw.history_fingerprint(history),
        label=draw.LABEL,
        expected=drawn.expected,
        in_band=drawn.in_band,
        seconds=judgement.seconds,
        rest_seconds=judgement.rest_seconds,
        prepared_at=context.now,
        writer=1,
        writer_session_id=context.session_id,
    )


def record_start(
    session: Session, context: Context, row: Attempt, source: Source, turn: Turn
) -> None:
    """Write down that an attempt was dealt, and all that its draw can be repeated from."""
    facts = {"attempt": row.id, **_facts(row, source, turn)}
    record(session, context, Event.ATTEMPT_STARTED, facts)


def _facts(row: Attempt, source: Source, turn: Turn) -> dict[str, Fact]:
    return {
        "test": row.test_id,
        "ordinal": row.ordinal,
        "pool": source.pool_id,
        "epoch": turn.number,
        "commitment": turn.commitment,
        "pool_fingerprint": source.fingerprint,
        "history_fingerprint": row.history_fingerprint,
        "form_fingerprint": row.form_fingerprint,
        "label": row.label,
        "expected": row.expected,
        "in_band": row.in_band,
    }


def open_(row: Attempt, context: Context) -> None:
    """Start the clock of a prepared attempt: its first question is delivered."""
    reached = attempt.after(State(row.state), Move.OPEN)
    assert not isinstance(reached, Refused)  # noqa: S101 - it was made prepared a moment ago
    row.state = reached.value
    row.opened_at = context.now
    row.deadline = timing.deadline(context.now, row.seconds)


def take_over(context: Context, attempt_id: int) -> int | Refused:
    """Go on with an attempt on this device; the device before can only read from now on."""
    assert context.actor is not None  # noqa: S101
    with store.write() as session:
        row = attempts.locked(session, context.actor, attempt_id)
        if row is None:
            return not_found()
        resting.settle(session, row, context.now)
        # A rest break may be taken over as well: it goes on, and is ended from either device.
        if not row.resting and (refused := _why_not_sit(row, context.now)) is not None:
            return refuse(session, context, Event.ATTEMPT_TAKEN_OVER, refused)
        if row.writer_session_id != context.session_id:
            row.writer += 1
            row.writer_session_id = context.session_id
            facts = {"attempt": row.id, "writer": row.writer}
            record(session, context, Event.ATTEMPT_TAKEN_OVER, facts)
        return row.id


def flag(context: Context, attempt_id: int, place: int, flagged: bool) -> Refused | None:
    """Flag a question to come back to, or take the flag away."""
    assert context.actor is not None  # noqa: S101
    with store.write() as session:
        row = attempts.locked(session, context.actor, attempt_id)
        if row is None or not 1 <= place <= len(row.form):
            return not_found()
        resting.settle(session, row, context.now)
        if (refused := _why_not_sit(row, context.now)) is not None:
            return refused
        attempts.set_flag(session, row, place, flagged)
    return None


def hand_in(context: Context, attempt_id: int) -> HandedIn | Refused:
    """Close an attempt for good, mark it at once, give a receipt. It ends a rest break as well."""
    assert context.actor is not None  # noqa: S101
    with store.write() as session:
        row = attempts.locked(session, context.actor, attempt_id)
        if row is None:
            return not_found()
        resting.settle(session, row, context.now)
        if row.deadline is not None and not timing.accepts(context.now, row.deadline):
            return _time_up(session, context, row)
        sits = State(row.state) is State.OPEN or row.resting
        if sits and row.writer_session_id != context.session_id:
            refused = Refused.of(Code.TAKEOVER, who=Helper.YOU)
            return refuse(session, context, Event.ATTEMPT_CLOSED, refused)
        if row.resting:
            resting.finish(session, context, row)
        reached = attempt.after(State(row.state), Move.HAND_IN)
        if isinstance(reached, Refused):
            return refuse(session, context, Event.ATTEMPT_CLOSED, reached)
        return close(session, context, row, Move.HAND_IN, context.now)


def time_up(context: Context, attempt_id: int, candidate_id: int) -> HandedIn | Refused | None:
    """Close an attempt whose time and grace are over, with what the server holds.

    None when it is not over, or was closed before. It does not matter when this runs, how often,
    or by whom: the moment of closing is the deadline.
    """
    with store.write() as session:
        row = attempts.locked(session, candidate_id, attempt_id)
        if row is not None:
            resting.settle(session, row, context.now)
        if (
            row is None
            or State(row.state) is not State.OPEN
            or row.deadline is None
            or timing.accepts(context.now, row.deadline)
        ):
            return None
        return _time_up(session, context, row)


def _time_up(session: Session, context: Context, row: Attempt) -> HandedIn | Refused:
    reached = attempt.after(State(row.state), Move.TIME_UP)
    if isinstance(reached, Refused):
        return reached
    assert row.deadline is not None  # noqa: S101 - an open attempt has one: a check holds it
    return close(session, context, row, Move.TIME_UP, row.deadline)


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
    row.state = State.CLOSED.value
    row.closed_at = closed_at
    row.closed_by = move.value
    row.answers_digest = answering.digest(saves)
    row.receipt = receipt(row)
    cursor.keep(session, row, *CLOSING)
    record(
        session,
        context,
        Event.ATTEMPT_CLOSED,
        {
            "attempt": row.id,
            "by": move.value,
            "answers": len(saves),
            "answers_digest": row.answers_digest,
            "receipt": row.receipt,
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
    row.state = State.MARKED.value
    cursor.keep(session, row, "state")
    record(
        session,
        context,
        Event.ATTEMPT_MARKED,
        {"attempt": row.id, "score": mark.score, "passed": mark.passed, "rule": mark.rule},
    )
    _mail_result(session, context, row)
    return HandedIn(row.id, row.receipt)


def _mail_result(session: Session, context: Context, row: Attempt) -> None:
    """Tell the candidate that there is a result to read; what it is, only the page says."""
    if people.email_of(session, row.candidate_id) is None:
        return
    candidate = session.get_one(Person, row.candidate_id)
    test = session.get_one(Test, row.test_id)
    if not test.practice:
        mail.put(session, context, Kind.RESULT, candidate, row.id, test=test.title)


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


def _why_not_sit(row: Attempt, now: datetime) -> Refused | None:
    """Why an attempt takes nothing from its candidate now."""
    state = State(row.state)
    if state is State.OPEN and row.deadline is not None and timing.accepts(now, row.deadline):
        return None
    if state is State.OPEN:
        return Refused.of(Code.LATE, who=Helper.NOBODY)
    if row.resting:
        return Refused.of(Code.STATE, who=Helper.YOU, what="resting")
    refused = attempt.after(state, Move.HAND_IN)
    return refused if isinstance(refused, Refused) else None
