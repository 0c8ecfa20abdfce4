"""Who acts, when, for which centre, and how is a refusal put on record?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from assess.journal import Event, Fact
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.settings import Settings
from assess.store import journal
from assess.store.cursor import Beside
from assess.store.standing import Gate


@dataclass(frozen=True, slots=True)
class Context:
    """What a deed is told of its surroundings.

    `actor` is None for the operator at the command line and for jobs: they act for the
    installation, and the journal says so. `centre` is 0 for deeds that belong to none.
    """

    now: datetime
    settings: Settings
    centre: int
    actor: int | None = None
    session_id: int | None = None
    roles: frozenset[Role] = frozenset()
    gates: Mapping[str, Gate] = field(default_factory=dict)

    def may(self, *roles: Role) -> bool:
        """Whether the actor holds one of these roles; the operator may do everything."""
        return self.actor is None or not self.roles.isdisjoint(roles)


def record(
    session: Session,
    context: Context,
    event: Event,
    facts: Mapping[str, Fact] | None = None,
    details: Mapping[str, Fact] | None = None,
) -> None:
    """Write the deed into the journal, in the deed's own transaction."""
    journal.record(
        session,
        event,
        at=context.now,
        centre=context.centre or None,
        actor=context.actor,
        facts=facts,
        details=details,
    )


def record_new(
    session: Session,
    context: Context,
    made: tuple[Table, Mapping[str, Any]],
    name: str,
    event: Event,
    facts: Mapping[str, Fact],
    beside: Sequence[Beside] = (),
) -> int:
    """Insert the row that the deed makes and write the deed down with its key; gives the key."""
    return journal.record_new(
        session,
        made,
        name,
        event,
        at=context.now,
        centre=context.centre or None,
        actor=context.actor,
        facts=facts,
        beside=beside,
    )


def refuse(session: Session, context: Context, deed: Event, refused: Refused) -> Refused:
    """Put a refusal on record, with its code and those of all its reasons."""
    codes = " ".join(r.code.value for r in refused.reasons)
    record(
        session,
        context,
        Event.DEED_REFUSED,
        {"deed": deed.value, "code": refused.code.value, "reasons": codes},
    )
    return refused


def not_found() -> Refused:
    """The answer for what is not there and for what belongs to another centre: no difference."""
    return Refused.of(Code.NOT_FOUND, status=404)


def wrong_role() -> Refused:
    """The answer for a deed that the actor's roles do not cover."""
    return Refused.of(Code.ROLE, status=403)
