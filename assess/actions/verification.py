"""What may an outsider know, so that they can draw every form of a closed epoch again?

The secret seed of an epoch may be told when nothing is drawn with it any more: after its month or
its thousand draws, when a newer pool has taken over, or when it is closed early for an appeal. And
not while anybody still sits one of its forms: whoever writes questions could tell which they are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import select
from sqlalchemy.orm import Session

from assess import store
from assess.actions import pools as deeds
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.delivery.pool import Pool as Frozen
from assess.delivery.readiness import why_not_words
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import attempts, encounters, pools, specifications
from assess.store.attempts import Attempt
from assess.store.journal import JournalEntry
from assess.store.people import Person
from assess.store.pools import Epoch, Pool

SCHEMA = "verification/2"
ROLES = (Role.AUTHOR, Role.QUALITY)  # who answer for a test's draws, and who decide appeals


@dataclass(frozen=True, slots=True)
class Stretch:
    """An epoch of a test: its number among all of the test's, from 1, and how long it serves."""

    number: int
    pool: int
    commitment: str
    draws: int
    opened: datetime
    closed: datetime | None
    until: datetime  # when it closes by itself, unless its draws are used up before
    live: int  # attempts at its forms that are not over
    seed_entry: JournalEntry | None  # where the journal holds its commitment
    pool_entry: JournalEntry | None  # and the fingerprint of its pool


def epochs(context: Context, name: str) -> Sequence[Stretch] | Refused:
    """The epochs of a test, oldest first."""
    if not context.may(*ROLES):
        return wrong_role()
    with store.read() as session:
        test = specifications.by_name(session, context.centre, name)
        if test is None:
            return not_found()
        live = attempts.live_by_epoch(session, test.id)
        found = pools.epochs(session, test.id)
        entries = _journalled(session, {pool.id for _, pool in found})
        return [
            Stretch(
                number,
                pool.number,
                epoch.commitment,
                epoch.draws,
                epoch.opened_at,
                epoch.closed(context.now),
                epoch.until,
                live[epoch.id][0] if epoch.id in live else 0,
                entries.get((Event.SEED_COMMITTED.value, pool.id, epoch.number)),
                entries.get((Event.POOL_MADE.value, pool.id, None)),
            )
            for number, (epoch, pool) in enumerate(found, start=1)
        ]


def _journalled(
    session: Session, ids: Collection[int]
) -> dict[tuple[str, int, int | None], JournalEntry]:
    """What the journal holds of the making of pools and of their seeds."""
    entries = session.scalars(
        select(JournalEntry).where(
            JournalEntry.event.in_((Event.POOL_MADE.value, Event.SEED_COMMITTED.value)),
            JournalEntry.facts["pool"].as_integer().in_(ids),
        )
    )
    return {(one.event, one.facts["pool"], one.facts.get("epoch")): one for one in entries}


def close(context: Context, name: str, words: str) -> int | Refused:
    """Close a test's open epoch early, for a reason; says its number. The next draw opens another.

    Refused where none is open [E-EPOCH] and without a reason [E-REASON].
    """
    if not context.may(*ROLES):
        return wrong_role()
    with store.write() as session:
        test = specifications.by_name(session, context.centre, name)
        if test is None:
            return not_found()
        if reasons := why_not_words(words):
            refused = Refused(Code.REASON, reasons, 422)
            return refuse(session, context, Event.EPOCH_CLOSED, refused)
        store.alone(session, deeds.drawing(test.id))
        for number, (epoch, pool) in enumerate(pools.epochs(session, test.id), start=1):
            if epoch.closed(context.now) is None:
                epoch.closed_at = context.now
                facts = {"test": test.id, "pool": pool.id, "epoch": epoch.number}
                record(session, context, Event.EPOCH_CLOSED, facts, {"reason": words.strip()})
                return number
        refused = Refused.of(Code.EPOCH, who=Helper.NOBODY, what="none_open", test=test.name)
        return refuse(session, context, Event.EPOCH_CLOSED, refused)


