"""What will candidates meet: how fair are forms, how much do they share, how worn will items be?

Figures from forms drawn by the rules (`forms.py`), before anybody has sat the test, and the same
figures of forms that were given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assess.psychometrics.calibration import pass_chance
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.forms import ROWS, Drawer, Histories, Plan

THOUSAND = 1000
OFTEN = 1_000  # forms that hold an item: its share of them is known well enough
PAIRS = 200_000  # pairs of candidates that are compared, at the most
REACH, HALVINGS = 20.0, 60  # where the borderline candidate is looked for, in logits
LEAST = 0.001  # of a chance, which no estimate makes nought or sure
CHUNK = 5_000  # forms whose chances to pass are reckoned at once
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


@dataclass(frozen=True, slots=True)
class Spread:
    """How forms differ for the borderline candidate: marks, and chances to pass."""

    expected_score_sd: float
    p05: float
    p50: float
    p95: float


def borderline(plan: Plan, cut: int) -> Floats | None:
    """The borderline candidate's chance of each item: float64[items]; None where one is unknown.

    Of the ability at which the mean expected score of a form is the cut: difficulties that mean
    more or less than that are moved together, in logits.
    """
    items = drawable(plan)
    if (plan.expected[items] < 0).any() or not 0 < cut < plan.length:
        return None
    share = np.clip(plan.expected / THOUSAND, LEAST, 1 - LEAST)
    logit = np.log(share / (1 - share))
    pairs = list(zip(plan.cells, plan.counts, strict=True))
    low, high = -REACH, REACH
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        chance = 1 / (1 + np.exp(-(logit + middle)))
        reached = sum(count * float(chance[cell].mean()) for cell, count in pairs)
        low, high = (middle, high) if reached < cut else (low, middle)
    return np.asarray(1 / (1 + np.exp(-(logit + low))))


def spread(chance: Floats | None, forms: Ints, cut: int) -> Spread | None:
    """The spread over forms int[n, length] for chances float64[items]; None where they are."""
    if chance is None or not len(forms):
        return None
    sums = chance[forms].sum(axis=1)
    passes = np.concatenate(
        [
            pass_chance(chance[forms[start : start + CHUNK]], cut)
            for start in range(0, len(forms), CHUNK)
        ]
    )
    p05, p50, p95 = (float(q) for q in np.quantile(passes, [0.05, 0.5, 0.95]))
    return Spread(float(sums.std()), p05, p50, p95)


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two candidates share of their questions: the mean, and the chance of a fifth or more."""

    mean: float
    fifth_or_more: float
    pairs: int


