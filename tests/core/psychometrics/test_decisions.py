"""Do decisions repeat as often as the model says, and does it say when it cannot tell?"""

from __future__ import annotations

import numpy as np
import pytest

from assess.psychometrics import csem, decisions
from assess.psychometrics.decisions import Decisions
from assess.psychometrics.responses import from_arrays


def test_two_simulated_forms_agree_as_often_as_the_model_says() -> None:
    rng = np.random.default_rng(4)
    true = 0.25 + 0.7 * rng.beta(5, 3, 60_000)
    first, second = rng.binomial(30, true), rng.binomial(30, true)
    reliability = float(np.corrcoef(first, second)[0, 1])
    found = decisions.livingston_lewis(first.astype(float), reliability, 20, 30)
    assert isinstance(found, Decisions)
    # One length off the true one is within what 60,000 candidates leave open.
    assert abs(found.length - 30) <= 1
    assert found.consistency == pytest.approx(np.mean((first >= 20) == (second >= 20)), abs=0.01)
    assert found.accuracy == pytest.approx(np.mean((first >= 20) == (true >= 20 / 30)), abs=0.01)
    assert found.false_pass + found.false_fail == pytest.approx(1 - found.accuracy)
    assert found.kappa == pytest.approx(
        (found.consistency - found.chance) / (1 - found.chance), abs=1e-12
    )


def test_a_true_distribution_of_four_parameters_is_recovered_from_its_numbers_right() -> None:
    rng = np.random.default_rng(5)
    right = rng.binomial(60, 0.3 + 0.6 * rng.beta(2, 3, 400_000)).astype(float)
    alpha, beta, low, high = decisions.true_scores(right, 60)
    mean = low + (high - low) * alpha / (alpha + beta)
    assert mean == pytest.approx(0.54, abs=0.002)
    assert (low, high) == pytest.approx((0.3, 0.9), abs=0.06)
    assert (alpha, beta) == pytest.approx((2, 3), abs=0.8)


@pytest.mark.parametrize(
    ("marks", "reliability", "cut", "sentence"),
    [
        ([3, 4, 5], 0.8, 11, "the cut 11 is not among the marks 0 to 10"),
        ([3, 4, 5], 0.8, 0, "the cut 0 is not among"),
        ([4, 4, 4], 0.8, 5, "the marks do not vary"),
        ([3, 4, 5], 1.2, 5, "the reliability 1.200 is not between"),
        ([0, 0, 10, 10], 0.1, 5, "vary more than"),
    ],
)
def test_what_stands_in_the_way_is_said(
    marks: list[float], reliability: float, cut: float, sentence: str
) -> None:
    found = decisions.livingston_lewis(np.array(marks, dtype=float), reliability, cut, 10)
    assert isinstance(found, str)
    assert sentence in found


def test_errors_by_mark_are_lords_where_items_are_right_or_wrong() -> None:
    rng = np.random.default_rng(1)
    score = 1000 * rng.integers(0, 2, 600)
    answers = from_arrays(np.repeat(np.arange(60), 10), np.tile(np.arange(10), 60), score)
    observed = csem.table(csem.error_sums(answers))
    lord = {row.mark: row for row in csem.conditional_errors(answers)}
    assert len(lord) == 11
    assert len(observed) > 4
    for row in observed:
        assert row.sem == pytest.approx((row.mark * (10 - row.mark) / 9) ** 0.5, abs=1e-6)
        assert lord[row.mark].n == row.n
        assert lord[row.mark].sem == pytest.approx(row.sem, abs=1e-6)


def test_errors_by_mark_of_items_of_several_marks_are_the_spread_within_attempts() -> None:
    rng = np.random.default_rng(2)
    marks = rng.integers(0, 4, (50, 6))
    answers = from_arrays(
        np.repeat(np.arange(50), 6),
        np.tile(np.arange(6), 50),
        (2000 * marks.ravel() + 3) // 6,
        maximum=np.full(6, 3),
    )
    variance = 6 * marks.var(axis=1, ddof=1)
    total = marks.sum(axis=1)
    rows = csem.conditional_errors(answers)
    assert sum(row.n for row in rows) == 50
    for row in rows:
        assert row.sem == pytest.approx(variance[total == row.mark].mean() ** 0.5, abs=1e-5)


def test_errors_of_parts_of_the_attempts_add_up_to_the_same_bits() -> None:
    rng = np.random.default_rng(3)
    length = rng.integers(2, 9, 40)
    attempt = np.repeat(np.arange(40), length)
    item = np.concatenate([rng.permutation(12)[:k] for k in length])
    answers = from_arrays(attempt, item, rng.integers(0, 1001, item.size))
    first = rng.random(40) < 0.5
    parts = [csem.error_sums(answers.of_attempts(chosen)) for chosen in (first, ~first)]
    merged, whole = parts[0] + parts[1], csem.error_sums(answers)
    assert merged.variance.low.tobytes() == whole.variance.low.tobytes()
    assert merged.n.tobytes() == whole.n.tobytes()
