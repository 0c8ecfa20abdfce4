"""Does the estimation give back what the answers were drawn from, whichever way they are cut?"""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assess.psychometrics import accelerate, drawn, expected, irt, patterns, scoring
from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import Curves
from assess.psychometrics.irt import Fit
from assess.psychometrics.maximise import Model, Priors
from assess.psychometrics.responses import NOT_REACHED, Responses, from_arrays

Answers = tuple[Responses, NDArray[np.float64], NDArray[np.float64]]


def drawn_answers(
    seed: int, attempts: int, items: int, length: int, guessing: float = 0.0, sd: float = 1.0
) -> Answers:
    """Answers to random forms of `length` of the items, with the a and d they come from."""
    rng = np.random.default_rng(seed)
    a, d = np.exp(rng.normal(0.1, 0.3, items)), rng.normal(0.6, 0.9, items)
    item = np.sort(np.argsort(rng.random((attempts, items)), axis=1)[:, :length], axis=1)
    theta = sd * rng.standard_normal(attempts)[:, None]
    p = guessing + (1 - guessing) / (1 + np.exp(-(a[item] * theta + d[item])))
    right = rng.random(item.shape) < p
    attempt = np.repeat(np.arange(attempts), length)
    return from_arrays(attempt, item.ravel(), 1000 * right.ravel()), a, d


def same(one: Fit, other: Fit) -> bool:
    return (
        one.a.tobytes() == other.a.tobytes()
        and one.d.tobytes() == other.d.tobytes()
        and one.loglik == other.loglik
        and one.iterations == other.iterations
    )


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.booleans())
def test_any_partition_gives_the_same_bits(seed: int, cuts: int, complete: bool) -> None:
    answers, a, d = drawn_answers(3, 700, 12, 12 if complete else 6)
    part = np.random.default_rng(seed).integers(0, cuts, answers.attempts)
    pieces = [answers.of_attempts(part == k) for k in range(cuts)]
    curves = Curves(a, d, np.zeros(12), np.ones(12, dtype=np.bool_))
    grid = expected.nodes(31)
    whole = expected.sums(patterns.part(answers), curves, grid)
    merged = expected.sums(patterns.part(pieces[0]), curves, grid)
    for piece in pieces[1:]:
        merged += expected.sums(patterns.part(piece), curves, grid)
    assert (merged.attempts, merged.loglik) == (whole.attempts, whole.loglik)
    assert np.array_equal(merged.shown, whole.shown)
    assert np.array_equal(merged.right_place, whole.right_place)
    assert merged.right_at is not None
    assert whole.right_at is not None
    assert np.array_equal(merged.right_at, whole.right_at)


@pytest.mark.parametrize("length", [6, 12])
@pytest.mark.parametrize("model", ["1pl", "2pl", "3pl"])
def test_a_fit_of_parts_is_the_fit_of_the_whole_to_the_bit(model: Model, length: int) -> None:
    answers, _, _ = drawn_answers(4, 900, 12, length)
    first = np.arange(900) % 3 == 0
    pieces = [answers.of_attempts(~first), answers.of_attempts(first)]
    assert same(
        irt.fit(pieces, model, errors=False, nodes=31),
        irt.fit(answers, model, errors=False, nodes=31),
    )


def test_single_precision_gives_the_sums_of_double_and_the_same_bits_from_parts() -> None:
    answers, a, d = drawn_answers(3, 700, 12, 6)
    part = patterns.part(answers)
    curves = Curves(a, d, np.zeros(12), np.arange(12) != 5)
    grid = expected.nodes(24, 5.0)
    double = expected.sums(part, curves, grid)
    single = drawn.sums(part, part.counts()[:, 0], curves, grid)
    assert single.loglik == pytest.approx(double.loglik, rel=1e-7)
    scale = expected.WHOLE
    assert single.shown / scale == pytest.approx(double.shown / scale, abs=1e-3)
    assert single.right_place[:5] / scale == pytest.approx(double.right_place[:5] / scale, abs=1e-2)
    first = np.arange(700) % 3 == 0
    pieces = [patterns.part(answers.of_attempts(chosen)) for chosen in (~first, first)]
    merged, more = (drawn.sums(p, p.counts()[:, 0], curves, grid) for p in pieces)
    merged += more
    assert merged.loglik == single.loglik
    assert np.array_equal(merged.shown, single.shown)
    # Where an item has more answers than 32 bits hold the weights of.
    with patch.object(drawn, "ROOMY", 5):
        assert np.array_equal(
            drawn.sums(part, part.counts()[:, 0], curves, grid).shown, merged.shown
        )
    exact = scoring.eap(part, curves)
    with patch.object(drawn, "MANY", 0):
        quick = scoring.eap(part, curves)
    assert quick.theta == pytest.approx(exact.theta, abs=1e-5)
    assert quick.se == pytest.approx(exact.se, abs=1e-5)
    assert np.array_equal(merged.right_place, single.right_place)


