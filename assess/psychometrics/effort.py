"""Who answered faster than anybody could read, and how many would be suspected in error?

An answer is rapid below its item's threshold: a tenth of the item's mean time, at most ten
seconds (the normative threshold: Wise & Ma 2012), or, where the item's log times have two clear
humps, the point where a rapid guess and a solution are equally likely (Schnipke & Scrams 1997).
Response-time effort is the share of an attempt's answers that are not rapid (Wise & Kong 2005,
Appl. Meas. Educ. 18, 163-183). A sign for people to look at, no proof: see `false_positives`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import classical, exact
from assess.psychometrics.exact import Floats, Ints, Total
from assess.psychometrics.responses import FULL, NO_TIME, NOT_REACHED, OMITTED, Responses

TENTH, LONGEST = 0.10, 10_000.0  # of the mean time; milliseconds: Wise & Ma 2012
LOW_EFFORT = 0.90  # Wise & Kong 2005
ITEM_FROM, ATTEMPT_FROM = 200, 10  # timed answers before there is a threshold, or a flag
SHORTEST_LOG, STEPS_A_LOG, BINS = 4.0, 8.0, 104  # log milliseconds: 55 ms to 7 hours
EM_STEPS = 80
FEWEST_RAPID, MOST_RAPID = 10, 0.40  # answers; the share beyond which the fast hump is no flaw
CLEAR = 3.0  # distance of the humps in pooled SDs; 2 is the least that shows two humps
ITEMS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True, eq=False)
class TimeSums:
    """Answers with a time by item: n, milliseconds, and n by bin of log time. Merges by `+`."""

    n: Ints
    milliseconds: Total
    histogram: Ints

    def __add__(self, other: TimeSums) -> TimeSums:
        return TimeSums(
            self.n + other.n,
            self.milliseconds + other.milliseconds,
            self.histogram + other.histogram,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """`milliseconds` float64[items] below which an answer is rapid; nan below 200 timed answers.

    `two_humps` bool[items]: found between two humps, not as a tenth of the mean. `n` int64 timed
    answers.
    """

    milliseconds: Floats
    two_humps: NDArray[np.bool_]
    n: Ints


@dataclass(frozen=True, slots=True, eq=False)
class EffortTable:
    """Rapid guessing by item and by attempt.

    `rapid_share` float64[items] of the answers judged; `effort` float64[attempts], nan where no
    answer was judged; `flagged` bool[attempts]: effort below 0.90 on at least ten answers.
    `rapid`: rapid answers in all, `rapid_right`, `other_right` the shares right of them and of
    the others, which are alike only if rapid answers are no guesses (None without any).
    """

    thresholds: Thresholds
    rapid_share: Floats
    judged: Ints
    effort: Floats
    flagged: NDArray[np.bool_]
    rapid: int
    rapid_right: float | None
    rapid_right_interval: tuple[float, float] | None
    other_right: float | None


def table(responses: Responses, thresholds: Thresholds | None = None) -> EffortTable:
    """Rapid guessing in these answers; without `thresholds` their own. ValueError without times."""
    if thresholds is None:
        thresholds = thresholds_of(time_sums(responses))
    answers, times = _timed(responses)
    limit = thresholds.milliseconds[answers.item]
    judged = ~np.isnan(limit)
    rapid = judged & (times < limit)
    n = exact.counts(answers.attempt[judged], answers.attempts)
    n_rapid = exact.counts(answers.attempt[rapid], answers.attempts)
    with np.errstate(divide="ignore", invalid="ignore"):
        effort = 1 - n_rapid / n
        share = exact.counts(answers.item[rapid], answers.items) / exact.counts(
            answers.item[judged], answers.items
        )
    right = _right(answers.score[rapid])
    interval = None
    if right is not None:
        count = np.array([int(rapid.sum())])
        low, high = classical.wilson(np.array([right]), count)
        interval = (float(low[0]), float(high[0]))
    return EffortTable(
        thresholds,
        share,
        n,
        effort,
        (effort < LOW_EFFORT) & (n >= ATTEMPT_FROM),
        int(rapid.sum()),
        right,
        interval,
        _right(answers.score[judged & ~rapid]),
    )


def time_sums(responses: Responses) -> TimeSums:
    """The sums of these answers' times; omitted and not reached items are left out."""
    answers, times = _timed(responses)
    # Whole steps of the logarithm, so that any partition gives the same counts.
    bin_ = np.floor((np.log(np.maximum(times, 1)) - SHORTEST_LOG) * STEPS_A_LOG)
    bin_ = np.clip(bin_, 0, BINS - 1).astype(np.int64)
    cell = answers.item.astype(np.int64) * BINS + bin_
    return TimeSums(
        exact.counts(answers.item, answers.items),
        exact.totals(answers.item, times, answers.items),
        exact.counts(cell, answers.items * BINS).reshape(-1, BINS),
    )


