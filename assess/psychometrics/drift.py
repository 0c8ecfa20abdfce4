"""Has an item become easier or harder over time, for candidates of equal ability?

Two looks. Mantel-Haenszel between each later window of time and the first, as in `dif`. And the
cumulative sum of what candidates scored beyond those of equal ability, whose greatest distance
from 0 dates a change: under no drift it is that of a Brownian bridge, so its p value is
Kolmogorov's (as in tests of parameter constancy: Ploberger & Kraemer 1992, Econometrica 60,
271-285). Everything comes from integer sums by item and day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from assess.psychometrics import dif, exact, matching
from assess.psychometrics.classical import MICRO
from assess.psychometrics.dif import MantelHaenszel
from assess.psychometrics.exact import Floats, Ints, Total
from assess.psychometrics.matching import FOCAL, NEITHER, OUTSIDE, POINT, REFERENCE
from assess.psychometrics.responses import Responses

LEVEL = 0.05
WINDOW_FROM = 200  # answers to an item in each window before it is judged: a working choice
CHANGE_FROM = 0.05  # of the full score, before against after: less is no matter for an author
# A path looked at only n times misses part of its greatest distance, on average this / sqrt(n) of
# its scale: -zeta(1/2) / sqrt(2 pi) (Chernoff 1965; Siegmund 1985, Sequential Analysis).
BETWEEN_LOOKS = 0.5825971579390107
COHORT, MOST_COHORTS = 400, 8  # attempts; cohorts
MOST_DAYS = 400  # distinct times of the cumulative sum; more are put together


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A later window against the first; arrays of items. `p_adjusted` over all its items."""

    attempts: int
    first_day: int
    last_day: int
    mantel_haenszel: MantelHaenszel
    ets: NDArray[np.str_]
    p_adjusted: Floats
    guards: list[str | None]


@dataclass(frozen=True, slots=True, eq=False)
class DaySums:
    """By item and time, [items, times]: answers, and the exact sums of residuals (millionths of
    a full score) and of their squares in whole millionths of the squared score. Merges by `+`.
    """

    n: Ints
    residual: Total
    square: Total

    def __add__(self, other: DaySums) -> DaySums:
        return DaySums(self.n + other.n, self.residual + other.residual, self.square + other.square)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """The likeliest moment of change of every item, arrays of items; nan or -1: no value.

    `statistic` the greatest |cumulative sum| in its own scale, raised by what is missed between
    days, with `p` and `p_adjusted`; `last_day` int64 the last day before the change; `before`,
    `after` the mean score beyond that of equally able candidates, in full scores.
    """

    statistic: Floats
    p: Floats
    p_adjusted: Floats
    last_day: Ints
    before: Floats
    after: Floats


@dataclass(frozen=True, slots=True, eq=False)
class DriftTable:
    """`windows` later against first, `change` from the cumulative sums; `drifted` bool[items].

    An item has drifted where the adjusted p of the cumulative sum is below 0.05, the change is
    0.05 of the full score or more, and every window has enough answers to it (`guards`).
    """

    windows: list[Window]
    change: Change
    drifted: NDArray[np.bool_]
    guards: list[str | None]


def table(responses: Responses, day: NDArray[np.integer], windows: int = 2) -> DriftTable:
    """Drift of every item; `day` int[attempts] in any whole unit, equally full `windows` by it.

    Raises ValueError where `day` does not fit, or does not fill the windows.
    """
    if day.shape != (responses.attempts,):
        raise ValueError(f"{day.size} days for {responses.attempts} attempts")
    if windows < 2:
        raise ValueError("drift is seen between two windows or more")
    answers = responses.reached()
    window = windows_of(day, windows)
    looked = [_window(answers, day, window, k) for k in range(1, windows)]
    change = cumulative(answers, day)
    n = np.stack([_answers(answers, window, k) for k in range(windows)])
    guards = [
        f"too few: {fewest} < {WINDOW_FROM}" if fewest < WINDOW_FROM else None
        for fewest in n.min(axis=0).tolist()
    ]
    enough = np.array([guard is None for guard in guards], dtype=np.bool_)
    size = np.abs(change.after - change.before)
    with np.errstate(invalid="ignore"):
        drifted = enough & (change.p_adjusted < LEVEL) & (size >= CHANGE_FROM)
    return DriftTable(looked, change, drifted, guards)


def windows_of(day: NDArray[np.integer], windows: int) -> NDArray[np.int64]:
    """The window 0..windows-1 of every attempt: as equally full as whole days allow.

    Raises ValueError where there are too few days to fill every window.
    """
    days, count = np.unique(day, return_counts=True)
    before = np.cumsum(count) - count
    window_of_day = (2 * before + count) * windows // (2 * max(int(count.sum()), 1))
    if np.unique(window_of_day).size != windows:
        found = "1 day does" if days.size == 1 else f"{days.size} days do"
        raise ValueError(f"{found} not fill {windows} windows")
    return np.asarray(window_of_day[np.searchsorted(days, day)], dtype=np.int64)


