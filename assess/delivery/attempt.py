"""In which state is an attempt, and which moves are open to it?

The states stand here once, for every floor. An attempt changes its state only by a move in
`MOVES`; whatever is not in the table is refused.

PREPARED: the form is drawn and sealed, no clock runs. OPEN: the first question was delivered, the
clock runs. PAUSED: the clock stands. CLOSED: handed in, or time was up; no answer counts any more.
MARKED: the mark is stored. VOID: the attempt does not count; nothing leads out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from assess.reasons import Code, Helper, Refused


class State(StrEnum):
    """Where an attempt stands."""

    PREPARED = "prepared"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"
    MARKED = "marked"
    VOID = "void"


class Move(StrEnum):
    """What can be done to an attempt."""

    OPEN = "open"
    PAUSE = "pause"
    RESUME = "resume"
    HAND_IN = "hand_in"
    TIME_UP = "time_up"
    STOP = "stop"
    MARK = "mark"
    VOID = "void"


LIVE = frozenset({State.PREPARED, State.OPEN, State.PAUSED})
"""States in which an attempt is not over: a candidate has at most one of these for a test."""

OVER = frozenset(State) - LIVE
"""States in which no answer is taken any more."""

MOVES: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        (State.PREPARED, Move.OPEN): State.OPEN,
        (State.OPEN, Move.PAUSE): State.PAUSED,
        (State.PAUSED, Move.RESUME): State.OPEN,
        (State.OPEN, Move.HAND_IN): State.CLOSED,
        (State.OPEN, Move.TIME_UP): State.CLOSED,
        (State.OPEN, Move.STOP): State.CLOSED,
        (State.PAUSED, Move.STOP): State.CLOSED,
        (State.CLOSED, Move.MARK): State.MARKED,
        (State.PREPARED, Move.VOID): State.VOID,
        (State.OPEN, Move.VOID): State.VOID,
        (State.PAUSED, Move.VOID): State.VOID,
        (State.CLOSED, Move.VOID): State.VOID,
        (State.MARKED, Move.VOID): State.VOID,
    }
)

SITTING = frozenset(Move) - {Move.MARK, Move.VOID}
"""Moves that make sense only while an attempt is live."""


def after(state: State, move: Move) -> State | Refused:
    """The state that `move` leads to from `state`.

    Refused (409) with E-CLOSED when the attempt is over and the move belongs to sitting it, with
    E-STATE for any other move that the table does not hold. Values: `state`, `move`.
    """
    reached = MOVES.get((state, move))
    if reached is not None:
        return reached
    if state is State.VOID and move in SITTING:
        return Refused.of(
            Code.CLOSED,
            status=409,
            who=Helper.NOBODY,
            what="void",
            state=state.value,
            move=move.value,
        )
    if state in OVER and move in SITTING:
        return Refused.of(
            Code.CLOSED, status=409, who=Helper.NOBODY, state=state.value, move=move.value
        )
    return Refused.of(Code.STATE, status=409, who=Helper.YOU, state=state.value, move=move.value)
