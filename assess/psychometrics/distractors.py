"""Who chooses each option, and are they the able ones? The option table of every item."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from assess.psychometrics.classical import AdjustedSums, correlation, wilson
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.responses import FULL


class OptionTable(NamedTuple):
    """By item and option, [items, width + 1]; the last column is those who omitted the item.

    `share` of all takers, `share_high` the upper end of its 95 % interval; `r` of choosing the
    option with the adjusted rest score over all takers; `wrong_n`, `wrong_share_high` as above
    among wrong answers; `conditional_r` of choosing it with the adjusted rest score among wrong
    answers only (omitted ones left out, since those who omit differ in more than the option).
    `wrong` int64[items]: how many wrong answers there are. nan where there is no value. Options
    of a multiple response overlap: their shares may add up to more than 1.
    """

    n: Ints
    share: Floats
    share_high: Floats
    r: Floats
    wrong: Ints
    wrong_n: Ints
    wrong_share_high: Floats
    conditional_r: Floats


class TraceTable(NamedTuple):
    """Who answers what, by ability: groups by adjusted rest score, the least able first.

    `n` float64[items, groups]: takers (a bin at a border counts in part on either side);
    `facility` [items, groups]: their mean share of the marks; `share` [items, width + 1,
    groups]: how many of them choose each option, or (last) omit. nan where nobody is.
    """

    n: Floats
    facility: Floats
    share: Floats


def traces(sums: AdjustedSums, maximum: Ints, groups: int = 5) -> TraceTable:
    """Trace lines by equally large ability groups of each item's own takers (3 or 5).

    `maximum` int64[items]: full marks, as `RawSums.maximum`.
    """
    before = np.cumsum(sums.bins_n, axis=1) - sums.bins_n
    takers = sums.bins_n.sum(axis=1)
    edges = takers[:, None] * (np.arange(groups + 1) / groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        # The part of each bin that lies below each border, [items, groups + 1, bins].
        below = (edges[:, :, None] - before[:, None, :]) / sums.bins_n[:, None, :]
    part = np.diff(np.clip(np.nan_to_num(below, posinf=1.0, neginf=0.0), 0.0, 1.0), axis=1)
    part = np.ascontiguousarray(part.transpose(0, 2, 1))
    n = (sums.bins_n[:, None, :] @ part)[:, 0]
    right = (sums.bins_x[:, None, :] @ part)[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return TraceTable(
            n,
            right / (n * FULL * maximum[:, None]),
            (sums.option_bins @ part) / n[:, None, :],
        )


def table(sums: AdjustedSums) -> OptionTable:
    """The option table from the merged adjusted sums."""
    rest, wrong, options = sums.rest, sums.wrong, sums.options
    chosen = options.n.astype(np.float64)
    chosen_wrong = options.wrong_n.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = chosen / rest.n[:, None]
        wrong_share = chosen_wrong / wrong.n[:, None]
    return OptionTable(
        options.n,
        share,
        wilson(share, rest.n[:, None])[1],
        correlation(
            rest.n[:, None],
            chosen,
            chosen,
            rest.c.value[:, None],
            rest.cc.value[:, None],
            options.c.value,
        ),
        wrong.n,
        options.wrong_n,
        wilson(wrong_share, wrong.n[:, None])[1],
        correlation(
            wrong.n[:, None],
            chosen_wrong,
            chosen_wrong,
            wrong.c.value[:, None],
            wrong.cc.value[:, None],
            options.wrong_c.value,
        ),
    )
