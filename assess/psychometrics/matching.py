"""Which candidates of two groups are alike enough to be compared on an item?

Two criteria. On one form that all sat: the total mark, the item in it, as is usual. On drawn
forms: the rest score, adjusted for the items drawn and regressed to the mean of the candidate's
own group by its reliability. Without that regression the abler group looks favoured by every
item, since equal rest scores of an able and a less able group do not mean equal ability (the
correction of Shealy & Stout 1993, Psychometrika 58, 159-194, here by the Spearman-Brown formula).
Measured in docs/psychometrics.md. All sums are of integers and merge by `+`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import exact
from assess.psychometrics.classical import MICRO
from assess.psychometrics.exact import Floats, Ints, Total
from assess.psychometrics.responses import FULL, Responses

REFERENCE, FOCAL, NEITHER = 0, 1, -1  # of `group`, int8[attempts]
POINT = FULL * MICRO  # millionths in a full score
FEWEST_LEVELS, MOST_LEVELS = 10, 40
ANSWERS_A_LEVEL = 20  # of an item: 1/20 of the information goes to the levels themselves
BIN = 9  # bits: the regressed score is cut into bins of 2**9 millionths to find the levels
BINS = (2 * POINT >> BIN) + 1
OUTSIDE = -1  # the level of an answer that cannot be matched

Groups = NDArray[np.int8]


class Criterion(StrEnum):
    """What candidates are matched on."""

    TOTAL = "total"  # the whole mark, the studied item in it; one form, right or wrong
    REGRESSED = "regressed_rest"  # any forms, any scores


@dataclass(frozen=True, slots=True, eq=False)
class FacilitySums:
    """Answers and thousandths by item, int64[items] each; merges by `+`."""

    n: Ints
    x: Ints

    def __add__(self, other: FacilitySums) -> FacilitySums:
        return FacilitySums(self.n + other.n, self.x + other.x)

    @property
    def facility(self) -> Ints:
        """Millionths of the full score, int64[items], rounded; 0 where nobody answered."""
        n = np.maximum(self.n, 1)
        return np.asarray((2 * self.x * MICRO + n) // (2 * n), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Exact sums by group, [groups] each; merges by `+`.

    With e the score less the item's facility (millionths), K the items of an attempt that count
    and A the sum of their e: answers k, their e and e*e; K*K, A*A and A*K over attempts.
    """

    k: Ints
    e: Total
    ee: Total
    kk: Total
    aa: Total
    ak: Total

    def __add__(self, other: Spread) -> Spread:
        return Spread(
            self.k + other.k,
            self.e + other.e,
            self.ee + other.ee,
            self.kk + other.kk,
            self.aa + other.aa,
            self.ak + other.ak,
        )

    def components(self) -> tuple[Floats, Floats, Floats]:
        """By group: the mean of e, the variance between candidates, what is left: [groups] each.

        The mean product of the e of two answers of one candidate is the variance between
        candidates, whatever forms they had; nan where no candidate has two answers.
        """
        k, e, ee = self.k.astype(np.float64), self.e.value, self.ee.value
        kk, aa, ak = self.kk.value, self.aa.value, self.ak.value
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = e / k
            within = ee - 2 * mean * e + mean * mean * k
            between = (aa - 2 * mean * ak + mean * mean * kk - within) / (kk - k)
            return mean, between, within / k - between


@dataclass(frozen=True, slots=True, eq=False)
class MatchedSums:
    """Answers by item, level and group, int64[items, levels, 2] each; merges by `+`.

    `n` answers, `x` and `xx` the sums of their scores and squares (thousandths), `c` the sum of
    their criterion (millionths of a full score; of the total: millionths of a mark).
    """

    n: Ints
    x: Ints
    xx: Ints
    c: Ints

    def __add__(self, other: MatchedSums) -> MatchedSums:
        return MatchedSums(self.n + other.n, self.x + other.x, self.xx + other.xx, self.c + other.c)


