"""How hard is each item, and does it tell able candidates from others, when forms are drawn?

Two passes of integer sums over the answers, each of which merges by addition (`+`):
`raw_sums` needs the answers alone, `adjusted_sums` also the facilities of the merged raw sums.
With e = x - facility of the item, A = the sum of e over an attempt's items, the criterion of
an item is the adjusted rest score A - e: free of the item itself, and of the luck of the draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import exact
from assess.psychometrics.exact import Floats, Ints, Total
from assess.psychometrics.responses import FULL, OMITTED, UNKNOWN, Responses

MICRO = 1000  # millionths of a mark in a thousandth; adjusted scores are whole millionths
Z95 = 1.959963984540054  # the 97.5 % point of the standard normal
TAIL = 0.27  # Kelley 1939, J. Educ. Psychol. 30, 17-24: upper and lower 27 per cent
BINS = 512  # of the adjusted rest score over -length..+length marks, for the two tails


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Exact sums of a score x and a criterion c by group: n, x, x*x, c, c*c, x*c."""

    n: Ints
    x: Total
    xx: Total
    c: Total
    cc: Total
    xc: Total

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.n + other.n,
            self.x + other.x,
            self.xx + other.xx,
            self.c + other.c,
            self.cc + other.cc,
            self.xc + other.xc,
        )

    def r(self) -> Floats:
        """Pearson's correlation of x and c in each group; nan where either does not vary."""
        return correlation(
            self.n, self.x.value, self.xx.value, self.c.value, self.cc.value, self.xc.value
        )


@dataclass(frozen=True, slots=True, eq=False)
class RawSums:
    """What needs the answers alone. Merges by `+` when built with equal `width` and `length`.

    `histogram` int64[items, width + 2, length + 1]: answers by item, option and raw rest score
    in whole marks (the fraction of a partial mark is dropped). Rows 0..width-1 count those who
    chose the option, row width those who omitted, row width + 1 those whose option is unknown.
    `rest`: moments of the score and the raw rest score, both in thousandths.
    """

    histogram: Ints
    rest: Moments

    def __add__(self, other: RawSums) -> RawSums:
        return RawSums(self.histogram + other.histogram, self.rest + other.rest)


@dataclass(frozen=True, slots=True, eq=False)
class OptionSums:
    """Choosers of each option by item, [items, width + 1] (the last column: omitted).

    `n` and `c`: how many, and the sum of their criterion; `wrong_n`, `wrong_c` the same among
    wrong answers only (answered, less than full marks).
    """

    n: Ints
    c: Total
    wrong_n: Ints
    wrong_c: Total

    def __add__(self, other: OptionSums) -> OptionSums:
        return OptionSums(
            self.n + other.n,
            self.c + other.c,
            self.wrong_n + other.wrong_n,
            self.wrong_c + other.wrong_c,
        )


@dataclass(frozen=True, slots=True, eq=False)
class AdjustedSums:
    """What needs the facilities too; criterion c is the adjusted rest score in millionths.

    `rest`: moments by item over all takers; `wrong`: over wrong answers; `bins_n`, `bins_x`
    int64[items, BINS]: answers and their scores by binned criterion. Merges by `+` when built
    with the same facilities, `width` and `length`.
    """

    rest: Moments
    wrong: Moments
    options: OptionSums
    bins_n: Ints
    bins_x: Ints

    def __add__(self, other: AdjustedSums) -> AdjustedSums:
        return AdjustedSums(
            self.rest + other.rest,
            self.wrong + other.wrong,
            self.options + other.options,
            self.bins_n + other.bins_n,
            self.bins_x + other.bins_x,
        )


class ItemTable(NamedTuple):
    """Statistics by item, float64[items] unless said otherwise; nan where there is no value."""

    n: Ints
    facility: Floats
    facility_low: Floats
    facility_high: Floats
    r: Floats  # corrected point-biserial on the adjusted rest score
    r_se: Floats
    r_low: Floats
    r_high: Floats
    raw_r: Floats  # the same on the plain rest score
    upper_lower: Floats


def raw_sums(responses: Responses, width: int, length: int) -> RawSums:
    """The raw sums of these answers for items of up to `width` options, forms up to `length`."""
    item, score = responses.item, responses.score.astype(np.int64)
    total = _by_attempt(responses, score)
    rest = total[responses.attempt] - score
    cell = item.astype(np.int64) * (length + 1) + rest // FULL
    rows = [
        exact.counts(cell[taken], responses.items * (length + 1)).reshape(-1, length + 1)
        for taken in (*_choices(responses, width), responses.option == UNKNOWN)
    ]
    return RawSums(np.stack(rows, axis=1), _moments(item, score, rest, responses.items))


