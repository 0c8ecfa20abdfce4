"""Are the item statistics those of their definitions, on forms that differ, in any partition?"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assess.psychometrics import classical, distractors, exact, reliability, simulate
from assess.psychometrics.responses import Responses, from_arrays


def sparse(seed: int, attempts: int = 400) -> Responses:
    """Random forms of 12 of 36 items in 6 cells, one item in six a multiple response."""
    rng = np.random.default_rng(seed)
    items = [
        simulate.ordinary(rng, simulate.MULTIPLE, 5, (0, 3))
        if i % 6 == 0
        else simulate.ordinary(rng, simulate.SINGLE, 4, (i % 4,))
        for i in range(36)
    ]
    attempt, item = simulate.draw(rng, attempts, 36, 6, 2)
    option = simulate.respond_all(rng, rng.standard_normal(attempts), items, attempt, item)
    score = simulate.exact_scores(option, items, item).astype(np.int64)
    # Partial marks, so that nothing rests on right-or-wrong.
    score[(score == 0) & (option % 3 == 1)] = 333
    return from_arrays(attempt, item, score, option, versions=np.arange(36), attempts=attempts)


def whole(
    answers: Responses,
) -> tuple[classical.RawSums, NDArray[np.int64], classical.AdjustedSums, reliability.MarkSums]:
    raw = classical.raw_sums(answers)
    facility = classical.facility_millionths(raw)
    adjusted = classical.adjusted_sums(answers, facility, 5, answers.longest)
    return raw, facility, adjusted, reliability.mark_sums(answers, facility)


def bits(sums: object) -> list[object]:
    """Every array and number of nested sums, as bytes."""
    if isinstance(sums, np.ndarray):
        return [sums.tobytes()]
    if not dataclasses.is_dataclass(sums):
        return [sums]
    fields = (getattr(sums, field.name) for field in dataclasses.fields(sums))
    return [bit for field in fields for bit in bits(field)]


def test_facility_r_and_raw_r_are_those_of_their_definitions_on_random_forms() -> None:
    answers = sparse(1)
    raw, _, adjusted, _ = whole(answers)
    table = classical.table(raw, adjusted)
    x = answers.score / 1000
    p = np.array([x[answers.item == i].mean() for i in range(36)])
    e = x - p[answers.item]
    a = np.bincount(answers.attempt, e)
    t = np.bincount(answers.attempt, x)
    for i in range(36):
        rows = answers.item == i
        who = answers.attempt[rows]
        assert table.n[i] == rows.sum()
        assert table.facility[i] == pytest.approx(p[i], abs=1e-12)
        assert table.r[i] == pytest.approx(np.corrcoef(x[rows], a[who] - e[rows])[0, 1], abs=1e-6)
        assert table.raw_r[i] == pytest.approx(
            np.corrcoef(x[rows], t[who] - x[rows])[0, 1], abs=1e-9
        )
        assert table.r_se[i] == pytest.approx((1 - table.r[i] ** 2) / (rows.sum() - 1) ** 0.5)


def test_option_statistics_are_those_of_their_definitions() -> None:
    answers = sparse(2)
    _, facility, adjusted, _ = whole(answers)
    table = distractors.table(adjusted)
    e, a = classical.deviations(answers, facility)
    for i in range(36):
        rows = answers.item == i
        rest = (a[answers.attempt] - e)[rows].astype(float)
        option = answers.option[rows]
        wrong = (option > 0) & (answers.score[rows] < 1000)
        assert table.wrong[i] == wrong.sum()
        for k in range(5):
            chose = (option > 0) & (option >> k & 1 > 0)
            assert table.n[i, k] == chose.sum()
            if 0 < chose.sum() < chose.size:
                expected = np.corrcoef(chose, rest)[0, 1]
                assert table.r[i, k] == pytest.approx(expected, abs=1e-9)
            if 0 < (chose & wrong).sum() < wrong.sum():
                expected = np.corrcoef(chose[wrong], rest[wrong])[0, 1]
                assert table.conditional_r[i, k] == pytest.approx(expected, abs=1e-9)
            else:
                assert np.isnan(table.conditional_r[i, k])
        assert table.n[i, 5] == (option == 0).sum()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_any_partition_of_the_attempts_gives_the_same_bits(seed: int, parts: int) -> None:
    answers = sparse(seed, attempts=60)
    raw, facility, adjusted, marks = whole(answers)
    part_of = np.random.default_rng(seed).integers(0, parts, answers.attempts)
    pieces = [answers.of_attempts(part_of == part) for part in range(parts)]
    length = answers.longest
    raws = [classical.raw_sums(piece) for piece in pieces]
    merged = raws[-1]
    for other in raws[:-1]:
        merged = merged + other
    assert bits(merged) == bits(raw)
    assert classical.facility_millionths(merged).tobytes() == facility.tobytes()
    second = [classical.adjusted_sums(piece, facility, 5, length) for piece in pieces]
    last = [reliability.mark_sums(piece, facility) for piece in pieces]
    merged_second, merged_last = second[0], last[0]
    for sums, mark in zip(second[1:], last[1:], strict=True):
        merged_second, merged_last = merged_second + sums, merged_last + mark
    assert bits(merged_second) == bits(adjusted)
    assert bits(merged_last) == bits(marks)


def test_the_order_of_the_rows_changes_no_bit() -> None:
    answers = sparse(4)
    order = np.random.default_rng(0).permutation(answers.item.size)
    shuffled = from_arrays(
        answers.attempt[order],
        answers.item[order],
        answers.score[order],
        answers.option[order],
        versions=answers.versions,
        attempts=answers.attempts,
    )
    assert bits(whole(shuffled)[0]) == bits(whole(answers)[0])
    assert bits(whole(shuffled)[2]) == bits(whole(answers)[2])


def test_adjusting_removes_the_luck_of_the_draw_from_the_rest_score() -> None:
    # Two forms of one hard or one easy companion: the easy form's marks are higher by luck.
    rng = np.random.default_rng(5)
    n = 4000
    theta = rng.standard_normal(n)
    easy = rng.random(n) < 0.5
    own = (rng.random(n) < 1 / (1 + np.exp(-theta))).astype(int)
    other = (rng.random(n) < 1 / (1 + np.exp(-(theta + np.where(easy, 3, -3))))).astype(int)
    answers = from_arrays(
        np.repeat(np.arange(n), 2),
        np.stack([np.zeros(n, int), np.where(easy, 1, 2)], axis=1).ravel(),
        1000 * np.stack([own, other], axis=1).ravel(),
    )
    raw, _, adjusted, _ = whole(answers)
    table = classical.table(raw, adjusted)
    assert table.r[0] > 1.2 * table.raw_r[0]


def test_where_all_sat_one_form_adjusted_and_raw_r_are_the_same() -> None:
    rng = np.random.default_rng(6)
    score = 1000 * (rng.random((300, 8)) < 1 / (1 + np.exp(-rng.standard_normal((300, 1)))))
    answers = from_arrays(
        np.repeat(np.arange(300), 8), np.tile(np.arange(8), 300), score.astype(int).ravel()
    )
    raw, _, adjusted, _ = whole(answers)
    table = classical.table(raw, adjusted)
    assert np.allclose(table.r, table.raw_r, atol=1e-9, rtol=0)


def test_upper_lower_is_the_facility_of_the_best_27_in_100_less_that_of_the_worst() -> None:
    # Item 0 is right for the better half of 100 candidates ranked by the other items.
    n = 100
    rest = np.arange(n)[:, None] > np.arange(n - 1)[None, :]
    score = np.concatenate([np.arange(n)[:, None] >= 50, rest], axis=1)
    answers = from_arrays(
        np.repeat(np.arange(n), n), np.tile(np.arange(n), n), 1000 * score.astype(int).ravel()
    )
    raw, _, adjusted, _ = whole(answers)
    assert classical.table(raw, adjusted).upper_lower[0] == pytest.approx(1.0)


def test_ties_at_the_border_of_the_27_in_100_count_in_part() -> None:
    n = np.array([[50, 50]])
    x = np.array([[10_000, 40_000]])  # 10 of 50 right below, 40 of 50 above
    assert classical.upper_lower(n, x)[0] == pytest.approx(0.8 - 0.2)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        # scipy.stats.binomtest(7, 50).proportion_ci(method="wilson"): an outside check
        (7, 50, 0.0695, 0.2619),
        (0, 20, 0.0, 0.1611),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_wilson_interval(right: int, n: int, low: float, high: float) -> None:
    got = classical.wilson(np.array([right / n]), np.array([n]))
    assert got[0][0] == pytest.approx(low, abs=1e-4)
    assert got[1][0] == pytest.approx(high, abs=1e-4)


def test_an_item_everybody_got_right_has_no_r() -> None:
    answers = from_arrays([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1], [1000, 0, 1000, 1000, 1000, 0])
    raw, _, adjusted, _ = whole(answers)
    assert np.isnan(classical.table(raw, adjusted).r[0])


def test_alpha_of_one_form_is_cronbachs_alpha() -> None:
    rng = np.random.default_rng(7)
    theta = rng.standard_normal((500, 1))
    score = (rng.random((500, 10)) < 1 / (1 + np.exp(-1.5 * theta))).astype(int)
    answers = from_arrays(
        np.repeat(np.arange(500), 10), np.tile(np.arange(10), 500), 1000 * score.ravel()
    )
    table = reliability.table(whole(answers)[3])
    total = score.sum(axis=1)
    alpha = 10 / 9 * (1 - score.var(axis=0).sum() / total.var())
    assert table.alpha == pytest.approx(alpha, abs=1e-9)
    assert table.sem == pytest.approx(total.std(ddof=1) * (1 - alpha) ** 0.5, abs=1e-9)
    assert table.mean == pytest.approx(total.mean())
    assert table.sd == pytest.approx(total.std(ddof=1))


def test_forms_of_different_length_have_no_alpha_and_say_why() -> None:
    answers = from_arrays([0, 0, 1, 2, 2], [0, 1, 0, 0, 1], [1000, 0, 1000, 0, 1000])
    table = reliability.table(whole(answers)[3])
    assert table.alpha is None
    assert table.why_no_alpha == "the forms differ in length (1 to 2 questions)"


def test_sums_of_no_attempts_merge_as_nothing() -> None:
    answers = sparse(8, attempts=30)
    nobody = answers.of_attempts(np.zeros(30, dtype=bool))
    _, facility, _, marks = whole(answers)
    assert bits(marks + reliability.mark_sums(nobody, facility)) == bits(marks)
    assert exact.counts(nobody.item, 36).sum() == 0
