"""Are abilities, their errors, the fit and the decisions what the model says they are?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from assess.psychometrics import calibration, fit, information, irt, patterns, scoring
from assess.psychometrics.expected import Curves
from assess.psychometrics.responses import Responses, from_arrays


def curves(a: NDArray[np.float64], d: NDArray[np.float64], c: float = 0.0) -> Curves:
    return Curves(a, d, np.full(a.size, c), np.ones(a.size, dtype=np.bool_))


def answered(right: NDArray[np.bool_]) -> Responses:
    attempts, items = right.shape
    return from_arrays(
        np.repeat(np.arange(attempts), items),
        np.tile(np.arange(items), attempts),
        1000 * right.ravel(),
    )


def drawn(seed: int, attempts: int, items: int) -> tuple[Responses, Curves, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    model = curves(np.exp(rng.normal(0.1, 0.3, items)), rng.normal(0.3, 1.0, items))
    theta = rng.standard_normal(attempts)
    right = rng.random((attempts, items)) < model.chance(theta).T
    return answered(right), model, theta


def test_all_right_and_all_wrong_have_finite_weighted_likelihood_estimates() -> None:
    model = curves(np.array([1.0, 1.5, 0.7]), np.array([0.0, 0.5, -0.5]))
    found = scoring.weighted_likelihood(answered(np.array([[True] * 3, [False] * 3])), model)
    assert found.theta[0] > 1
    assert found.theta[1] < -1
    assert np.isfinite(found.theta).all()
    assert np.isfinite(found.se).all()


def test_the_three_estimates_solve_their_equations() -> None:
    taken, model, _ = drawn(1, 200, 12)
    eap, map_, wle = (
        method(taken, model)
        for method in (scoring.eap, scoring.maximum_a_posteriori, scoring.weighted_likelihood)
    )
    x = taken.score.reshape(200, 12) == 1000

    def slope(theta: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(((x - model.chance(theta).T) * model.a).sum(axis=1))

    assert slope(map_.theta) == pytest.approx(map_.theta, abs=1e-5)
    p = model.chance(wle.theta).T
    j = (model.a**3 * p * (1 - p) * (1 - 2 * p)).sum(axis=1)
    i = (model.a**2 * p * (1 - p)).sum(axis=1)
    assert slope(wle.theta) + j / (2 * i) == pytest.approx(0.0, abs=1e-5)
    grid = np.linspace(-7, 7, 2001)
    logs = np.log(np.where(x[:, :, None], model.chance(grid), 1 - model.chance(grid))).sum(axis=1)
    weight = np.exp(logs - grid**2 / 2)
    mean = weight @ grid / weight.sum(axis=1)
    assert eap.theta == pytest.approx(mean, abs=1e-6)


def test_an_attempt_without_counted_answers_has_no_ability() -> None:
    model = Curves(np.ones(2), np.zeros(2), np.zeros(2), np.array([True, False]))
    taken = from_arrays([0, 1], [0, 1], [1000, 1000], attempts=3)
    for method in (scoring.eap, scoring.maximum_a_posteriori, scoring.weighted_likelihood):
        assert np.isfinite(method(taken, model).theta).tolist() == [True, False, False]


def test_errors_of_ability_are_as_large_as_they_say() -> None:
    taken, model, theta = drawn(2, 4000, 30)
    for method in (scoring.eap, scoring.weighted_likelihood):
        found = method(taken, model)
        assert np.std((found.theta - theta) / found.se) == pytest.approx(1.0, abs=0.06)


def test_information_is_the_slope_of_the_characteristic_curve_over_the_spread_of_marks() -> None:
    model = curves(np.array([1.2, 0.8]), np.array([0.1, -0.4]), c=0.2)
    theta, step = 0.3, 1e-5
    p = model.chance(np.array([theta - step, theta, theta + step]))
    slope = (p[:, 2] - p[:, 0]) / (2 * step)
    assert information.of_items(model, theta)[:, 0] == pytest.approx(
        slope**2 / (p[:, 1] * (1 - p[:, 1])), rel=1e-6
    )
    drawn_half = information.of_test(model, theta, np.array([0.5, 0.5]))
    assert drawn_half == pytest.approx(information.of_test(model, theta) / 2)
    assert information.conditional_sem(model, theta) == pytest.approx(
        1 / np.sqrt(information.of_test(model, theta))
    )


def test_rudners_accuracy_is_the_share_of_right_decisions() -> None:
    rng = np.random.default_rng(3)
    truth = rng.standard_normal(60_000)
    # Estimates that are posterior means: the truth is normal about them.
    shown = truth * 0.8 + rng.normal(0.0, 0.4, truth.size)
    estimate = shown * (0.8 / (0.64 + 0.16))
    error = np.full(truth.size, np.sqrt(1 - 0.64 / (0.64 + 0.16)))
    found = information.rudner(estimate, error, 0.4)
    right = np.mean((estimate >= 0.4) == (truth >= 0.4))
    assert found.accuracy == pytest.approx(right, abs=0.01)
    assert found.false_pass == pytest.approx(np.mean((estimate >= 0.4) & (truth < 0.4)), abs=0.01)
    assert information.rudner(np.array([np.nan]), np.array([1.0]), 0.0).n == 0


def test_the_chances_of_every_mark_are_those_of_all_patterns() -> None:
    p = np.array([0.9, 0.35, 0.5, 0.71])
    marks = np.zeros(5)
    for pattern in product((0, 1), repeat=4):
        marks[sum(pattern)] += np.prod(np.where(pattern, p, 1 - p))
    assert calibration.score_chances(p) == pytest.approx(marks, abs=1e-12)
    assert calibration.pass_chance(p, 3) == pytest.approx(marks[3:].sum())
    assert calibration.pass_chance(p, 0) == pytest.approx(1.0)


def test_the_borderline_candidate_scores_the_cut_over_the_bank() -> None:
    taken, _, _ = drawn(4, 1500, 12)
    found = irt.fit(taken)
    made = calibration.calibrate(found, 0.6)
    assert found.curves().chance(np.array([made.ability])).mean() == pytest.approx(0.6)
    assert made.expected_score([range(12)]) == pytest.approx(7.2, abs=0.05)
    assert ((made.low < made.chance) & (made.chance < made.high)).all()
    assert made.thousandths == pytest.approx(1000 * made.chance, abs=0.5)
    with pytest.raises(ValueError, match="no ability"):
        calibration.borderline(curves(np.ones(2), np.zeros(2), c=0.3), 0.2)


def test_the_pass_rate_of_a_form_is_that_of_simulated_candidates() -> None:
    taken, model, _ = drawn(5, 40_000, 10)
    marks = np.bincount(taken.attempt, weights=taken.score / 1000)
    assert calibration.pass_rate(model, [range(10)], 6)[0] == pytest.approx(
        np.mean(marks >= 6), abs=0.01
    )


def test_few_answers_borrow_from_their_stratum_and_many_do_not() -> None:
    value = np.array([0.0, 1.0, 2.0, 9.0, 5.0, np.nan])
    variance = np.array([1e-6, 1e-6, 1e-6, 4.0, 1.0, np.nan])
    group = np.array([0, 0, 0, 0, 1, 0])
    new, spread, own = calibration.shrunk(value, variance, group)
    assert new[:3] == pytest.approx(value[:3], abs=1e-3)
    assert 1.0 < new[3] < 8.0
    assert spread[0] == pytest.approx(1e-6, rel=0.01)
    assert (new[4], own[4]) == (5.0, 1.0)  # alone in its stratum
    assert own[5] == 0.0
    assert 1.0 < new[5] < 4.0
    assert np.isfinite(spread[5])


def test_shrunk_values_are_nearer_to_the_truth() -> None:
    rng = np.random.default_rng(6)
    group = np.repeat(np.arange(20), 15)
    truth = rng.normal(rng.normal(0, 1.0, 20)[group], 0.4)
    variance = rng.uniform(0.05, 0.6, truth.size)
    value = rng.normal(truth, np.sqrt(variance))
    new, spread, _ = calibration.shrunk(value, variance, group)
    assert np.mean((new - truth) ** 2) < 0.6 * np.mean((value - truth) ** 2)
    assert np.mean(np.abs(new - truth) < 1.96 * np.sqrt(spread)) == pytest.approx(0.95, abs=0.04)


def test_a_prediction_is_the_posterior_chance_without_the_own_answer() -> None:
    taken, model, _ = drawn(7, 3, 5)
    part, chance = fit.predicted(taken, model)
    grid = np.linspace(-7, 7, 3001)
    p = model.chance(grid)
    x = taken.score.reshape(3, 5) == 1000
    for attempt, item in product(range(3), range(5)):
        others = [j for j in range(5) if j != item]
        weight = np.exp(-(grid**2) / 2) * np.prod(
            np.where(x[attempt, others, None], p[others], 1 - p[others]), axis=0
        )
        expected = weight @ p[item] / weight.sum()
        assert chance.reshape(3, 5)[attempt, item] == pytest.approx(expected, abs=1e-6)
    assert part.attempts == 3


def test_fit_statistics_have_their_nominal_distributions_under_the_model() -> None:
    taken, _, _ = drawn(8, 3000, 40)
    found = irt.fit(taken, errors=False).curves()
    chi2 = fit.by_prediction(taken, found, 2)
    assert np.nanmean(chi2.chi2 / chi2.df) == pytest.approx(1.0, abs=0.25)
    assert np.mean(chi2.p < 0.01) < 0.11
    squares = fit.mean_squares(taken, found)
    assert squares.infit == pytest.approx(1.0, abs=0.02)
    assert squares.outfit == pytest.approx(1.0, abs=0.1)
    lz = fit.person_fit(taken, found)
    assert np.nanmean(lz.lz) == pytest.approx(0.0, abs=0.1)
    assert np.nanstd(lz.lz) == pytest.approx(1.0, abs=0.06)
    assert np.nanmean(lz.p < 0.05) == pytest.approx(0.05, abs=0.015)


def test_an_item_that_guessing_lifts_does_not_fit_and_others_do() -> None:
    taken, _, theta = drawn(9, 4000, 20)
    rng = np.random.default_rng(10)
    right = taken.score.reshape(4000, 20) == 1000
    right[:, 0] = rng.random(4000) < 0.35 + 0.65 / (1 + np.exp(-3 * (theta - 0.8)))
    changed = answered(right)
    found = irt.fit(changed, errors=False).curves()
    assert fit.by_prediction(changed, found, 2).p[0] < 1e-4
    assert np.mean(fit.by_prediction(changed, found, 2).p[1:] < 0.01) < 0.15
    assert fit.s_x2(changed, found, 2).p[0] < 1e-4


def test_s_x2_refuses_forms_that_differ() -> None:
    taken = from_arrays([0, 0, 1], [0, 1, 1], [0, 1000, 0])
    with pytest.raises(ValueError, match="one form"):
        fit.s_x2(taken, curves(np.ones(2), np.zeros(2)), 2)


def test_a_candidate_who_knows_the_hard_and_misses_the_easy_stands_out() -> None:
    model = curves(np.full(20, 1.5), np.linspace(-3, 3, 20))
    odd = np.arange(20) < 10  # right on the hard half
    usual = np.arange(20) >= 10
    found = fit.person_fit(patterns.part(answered(np.stack((odd, usual)))), model)
    assert found.p[0] < 1e-6
    assert found.lz[1] > 0