def criterion_for(responses: Responses) -> Criterion:
    """The total where all sat the same items, right or wrong; else the regressed rest score."""
    complete = responses.item.size == responses.attempts * responses.items
    right_or_wrong = bool(((responses.score == 0) | (responses.score == FULL)).all())
    return Criterion.TOTAL if complete and right_or_wrong else Criterion.REGRESSED


def facility_sums(responses: Responses, group: Groups) -> FacilitySums:
    """Answers and scores by item, of the attempts in either group."""
    chosen = group[responses.attempt] != NEITHER
    item, score = responses.item[chosen], responses.score[chosen]
    return FacilitySums(
        exact.counts(item, responses.items),
        np.bincount(item, weights=score, minlength=responses.items).astype(np.int64),
    )


def spread(
    responses: Responses,
    group: NDArray[np.integer],
    facility: Ints,
    counted: NDArray[np.bool_],
    groups: int = 2,
) -> Spread:
    """How much candidates differ on the items that count (bool[items]).

    `group` int[attempts] 0..groups-1, or -1 for none of them.
    """
    sides = _known(group, groups)
    e, k, a = _rest_parts(responses, facility, counted)
    side = sides[responses.attempt]
    chosen = (side != groups) & counted[responses.item]
    return Spread(
        exact.counts(side[chosen], groups),
        exact.totals(side[chosen], e[chosen], groups),
        exact.totals(side[chosen], e[chosen] ** 2, groups),
        _of_groups(sides, k * k, groups),
        _of_groups(sides, a * a, groups),
        _of_groups(sides, a * k, groups),
    )


