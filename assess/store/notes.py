"""What has a tutor written down about a candidate? Notes, inserted and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.store.base import Base
from assess.store.people import Person


class Note(Base):
    """A note of a tutor on a candidate; other tutors of the candidate read it, the candidate not.

    It is part of the candidate's record, and so of what they may ask to see.
    """

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    words: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]


def of_candidate(session: Session, candidate_id: int) -> Sequence[tuple[Note, Person]]:
    """The notes on a candidate with their authors, newest first."""
    rows = session.execute(
        select(Note, Person)
        .join(Person, Person.id == Note.author_id)
        .where(Note.candidate_id == candidate_id)
        .order_by(Note.id.desc())
    )
    return [(note, author) for note, author in rows]
