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
    up_to = np.cumsum(sums.bins_n, axis=1)
    edges = up_to[:, -1:] * (np.arange(1, groups) / groups)
    # The bin in which each border between groups lies, and the part of it below the border.
    at = np.minimum((up_to[:, None, :] <= edges[:, :, None]).sum(axis=2), up_to.shape[1] - 1)
    inside = np.take_along_axis(sums.bins_n, at, axis=1)
    beyond = np.take_along_axis(up_to, at, axis=1) - edges
    part = 1 - beyond / np.maximum(inside, 1)

    def shared(bins: Ints) -> Floats:
        """Counts [items, kinds, bins] as [items, kinds, groups]."""
        places = np.broadcast_to(at[:, None, :], (*bins.shape[:2], groups - 1))
        own = np.take_along_axis(bins, places, axis=2)
        whole = np.cumsum(bins, axis=2)
        below = np.take_along_axis(whole, places, axis=2) - own + part[:, None, :] * own
        return np.diff(below, axis=2, prepend=0.0, append=whole[:, :, -1:])

    n, right = shared(sums.bins_n[:, None])[:, 0], shared(sums.bins_x[:, None])[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return TraceTable(
            n, right / (n * FULL * maximum[:, None]), shared(sums.option_bins) / n[:, None, :]
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
