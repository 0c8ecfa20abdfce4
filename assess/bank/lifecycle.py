"""Which states may a version of an item be in, and by which moves does it come there?

A draft may be edited; every other state is of an immutable version, which attempts may name. An
import makes drafts or, where the person may approve it, live versions. Who may make a move (four
eyes) is asked by the deed, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from assess.bank.problems import because
from assess.reasons import Code, Refused


class State(StrEnum):
    """Where a version of an item stands."""

    DRAFT = "draft"
    LIVE = "live"
    SUSPENDED = "suspended"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


class Move(StrEnum):
    """What may be done to a version of an item."""

    APPROVE = "approve"
    SUSPEND = "suspend"
    RESUME = "resume"
    SUPERSEDE = "supersede"
    RETIRE = "retire"


FIRST = frozenset({State.DRAFT, State.LIVE})
"""The states a version may begin in."""
DRAWABLE = frozenset({State.LIVE})
"""The states whose versions may stand in a pool."""
EDITABLE = frozenset({State.DRAFT})
"""The states whose content may still change."""

MOVES: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        (State.DRAFT, Move.APPROVE): State.LIVE,
        (State.DRAFT, Move.RETIRE): State.RETIRED,
        (State.LIVE, Move.SUSPEND): State.SUSPENDED,
        # A newer version of the same item went live.
        (State.LIVE, Move.SUPERSEDE): State.SUPERSEDED,
        (State.LIVE, Move.RETIRE): State.RETIRED,
        (State.SUSPENDED, Move.RESUME): State.LIVE,
        (State.SUSPENDED, Move.SUPERSEDE): State.SUPERSEDED,
        (State.SUSPENDED, Move.RETIRE): State.RETIRED,
    }
)


def after(state: State, move: Move) -> State | Refused:
    """The state that a move leads to. Refused [E-STATE, 409] where the table has no such move."""
    to = MOVES.get((state, move))
    if to is None:
        values = {"move": move.value, "state": state.value}
        return Refused(Code.STATE, (because(Code.STATE, "move_not_allowed", values),))
    return to
