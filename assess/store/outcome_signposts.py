"""What does a bank say to revise for each outcome?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.delivery.signposts import Signpost
from assess.store import cursor
from assess.store.banks import Bank
from assess.store.base import Base


class OutcomeSignpost(Base):
    """What to read, watch or do for an outcome not yet met."""

    __tablename__ = "signposts"
    __table_args__ = (UniqueConstraint("bank_id", "outcome", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks.id"))
    outcome: Mapped[str] = mapped_column(String(300))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    words: Mapped[str] = mapped_column(Text)


def put(session: Session, bank: Bank, signposts: Sequence[Signpost]) -> None:
    """Replace a bank's signposts."""
    session.execute(delete(OutcomeSignpost).where(OutcomeSignpost.bank_id == bank.id))
    session.add_all(
        OutcomeSignpost(
            centre_id=bank.centre_id,
            bank_id=bank.id,
            outcome=s.outcome,
            position=position,
            title=s.title,
            words=s.text,
        )
        for position, s in enumerate(signposts, 1)
    )


def of_bank(session: Session, bank_id: int) -> tuple[Signpost, ...]:
    """A bank's signposts, in their order."""
    rows = cursor.ask(session, _OF_BANK, {"bank": bank_id})
    return tuple(Signpost(outcome, title=title, text=words) for outcome, title, words in rows)


_OF_BANK = "SELECT outcome, title, words FROM signposts WHERE bank_id = :bank ORDER BY position"
