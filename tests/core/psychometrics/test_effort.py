"""Are rapid guessers found, and how many honest candidates are suspected in error?"""

from __future__ import annotations

import numpy as np
import pytest

from assess.psychometrics import effort, scenario
from assess.psychometrics.responses import OMITTED, from_arrays
from assess.psychometrics.scenario import Scenario, Simulated


def history(seed: int, **settings: float) -> Simulated:
    asked = Scenario(**{"attempts": 4000, "items": 80, **settings})  # type: ignore[arg-type]
    return scenario.simulated(np.random.default_rng(seed), asked)


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_rapid_guessers_are_found_and_nobody_else(share: float) -> None:
    drawn = history(1, rapid=share)
    found = effort.table(drawn.responses)
    assert found.flagged[drawn.rapid].mean() > 0.98
    assert found.flagged[~drawn.rapid].mean() < 0.002
    assert found.rapid_right is not None
    assert found.other_right is not None
    assert found.rapid_right == pytest.approx(0.25, abs=0.05)
    assert found.other_right > 0.5


def test_the_false_positive_rate_that_is_foretold_is_the_one_that_comes() -> None:
    """Honest times, hurried and uneven enough that some answers fall below the thresholds."""
    rng = np.random.default_rng(2)
    attempts, items = 4000, 12
    log_time = rng.normal(3.3, 0.3, items) - rng.normal(0, 0.6, attempts)[:, None]
    log_time = log_time + rng.normal(0, 0.75, (attempts, items))
    answers = from_arrays(
        np.repeat(np.arange(attempts), items),
        np.tile(np.arange(items), attempts),
        1000 * rng.integers(0, 2, attempts * items),
        milliseconds=np.rint(1000 * np.exp(log_time)).astype(int).ravel(),
    )
    came = effort.table(answers).flagged.mean()
    foretold = effort.false_positives(rng, answers)
    assert 0.01 < came < 0.1
    assert foretold == pytest.approx(came, rel=0.5)


def test_with_times_as_they_are_common_hardly_anybody_is_suspected_in_error() -> None:
    drawn = history(3)
    assert effort.table(drawn.responses).flagged.mean() < 0.001
    rng = np.random.default_rng(4)
    assert effort.false_positives(rng, drawn.responses, rounds=2) < 0.001


def test_a_threshold_is_a_tenth_of_the_mean_time_and_at_most_ten_seconds() -> None:
    rng = np.random.default_rng(5)
    seconds = np.stack([rng.uniform(20, 40, 300), rng.uniform(150, 250, 300)], axis=1)
    answers = from_arrays(
        np.repeat(np.arange(300), 2),
        np.tile([0, 1], 300),
        np.zeros(600, int),
        seconds=seconds.ravel(),
    )
    found = effort.thresholds_of(effort.time_sums(answers))
    assert not found.two_humps.any()
    assert found.milliseconds[0] == pytest.approx(100 * seconds[:, 0].mean(), rel=1e-4)
    assert found.milliseconds[1] == 10_000


def test_between_two_humps_the_threshold_lies_in_the_trough() -> None:
    rng = np.random.default_rng(6)
    seconds = np.exp(
        np.where(rng.random(2000) < 0.1, rng.normal(0.7, 0.3, 2000), rng.normal(3.5, 0.4, 2000))
    )
    answers = from_arrays(
        np.arange(2000), np.zeros(2000, int), np.zeros(2000, int), seconds=seconds
    )
    found = effort.thresholds_of(effort.time_sums(answers))
    assert found.two_humps[0]
    assert 4000 < found.milliseconds[0] < 10_000


def test_too_few_times_give_no_threshold_and_short_forms_no_flag() -> None:
    few = history(7, attempts=60)
    assert np.isnan(effort.table(few.responses).effort).all()
    assert not effort.table(few.responses).flagged.any()
    short = history(8, items=16, length=8, cells=8, rapid=0.1)
    found = effort.table(short.responses)
    assert not found.flagged.any()
    assert (found.effort[short.rapid] < 0.9).mean() > 0.95


def test_omitted_and_untimed_answers_are_not_judged() -> None:
    drawn = history(9, rapid=0.05)
    answers = drawn.responses
    left = answers.option.copy()
    left[answers.attempt == 0] = OMITTED
    found = effort.table(
        from_arrays(
            answers.attempt, answers.item, answers.score, left, milliseconds=answers.milliseconds
        )
    )
    assert found.judged[0] == 0
    assert np.isnan(found.effort[0])
    with pytest.raises(ValueError, match="there are none"):
        effort.table(from_arrays([0], [0], [0]))


def test_any_partition_of_the_attempts_gives_the_same_thresholds() -> None:
    drawn = history(10, attempts=2000, items=40, length=20, cells=20, rapid=0.05)
    whole = effort.time_sums(drawn.responses)
    part = np.arange(2000) % 3
    first, second, third = (
        effort.time_sums(drawn.responses.of_attempts(part == k)) for k in range(3)
    )
    ours, merged = effort.thresholds_of(whole), effort.thresholds_of(third + (second + first))
    assert ours.milliseconds.tolist() == merged.milliseconds.tolist()
    assert ours.two_humps.tolist() == merged.two_humps.tolist()
