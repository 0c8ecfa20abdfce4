"""Are the times by item means and percentiles of what was measured?"""

from __future__ import annotations

import numpy as np
import pytest

from assess.psychometrics import times
from assess.psychometrics.responses import NOT_REACHED, Responses, from_arrays


def timed(seed: int = 1, attempts: int = 500) -> Responses:
    rng = np.random.default_rng(seed)
    return from_arrays(
        np.repeat(np.arange(attempts), 4),
        np.tile(np.arange(4), attempts),
        1000 * rng.integers(0, 2, 4 * attempts),
        seconds=np.where(
            rng.random(4 * attempts) < 0.1, np.nan, rng.lognormal(3, 0.6, 4 * attempts)
        ),
    )


def test_means_are_exact_and_percentiles_within_two_per_cent() -> None:
    answers = timed()
    sums = times.time_sums(answers)
    assert sums is not None
    table = times.table(sums)
    seconds = answers.seconds
    assert seconds is not None
    for item in range(4):
        rows = (answers.item == item) & ~np.isnan(seconds)
        assert table.n[item] == rows.sum()
        assert table.mean[item] == pytest.approx(seconds[rows].mean())
        assert table.right[item] == pytest.approx(seconds[rows & (answers.score == 1000)].mean())
        assert table.wrong[item] == pytest.approx(seconds[rows & (answers.score == 0)].mean())
        expected = np.percentile(seconds[rows], [10, 50, 90])
        found = [table.p10[item], table.median[item], table.p90[item]]
        assert found == pytest.approx(expected, rel=0.03)


def test_parts_add_up_to_the_same_bits() -> None:
    answers = timed(2, 80)
    first = np.arange(80) < 33
    one, other = (times.time_sums(answers.of_attempts(chosen)) for chosen in (first, ~first))
    whole = times.time_sums(answers)
    assert one is not None
    assert other is not None
    assert whole is not None
    merged = other + one
    assert merged.time.low.tobytes() == whole.time.low.tobytes()
    assert merged.histogram.tobytes() == whole.histogram.tobytes()


def test_items_not_reached_and_times_unknown_take_no_time() -> None:
    answers = from_arrays(
        [0, 0, 0], [0, 1, 2], [1000, 0, 0], [1, NOT_REACHED, 0], milliseconds=[2500, 9000, -1]
    )
    sums = times.time_sums(answers)
    assert sums is not None
    table = times.table(sums)
    assert table.n.tolist() == [1, 0, 0]
    assert table.mean[0] == 2.5
    assert np.isnan(table.median[1:]).all()


def test_without_times_there_is_nothing_to_sum() -> None:
    assert times.time_sums(from_arrays([0], [0], [0])) is None