def document(context: Context, name: str, number: int | None) -> dict[str, Any] | Refused:
    """What a test's epoch was drawn from and what was drawn: for `tools/verify_draw.py`.

    `number` None: the newest that is closed. Refused [E-EPOCH] while it is open, while an attempt
    at one of its forms is not over, where there is no such epoch, and where the settings' key does
    not open the seed. That the seed was told is journalled; what was drawn is read after that, for
    it takes long and changes no more: nobody who writes has to wait for it.
    """
    if not context.may(*ROLES):
        return wrong_role()
    with store.write() as session:
        test = specifications.by_name(session, context.centre, name)
        if test is None:
            return not_found()
        found = _closed(pools.epochs(session, test.id), number, test.name, context.now)
        if isinstance(found, Refused):
            return refuse(session, context, Event.SEED_TOLD, found)
        number, epoch, pool = found
        if epoch.closed_at is None:  # its month is over: a draw of its last moment may be under way
            store.alone(session, deeds.drawing(test.id))
            session.refresh(epoch)
        if (live := attempts.live_by_epoch(session, test.id).get(epoch.id)) is not None:
            reason = Reason(
                Code.EPOCH,
                {"what": "under_way", "test": test.name, "epoch": number, "count": live[0]},
                until=live[1],
                who=Helper.NOBODY,
            )
            return refuse(session, context, Event.SEED_TOLD, Refused(Code.EPOCH, (reason,), 409))
        try:
            seed = pools.decrypt(epoch.sealed_seed, context.settings.seed_key)
        except InvalidToken:
            refused = Refused.of(Code.EPOCH, who=Helper.ADMINISTRATOR, what="other_key")
            return refuse(session, context, Event.SEED_TOLD, refused)
        facts = {"test": test.id, "pool": pool.id, "epoch": epoch.number}
        record(session, context, Event.SEED_TOLD, facts)
        closed_at = epoch.closed_at = epoch.closed(context.now)
        assert closed_at is not None  # noqa: S101 - it is closed
        bank_id, epoch_id, frozen = test.bank_id, epoch.id, pool.document
        told = {
            "schema": SCHEMA,
            "test": test.name,
            "epoch": number,
            "opened": epoch.opened_at.isoformat(),
            "closed": closed_at.isoformat(),
            "commitment": epoch.commitment,
            "seed": seed.hex(),
            "pool_number": pool.number,
            "pool_fingerprint": pool.fingerprint,
            "draws_counted": epoch.draws,
        }
    with store.read() as session:
        draws = _draws(session, bank_id, epoch_id)
    return told | {"pool": Frozen.from_document(frozen).in_rows(), "draws": draws}


def _closed(
    found: Sequence[tuple[Epoch, Pool]], number: int | None, test: str, now: datetime
) -> tuple[int, Epoch, Pool] | Refused:
    if number is None:
        closed = [k for k, (epoch, _) in enumerate(found, start=1) if epoch.closed(now)]
        number = closed[-1] if closed else len(found)
    if not 1 <= number <= len(found):
        return Refused.of(
            Code.EPOCH, who=Helper.YOU, what="unknown", test=test, found=number, have=len(found)
        )
    epoch, pool = found[number - 1]
    if epoch.closed(now) is None:
        reason = Reason(
            Code.EPOCH,
            {"what": "open", "test": test, "epoch": number, "left": _left(epoch)},
            until=epoch.until,
            who=Helper.QUALITY,
        )
        return Refused(Code.EPOCH, (reason,), 409)
    return number, epoch, pool


def _left(epoch: Epoch) -> int:
    return max(pools.EPOCH_DRAWS - epoch.draws, 0)


def _draws(session: Session, bank_id: int, epoch_id: int) -> list[dict[str, Any]]:
    """Every draw of an epoch as it was recorded, with the history that it was drawn against."""
    rows = session.execute(
        select(Attempt, Person.pseudonym)
        .join(Person, Person.id == Attempt.candidate_id)
        .where(Attempt.epoch_id == epoch_id)
        .order_by(Attempt.id)
    )
    drawn, histories = [], encounters.Histories(session, bank_id)
    for row, pseudonym in rows:
        met = histories.before(row.candidate_id, row.id)
        drawn.append(
            {
                "attempt": row.id,
                "label": row.label,
                "candidate": pseudonym,
                "ordinal": row.ordinal,
                "history": [[item, seen.times, seen.last] for item, seen in sorted(met.items())],
                "history_fingerprint": row.history_fingerprint,
                "form": row.form,
                "form_fingerprint": row.form_fingerprint,
                "expected": row.expected,
                "in_band": row.in_band,
            }
        )
    return drawn
