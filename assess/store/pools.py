"""From which frozen lists, and with which seeds, are forms drawn?

A pool never changes; a secret seed serves one epoch of it. Seeds lie encrypted, apart from the
journal, which holds only their commitments.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

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


def newest(session: Session, specification_id: int) -> tuple[int, str] | None:
    """Number and fingerprint of the pool that new attempts draw from, without its list."""
    row = session.execute(
        select(Pool.id, Pool.fingerprint)
        .where(Pool.specification_id == specification_id)
        .order_by(Pool.number.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.id, row.fingerprint)


def newest_number(session: Session, specification_id: int) -> int:
    """The number of a specification's newest pool, 0 when there is none."""
    return (
        session.scalar(
            select(func.max(Pool.number)).where(Pool.specification_id == specification_id)
        )
        or 0
    )


def current_epoch(session: Session, pool_id: int) -> Epoch | None:
    """The epoch that is open, locked until the transaction ends."""
    return session.scalar(
        select(Epoch).where(Epoch.pool_id == pool_id, Epoch.closed_at.is_(None)).with_for_update()
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


def used_up(epoch: Epoch, now: datetime) -> bool:
    """Whether an epoch has served its month or its number of draws."""
    return epoch.draws >= EPOCH_DRAWS or now >= epoch.opened_at + EPOCH_DAYS


def newest_epoch_number(session: Session, pool_id: int) -> int:
    """The number of a pool's newest epoch, 0 when there is none."""
    return session.scalar(select(func.max(Epoch.number)).where(Epoch.pool_id == pool_id)) or 0


def encrypt(seed: bytes, seed_key: str) -> bytes:
    """A seed as it may lie in the database."""
    return _cipher(seed_key).encrypt(seed)


def decrypt(sealed: bytes, seed_key: str) -> bytes:
    """The seed again. Raises cryptography.fernet.InvalidToken with another key."""
    return _cipher(seed_key).decrypt(sealed)


def _cipher(seed_key: str) -> Fernet:
    # The setting may have any length; Fernet wants 32 bytes. The key is already random.
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(seed_key.encode()).digest()))
