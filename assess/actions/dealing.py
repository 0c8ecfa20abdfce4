"""How is a form dealt to a candidate, and what is written down to deal it again?"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from assess.actions import pools
from assess.actions.context import Context, record, record_new
from assess.delivery import attempt, draw, timing
from assess.delivery.attempt import Move, State
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Refused
from assess.store import attempts, encounters, ledger, starting
from assess.store import pools as pool_rows
from assess.store.attempts import Attempt
from assess.store.people import Person
from assess.store.pools import Turn
from assess.store.specifications import Published, SpecificationVersion, Test
from assess.store.standing import Judgement
from assess.store.starting import Comer, Wanted


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
        pool_rows.give_back(session, turn)
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
    return source, turn, encounters.history(session, person.id, test.bank_id)


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
