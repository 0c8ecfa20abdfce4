"""From which frozen lists, and with which seeds, are forms drawn?

A pool never changes; a secret seed serves one epoch of it. Seeds lie encrypted, apart from the
journal, which holds only their commitments.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    select,
    update,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from assess.store import cursor
from assess.store.base import Base
from assess.store.specifications import SpecificationVersion

EPOCH_DRAWS = 1000
EPOCH_DAYS = timedelta(days=31)  # a month
CURRENT = sql("closed_at IS NULL")


class Pool(Base):
    """The numbered, frozen list of item versions that a specification draws from."""

    __tablename__ = "pools"
    __table_args__ = (UniqueConstraint("specification_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    specification_id: Mapped[int] = mapped_column(ForeignKey("specifications.id"))
    number: Mapped[int]
    document: Mapped[dict[str, Any]]
    calibration_id: Mapped[int | None] = mapped_column(ForeignKey("calibrations.id"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]


class Epoch(Base):
    """A stretch of draws from a pool that share one secret seed."""

    __tablename__ = "epochs"
    __table_args__ = (
        UniqueConstraint("pool_id", "number"),
        Index(
            "uq_epochs_current",
            "pool_id",
            unique=True,
            sqlite_where=CURRENT,
            postgresql_where=CURRENT,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    pool_id: Mapped[int] = mapped_column(ForeignKey("pools.id"))
    number: Mapped[int]
    commitment: Mapped[str] = mapped_column(String(64))
    sealed_seed: Mapped[bytes] = mapped_column(LargeBinary)
    draws: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    @property
    def until(self) -> datetime:
        """When it serves no draw any more, unless its draws are used up before."""
        return self.opened_at + EPOCH_DAYS

    def closed(self, now: datetime) -> datetime | None:
        """Since when it serves no draw any more; None while it does.

        Where its month ended and nobody has drawn since, nobody has written so.
        """
        return self.closed_at or (self.until if self.until <= now else None)


@dataclass(frozen=True, slots=True)
class Turn:
    """One draw of an epoch, counted: the epoch's row (`id`), and what a draw asks of it."""

    id: int
    number: int
    commitment: str
    sealed_seed: bytes


# Every start asks these, by the driver's cursor.
NEWEST = """
SELECT id, fingerprint FROM pools WHERE specification_id = :specification
ORDER BY number DESC LIMIT 1
"""
SERVES = "closed_at IS NULL AND draws < :most AND opened_at > :since"  # see `serving`
TURN = f"""
UPDATE epochs SET draws = draws + 1 WHERE pool_id = :pool AND {SERVES}
RETURNING id, number, commitment, sealed_seed
"""  # noqa: S608 - a text of this project


def newest(session: Session, specification_id: int) -> tuple[int, str] | None:
    """Number and fingerprint of the pool that new attempts draw from, without its list."""
    rows = cursor.ask(session, NEWEST, {"specification": specification_id})
    return (rows[0][0], rows[0][1]) if rows else None


def turn(session: Session, pool_id: int, now: datetime) -> Turn | None:
    """The next draw of the epoch that is open, counted, its row locked until the transaction ends.

    None when no epoch is open, or the open one has served its month or its number of draws.
    """
    rows = cursor.ask(session, TURN, {"pool": pool_id, **serving(session, now)})
    return Turn(*rows[0]) if rows else None


def give_back(session: Session, taken: Turn) -> None:
    """Count a turn no more in which no form was found: an epoch counts the forms it has drawn."""
    session.execute(update(Epoch).where(Epoch.id == taken.id).values(draws=Epoch.draws - 1))


def serving(session: Session, now: datetime) -> dict[str, Any]:
    """The values of `SERVES`: what an epoch that serves another draw may have served."""
    return {"most": EPOCH_DRAWS, "since": cursor.moment(session, now - EPOCH_DAYS)}


def close(session: Session, pool_id: int, now: datetime) -> None:
    """Close the epoch of a pool that is open, if one is, from when it served no draw any more."""
    serving = select(Epoch).where(Epoch.pool_id == pool_id, Epoch.closed_at.is_(None))
    if (epoch := session.scalar(serving)) is not None:
        epoch.closed_at = epoch.closed(now) or now
        session.flush()


def newest_number(session: Session, specification_id: int) -> int:
    """The number of a specification's newest pool, 0 when there is none."""
    return (
        session.scalar(
            select(func.max(Pool.number)).where(Pool.specification_id == specification_id)
        )
        or 0
    )


def newest_made(session: Session, test_id: int) -> Pool | None:
    """The pool of a test that was made last (its list is read when asked for)."""
    return session.scalar(
        select(Pool)
        .join(SpecificationVersion, SpecificationVersion.id == Pool.specification_id)
        .where(SpecificationVersion.test_id == test_id)
        .order_by(Pool.id.desc())
        .limit(1)
        .options(defer(Pool.document))
    )


def epochs(session: Session, test_id: int) -> list[tuple[Epoch, Pool]]:
    """All epochs of a test, oldest first, with their pools (whose list is read when asked for)."""
    rows = session.execute(
        select(Epoch, Pool)
        .join(Pool, Pool.id == Epoch.pool_id)
        .join(SpecificationVersion, SpecificationVersion.id == Pool.specification_id)
        .where(SpecificationVersion.test_id == test_id)
        .order_by(Epoch.id)
        .options(defer(Pool.document))
    )
    return [(epoch, pool) for epoch, pool in rows]


def shut(session: Session, seed_key: str) -> int:
    """How many of the open epochs this key does not open: nobody can start on their pools."""
    found = 0
    for sealed in session.scalars(select(Epoch.sealed_seed).where(Epoch.closed_at.is_(None))):
        try:
            decrypt(sealed, seed_key)
        except InvalidToken:
            found += 1
    return found


def newest_epoch_number(session: Session, pool_id: int) -> int:
    """The number of a pool's newest epoch, 0 when there is none."""
    return session.scalar(select(func.max(Epoch.number)).where(Epoch.pool_id == pool_id)) or 0


def encrypt(seed: bytes, seed_key: str) -> bytes:
    """A seed as it may lie in the database."""
    return _cipher(seed_key).encrypt(seed)


@lru_cache(maxsize=64)  # an epoch has up to 1,000 draws; the key that opens it is in memory too
def decrypt(sealed: bytes, seed_key: str) -> bytes:
    """The seed again. Raises cryptography.fernet.InvalidToken with another key."""
    return _cipher(seed_key).decrypt(sealed)


def _cipher(seed_key: str) -> Fernet:
    # The setting may have any length; Fernet wants 32 bytes. The key is already random.
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(seed_key.encode()).digest()))
