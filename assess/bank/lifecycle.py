"""Which states may a version of an item be in, and by which moves does it come there?

A draft is an author's working copy and may be edited; every other state is of an immutable version,
which attempts may name. A draft that is submitted becomes a version in review; somebody else
approves or returns it. An import makes versions in review or, where it may, live ones. Who may make
a move (roles, four eyes) is asked of `review.py`.
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
    REVIEW = "review"
    RETURNED = "returned"
    LIVE = "live"
    SUSPENDED = "suspended"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


class Move(StrEnum):
    """What may be done to a version of an item."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    RETURN = "return"
    APPROVE = "approve"
    SUSPEND = "suspend"
    RESUME = "resume"
    SUPERSEDE = "supersede"
    RETIRE = "retire"


FIRST = frozenset({State.REVIEW, State.LIVE})
"""The states a version may begin in."""
DRAWABLE = frozenset({State.LIVE})
"""The states whose versions may stand in a pool."""
STANDING = frozenset({State.LIVE, State.SUSPENDED})
"""The states of the version that an item stands for; at most one version of an item is in them."""

MOVES: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        (State.DRAFT, Move.SUBMIT): State.REVIEW,
        (State.REVIEW, Move.APPROVE): State.LIVE,
        # Sent back by a reviewer, or taken back by an author: either way it is a draft again, in a
        # working copy; the version itself stays as it was read.
        (State.REVIEW, Move.RETURN): State.RETURNED,
        (State.REVIEW, Move.WITHDRAW): State.RETURNED,
        # A newer version of the same item was submitted, or went live.
        (State.REVIEW, Move.SUPERSEDE): State.SUPERSEDED,
        (State.RETURNED, Move.RETIRE): State.RETIRED,
        (State.LIVE, Move.SUSPEND): State.SUSPENDED,
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