def thresholds_of(sums: TimeSums) -> Thresholds:
    """Every item's threshold from the merged sums."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums.milliseconds.value / sums.n
    normative = np.minimum(TENTH * mean, LONGEST)
    between = np.concatenate(
        [np.empty(0)]
        + [
            _between_humps(sums.histogram[start : start + ITEMS_AT_ONCE], mean[start:])
            for start in range(0, len(mean), ITEMS_AT_ONCE)
        ]
    )
    enough = sums.n >= ITEM_FROM
    two_humps = enough & ~np.isnan(between)
    limit = np.where(two_humps, between, normative)
    return Thresholds(np.where(enough, limit, np.nan), two_humps, sums.n)


def false_positives(rng: np.random.Generator, responses: Responses, rounds: int = 5) -> float:
    """The share of attempts flagged where nobody guesses rapidly, by simulation.

    Times are drawn anew for the same forms from the log-normal model (item, candidate, remainder:
    van der Linden 2006, J. Educ. Behav. Stat. 31, 181-204) and judged by thresholds of their own.
    Its spread is taken from the slower half of each item's times, where no rapid guess is, and
    parted between candidates and remainder as it is among the answers that are not rapid.
    ValueError without times.
    """
    sums = time_sums(responses)
    middle = _medians(sums.histogram)
    answers, times = _timed(responses)
    left = np.log(np.maximum(times, 1)) - middle[answers.item]
    slower = left[left > 0]
    whole = float((slower**2).mean()) if slower.size else 0.0
    slow = ~(times < thresholds_of(sums).milliseconds[answers.item])
    share = _share_between(answers.attempt[slow], left[slow], answers.attempts)
    between, within = share * whole, (1 - share) * whole
    flagged = 0
    for _ in range(rounds):
        speed = rng.normal(0.0, between**0.5, answers.attempts)
        drawn = middle[answers.item] + speed[answers.attempt]
        drawn += rng.normal(0.0, within**0.5, answers.item.size)
        again = np.rint(np.exp(np.clip(drawn, 0.0, 20.0))).astype(np.int32)
        flagged += int(table(replace(answers, milliseconds=again)).flagged.sum())
    return flagged / (rounds * max(answers.attempts, 1))


def _medians(histogram: Ints) -> Floats:
    """Each item's median log milliseconds, interpolated in its bin: [items]; nan without times."""
    before = np.cumsum(histogram, axis=1) - histogram
    half = histogram.sum(axis=1) / 2
    at = (before + histogram >= half[:, None]).argmax(axis=1)
    row = np.arange(len(at))
    with np.errstate(divide="ignore", invalid="ignore"):
        into = (half - before[row, at]) / histogram[row, at]
    median: Floats = SHORTEST_LOG + (at + into) / STEPS_A_LOG
    return median


def _share_between(attempt: NDArray[np.int32], values: Floats, attempts: int) -> float:
    """Which share of the variance of `values` lies between attempts, 0 to 1."""
    values = values - values.mean() if values.size else values
    length = exact.counts(attempt, attempts)
    pairs = float((length * (length - 1)).sum())
    square = float((values**2).sum())
    if not pairs or not square:
        return 0.0
    # As in `matching`: the mean product of two answers of one candidate is their common variance.
    products = float((np.bincount(attempt, values, attempts) ** 2).sum()) - square
    return min(max(products / pairs / (square / values.size), 0.0), 1.0)


def _between_humps(histogram: Ints, mean: Floats) -> Floats:
    """Where a rapid guess and a solution are equally likely, in milliseconds; nan: one hump.

    Two normal distributions of log time by item, fitted to the binned times by EM.
    """
    n = histogram.sum(axis=1, keepdims=True).astype(np.float64)
    middle = SHORTEST_LOG + (np.arange(BINS, dtype=np.float64) + 0.5) / STEPS_A_LOG
    with np.errstate(all="ignore"):
        whole = (histogram * middle).sum(axis=1) / n[:, 0]
        start = np.log(TENTH * mean[: len(histogram)])
        at = np.stack([np.minimum(start, whole - 1.0), whole], axis=1)
        sd = np.full_like(at, 0.5)
        share = np.tile([0.05, 0.95], (len(at), 1))
        for _ in range(EM_STEPS):
            density = _densities(middle, at, sd, share)
            part = histogram[:, None, :] * density / density.sum(axis=1, keepdims=True)
            weight = part.sum(axis=2)
            share = weight / n
            at = (part * middle).sum(axis=2) / weight
            apart = (middle - at[:, :, None]) ** 2
            # A bin has a width: without a floor a hump in one bin shrinks to nothing.
            sd = np.sqrt(np.maximum((part * apart).sum(axis=2) / weight, STEPS_A_LOG**-2))
        clear = (at[:, 1] - at[:, 0]) * np.sqrt(2 / (sd**2).sum(axis=1)) > CLEAR
        rapid = share[:, 0]
        clear &= (rapid * n[:, 0] >= FEWEST_RAPID) & (rapid <= MOST_RAPID)
        step = np.linspace(0.0, 1.0, 201, dtype=np.float64)
        grid: Floats = at[:, :1] + (at[:, 1:] - at[:, :1]) * step
        both = _densities(grid, at, sd, share)
        crossing = grid[np.arange(len(grid)), (both[:, 0] < both[:, 1]).argmax(axis=1)]
        return np.where(clear, np.exp(crossing), np.nan)


def _densities(where: Floats, at: Floats, sd: Floats, share: Floats) -> Floats:
    """Both humps' weighted densities [items, 2, points] at `where`, [points] or [items, points]."""
    places = where if where.ndim == 1 else where[:, None, :]
    z = (places - at[:, :, None]) / sd[:, :, None]
    height: Floats = (share / sd)[:, :, None] * np.exp(-z * z / 2) + 1e-300
    return height


def _timed(responses: Responses) -> tuple[Responses, Ints]:
    """The answers that were given and have a time, and their times in milliseconds."""
    if responses.milliseconds is None:
        raise ValueError("rapid guessing shows only in times, and there are none")
    given = (responses.option != OMITTED) & (responses.option != NOT_REACHED)
    given &= responses.milliseconds != NO_TIME
    return responses.rows(given), responses.milliseconds[given].astype(np.int64)


def _right(score: NDArray[np.int16]) -> float | None:
    return float(score.mean()) / FULL if score.size else None
