"""Who chooses each option, and are they the able ones? The option table of every item."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from assess.psychometrics.classical import AdjustedSums, correlation, wilson
from assess.psychometrics.exact import Floats, Ints


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
