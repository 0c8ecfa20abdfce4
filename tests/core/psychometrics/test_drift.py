"""Are items that change over time found and dated, and chance kept at its level?"""

from __future__ import annotations

import numpy as np
import pytest

from assess.psychometrics import drift, matching, scenario
from assess.psychometrics.responses import Responses, from_arrays
from assess.psychometrics.scenario import Scenario, Simulated


def history(seed: int, **settings: float) -> Simulated:
    asked = Scenario(**{"attempts": 5000, "items": 100, **settings})  # type: ignore[arg-type]
    return scenario.simulated(np.random.default_rng(seed), asked)


def test_planted_drift_is_always_found_and_dated_and_nothing_else_is_named() -> None:
    wrong = 0
    for seed in range(3):
        drawn = history(seed, drift=5, attempts=8000, items=160, impact=0.3)
        found = drift.table(drawn.responses, drawn.day)
        at = drawn.plan.planted["drift"]
        assert found.drifted[at].all()
        wrong += int(found.drifted.sum()) - len(at)
        assert (abs(found.change.last_day[at] - 59) <= 20).all()
        assert np.median(abs(found.change.last_day[at] - 59)) <= 5
        assert (found.change.after[at] > found.change.before[at]).all()
        later = found.windows[0].mantel_haenszel
        assert (later.delta[at] > 0).all()
    assert wrong <= 3


def test_the_type_one_error_of_the_cumulative_sum_is_nominal() -> None:
    for settings in ({"days": 90}, {"days": 4}):
        p = np.concatenate(
            [
                drift.cumulative(drawn.responses, drawn.day).p
                for drawn in (history(10 + seed, **settings) for seed in range(3))
            ]
        )
        # 300 tests: the standard error of 0.05 is 0.013.
        assert 0.015 <= (p < 0.05).mean() <= 0.09


def test_candidates_who_become_abler_are_no_drift_of_the_items() -> None:
    drawn = history(20, impact=0.8)
    # The focal group, less able, comes first.
    day = np.where(drawn.group == 1, drawn.day, drawn.day + 90)
    found = drift.table(drawn.responses, day)
    assert found.drifted.sum() <= 1
    assert (found.change.p < 0.05).mean() <= 0.09
    assert abs(np.nanmean(found.windows[0].mantel_haenszel.delta)) < 0.1


def test_any_partition_of_the_attempts_gives_the_same_bits() -> None:
    drawn = history(30, attempts=1000, items=40, length=20, cells=20)
    answers, everybody = drawn.responses, np.zeros(1000, dtype=np.int8)
    counted = np.ones(40, dtype=np.bool_)
    facility = matching.facility_sums(answers, everybody).facility
    whole = matching.spread(answers, everybody, facility, counted)
    score = matching.regressed(answers, everybody, facility, counted, whole)
    level = matching.quantile_levels(score, matching.histogram(score), 20)
    cells = matching.table(answers, everybody, score, level, 20)
    expected = drift.expectation(cells.n[..., 0], cells.x[..., 0])
    day = drawn.day.astype(np.int64)
    sums = drift.day_sums(answers, level, expected, day, 90)
    part = np.random.default_rng(1).integers(0, 3, 1000)
    first, second, third = (
        drift.day_sums(
            answers.of_attempts(part == k),
            level[(part == k)[answers.attempt]],
            expected,
            day[part == k],
            90,
        )
        for k in range(3)
    )
    merged = third + (first + second)
    last_day = np.arange(90)
    ours, theirs = drift.changes(sums, last_day), drift.changes(merged, last_day)
    for name in ("statistic", "p", "last_day", "before", "after"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_windows_are_equally_full_and_never_part_a_day() -> None:
    day = np.repeat([0, 1, 2, 3, 9], [10, 30, 20, 15, 25])
    assert drift.windows_of(day, 2).tolist() == [0] * 40 + [1] * 60 or (
        np.unique(drift.windows_of(day, 2)).tolist() == [0, 1]
    )
    for windows in (2, 3, 5):
        found = drift.windows_of(day, windows)
        assert (np.diff(found) >= 0).all()
        assert all(np.unique(found[day == d]).size == 1 for d in np.unique(day))
    with pytest.raises(ValueError, match="5 days do not fill 6 windows"):
        drift.windows_of(day, 6)


def test_more_days_than_can_be_told_apart_are_put_together() -> None:
    drawn = history(
        40, attempts=3000, days=2500, drift=4, drift_day=1500, items=40, length=20, cells=20
    )
    found = drift.table(drawn.responses, drawn.day)
    assert found.drifted[drawn.plan.planted["drift"]].all()
    assert (abs(found.change.last_day[drawn.plan.planted["drift"]] - 1499) < 350).all()


def test_too_few_answers_name_no_drift() -> None:
    drawn = history(50, attempts=500, drift=10)
    found = drift.table(drawn.responses, drawn.day)
    assert not found.drifted.any()
    assert all(guard is not None and "< 200" in guard for guard in found.guards)


def constant() -> Responses:
    return from_arrays([0, 0, 1, 1], [0, 1, 0, 1], [1000, 1000, 1000, 1000])


def test_scores_that_do_not_vary_have_no_change_and_days_that_do_not_fit_are_refused() -> None:
    found = drift.table(constant(), np.array([1, 2]))
    assert np.isnan(found.change.p).all()
    assert found.change.last_day.tolist() == [-1, -1]
    with pytest.raises(ValueError, match="3 days for 2 attempts"):
        drift.table(constant(), np.arange(3))
    with pytest.raises(ValueError, match="two windows"):
        drift.table(constant(), np.arange(2), windows=1)
    with pytest.raises(ValueError, match="1 day does not fill 2"):
        drift.table(constant(), np.zeros(2, dtype=int))