def facility_millionths(raw: RawSums) -> Ints:
    """Each item's facility in whole millionths of a mark, int64[items]; 0 where nobody took it."""
    n, x = raw.rest.n, raw.rest.x.value.astype(np.int64)
    at_least_one = np.maximum(n, 1)
    return np.asarray((2 * x * MICRO + at_least_one) // (2 * at_least_one), dtype=np.int64)


def deviations(responses: Responses, facility: Ints) -> tuple[Ints, Ints]:
    """e of every answer, int64[n], and A of every attempt, int64[attempts], in millionths."""
    e = responses.score.astype(np.int64) * MICRO - facility[responses.item]
    return e, _by_attempt(responses, e)


def adjusted_sums(responses: Responses, facility: Ints, width: int, length: int) -> AdjustedSums:
    """The adjusted sums of these answers, given the facilities of the whole (millionths)."""
    items, item, score = responses.items, responses.item, responses.score.astype(np.int64)
    e, adjusted = deviations(responses, facility)
    c = adjusted[responses.attempt] - e
    wrong = (responses.option > OMITTED) & (score < FULL)
    columns = list(_choices(responses, width))
    wrongly = [taken & wrong for taken in columns]
    span = max(length, 1) * FULL * MICRO
    binned = item.astype(np.int64) * BINS + (c + span) * (BINS - 1) // (2 * span)
    size = items * BINS
    return AdjustedSums(
        _moments(item, score, c, items),
        _moments(item[wrong], score[wrong], c[wrong], items),
        OptionSums(
            np.stack([exact.counts(item[taken], items) for taken in columns], axis=1),
            _stacked([exact.totals(item[taken], c[taken], items) for taken in columns]),
            np.stack([exact.counts(item[taken], items) for taken in wrongly], axis=1),
            _stacked([exact.totals(item[taken], c[taken], items) for taken in wrongly]),
        ),
        exact.counts(binned, size).reshape(items, BINS),
        np.bincount(binned, weights=score, minlength=size).astype(np.int64).reshape(items, BINS),
    )


def table(raw: RawSums, adjusted: AdjustedSums) -> ItemTable:
    """The item statistics from the merged sums."""
    n = raw.rest.n
    with np.errstate(divide="ignore", invalid="ignore"):
        facility = raw.rest.x.value / (n * FULL)
    low, high = wilson(facility, n)
    r = adjusted.rest.r()
    se = r_standard_error(r, n)
    return ItemTable(
        n,
        facility,
        low,
        high,
        r,
        se,
        np.maximum(r - Z95 * se, -1.0),
        np.minimum(r + Z95 * se, 1.0),
        raw.rest.r(),
        upper_lower(adjusted.bins_n, adjusted.bins_x),
    )


def wilson(share: Floats, n: Ints) -> tuple[Floats, Floats]:
    """Wilson's 95 % score interval of a proportion; (nan, nan) where n is 0.

    Wilson 1927, J. Am. Stat. Assoc. 22, 209-212. For a mean of partial marks it errs on the
    wide side, since no score between 0 and 1 varies more than a right-or-wrong one.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z2 = Z95 * Z95 / n
        middle = (share + z2 / 2) / (1 + z2)
        half = np.sqrt(z2 * share * (1 - share) + z2 * z2 / 4) / (1 + z2)
    return np.clip(middle - half, 0.0, share), np.clip(middle + half, share, 1.0)


def r_standard_error(r: Floats, n: Ints) -> Floats:
    """(1 - r*r) / sqrt(n - 1), the large-sample standard error; nan below two answers."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n > 1, (1 - r * r) / np.sqrt(n - 1), np.nan)


def correlation(
    n: Ints, x: Floats, xx: Floats, c: Floats, cc: Floats, xc: Floats
) -> NDArray[np.float64]:
    """Pearson's r from sums, elementwise; nan where x or c does not vary."""
    vx, vc = n * xx - x * x, n * cc - c * c
    # What float64 leaves of equal terms is no variance.
    varies = (vx > 1e-12 * n * xx) & (vc > 1e-12 * n * cc)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (n * xc - x * c) / np.sqrt(vx * vc)
    return np.where(varies, np.clip(r, -1.0, 1.0), np.nan)


def upper_lower(bins_n: Ints, bins_x: Ints) -> Floats:
    """Facility of the upper 27 % less that of the lower 27 % by adjusted rest score, [items].

    A bin that straddles the border counts with the part that fills the 27 % up, so ties need
    no order. nan where nobody took the item.
    """
    tail = TAIL * bins_n.sum(axis=1, keepdims=True)

    def share(n: Ints, x: Ints) -> Floats:
        before = np.cumsum(n, axis=1) - n
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = np.clip((tail - before) / n, 0.0, 1.0)
        right: Floats = np.where(n > 0, weight * x, 0.0).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            facility: Floats = right / (tail[:, 0] * FULL)
        return facility

    return share(bins_n[:, ::-1], bins_x[:, ::-1]) - share(bins_n, bins_x)


def _choices(responses: Responses, width: int) -> tuple[NDArray[np.bool_], ...]:
    """Who chose option 0..width-1, then who omitted: bool[n] each."""
    option = responses.option
    chosen = ((option > OMITTED) & (option >> k & 1 > 0) for k in range(width))
    return (*chosen, option == OMITTED)


def _moments(group: NDArray[np.int32], x: Ints, c: Ints, size: int) -> Moments:
    return Moments(
        exact.counts(group, size),
        exact.totals(group, x, size),
        exact.totals(group, x * x, size),
        exact.totals(group, c, size),
        exact.totals(group, c * c, size),
        exact.totals(group, x * c, size),
    )


def _by_attempt(responses: Responses, values: Ints) -> Ints:
    # An attempt has at most 500 answers of at most a million: float64 adds them exactly.
    sums = np.bincount(responses.attempt, weights=values, minlength=responses.attempts)
    return sums.astype(np.int64)


def _stacked(columns: list[Total]) -> Total:
    return Total(
        np.stack([column.high for column in columns], axis=1),
        np.stack([column.low for column in columns], axis=1),
    )
