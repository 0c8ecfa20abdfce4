"""Are items that favour a group found, and are the others left in peace, on drawn forms?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy import optimize

from assess.psychometrics import dif, logistic, matching, scenario
from assess.psychometrics.matching import Criterion, MatchedSums
from assess.psychometrics.responses import NOT_REACHED, Responses, from_arrays
from assess.psychometrics.scenario import Scenario, Simulated


def history(seed: int, **settings: float) -> Simulated:
    asked = Scenario(**{"attempts": 6000, "items": 120, **settings})  # type: ignore[arg-type]
    return scenario.simulated(np.random.default_rng(seed), asked)


def test_the_type_one_error_is_nominal_also_where_one_group_is_abler() -> None:
    for impact in (0.0, 0.8):
        tests: dict[str, list[NDArray[np.float64]]] = {"mh": [], "uniform": [], "product": []}
        for seed in range(4):
            drawn = history(seed, impact=impact, attempts=4000)
            found = dif.table(drawn.responses, drawn.group).first
            tests["mh"].append(found.mantel_haenszel.p)
            tests["uniform"].append(found.logistic.p_uniform)
            tests["product"].append(found.logistic.p_nonuniform)
        for name, values in tests.items():
            rejected = (np.concatenate(values) < 0.05).mean()
            # 480 tests: the standard error of 0.05 is 0.01.
            assert 0.02 <= rejected <= 0.085, (impact, name, rejected)


def test_without_the_regression_the_abler_group_would_look_favoured() -> None:
    drawn = history(1, impact=0.8)
    answers, group = drawn.responses, drawn.group
    facilities = matching.facility_sums(answers, group)
    counted = np.ones(answers.items, dtype=np.bool_)
    whole = matching.spread(answers, group, facilities.facility, counted)
    regressed = matching.regressed(answers, group, facilities.facility, counted, whole)
    own = answers.score.astype(np.int64) * 1000 - facilities.facility[answers.item]
    total = np.bincount(answers.attempt, weights=own, minlength=answers.attempts)
    plain = ((total[answers.attempt] - own) / (answers.longest - 1)).astype(np.int64)
    deltas = []
    for score in (regressed, plain):
        level = matching.quantile_levels(score, matching.histogram(score), 30)
        sums = matching.table(answers, group, score, level, 30)
        deltas.append(float(np.nanmean(dif.mantel_haenszel(sums).delta)))
    assert abs(deltas[0]) < 0.08
    assert deltas[1] < -0.25


def test_planted_differences_are_found_and_at_most_one_sound_item_in_a_hundred() -> None:
    found = planted = wrong = sound = 0
    for seed in range(3):
        drawn = history(10 + seed, attempts=8000, items=160, dif=12, impact=0.3)
        table = dif.table(drawn.responses, drawn.group)
        at = drawn.plan.planted["dif"]
        flagged = table.uniform | table.non_uniform
        found += int(flagged[at].sum())
        planted += len(at)
        wrong += int(flagged.sum() - flagged[at].sum())
        sound += 160 - len(at)
        assert (table.purified.mantel_haenszel.delta[at] < 0).all()
    assert found >= 0.75 * planted
    assert wrong <= sound / 100


def test_slopes_that_differ_are_found_by_the_product() -> None:
    found = wrong = 0
    for seed in range(2):
        drawn = history(20 + seed, attempts=8000, items=160, non_uniform_dif=10)
        table = dif.table(drawn.responses, drawn.group)
        at = drawn.plan.planted["non_uniform_dif"]
        found += int(table.non_uniform[at].sum())
        wrong += int(table.non_uniform.sum() - table.non_uniform[at].sum())
    assert found >= 0.6 * 20
    assert wrong <= 3


def test_what_was_not_reached_is_no_wrong_answer_of_the_slower_group() -> None:
    drawn = history(30, attempts=3000, items=40, length=20, cells=20)
    answers = drawn.responses
    assert answers.position is not None
    late = (answers.position >= 14) & (drawn.group[answers.attempt] == 1)
    cut = Responses(
        answers.attempts,
        answers.versions,
        answers.attempt,
        answers.item,
        np.where(late, 0, answers.score).astype(np.int16),
        np.where(late, NOT_REACHED, answers.option).astype(np.int32),
    )
    assert abs(np.nanmean(dif.table(cut, drawn.group).first.mantel_haenszel.delta)) < 0.1


@pytest.mark.parametrize("criterion", [Criterion.TOTAL, Criterion.REGRESSED])
def test_any_partition_gives_the_same_bits(criterion: Criterion) -> None:
    drawn = history(40, attempts=900, items=40, length=20, cells=20, impact=0.4)
    answers, group = drawn.responses, drawn.group
    whole = matching.matched(answers, group, criterion)
    part = np.random.default_rng(1).integers(0, 3, answers.attempts)
    pieces = [(answers.of_attempts(part == k), group[part == k]) for k in range(3)]
    counted = np.ones(answers.items, dtype=np.bool_)
    if criterion is Criterion.TOTAL:
        sums = [
            matching.table(piece, side, *matching.totals(piece, counted), answers.longest + 1)
            for piece, side in pieces
        ]
    else:
        first, second, third = (matching.facility_sums(piece, side) for piece, side in pieces)
        facilities = third + (first + second)
        facility, levels = facilities.facility, matching.levels_for(facilities)
        spreads = [matching.spread(piece, side, facility, counted) for piece, side in pieces]
        spread = spreads[2] + spreads[0] + spreads[1]
        scores = [
            matching.regressed(piece, side, facility, counted, spread) for piece, side in pieces
        ]
        bins = sum(matching.histogram(score) for score in scores)
        assert isinstance(bins, np.ndarray)
        sums = [
            matching.table(
                piece, side, score, matching.quantile_levels(score, bins, levels), levels
            )
            for (piece, side), score in zip(pieces, scores, strict=True)
        ]
    merged = sums[1] + sums[2] + sums[0]
    for name in ("n", "x", "xx", "c"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))


def cells(n: NDArray[np.int64], right: NDArray[np.int64]) -> MatchedSums:
    """Counts and rights [items, levels, 2] of right-or-wrong items; the criterion is the level."""
    level = np.arange(n.shape[1])[None, :, None]
    return MatchedSums(n, right * 1000, right * 1_000_000, n * level)


def test_the_odds_ratio_of_a_published_table_is_right() -> None:
    # Two strata 8/12 against 4/16 and 15/5 against 12/8 (right/wrong, reference and focal).
    sums = cells(np.full((1, 2, 2), 20), np.array([[[8, 4], [15, 12]]]))
    mh = dif.mantel_haenszel(sums)
    assert mh.alpha[0] == pytest.approx((8 * 16 + 15 * 8) / (12 * 4 + 5 * 12))
    assert mh.difference[0] == pytest.approx(((4 - 8) / 20 + (12 - 15) / 20) / 2)
    assert mh.delta[0] == pytest.approx(-2.35 * np.log(mh.alpha[0]))


@settings(max_examples=12, deadline=None)
@given(arrays.arrays(np.int64, (1, 6, 2), elements=st.integers(0, 30)), st.data())
def test_logistic_regression_reaches_the_maximum_that_a_general_optimiser_finds(
    n: NDArray[np.int64], data: st.DataObject
) -> None:
    n = n + 1
    right = np.array([[[data.draw(st.integers(0, int(k))) for k in row] for row in n[0]]])
    found = logistic.regression(cells(n, right))
    if not 0 < right.sum() < n.sum():
        assert np.isnan(found.chi2[0])
        return
    level = np.repeat(np.arange(6.0) - 2.5, 2)
    group = np.tile([0.0, 1.0], 6)
    columns = [np.ones(12), level, group, level * group]

    def least(width: int) -> float:
        design = np.stack(columns[:width], axis=1)

        def loss(beta: NDArray[np.float64]) -> float:
            eta = design @ beta
            return float((n.ravel() * np.logaddexp(0, eta) - right.ravel() * eta).sum())

        return float(optimize.minimize(loss, np.zeros(width), method="BFGS").fun)

    expected = 2 * (least(2) - least(4))
    assert found.chi2[0] == pytest.approx(expected, abs=2e-3, rel=1e-3)


def test_items_with_partial_credit_are_compared_without_an_odds_ratio() -> None:
    rng = np.random.default_rng(50)
    persons, items = 3000, 10
    ability, group = rng.standard_normal(persons), rng.integers(0, 2, persons).astype(np.int8)
    marks = np.clip(np.rint(1.5 + ability[:, None] + rng.normal(0, 0.8, (persons, items))), 0, 3)
    marks[group == 1, 4] = np.maximum(
        marks[group == 1, 4] - (rng.random((group == 1).sum()) < 0.5), 0
    )
    answers = from_arrays(
        np.repeat(np.arange(persons), items),
        np.tile(np.arange(items), persons),
        np.rint(marks.ravel() * 1000 / 3).astype(int),
        maximum=np.full(items, 3),
    )
    table = dif.table(answers, group)
    assert table.criterion is Criterion.REGRESSED
    assert np.flatnonzero(table.uniform).tolist() == [4]
    assert table.ets[4] == "C"
    assert np.isnan(table.purified.mantel_haenszel.alpha).all()
    assert np.isnan(table.purified.logistic.chi2).all()
    assert table.purified.mantel_haenszel.difference[4] == pytest.approx(-0.15, abs=0.03)


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg() -> None:
    p = np.array([0.01, 0.04, np.nan, 0.03, 0.5])
    np.testing.assert_allclose(dif.adjusted(p), [0.04, 0.16 / 3, np.nan, 0.16 / 3, 0.5])


def test_too_few_answers_and_one_sided_items_say_so() -> None:
    drawn = history(60, attempts=400, items=40, length=20, cells=20)
    table = dif.table(drawn.responses, np.where(np.arange(400) < 150, 1, 0).astype(np.int8))
    assert all(guard is not None and guard.startswith("too few: ") for guard in table.guards)
    assert not (table.uniform | table.non_uniform).any()
    few = from_arrays([0, 0, 1, 1], [0, 1, 0, 2], [1000, 0, 0, 1000])
    alone = dif.table(few, np.array([0, 1], dtype=np.int8))
    assert alone.reasons[1] == "no equally able candidates of both groups answered it"
    assert np.isnan(alone.first.mantel_haenszel.chi2).all()
    assert alone.ets.tolist() == ["", "", ""]


def test_only_equally_able_candidates_of_both_groups_are_counted_as_compared() -> None:
    # Of 120 weak candidates few have a mark that one of 600 able ones has too.
    rng = np.random.default_rng(2)
    ability = np.concatenate([rng.normal(1.3, 0.6, 600), rng.normal(-1.3, 0.6, 120)])
    hard = np.linspace(-1.5, 1.5, 20)
    right = rng.random((720, 20)) < 1 / (1 + np.exp(-1.5 * (ability[:, None] - hard)))
    answers = from_arrays(
        np.repeat(np.arange(720), 20), np.tile(np.arange(20), 720), 1000 * right.ravel().astype(int)
    )
    group = np.repeat(np.array([0, 1], np.int8), [600, 120])
    marks = right.sum(axis=1)
    both = np.intersect1d(marks[:600], marks[600:])
    able, weak = (int(np.isin(part, both).sum()) for part in (marks[:600], marks[600:]))
    assert weak < 100
    found = dif.table(answers, group)
    compared = found.first.mantel_haenszel
    assert set(zip(compared.n_reference, compared.n_focal, strict=True)) == {(able, weak)}
    assert all(found.guards)


def test_groups_are_compared_with_the_largest_or_the_named_one() -> None:
    labels = ["b", "a", "b", "c", None, ""]
    sides = dif.groups_of(labels)
    assert sides["a"].tolist() == [0, 1, 0, -1, -1, -1]
    assert sides["c"].tolist() == [0, -1, 0, 1, -1, -1]
    assert set(dif.groups_of(labels, "c")) == {"a", "b"}
    with pytest.raises(ValueError, match="nobody is in the reference group 'd'"):
        dif.groups_of(labels, "d")
    with pytest.raises(ValueError, match="nothing to compare"):
        dif.groups_of(["a", "a"])


def test_groups_that_do_not_fit_are_refused() -> None:
    answers = from_arrays([0, 1], [0, 0], [1000, 0])
    with pytest.raises(ValueError, match="3 groups for 2 attempts"):
        dif.table(answers, np.zeros(3, dtype=np.int8))
    with pytest.raises(ValueError, match="nobody in the focal group"):
        dif.table(answers, np.zeros(2, dtype=np.int8))
