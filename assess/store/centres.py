"""Which centres are there? Every person and every row of theirs belongs to one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.store.base import Base


class Centre(Base):
    """An organisation that delivers assessments; it never sees another's people."""

    __tablename__ = "centres"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    timezone: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


def by_code(session: Session, code: str) -> Centre | None:
    """The centre with this code."""
    return session.scalar(select(Centre).where(Centre.code == code))


def held(session: Session, code: str) -> Centre | None:
    """The centre with this code, locked until the transaction ends: nobody logs in meanwhile."""
    found = select(Centre).where(Centre.code == code)
    return session.scalar(found.with_for_update(key_share=True))


def first(session: Session) -> Centre | None:
    """The centre that was there first: the default of the command line."""
    return session.scalar(select(Centre).order_by(Centre.id).limit(1))


def get(session: Session, centre_id: int) -> Centre:
    """A centre that is known to be there."""
    return session.get_one(Centre, centre_id)


def every(session: Session) -> Sequence[Centre]:
    """All centres, by name: for the operator, who alone sees more than one."""
    return session.scalars(select(Centre).order_by(Centre.name, Centre.id)).all()
