"""How hard is each item, and does it tell able candidates from others, when forms are drawn?

Two passes of integer sums over the answers, each of which merges by addition (`+`):
`raw_sums` needs the answers alone, `adjusted_sums` also the facilities of the merged raw sums.
With e = x - facility of the item, A = the sum of e over an attempt's items, the criterion of
an item is the adjusted rest score A - e: free of the item itself, and of the luck of the draw.
Items not reached count nowhere. `coding.coded` saves time where more than one pass is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from assess.psychometrics import coding, exact
from assess.psychometrics.cells import Bins, Cells, Levels
from assess.psychometrics.exact import Floats, Ints, Total
from assess.psychometrics.responses import FULL, OMITTED, Responses

MICRO = 1000  # millionths of a mark in a thousandth; adjusted scores are whole millionths
Z95 = 1.959963984540054  # the 97.5 % point of the standard normal
TAIL = 0.27  # Kelley 1939, J. Educ. Psychol. 30, 17-24: upper and lower 27 per cent
FEWEST_BINS, MOST_BINS = 64, 512  # of the adjusted rest score, for ability groups
TABLE = 1 << 20  # entries of all bins together, where that leaves enough for an item


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

    def by(self, matrix: sparse.csr_array) -> Moments:
        """Added up by the rows of a matrix of zeros and ones, [rows, groups]."""
        return Moments(
            matrix @ self.n,
            *(
                exact.carried(matrix @ part.high, matrix @ part.low)
                for part in (self.x, self.xx, self.c, self.cc, self.xc)
            ),
        )

    def r(self) -> Floats:
        """Pearson's correlation of x and c in each group; nan where either does not vary."""
        return correlation(
            self.n, self.x.value, self.xx.value, self.c.value, self.cc.value, self.xc.value
        )


