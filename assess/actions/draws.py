"""Replaying a draw: the same form from the recorded seed, pool and history, or not."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from assess import store
from assess.actions.context import Context, not_found, record
from assess.delivery import draw
from assess.journal import Event
from assess.reasons import Refused
from assess.store import encounters, journal
from assess.store import pools as pool_rows
from assess.store.attempts import Attempt
from assess.store.people import Person

NONE = "none"  # where there is nothing to compare: not in the journal, or not to be read any more


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was recorded of a draw beside what a replay gives: equal when it was honest."""

    attempt_id: int
    recorded: dict[str, str]
    replayed: dict[str, str]

    @property
    def differences(self) -> tuple[str, ...]:
        """What differs, by name."""
        return tuple(name for name, value in self.recorded.items() if self.replayed[name] != value)


def replay(context: Context, attempt_id: int) -> Replayed | Refused:
    """Draw an attempt's form again and compare pool, commitment, history and form.

    Each is compared with what lies beside the attempt and with what the journal says of the draw:
    rows that were changed together with their fingerprints still differ from the journal.
    """
    with store.write() as session:
        row = session.get(Attempt, attempt_id)
        if row is None:
            return not_found()
        epoch = session.get_one(pool_rows.Epoch, row.epoch_id)
        pool_row = session.get_one(pool_rows.Pool, row.pool_id)
        person = session.get_one(Person, row.candidate_id)
        pool = _pool(pool_row)
        seed = _seed(epoch, context.settings.seed_key)
        history = encounters.history(session, row.candidate_id, row.bank_id, before=row.id)
        form = NONE
        if pool is not None and seed is not None:
            stream = draw.Stream(seed, person.pseudonym, row.ordinal, row.label)
            drawn = draw.draw(pool, history, stream)
            form = NONE if isinstance(drawn, Refused) else drawn.fingerprint
        recorded = {
            "pool": pool_row.fingerprint,
            "commitment": epoch.commitment,
            "history": row.history_fingerprint,
            "form": row.form_fingerprint,
        }
        replayed = {
            "pool": NONE if pool is None else pool.fingerprint(),
            "commitment": NONE if seed is None else draw.commitment(seed),
            "history": draw.history_fingerprint(history),
            "form": form,
        }
        journalled = _journalled(session, row)
        result = Replayed(
            attempt_id,
            recorded={
                **recorded,
                "questions": draw.form_fingerprint(row.drawn()),
                **{f"journalled {name}": journalled[name] for name in recorded},
            },
            replayed={
                **replayed,
                "questions": form,
                **{f"journalled {name}": replayed[name] for name in recorded},
            },
        )
        facts = {"attempt": attempt_id, "same": not result.differences}
        record(session, context, Event.DRAW_REPLAYED, facts)
        return result


def _pool(row: pool_rows.Pool) -> draw.Pool | None:
    try:
        return draw.Pool.from_document(row.document)
    except ValueError:
        return None


def _seed(epoch: pool_rows.Epoch, seed_key: str) -> bytes | None:
    try:
        return pool_rows.decrypt(epoch.sealed_seed, seed_key)
    except InvalidToken:
        return None


def _journalled(session: Session, row: Attempt) -> dict[str, str]:
    """What the journal says of an attempt's draw."""
    written = journal.entries(session, Event.ATTEMPT_STARTED, row.prepared_at, row.candidate_id)
    facts = next((e.facts for e in written if e.facts.get("attempt") == row.id), {})
    return {
        "pool": str(facts.get("pool_fingerprint", NONE)),
        "commitment": str(facts.get("commitment", NONE)),
        "history": str(facts.get("history_fingerprint", NONE)),
        "form": str(facts.get("form_fingerprint", NONE)),
    }