def overlap(forms: Ints, items: int, rng: np.random.Generator) -> Overlap | None:
    """The overlap between the forms of different candidates; None for fewer than two.

    The mean is over all pairs; the share of a fifth is over all, or over PAIRS drawn by chance.
    """
    n, length = forms.shape
    if n < 2:
        return None
    met = np.bincount(forms.ravel(), minlength=items).astype(np.float64)
    mean = float((met * (met - 1)).sum() / (n * (n - 1.0)) / length)
    if n * (n - 1) // 2 <= PAIRS:
        one, other = np.triu_indices(n, 1)
    else:
        one = rng.integers(n, size=PAIRS)
        other = (one + rng.integers(1, n, size=PAIRS)) % n
    ordered = np.sort(forms, axis=1)
    shared = np.zeros(one.size, dtype=np.int64)
    step = max(1, 4_000_000 // (2 * length))
    for start in range(0, one.size, step):
        part = slice(start, start + step)
        both = np.sort(np.concatenate([ordered[one[part]], ordered[other[part]]], axis=1), axis=1)
        shared[part] = (both[:, 1:] == both[:, :-1]).sum(axis=1)
    # In whole numbers: a fifth of 14 questions is reached with three.
    return Overlap(mean, float((shared * 5 >= length).mean()), int(one.size))


def exposure(plan: Plan, forms: Ints) -> Floats:
    """The share of these forms in which each item of the plan stands: float64[drawable items]."""
    met = np.bincount(forms.ravel(), minlength=plan.expected.size)
    return np.asarray(met[drawable(plan)] / max(len(forms), 1))


def first_exposure(plan: Plan, plain: Ints, given: Ints) -> Floats:
    """The chance that a first attempt meets each item: float64[drawable items].

    `plain` are forms drawn without regard to the band, `given` those within it. Where nothing but
    quotas restricts forms it is count over size, exactly. Where many forms hold an item its share
    of them is taken. An item of a large quota stands in few: its chance is that of a form in which
    it takes the place of another item of its quota to lie in the band.
    """
    counted = exposure(plan, given)
    if plan.whole or plan.enemies:
        return counted
    found, start, first = [], 0, 0
    total = plan.expected[plain].sum(axis=1)
    for cell, count in zip(plan.cells, plan.counts, strict=True):
        even = count / cell.size
        end = start + cell.size
        if plan.band is None:
            found.append(np.full(cell.size, even))
        elif even * len(given) >= OFTEN:
            found.append(counted[start:end])
        else:
            target, half = plan.band
            others = np.sort(total - plan.expected[plain[:, first]])
            value = plan.expected[cell]
            inside = np.searchsorted(others, target + half - value, side="right")
            inside -= np.searchsorted(others, target - half - value, side="left")
            found.append(inside * (count / max(int(inside.sum()), 1)))
        start, first = end, first + count
    return np.concatenate(found)


def drawable(plan: Plan) -> Ints:
    """The items that stand in a quota, in the order of the quotas."""
    return np.concatenate([*plan.cells, np.empty(0, np.int64)]).astype(np.int64)


def expected_overlap(plan: Plan, exposed: Floats) -> float:
    """The mean overlap that these exposures mean: two independent forms share each by chance."""
    return float((exposed**2).sum() / plan.length)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A cohort over its attempts. Attempt k is at place k - 1.

    `in_band`: the share of forms inside the band; `repeats`: the mean share of questions met
    before. `met` float64[drawable]: the share of candidates who meet an item at least once.
    """

    in_band: tuple[float, ...]
    repeats: tuple[float, ...]
    met: Floats


def course(
    drawer: Drawer,
    candidates: int,
    attempts: int,
    pass_rate: float,
    show: Callable[[int, int], None] | None = None,
) -> Course:
    """What happens to a cohort of which at each attempt the share `pass_rate` passes and stops."""
    plan, rng = drawer.plan, drawer.rng
    inside, repeats = np.zeros(attempts), np.zeros(attempts)
    met = np.zeros(plan.expected.size)
    for start in range(0, candidates, ROWS):
        n = min(ROWS, candidates - start)
        histories = Histories.empty(n, plan.expected.size)
        going = np.ones(n, dtype=bool)
        for k in range(attempts):
            # Everybody is drawn for, so that late attempts are as well known as early ones.
            drawn = drawer.first(n) if k == 0 else drawer.next(histories)
            rows = np.arange(n)[:, None]
            before = (histories.times[rows, drawn.forms] > 0).mean(axis=1)
            inside[k] += drawn.inside.sum()
            repeats[k] += before.sum()
            if k == 0 or going.any():
                new = drawn.forms[going][histories.times[rows, drawn.forms][going] == 0]
                met += np.bincount(new, minlength=met.size)
            histories.meet(drawn.forms, k + 1)
            going &= rng.random(n) >= pass_rate
        if show is not None:
            show(start + n, candidates)
    share = [tuple(float(v) for v in values / candidates) for values in (inside, repeats)]
    return Course(share[0], share[1], met[drawable(plan)] / candidates)


def shown_after(exposed: Floats, sittings: int) -> float:
    """The share of items that somebody has met after so many sittings of different candidates."""
    return float((1 - (1 - exposed) ** sittings).mean()) if exposed.size else 0.0