def test_few_forms_and_many_forms_are_summed_to_the_same() -> None:
    answers, a, d = drawn_answers(5, 400, 10, 10)
    part = patterns.part(answers)
    forms = patterns.forms(part)
    assert forms is not None
    curves = Curves(a, d, np.zeros(10), np.ones(10, dtype=np.bool_))
    grid = expected.nodes(61)
    by_form, by_item = (
        expected.form_sums(part, forms, curves, grid),
        expected.sums(part, curves, grid),
    )
    assert by_form.loglik == pytest.approx(by_item.loglik, rel=1e-9)
    assert by_form.shown / expected.WHOLE == pytest.approx(by_item.shown / expected.WHOLE, abs=1e-5)
    assert by_form.right_place / expected.WHOLE == pytest.approx(
        by_item.right_place / expected.WHOLE, abs=1e-4
    )


def test_forms_are_told_apart_whatever_the_order_of_their_items() -> None:
    item = np.array([[0, 1, 2], [2, 0, 1], [1, 2, 3], [3, 1, 2]])
    answers = from_arrays(np.repeat(np.arange(4), 3), item.ravel(), np.zeros(12))
    forms = patterns.forms(patterns.part(answers))
    assert forms is not None
    assert forms.form[0] == forms.form[1] != forms.form[2] == forms.form[3]
    assert forms.shown[forms.form[2]].tolist() == [False, True, True, True]


def test_recovery_on_random_draws_is_as_sure_as_the_errors_say() -> None:
    answers, a, d = drawn_answers(6, 4000, 50, 12)
    found = irt.fit(answers)
    assert found.converged
    assert found.information == "full"
    assert np.mean(np.abs(found.a - a) < 1.96 * found.se_a) > 0.85
    assert np.mean(np.abs(found.d - d) < 1.96 * found.se_d) > 0.85
    assert np.abs(np.mean((found.d - d) / found.se_d)) < 1


def test_errors_by_block_are_those_of_the_whole_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, _, _ = drawn_answers(7, 1500, 40, 8)
    models: tuple[Model, ...] = ("1pl", "2pl")
    for model in models:
        full = irt.fit(answers, model)
        monkeypatch.setattr("assess.psychometrics.errors.MOST_PARAMETERS", 10)
        block = irt.fit(answers, model)
        monkeypatch.undo()
        assert (full.information, block.information) == ("full", "block")
        assert block.se_d == pytest.approx(full.se_d, rel=0.03)
        with (
            patch.object(drawn, "MANY", 0),
            patch("assess.psychometrics.errors.MOST_PARAMETERS", 10),
        ):
            quick = irt.fit(answers, model)
        assert quick.information == "block"
        assert quick.se_d == pytest.approx(block.se_d, rel=1e-3)
        # The error of a common slope is solved for with all items, not by block.
        assert block.se_a == pytest.approx(full.se_a, rel=0.03 if model == "2pl" else 1e-3)


