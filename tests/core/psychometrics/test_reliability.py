"""Are variance components, omega and alpha without an item what their definitions say?"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from assess.psychometrics import classical, coding, omega, reliability
from assess.psychometrics.responses import Responses, from_arrays


def form(persons: int, items: int, seed: int = 1) -> NDArray[np.int64]:
    """A complete form of right-or-wrong items of one common ability."""
    rng = np.random.default_rng(seed)
    ability, hard = rng.standard_normal(persons), rng.normal(0, 1, items)
    chance = 1 / (1 + np.exp(-(ability[:, None] - hard[None, :])))
    return (rng.random((persons, items)) < chance).astype(np.int64)


def responses(matrix: NDArray[np.int64]) -> Responses:
    persons, items = matrix.shape
    return from_arrays(
        np.repeat(np.arange(persons), items),
        np.tile(np.arange(items), persons),
        1000 * matrix.ravel(),
    )


def sums(answers: Responses) -> tuple[classical.RawSums, reliability.MarkSums]:
    data = coding.coded(answers)
    raw = classical.raw_sums(data)
    return raw, reliability.mark_sums(data, classical.facility_millionths(raw))


def drawn(persons: int, items: int, each: list[int], seed: int) -> tuple[Responses, list[float]]:
    """Normal answers with variances 4, 1 and 9 of persons, items and the rest, on drawn forms.

    Marks are whole and far from their ends, so that nothing is cut off; the rounding adds 1/12.
    """
    rng = np.random.default_rng(seed)
    person, item = 2 * rng.standard_normal(persons), rng.standard_normal(items)
    length = rng.choice(each, persons)
    shown = [rng.permutation(items)[:k] for k in length]
    attempt, which = np.repeat(np.arange(persons), length), np.concatenate(shown)
    x = 40 + person[attempt] + item[which] + 3 * rng.standard_normal(which.size)
    marks = np.rint(x).astype(np.int64).clip(0, 80)
    score = (2000 * marks + 80) // 160
    answers = from_arrays(attempt, which, score, maximum=np.full(items, 80))
    return answers, [4.0, 1.0, 9.0 + 1 / 12]


def test_variance_components_of_random_forms_of_unequal_length_are_recovered() -> None:
    found = []
    for seed in range(8):
        answers, true = drawn(600, 120, [6, 10, 16], seed)
        raw, marks = sums(answers)
        part = reliability.components(marks, raw)
        assert part.why is None
        found.append([part.person, part.item, part.residual])
    mean = np.array(found, dtype=np.float64).mean(axis=0)
    # Eight runs: the standard errors are about 0.1, 0.05 and 0.06.
    assert mean == pytest.approx(true, abs=0.3)


def test_phi_counts_the_luck_of_the_draw_and_generalisability_does_not() -> None:
    answers, (person, item, residual) = drawn(1500, 120, [10], 3)
    raw, marks = sums(answers)
    part = reliability.components(marks, raw)
    assert part.length == 10
    assert part.generalisability == pytest.approx(person / (person + residual / 10), abs=0.03)
    assert part.dependability == pytest.approx(person / (person + (item + residual) / 10), abs=0.03)
    assert part.sem == pytest.approx((10 * (item + residual)) ** 0.5, rel=0.05)


def test_on_one_form_generalisability_is_alpha() -> None:
    raw, marks = sums(responses(form(300, 12)))
    alpha = reliability.table(marks).alpha
    assert reliability.components(marks, raw).generalisability == pytest.approx(alpha, abs=1e-9)


def test_what_cannot_be_separated_is_said() -> None:
    # Everybody answers other items: candidates and questions are one.
    apart = from_arrays(np.repeat(np.arange(6), 2), np.arange(12), [1000, 0] * 6)
    raw, marks = sums(apart)
    assert reliability.components(marks, raw).why == (
        "too few attempts or items to tell candidates from questions"
    )
    nobody = from_arrays([], [], [], versions=[1, 2])
    raw, marks = sums(nobody)
    assert reliability.components(marks, raw).why is not None


def test_alpha_without_an_item_is_the_alpha_of_the_form_without_it() -> None:
    matrix = form(200, 6)
    raw, marks = sums(responses(matrix))
    deleted = reliability.alpha_if_deleted(raw, marks)
    for item in range(6):
        _, without = sums(responses(np.delete(matrix, item, axis=1)))
        assert deleted[item] == pytest.approx(reliability.table(without).alpha, abs=1e-6)


def test_alpha_without_an_item_is_left_open_on_random_forms() -> None:
    raw, marks = sums(drawn(50, 30, [8], 1)[0])
    assert np.isnan(reliability.alpha_if_deleted(raw, marks)).all()


def test_omega_of_equal_loadings_is_that_of_its_formula() -> None:
    # The population: five items of loading 0.6 in standard units; its products stand for data.
    r = np.full((5, 5), 0.36)
    np.fill_diagonal(r, 1.0)
    sums_ = omega.Products(10_001, np.zeros(5), 10_000 * 1000.0**2 * r)
    fit = omega.one_factor(sums_)
    assert isinstance(fit, omega.OneFactor)
    assert fit.converged
    assert fit.loadings == pytest.approx([0.6] * 5, abs=1e-5)
    assert fit.omega == pytest.approx(9 / (9 + 3.2), abs=1e-5)
    assert fit.omega_standardised == pytest.approx(fit.omega, abs=1e-9)


def test_sums_of_products_merge_to_the_same_bits_and_need_one_form() -> None:
    answers = responses(form(90, 7))
    whole = omega.products(answers)
    first = np.arange(90) < 31
    parts = omega.products(answers.of_attempts(first)), omega.products(answers.of_attempts(~first))
    assert whole is not None
    assert parts[0] is not None
    assert parts[1] is not None
    merged = parts[1] + parts[0]
    assert merged.xx.tobytes() == whole.xx.tobytes()
    assert merged.x.tobytes() == whole.x.tobytes()
    assert omega.products(drawn(20, 30, [8], 1)[0]) is None


def test_an_item_without_variance_has_no_factor() -> None:
    matrix = form(50, 5)
    matrix[:, 3] = 1
    sums_ = omega.products(responses(matrix))
    assert sums_ is not None
    assert omega.one_factor(sums_) == "item 4 in order has no variance"


def test_standardised_rest_scores_are_those_of_their_definition() -> None:
    answers, _ = drawn(900, 60, [6, 24], 5)
    data = coding.coded(answers)
    raw = classical.raw_sums(data)
    facility = classical.facility_millionths(raw)
    marks = reliability.mark_sums(data, facility)
    scale = reliability.scale(marks, reliability.components(marks, raw))
    r = classical.standardised_sums(data, facility, scale).r()
    e, adjusted = classical.deviations(answers, facility)
    length = np.diff(answers.bounds())
    middle, sd = np.zeros(25), np.ones(25)
    for k in (6, 24):
        middle[k], sd[k] = adjusted[length == k].mean(), adjusted[length == k].std(ddof=1)
    of = length[answers.attempt]
    rest = (adjusted[answers.attempt] - middle[of] - e) / sd[of]
    for item in range(60):
        rows = answers.item == item
        expected = np.corrcoef(answers.score[rows], rest[rows])[0, 1]
        assert r[item] == pytest.approx(expected, abs=2e-3)


def test_the_luck_of_the_draw_is_told_from_the_error_of_facilities() -> None:
    # 35 answers an item: as they come, the forms' expected marks spread by half as much again.
    strata, of = 20, 12
    theta, weight = np.polynomial.hermite_e.hermegauss(41)
    found, seen, true = [], [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        hard = rng.normal(0, 0.7, strata * of)
        facility = (1 / (1 + np.exp(hard[:, None] - theta))) @ weight / weight.sum()
        true.append(facility.reshape(strata, of).var(axis=1).sum())
        shown = np.arange(strata) * of + rng.integers(0, of, (420, strata))
        chance = 1 / (1 + np.exp(hard[shown] - rng.standard_normal((420, 1))))
        right = rng.random(shown.shape) < chance
        answers = from_arrays(
            np.repeat(np.arange(420), strata), shown.ravel(), 1000 * right.ravel().astype(int)
        )
        raw, marks = sums(answers)
        luck = reliability.draw_luck(marks, raw, reliability.components(marks, raw))
        assert luck.sd is not None
        found.append(luck.sd**2)
        seen.append((raw.rest.x.value / raw.rest.n / 1000)[shown].sum(axis=1).var(ddof=1))
    assert np.mean(found) == pytest.approx(np.mean(true), rel=0.12)
    assert np.mean(seen) > 1.25 * np.mean(true)


def test_one_form_has_no_luck_of_the_draw() -> None:
    raw, marks = sums(responses(form(40, 8)))
    assert reliability.draw_luck(marks, raw, reliability.components(marks, raw)).sd == 0
    assert reliability.answers_an_item(raw) == 40


def test_alpha_has_the_interval_of_feldt_woodruff_and_salih() -> None:
    marks = sums(responses(form(41, 26)))[1]
    low, high = reliability.alpha_interval(marks, 0.79) or (0.0, 0.0)
    # By scipy.stats.f.ppf(0.975, 40, 1000) and (0.025, 40, 1000).
    assert (low, high) == pytest.approx((0.6851373, 0.8725839), abs=1e-6)
    assert reliability.alpha_interval(marks, None) is None
