"""When is enough known of a pool to balance its forms, and about what are they balanced?"""

from __future__ import annotations

from assess.delivery.difficulty import band, settled
from assess.delivery.pool import Band


def test_three_quarters_of_a_cell_are_enough_and_the_rest_gets_their_mean_halves_up() -> None:
    assert settled([[600, 601, 601, None], [500]]) == [[600, 601, 601, 601], [500]]
    assert settled([[600, 601, 600, 601, None]]) == [[600, 601, 600, 601, 601]]
    assert settled([[600, 601, 601, None], [500, 500, None]]) is None
    assert settled([[]]) == [[]]


def test_the_target_is_the_mean_form_halves_up_and_a_share_is_of_the_whole_form() -> None:
    assert band((2, 1), [[600, 601], [500]], 5) == Band(1701, 15)
    assert band((1,), [[600, 601]], 5) == Band(601, 5)