def test_errors_from_few_forms_are_those_from_every_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers, _, _ = drawn_answers(17, 600, 10, 10)
    # Two overlapping forms of eight.
    kept = np.where(answers.attempt % 2 == 0, answers.item < 8, answers.item >= 2)
    two = from_arrays(answers.attempt[kept], answers.item[kept], answers.score[kept])
    models: tuple[Model, ...] = ("1pl", "2pl")
    for model in models:
        few = irt.fit(two, model)
        monkeypatch.setattr("assess.psychometrics.patterns.FEW_FORMS", 0)
        many = irt.fit(two, model)
        monkeypatch.undo()
        assert few.a == pytest.approx(many.a, abs=1e-5)
        assert few.se_a == pytest.approx(many.se_a, rel=1e-3)
        assert few.se_d == pytest.approx(many.se_d, rel=1e-3)
        assert few.cov_ad == pytest.approx(many.cov_ad, rel=5e-3, abs=1e-6)


def test_errors_of_a_sample_of_attempts_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, _, _ = drawn_answers(16, 5000, 14, 12)
    full = irt.fit(answers)
    monkeypatch.setattr("assess.psychometrics.errors.MOST_WORK", 1e7)
    monkeypatch.setattr("assess.psychometrics.errors.ENOUGH", 500)
    sample = irt.fit(answers)
    assert (full.information, sample.information) == ("full", "sample")
    assert sample.se_d == pytest.approx(full.se_d, rel=0.06)
    assert sample.se_a == pytest.approx(full.se_a, rel=0.08)


def test_a_common_slope_is_the_spread_of_ability_in_the_rasch_form() -> None:
    rng = np.random.default_rng(8)
    d = rng.normal(0.5, 1.0, 20)
    theta = 1.5 * rng.standard_normal(4000)
    right = rng.random((4000, 20)) < 1 / (1 + np.exp(-(theta[:, None] + d)))
    answers = from_arrays(
        np.repeat(np.arange(4000), 20), np.tile(np.arange(20), 4000), 1000 * right.ravel()
    )
    found = irt.fit(answers, "1pl")
    assert np.ptp(found.a) == 0
    assert found.a[0] == pytest.approx(1.5, abs=4 * found.se_a[0])
    assert found.parameters == 21


def test_guessing_is_found_where_the_answers_speak_of_it() -> None:
    answers, a, _ = drawn_answers(9, 3000, 20, 20, guessing=0.25)
    found = irt.fit(answers, "3pl", chance=0.25)
    assert found.converged
    assert found.c.mean() == pytest.approx(0.25, abs=0.05)
    assert np.mean(np.abs(found.a - a) < 1.96 * found.se_a) > 0.8
    assert (found.se_c > 0).all()
    assert found.weak.all()


def test_a_wrong_key_has_a_falling_curve() -> None:
    answers, _, _ = drawn_answers(10, 3000, 12, 12)
    turned = np.where(answers.item == 4, 1000 - answers.score, answers.score)
    found = irt.fit(from_arrays(answers.attempt, answers.item, turned))
    assert found.a[4] < 0 < np.delete(found.a, 4).min()


def test_items_without_a_finite_estimate_say_why() -> None:
    answers, _, _ = drawn_answers(11, 600, 8, 8)
    score = np.where(answers.item == 0, 1000, np.where(answers.item == 1, 0, answers.score))
    found = irt.fit(from_arrays(answers.attempt, answers.item, score, versions=np.arange(9)))
    assert np.isnan(found.a[[0, 1, 8]]).all()
    assert found.reasons[0] == "everybody answered it rightly"
    assert found.reasons[1] == "everybody answered it wrongly"
    assert found.reasons[8] == "nobody answered it"
    assert found.reasons[2:8] == (None,) * 6
    assert np.isfinite(found.a[2:8]).all()


def test_what_was_not_reached_says_nothing() -> None:
    answers, _, _ = drawn_answers(12, 500, 8, 8)
    option = np.full(answers.item.size, -1)
    option[7::8] = NOT_REACHED
    score = np.where(option == NOT_REACHED, 0, answers.score)
    found = irt.fit(from_arrays(answers.attempt, answers.item, score, option))
    assert found.n.tolist() == [500] * 7 + [0]
    assert found.reasons[7] == "nobody answered it"


def test_too_little_is_no_fit_and_no_error() -> None:
    one = from_arrays([0, 1], [0, 0], [0, 1000])
    found = irt.fit(one, "2pl")
    assert not found.converged
    assert np.isnan(found.a).all()
    assert found.reasons == ("a 2pl needs at least 3 items answered rightly and wrongly",)