def regressed(
    responses: Responses,
    group: NDArray[np.integer],
    facility: Ints,
    counted: NDArray[np.bool_],
    whole: Spread,
) -> Ints:
    """The matching score of every answer, int64[n] in millionths of a full score.

    m + r * (c - m): c the mean e of the attempt's other counted items, m the mean of the group,
    r the reliability of c in that group. `POINT + 1` where an answer cannot be matched: it is of
    no group, nothing else of the attempt counts, or the group's answers do not hang together.
    """
    mean, between, left = whole.components()
    e, k, a = _rest_parts(responses, facility, counted)
    groups = mean.size
    side = _known(group, groups)
    m, true, noise = (np.append(part, np.nan)[side] for part in (mean, between, left))
    # By attempt, once for answers that do not count themselves and once for those that do.
    others = np.maximum(np.stack([k, k - 1]), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        reliability = others * true / (others * true + noise)
        weight = reliability / others
        start = m + reliability * (a / others - m)
    usable = (others > 0) & (reliability > 0) & np.isfinite(start)
    weight, start = np.where(usable, weight, 0.0), np.where(usable, start, POINT + 1.0)
    own = counted[responses.item]
    place = responses.attempt + own * responses.attempts
    return np.rint(start.ravel()[place] - weight.ravel()[place] * (e * own)).astype(np.int64)


def histogram(score: Ints) -> Ints:
    """Answers by bin of the matching score, int64[BINS]; adds over parts of the data."""
    return exact.counts((score[score <= POINT] + POINT) >> BIN, BINS)


def levels_for(sums: FacilitySums) -> int:
    """Into how many levels the answers are cut: fewer where items have few answers."""
    n = sums.n[sums.n > 0]
    typical = int(np.median(n)) if n.size else 0
    return min(max(typical // ANSWERS_A_LEVEL, FEWEST_LEVELS), MOST_LEVELS)


def quantile_levels(score: Ints, bins: Ints, levels: int) -> NDArray[np.int64]:
    """The level of every answer, int64[n]: equally full levels of the whole's histogram."""
    before = np.cumsum(bins) - bins
    level_of_bin = np.minimum((2 * before + bins) * levels // max(2 * int(bins.sum()), 1), levels)
    level_of_bin = np.minimum(level_of_bin, levels - 1)
    bin_ = np.minimum((score + POINT) >> BIN, BINS - 1)
    return np.where(score <= POINT, level_of_bin[bin_], OUTSIDE)


def table(
    responses: Responses, group: Groups, score: Ints, level: NDArray[np.int64], levels: int
) -> MatchedSums:
    """The answers of both groups by item, level and group."""
    side = _known(group)[responses.attempt]
    size = responses.items * levels * 2
    n, x, xx, c = (np.zeros(size, dtype=np.int64) for _ in range(4))
    for block in _blocks(responses.item.size):
        chosen = (level[block] != OUTSIDE) & (side[block] != 2)
        item = responses.item[block][chosen].astype(np.int64)
        cell = (item * levels + level[block][chosen]) * 2 + side[block][chosen]
        mark = responses.score[block][chosen].astype(np.int64)
        n += np.bincount(cell, minlength=size)
        # A block is so short that float64 adds these integers exactly.
        x += np.bincount(cell, weights=mark, minlength=size).astype(np.int64)
        xx += np.bincount(cell, weights=mark * mark, minlength=size).astype(np.int64)
        c += np.bincount(cell, weights=score[block][chosen], minlength=size).astype(np.int64)
    shape = (responses.items, levels, 2)
    return MatchedSums(n.reshape(shape), x.reshape(shape), xx.reshape(shape), c.reshape(shape))


def totals(responses: Responses, counted: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.int64]]:
    """The total of the counted items and the answer's own: score (millionths) and level, [n]."""
    own = counted[responses.item]
    mark = responses.score.astype(np.int64)
    total = np.bincount(responses.attempt, weights=mark * own, minlength=responses.attempts)
    level = total.astype(np.int64)[responses.attempt] + np.where(own, 0, mark)
    return level * MICRO, level // FULL


def matched(
    responses: Responses,
    group: Groups,
    criterion: Criterion,
    counted: NDArray[np.bool_] | None = None,
) -> MatchedSums:
    """The whole way from answers to matched sums; `counted` bool[items]: what the criterion uses.

    Answers that were not reached have to be left out before. Raises ValueError for a `group`
    that does not fit, or a group without attempts.
    """
    if group.shape != (responses.attempts,):
        raise ValueError(f"{group.size} groups for {responses.attempts} attempts")
    for side, name in ((REFERENCE, "reference"), (FOCAL, "focal")):
        if not (group == side).any():
            raise ValueError(f"there is nobody in the {name} group")
    if counted is None:
        counted = np.ones(responses.items, dtype=np.bool_)
    if criterion is Criterion.TOTAL:
        score, level = totals(responses, counted)
        return table(responses, group, score, level, responses.longest + 1)
    facilities = facility_sums(responses, group)
    facility, levels = facilities.facility, levels_for(facilities)
    whole = spread(responses, group, facility, counted)
    score = regressed(responses, group, facility, counted, whole)
    level = quantile_levels(score, histogram(score), levels)
    return table(responses, group, score, level, levels)


def _rest_parts(
    responses: Responses, facility: Ints, counted: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints]:
    """e of every answer, int64[n]; K and A of every attempt, int64[attempts] each."""
    e = responses.score.astype(np.int64) * MICRO - facility[responses.item]
    own = counted[responses.item]
    k = np.bincount(responses.attempt, weights=own, minlength=responses.attempts)
    a = np.bincount(responses.attempt, weights=e * own, minlength=responses.attempts)
    return e, k.astype(np.int64), a.astype(np.int64)


def _known(group: NDArray[np.integer], groups: int = 2) -> NDArray[np.int64]:
    """The group as an index 0..groups-1, or `groups` for none of them."""
    return np.where((group >= 0) & (group < groups), group, groups).astype(np.int64)


def _of_groups(side: NDArray[np.int64], values: Ints, groups: int) -> Total:
    sums = exact.totals(side, values, groups + 1)
    return Total(sums.high[:groups], sums.low[:groups])


def _blocks(size: int) -> Iterator[slice]:
    return (slice(start, start + exact.BLOCK) for start in range(0, size, exact.BLOCK))
