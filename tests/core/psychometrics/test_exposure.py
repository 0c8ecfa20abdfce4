"""Are exposure and overlap what counting one by one gives?"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from assess.psychometrics import exposure, scenario
from assess.psychometrics.responses import from_arrays
from assess.psychometrics.scenario import Scenario


def test_overlap_is_that_of_all_pairs_counted_one_by_one() -> None:
    asked = Scenario(attempts=60, items=40, length=10, cells=10)
    drawn = scenario.simulated(np.random.default_rng(1), asked).responses
    forms = [set(form) for form in drawn.item.reshape(60, 10).tolist()]
    common = [len(one & other) for one, other in combinations(forms, 2)]
    found = exposure.table(drawn)
    assert found.overlap == pytest.approx(sum(common) / len(common))
    assert found.overlap_share == pytest.approx(sum(common) / len(common) / 10)
    assert found.overlap_spread.tolist() == np.bincount(common, minlength=11).tolist()
    assert found.sampled == 60
    assert found.shown.sum() == 600


def test_a_fair_draw_keeps_to_its_design_and_a_favourite_does_not() -> None:
    asked = Scenario(attempts=5000, items=100, length=10, cells=10)
    drawn = scenario.simulated(np.random.default_rng(2), asked).responses
    design = np.full(100, 0.1)
    fair = exposure.table(drawn, design)
    assert not (fair.p_adjusted < 0.01).any()
    assert fair.skewness is not None
    assert fair.skewness < 0.1
    # Item 5 takes a third of what its neighbours were shown.
    swapped = drawn.item.copy()
    swapped[(drawn.item > 5) & (drawn.item < 8) & (drawn.attempt % 3 == 0)] = 5
    spoilt = exposure.table(
        from_arrays(drawn.attempt, swapped, drawn.score, versions=np.arange(100)), design
    )
    assert np.flatnonzero(spoilt.p_adjusted < 0.01).tolist() == [5, 6, 7]
    assert spoilt.skewness is not None
    assert spoilt.skewness > fair.skewness


def test_one_form_for_all_overlaps_whole() -> None:
    answers = from_arrays(
        np.repeat(np.arange(30), 4),
        np.tile(np.arange(4), 30),
        np.zeros(120, int),
        versions=np.arange(5),
    )
    found = exposure.table(answers, np.array([1.0, 1.0, 1.0, 1.0, 0.0]))
    assert found.overlap == 4
    assert found.overlap_share == 1
    assert found.overlap_spread.tolist() == [0, 0, 0, 0, 435]
    assert found.rate.tolist() == [1, 1, 1, 1, 0]
    assert found.unused == 1
    assert found.p_adjusted.tolist() == [1, 1, 1, 1, 1]


def test_the_pairs_of_many_attempts_are_sampled_evenly() -> None:
    asked = Scenario(attempts=5000, items=40, length=10, cells=10)
    drawn = scenario.simulated(np.random.default_rng(3), asked).responses
    found = exposure.table(drawn)
    assert found.sampled == 2000
    assert found.overlap_spread.sum() == 2000 * 1999 // 2
    mean = found.overlap_spread @ np.arange(11) / found.overlap_spread.sum()
    assert mean == pytest.approx(found.overlap, abs=0.02)


def test_a_lone_attempt_has_no_overlap_and_a_design_has_to_fit() -> None:
    alone = from_arrays([0, 0], [0, 1], [1000, 0])
    found = exposure.table(alone)
    assert found.overlap is None
    assert found.overlap_share is None
    assert np.isnan(found.p_adjusted).all()
    with pytest.raises(ValueError, match="2 rates from 0 to 1"):
        exposure.table(alone, np.array([0.5, 1.5]))
    with pytest.raises(ValueError, match="2 rates from 0 to 1"):
        exposure.table(alone, np.array([0.5]))
