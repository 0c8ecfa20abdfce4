"""Putting on record what was refused at the door, before any deed began."""

from __future__ import annotations

from assess import store
from assess.actions.context import Context, refuse
from assess.journal import Event
from assess.reasons import Refused


def note(context: Context, refused: Refused) -> None:
    """Journal a refusal that no deed has journalled."""
    with store.write() as session:
        refuse(session, context, Event.DEED_REFUSED, refused)