def test_partial_credit_is_refused_with_the_item() -> None:
    answers = from_arrays([0, 0, 1, 1], [0, 1, 0, 1], [0, 500, 1000, 0], versions=[70, 71])
    with pytest.raises(ValueError, match="item 71"):
        irt.fit(answers)


def test_weak_priors_draw_small_items_towards_the_usual_and_are_shown() -> None:
    answers, _, _ = drawn_answers(13, 150, 10, 10)
    plain, drawn_in = irt.fit(answers), irt.fit(answers, weak_priors=True)
    assert drawn_in.weak.all()
    assert not plain.weak.any()
    assert np.log(drawn_in.a).std() < np.log(np.maximum(plain.a, 0.05)).std()
    assert (drawn_in.se_a < plain.se_a).all()


def test_progress_is_told_every_evaluation() -> None:
    told: list[tuple[int, float, float]] = []
    answers, _, _ = drawn_answers(14, 300, 6, 6)
    found = irt.fit(answers, errors=False, progress=lambda *now: told.append(now))
    assert [count for count, _, _ in told] == list(range(1, found.iterations + 1))
    assert told[-1][1] == found.loglik


def test_likelihoods_of_long_forms_do_not_vanish() -> None:
    rng = np.random.default_rng(15)
    right = rng.random((40, 300)) < rng.random(40)[:, None]
    answers = from_arrays(
        np.repeat(np.arange(40), 300), np.tile(np.arange(300), 40), 1000 * right.ravel()
    )
    found = irt.fit(answers, "1pl", errors=False)
    assert found.converged
    assert np.isfinite(found.loglik)


def test_a_step_that_lowers_the_objective_is_taken_back() -> None:
    # Mixing is right for straight maps; this one bends, so that early mixtures overshoot.
    def evaluate(x: Floats) -> tuple[float, Floats, Floats]:
        height = np.logaddexp(2 * x, -2 * x) - np.log(2)
        return -float(height.sum()), -0.4 * np.tanh(2 * x), -0.4 * np.tanh(2 * x)

    end = accelerate.iterate(evaluate, np.array([2.0, -3.0]), np.ones(2), tolerance=1e-9, most=100)
    assert end.converged
    assert end.taken_back > 0
    assert end.x == pytest.approx(0.0, abs=1e-8)


def test_what_does_not_converge_is_said_not_to() -> None:
    def evaluate(x: Floats) -> tuple[float, Floats, Floats]:
        return float(x.sum()), np.ones(2), np.ones(2)

    end = accelerate.iterate(evaluate, np.zeros(2), np.ones(2), tolerance=1e-9, most=7, leap=2.0)
    assert not end.converged
    assert end.evaluations == 7


def test_three_parameters_end_where_no_step_leads_uphill() -> None:
    # Steep items which hardly anybody guesses, though the options let one expect it: there an
    # expected second derivative is far from the true one, and plain steps went to and fro.
    rng = np.random.default_rng(2)
    a = np.exp(rng.normal(0.3, 0.5, 16))
    d = rng.normal(-0.3, 1.2, 16) * a
    ability = rng.standard_normal(1000)[:, None]
    right = rng.random((1000, 16)) < 0.03 + 0.97 / (1 + np.exp(-(a * ability + d)))
    person, item = np.nonzero(np.ones_like(right))
    answers = from_arrays(person, item, 1000 * right.ravel())
    found = irt.fit(answers, "3pl", errors=False, chance=0.25)
    assert found.converged
    assert found.iterations < 40
    part, grid, curves = patterns.part(answers), expected.nodes(61), found.curves()
    priors = Priors(np.ones(16, dtype=np.bool_), np.full(16, 0.25))

    def height(at: Curves) -> float:
        loglik = expected.sums(part, at, grid).loglik / expected.LOGLIK
        return loglik + priors.log(at, "3pl")

    top = height(curves)
    for name, moved in (("a", 0.02), ("d", 0.02), ("c", 0.002)):
        for by in (moved, -moved):
            for k in range(16):
                values = getattr(curves, name).copy()
                values[k] += by
                assert height(replace(curves, **{name: values})) < top, (name, k, by)
