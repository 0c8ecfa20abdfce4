"""Replaying a draw: the same form from the recorded seed, pool and history, or not."""

from __future__ import annotations

from dataclasses import dataclass

from assess import store
from assess.actions.context import Context, not_found, record
from assess.delivery import draw
from assess.journal import Event
from assess.reasons import Refused
from assess.store import attempts
from assess.store import pools as pool_rows
from assess.store.attempts import Attempt
from assess.store.people import Person


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
    """Draw an attempt's form again and compare pool, commitment, history and form."""
    with store.write() as session:
        row = session.get(Attempt, attempt_id)
        if row is None:
            return not_found()
        epoch = session.get_one(pool_rows.Epoch, row.epoch_id)
        pool_row = session.get_one(pool_rows.Pool, row.pool_id)
        person = session.get_one(Person, row.candidate_id)
        pool = draw.Pool.from_document(pool_row.document)
        seed = pool_rows.decrypt(epoch.sealed_seed, context.settings.seed_key)
        history = attempts.history(session, row.candidate_id, row.bank_id, before=row.id)
        drawn = draw.draw(pool, history, draw.Stream(seed, person.pseudonym, row.ordinal))
        result = Replayed(
            attempt_id,
            recorded={
                "pool": pool_row.fingerprint,
                "commitment": epoch.commitment,
                "history": row.history_fingerprint,
                "form": row.form_fingerprint,
                "questions": draw.form_fingerprint(row.drawn()),
            },
            replayed={
                "pool": pool.fingerprint(),
                "commitment": draw.commitment(seed),
                "history": draw.history_fingerprint(history),
                "form": "none" if isinstance(drawn, Refused) else drawn.fingerprint,
                "questions": "none" if isinstance(drawn, Refused) else drawn.fingerprint,
            },
        )
        facts = {"attempt": attempt_id, "same": not result.differences}
        record(session, context, Event.DRAW_REPLAYED, facts)
        return result
