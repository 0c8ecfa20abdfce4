"""Which moves an attempt can make, pair by pair."""

from __future__ import annotations

import itertools

import pytest

from assess.delivery import attempt
from assess.delivery.attempt import LIVE, MOVES, OVER, SITTING, Move, State
from assess.reasons import Code, Refused

PAIRS = list(itertools.product(State, Move))


def test_an_attempt_goes_from_prepared_to_marked() -> None:
    state: State | Refused = State.PREPARED
    for move, reached in [
        (Move.OPEN, State.OPEN),
        (Move.PAUSE, State.PAUSED),
        (Move.RESUME, State.OPEN),
        (Move.HAND_IN, State.CLOSED),
        (Move.MARK, State.MARKED),
    ]:
        assert isinstance(state, State)
        state = attempt.after(state, move)
        assert state is reached


def test_time_up_closes_an_open_attempt() -> None:
    assert attempt.after(State.OPEN, Move.TIME_UP) is State.CLOSED


@pytest.mark.parametrize("state", [s for s in State if s is not State.VOID])
def test_any_attempt_can_be_declared_void_once(state: State) -> None:
    assert attempt.after(state, Move.VOID) is State.VOID


@pytest.mark.parametrize("move", list(Move))
def test_nothing_leads_out_of_void(move: Move) -> None:
    assert isinstance(attempt.after(State.VOID, move), Refused)


@pytest.mark.parametrize(("state", "move"), PAIRS)
def test_what_the_table_does_not_hold_is_refused_with_its_state_and_move(
    state: State, move: Move
) -> None:
    reached = attempt.after(state, move)
    if (state, move) in MOVES:
        assert reached is MOVES[state, move]
        return
    assert isinstance(reached, Refused)
    assert reached.status == 409
    values = dict(reached.reasons[0].values)
    # Of a cancelled attempt it would be wrong to say that what was saved is in the record.
    assert values.pop("what", None) == ("void" if state is State.VOID and move in SITTING else None)
    assert values == {"state": state.value, "move": move.value}


@pytest.mark.parametrize("state", sorted(OVER))
@pytest.mark.parametrize("move", [Move.HAND_IN, Move.TIME_UP, Move.OPEN, Move.PAUSE, Move.RESUME])
def test_an_attempt_that_is_over_says_so(state: State, move: Move) -> None:
    refused = attempt.after(state, move)
    assert isinstance(refused, Refused)
    assert refused.code is Code.CLOSED


def test_a_mark_is_set_once() -> None:
    refused = attempt.after(State.MARKED, Move.MARK)
    assert isinstance(refused, Refused)
    assert refused.code is Code.STATE


def test_an_attempt_cannot_be_handed_in_before_its_first_question_or_in_a_pause() -> None:
    for state in (State.PREPARED, State.PAUSED):
        refused = attempt.after(state, Move.HAND_IN)
        assert isinstance(refused, Refused)
        assert refused.code is Code.STATE


def test_every_state_is_live_or_over() -> None:
    assert frozenset(State) == LIVE | OVER
    assert not LIVE & OVER
    assert {reached for (state, _), reached in MOVES.items() if state in OVER} <= OVER


def test_stored_values_are_lower_case() -> None:
    assert all(value == value.lower() for value in [*State, *Move])
