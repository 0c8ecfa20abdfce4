"""Does a version of an item move only as the table says?"""

from __future__ import annotations

from itertools import product

import pytest

from assess.bank import lifecycle
from assess.bank.lifecycle import MOVES, Move, State
from assess.reasons import Code, Refused


@pytest.mark.parametrize(("state", "move"), tuple(product(State, Move)))
def test_every_move_follows_the_table_or_is_refused(state: State, move: Move) -> None:
    after = lifecycle.after(state, move)
    if (state, move) in MOVES:
        assert after is MOVES[state, move]
    else:
        assert isinstance(after, Refused)
        assert after.code is Code.STATE


def test_nothing_leaves_retirement_and_nothing_becomes_a_draft_again() -> None:
    assert not [state for state, _ in MOVES if state in {State.RETIRED, State.SUPERSEDED}]
    assert State.DRAFT not in MOVES.values()


def test_only_a_live_version_is_drawn() -> None:
    assert set(lifecycle.DRAWABLE) == {State.LIVE}