def cohorts_of(day: NDArray[np.integer]) -> tuple[NDArray[np.int64], int]:
    """A cohort for every attempt and how many there are: by day, some hundred attempts each."""
    cohorts = min(max(day.size // COHORT, 1), MOST_COHORTS, max(np.unique(day).size, 1))
    while cohorts > 1:
        try:
            return windows_of(day, cohorts), cohorts
        except ValueError:  # a day too full leaves a window empty
            cohorts -= 1
    return np.zeros(day.size, dtype=np.int64), 1


def cumulative(responses: Responses, day: NDArray[np.integer]) -> Change:
    """The likeliest change of every item; answers not reached have to be left out before."""
    everybody = np.zeros(responses.attempts, dtype=np.int8)
    counted = np.ones(responses.items, dtype=np.bool_)
    sums = matching.facility_sums(responses, everybody)
    facility = sums.facility
    # Cohorts differ in ability as groups do, and are regressed to their own means as groups are.
    cohort, cohorts = cohorts_of(day)
    whole = matching.spread(responses, cohort, facility, counted, cohorts)
    score = matching.regressed(responses, cohort, facility, counted, whole)
    levels = matching.levels_for(sums)
    level = matching.quantile_levels(score, matching.histogram(score), levels)
    cells = matching.table(responses, everybody, score, level, levels)
    expected = expectation(cells.n[..., 0], cells.x[..., 0])
    times, last_day = _times(day)
    return changes(day_sums(responses, level, expected, times, len(last_day)), last_day)


def expectation(n: Ints, x: Ints) -> Ints:
    """The mean score by item and level, whole millionths of a full score, int64[items, levels]."""
    n = np.maximum(n, 1)
    return (2 * x * MICRO + n) // (2 * n)


def day_sums(
    responses: Responses,
    level: NDArray[np.int64],
    expected: Ints,
    times: NDArray[np.int64],
    count: int,
) -> DaySums:
    """Sums of score less expectation by item and time; `times` int64[attempts] 0..count-1."""
    chosen = level != OUTSIDE
    item = responses.item[chosen].astype(np.int64)
    residual = responses.score[chosen].astype(np.int64) * MICRO - expected[item, level[chosen]]
    cell = item * count + times[responses.attempt[chosen]]
    size, shape = responses.items * count, (responses.items, count)
    return DaySums(
        exact.counts(cell, size).reshape(shape),
        exact.totals(cell, residual, size).reshape(*shape),
        exact.totals(cell, residual**2 // POINT, size).reshape(*shape),
    )


def changes(sums: DaySums, last_day: Ints) -> Change:
    """The likeliest change of every item from the merged sums; `last_day` int64[times]."""
    n = np.cumsum(sums.n, axis=1).astype(np.float64)
    total = n[:, -1:]
    residual = np.cumsum(sums.residual.value / POINT, axis=1)
    square = sums.square.value.sum(axis=1) / POINT
    with np.errstate(divide="ignore", invalid="ignore"):
        bridge = residual - residual[:, -1:] * n / total
        sd = np.sqrt(square / total[:, 0] - (residual[:, -1] / total[:, 0]) ** 2)
        path = np.abs(bridge) / (sd * np.sqrt(total[:, 0]))[:, None]
    # The end is 0 but for rounding, and no change.
    path = np.where(np.isfinite(path), path, -1.0)
    path[:, -1] = -1.0
    at = path.argmax(axis=1)
    row = np.arange(len(at))
    looks = np.minimum((sums.n > 0).sum(axis=1), total[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(path[row, at] >= 0, path[row, at] + BETWEEN_LOOKS / looks**0.5, np.nan)
    p = special.kolmogorov(statistic)
    known = ~np.isnan(statistic)
    with np.errstate(divide="ignore", invalid="ignore"):
        before = residual[row, at] / n[row, at]
        after = (residual[:, -1] - residual[row, at]) / (total[:, 0] - n[row, at])
    return Change(
        statistic,
        p,
        dif.adjusted(p),
        np.where(known, last_day[at], -1),
        np.where(known, before, np.nan),
        np.where(known, after, np.nan),
    )


def _window(
    responses: Responses, day: NDArray[np.integer], window: NDArray[np.int64], k: int
) -> Window:
    group = np.where(window == 0, REFERENCE, np.where(window == k, FOCAL, NEITHER)).astype(np.int8)
    criterion = matching.criterion_for(responses)
    mh = dif.mantel_haenszel(matching.matched(responses, group, criterion))
    inside = day[window == k]
    return Window(
        int(inside.size),
        int(inside.min()),
        int(inside.max()),
        mh,
        dif.ets_classes(mh),
        dif.adjusted(mh.p),
        [
            f"too few: {fewest} < {WINDOW_FROM}" if fewest < WINDOW_FROM else None
            for fewest in np.minimum(mh.n_reference, mh.n_focal).tolist()
        ],
    )


def _times(day: NDArray[np.integer]) -> tuple[NDArray[np.int64], Ints]:
    """By attempt the place of its day among those that occur, and each place's last day."""
    days, place = np.unique(day, return_inverse=True)
    together = -(-days.size // MOST_DAYS)
    last = np.minimum(np.arange(together - 1, days.size + together - 1, together), days.size - 1)
    return place.astype(np.int64) // together, days[last].astype(np.int64)


def _answers(responses: Responses, window: NDArray[np.int64], k: int) -> Ints:
    return exact.counts(responses.item[window[responses.attempt] == k], responses.items)