@dataclass(frozen=True, slots=True, eq=False)
class RawSums:
    """What needs the answers alone. Merges by `+`.

    `rest`: moments by item of the score and the raw rest score, both in thousandths of a mark.
    `maximum` int64[items]: full marks of each item.
    """

    rest: Moments
    maximum: Ints

    def __add__(self, other: RawSums) -> RawSums:
        return RawSums(self.rest + other.rest, self.maximum)


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
    int64[items, bins]: answers and their scores by binned criterion, `option_bins`
    int64[items, width + 1, bins] those who chose each option. Merges by `+` when built with the
    same facilities, `width` and `length`.
    """

    rest: Moments
    wrong: Moments
    options: OptionSums
    bins_n: Ints
    bins_x: Ints
    option_bins: Ints

    def __add__(self, other: AdjustedSums) -> AdjustedSums:
        return AdjustedSums(
            self.rest + other.rest,
            self.wrong + other.wrong,
            self.options + other.options,
            self.bins_n + other.bins_n,
            self.bins_x + other.bins_x,
            self.option_bins + other.option_bins,
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


def raw_sums(answers: Responses | Cells) -> RawSums:
    """The raw sums of these answers."""
    data = _coded(answers)
    return RawSums(_moments(data, data.points, *data.raw).by(_by_item(data)), data.maximum)


def facility_millionths(raw: RawSums) -> Ints:
    """Each item's mean mark in whole millionths, int64[items]; 0 where nobody took it."""
    n, x = raw.rest.n, raw.rest.x.value.astype(np.int64)
    at_least_one = np.maximum(n, 1)
    return np.asarray((2 * x * MICRO + at_least_one) // (2 * at_least_one), dtype=np.int64)


def deviations(responses: Responses, facility: Ints) -> tuple[Ints, Ints]:
    """e of every answer, int64[n], and A of every attempt, int64[attempts], in millionths."""
    e = responses.points().astype(np.int64) * MICRO - facility[responses.item]
    adjusted = np.zeros(responses.attempts, np.int64)
    np.add.at(adjusted, responses.attempt, e)
    return e, adjusted


def own(data: Cells, facility: Ints) -> Ints:
    """e of every cell, int64[cells], in millionths of a mark."""
    return data.points * MICRO - facility[data.item]


def adjusted_sums(
    answers: Responses | Cells, facility: Ints, width: int, length: int
) -> AdjustedSums:
    """The adjusted sums of these answers, given the facilities of the whole (millionths).

    `width`: the most options of an item; `length`: the most items of an attempt, in the whole.
    Raises ValueError where an attempt is longer.
    """
    data = _coded(answers)
    if data.longest > length:
        raise ValueError(f"an attempt of {data.longest} items is longer than {length}")
    e = own(data, facility)
    adjusted = adjusted_totals(data, facility)
    bins = _bins(data, length, width)
    if data.complete and data.by_total is not None:
        # Where all sat one form, A is the mark less a constant.
        less, (total, squares) = int(facility.sum()), data.raw
        n = exact.whole(data.n)
        plain = total.times(MICRO) - n.times(less)
        square = (squares.times(MICRO * MICRO) - total.times(2 * MICRO).times(less)) + n.times(
            less
        ).times(less)
        binned = _rebinned(data.by_total, e, less, bins)
    else:
        plain, square, binned = data.met(adjusted, e, bins)
    moments = _moments(data, e, plain, square)
    wrong = (data.option > OMITTED) & ~data.full
    items, options = _by_item(data), _by_option(data, width)
    return AdjustedSums(
        moments.by(items),
        moments.by(_by_item(data, wrong)),
        _option_sums(moments, options, _by_option(data, width, wrong), width),
        items @ binned,
        items @ (binned * data.points[:, None]),
        np.asarray(options @ binned).reshape(data.items, width + 1, bins.number),
    )


class Scale(NamedTuple):
    """By number of answers, int64[501]: what is taken from the adjusted total, in millionths, and
    what it is then multiplied by, in 1024ths, so that forms of any length have one spread."""

    middle: Ints
    factor: Ints


def standardised_sums(answers: Responses | Cells, facility: Ints, scale: Scale) -> Moments:
    """Moments by item of score and rest score standardised within form length.

    `scale` as `reliability.scale` gives it for the whole. Where all forms are equally long this
    is the adjusted rest score again; a pass more over the answers is spared by not asking.
    """
    data = _coded(answers)
    e, adjusted = own(data, facility), adjusted_totals(data, facility)
    middle, factor = scale.middle[data.length], scale.factor[data.length]
    items = data.items
    found = None
    for span in data.spans:
        cell = data.cell[span.rows].astype(np.int64)
        total: Ints = data.spread(span, adjusted - middle)
        c = total - np.take(e, cell)
        c = c * data.spread(span, factor) >> 10
        item, x = data.item[cell], np.take(data.points, cell)
        part = Moments(
            exact.counts(item, items),
            *(exact.totals(item, v, items) for v in (x, x * x, c, c * c, x * c)),
        )
        found = part if found is None else found + part
    if found is None:
        return Moments(np.zeros(items, np.int64), *(exact.zeros(items) for _ in range(5)))
    return found


def adjusted_totals(data: Cells, facility: Ints) -> Ints:
    """A of each attempt that has answers, int64[sat], in millionths of a mark."""
    if data.complete:
        return data.total * MICRO - int(facility.sum())
    return data.sums(own(data, facility))


def table(raw: RawSums, adjusted: AdjustedSums) -> ItemTable:
    """The item statistics from the merged sums."""
    n = raw.rest.n
    with np.errstate(divide="ignore", invalid="ignore"):
        facility = raw.rest.x.value / (n * FULL * raw.maximum)
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
        upper_lower(adjusted.bins_n, adjusted.bins_x) / raw.maximum,
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
    """Mean mark of the upper 27 % less that of the lower 27 % by adjusted rest score, [items].

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


def _coded(answers: Responses | Cells) -> Cells:
    return answers if isinstance(answers, Cells) else coding.coded(answers)


def _moments(data: Cells, own: Ints, plain: Total, square: Total) -> Moments:
    """Moments by cell of score and criterion: the total that was summed less the own part."""
    n = exact.whole(data.n)
    mine = n.times(own)
    c = plain - mine
    return Moments(
        data.n,
        n.times(data.points),
        n.times(data.points).times(data.points),
        c,
        square - plain.times(2 * own) + mine.times(own),
        c.times(data.points),
    )


def _by_item(data: Cells, chosen: NDArray[np.bool_] | None = None) -> sparse.csr_array:
    """The matrix [items, cells] that adds up (the chosen) cells by item."""
    which = np.arange(data.item.size) if chosen is None else np.flatnonzero(chosen)
    one = np.ones(which.size, np.int64)
    return sparse.csr_array((one, (data.item[which], which)), (data.items, data.item.size))


def _by_option(
    data: Cells, width: int, chosen: NDArray[np.bool_] | None = None
) -> sparse.csr_array:
    """The matrix [items * (width + 1), cells] that adds up (the chosen) cells by option."""
    option = data.option
    if chosen is not None:
        option = np.where(chosen, option, -1)
    taken = [(option > OMITTED) & (option >> k & 1 > 0) for k in range(width)]
    which, column = np.nonzero(np.stack([*taken, option == OMITTED], axis=1))
    row = data.item[which].astype(np.int64) * (width + 1) + column
    one = np.ones(which.size, np.int64)
    return sparse.csr_array((one, (row, which)), (data.items * (width + 1), option.size))


def _option_sums(
    moments: Moments, options: sparse.csr_array, wrong: sparse.csr_array, width: int
) -> OptionSums:
    every, wrongly = moments.by(options), moments.by(wrong)
    shape = (-1, width + 1)
    return OptionSums(
        every.n.reshape(shape),
        every.c.reshape(*shape),
        wrongly.n.reshape(shape),
        wrongly.c.reshape(*shape),
    )


def _bins(data: Cells, length: int, width: int) -> Bins:
    """Bins of the criterion, over what a form of that length can give.

    They follow from the items, not from the answers, so that sums of parts merge.
    """
    most = int(np.sort(data.maximum)[::-1][:length].sum()) * FULL * MICRO
    count = int(np.clip(TABLE // max(data.items * (width + 2), 1), FEWEST_BINS, MOST_BINS))
    return Bins(most, count)


def _rebinned(levels: Levels, e: Ints, less: int, bins: Bins) -> Ints:
    """The bins of one form: answers by cell and raw total, the totals less a constant."""
    place = bins.place(levels.value * MICRO - less, e[:, None])
    counted = np.zeros((e.size, bins.number), np.int64)
    np.add.at(counted, (np.arange(e.size)[:, None], place), levels.n)
    return counted
