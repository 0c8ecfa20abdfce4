"""Are forms drawn in thousands those that the draw draws, and is a forecast what a cohort shows?"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from assess.delivery.draw import Band, Cell, Draw, Entry, Pool, Seen, Stream, draw
from assess.psychometrics import forecast
from assess.psychometrics.forms import UNKNOWN, Drawer, Histories, Plan


def world(seed: int = 3, band: int | None = 120) -> tuple[Pool, Plan]:
    """Three quotas of six, five and four items, two questions each; a pool and the same plan."""
    rng = np.random.default_rng(seed)
    sizes = (6, 5, 4)
    values = [rng.integers(300, 950, size=size) for size in sizes]
    cells, plan_cells, first = [], [], 0
    for name, own in zip("abc", values, strict=True):
        entries = [Entry(first + k + 1, 1, 0, int(v)) for k, v in enumerate(own)]
        cells.append(Cell(name, 2, entries))
        plan_cells.append(np.arange(first, first + own.size))
        first += own.size
    target = round(sum(2 * float(own.mean()) for own in values))
    expected = np.concatenate(values)
    half = None if band is None else Band(target, band)
    pool = Pool("0" * 64, tuple(cells), band=half)
    plan = Plan(tuple(plan_cells), (2, 2, 2), expected, None if band is None else (target, band))
    return pool, plan


def by_the_draw(pool: Pool) -> Drawer:
    """A drawer that never needs more tries than it has, or asks the draw."""
    plan = world()[1]
    count = 0

    def settle(histories: Histories, row: int, banded: bool) -> tuple[list[int], bool]:
        nonlocal count
        count += 1
        met = np.flatnonzero(histories.times[row]).tolist()
        history = {
            k + 1: Seen(int(histories.times[row, k]), int(histories.last[row, k])) for k in met
        }
        drawn = draw(pool, history, Stream(b"s" * 16, str(count), 1))
        assert isinstance(drawn, Draw)
        return [one.item - 1 for one in drawn.questions], bool(drawn.in_band)

    return Drawer(plan, np.random.default_rng(11), settle)


def test_forms_are_uniform_within_the_band_as_an_enumeration_says() -> None:
    pool, plan = world()
    enemies, target = ({0, 6}, {1, 2, 14}), round(float(plan.expected.mean()) * 6)
    forms = [
        tuple(sorted(a + b + c))
        for a, b, c in product(*(combinations(cell.tolist(), 2) for cell in plan.cells))
        if all(len(group.intersection(a + b + c)) < 2 for group in enemies)
    ]
    off = {form: abs(int(plan.expected[list(form)].sum()) - target) for form in forms}
    half = sorted(off.values())[len(forms) // 4]  # which some form is away
    allowed = [form for form in forms if off[form] <= half]
    drawer = by_the_draw(pool)
    groups = tuple(np.array(sorted(group)) for group in enemies)
    drawer.plan = plan = replace(plan, band=(target, half), enemies=groups)
    first = drawer.first(30 * len(allowed))
    assert first.inside.all()
    for drawn, among in (
        (first.forms, allowed),
        (drawer.unbalanced(30 * len(forms)), forms),
    ):
        assert plan.inside(drawn).all() == (among is allowed)
        found = np.sort(drawn, axis=1)
        counts = np.array([(found == np.array(form)).all(axis=1).sum() for form in among])
        assert counts.sum() == len(found) == 30 * len(among)
        # Chi-square with len - 1 degrees of freedom: mean f, variance 2 f.
        chi = float(((counts - 30) ** 2 / 30).sum())
        free = len(among) - 1
        assert abs(chi - free) < 4 * np.sqrt(2 * free)


def test_what_tries_do_not_find_the_draw_settles() -> None:
    pool, plan = world(band=0)
    drawer = by_the_draw(pool)
    drawer.plan = plan
    drawn = drawer.first(20)
    sums = plan.expected[drawn.forms].sum(axis=1)
    assert plan.band is not None
    assert ((sums == plan.band[0]) == drawn.inside).all()


def test_later_forms_take_what_was_met_fewest_times_and_longest_ago() -> None:
    pool, plan = world(band=None)
    drawer = by_the_draw(pool)
    drawer.plan = plan
    histories = Histories.empty(200, 15)
    for attempt in range(1, 7):
        forms = drawer.next(histories).forms
        rank = histories.times * 100 + histories.last
        taken = np.zeros(rank.shape, dtype=bool)
        taken[np.arange(200)[:, None], forms] = True
        for cell in plan.cells:
            own, here = rank[:, cell], taken[:, cell]
            assert (here.sum(axis=1) == 2).all()
            assert (
                np.where(here, own, 0).max(axis=1) <= np.where(here, 999, own).min(axis=1)
            ).all()
        histories.meet(forms, attempt)


def test_the_forecast_of_overlap_and_exposure_is_what_a_cohort_shows() -> None:
    """Within four standard errors of a cohort that the draw itself has drawn for."""
    pool, plan = world()
    drawer = by_the_draw(pool)
    plain, given = drawer.unbalanced(20_000), drawer.first(20_000).forms
    exposed = forecast.first_exposure(plan, plain, given)
    cohort = []
    for n in range(600):
        drawn = draw(pool, {}, Stream(b"t" * 16, f"candidate {n}", 1))
        assert isinstance(drawn, Draw)
        cohort.append([one.item - 1 for one in drawn.questions])
    forms = np.array(cohort)
    shown = forecast.exposure(plan, forms)
    error = np.sqrt(exposed * (1 - exposed) / len(forms)) + 0.002
    assert (np.abs(shown - exposed) < 4 * error).all()
    shared = forecast.overlap(forms, 15, np.random.default_rng(1))
    assert shared is not None
    assert shared.mean == pytest.approx(forecast.expected_overlap(plan, exposed), abs=0.01)
    chance = forecast.borderline(plan, 4)
    assert chance is not None
    ahead, after = (forecast.spread(chance, f, 4) for f in (given, forms))
    assert ahead is not None
    assert after is not None
    assert after.p50 == pytest.approx(ahead.p50, abs=0.02)
    assert after.expected_score_sd == pytest.approx(ahead.expected_score_sd, rel=0.15)


def test_items_of_a_large_quota_are_exposed_as_many_more_forms_would_show() -> None:
    rng = np.random.default_rng(4)
    expected = rng.integers(300, 950, size=430)
    cells = (np.arange(400), np.arange(400, 430))
    target = round(2 * float(expected[:400].mean()) + 3 * float(expected[400:].mean()))
    plan = Plan(cells, (2, 3), expected, (target, 250))
    drawer = by_the_draw(world()[0])
    drawer.plan = plan
    plain, given = drawer.unbalanced(4_000), drawer.first(4_000).forms
    assert (np.diff(np.sort(given, axis=1)) > 0).all()  # no question twice
    found = forecast.first_exposure(plan, plain, given)
    assert found.sum() == pytest.approx(5)
    many = forecast.exposure(plan, drawer.first(150_000).forms)
    assert np.abs(found[:400] - many[:400]).max() < 0.25 * 2 / 400
    assert np.corrcoef(found[:400], many[:400])[0, 1] > 0.5


def test_the_borderline_candidate_expects_the_cut() -> None:
    _, plan = world()
    for cut in (2, 4, 5):
        chance = forecast.borderline(plan, cut)
        assert chance is not None
        mean = sum(2 * chance[cell].mean() for cell in plan.cells)
        assert mean == pytest.approx(cut)
    assert forecast.borderline(plan, 6) is None
    one_each = Plan((np.arange(2), np.arange(2, 4)), (1, 1), np.array([1000, 300, 700, 0]))
    found = forecast.borderline(one_each, 1)  # which is what these mean already
    assert found is not None
    assert found.tolist() == pytest.approx([0.999, 0.3, 0.7, 0.001])
    unknown = replace(one_each, expected=np.array([1000, 300, 700, UNKNOWN]))
    assert forecast.borderline(unknown, 1) is None


def test_an_overlap_is_what_one_counts_by_hand() -> None:
    three = np.array([[0, 1, 2, 3, 4], [9, 8, 7, 6, 4], [13, 12, 11, 10, 5]])
    found = forecast.overlap(three, 14, np.random.default_rng(1))
    assert found is not None
    assert found.mean == pytest.approx(1 / 5 / 3)  # one question of five, in one pair of three
    assert found.fifth_or_more == pytest.approx(1 / 3)
    assert found.pairs == 3
    longer = np.column_stack([three[:2], [14, 15]])  # of six, one is less than a fifth
    found = forecast.overlap(longer, 16, np.random.default_rng(1))
    assert found is not None
    assert (found.fifth_or_more, found.pairs) == (0.0, 1)
    assert forecast.overlap(three[:1], 14, np.random.default_rng(1)) is None


def test_a_course_counts_who_still_sits_and_what_is_met_again() -> None:
    pool, _ = world()
    found = forecast.course(by_the_draw(pool), 400, 4, 0.5)
    assert found.in_band[0] == 1.0
    assert found.repeats[:2] == (0.0, 0.0)  # four items of the smallest quota serve two attempts
    assert found.repeats[2] > 0
    # Each third attempt has one question of five that is new, and two of six.
    everybody = forecast.course(by_the_draw(pool), 30, 3, 0.0)
    assert everybody.repeats == (0.0, 0.0, 0.5)
    assert (everybody.met == 1.0).all()
    nobody = forecast.course(by_the_draw(pool), 30, 3, 1.0)
    assert nobody.met.sum() == pytest.approx(6)  # who passes meets no further form
