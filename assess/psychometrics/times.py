"""How long do candidates take over each item?

Sums over answers of known time that were reached: exact, merging by `+`. Percentiles come from
a histogram on the scale of the logarithm whose steps are 2 per cent wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import exact
from assess.psychometrics.exact import Floats, Ints, Total
from assess.psychometrics.responses import FULL, NO_TIME, Responses

STEP = 1.02  # ratio of the borders of one step of the histogram
STEPS = 820  # from 1 ms on: up to some 11,000 s; longer times stand in the last
_BORDERS = np.unique(np.floor(STEP ** np.arange(STEPS)).astype(np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class TimeSums:
    """By item: answers of known time, their milliseconds, those of full marks, a histogram.

    `n`, `right_n` int64[items]; `time`, `right_time` Total[items]; `histogram` int32[items,
    steps] by logarithm of the time.
    """

    n: Ints
    time: Total
    right_n: Ints
    right_time: Total
    histogram: NDArray[np.int32]

    def __add__(self, other: TimeSums) -> TimeSums:
        return TimeSums(
            self.n + other.n,
            self.time + other.time,
            self.right_n + other.right_n,
            self.right_time + other.right_time,
            self.histogram + other.histogram,
        )


class TimeTable(NamedTuple):
    """Seconds by item, float64[items]; nan where no time is known.

    `n` answers of known time; `mean`; the percentiles `p10`, `median`, `p90`, good to 2 per
    cent; `right` and `wrong`: means of answers with full marks and of all others.
    """

    n: Ints
    mean: Floats
    p10: Floats
    median: Floats
    p90: Floats
    right: Floats
    wrong: Floats


def time_sums(responses: Responses) -> TimeSums | None:
    """The sums of these answers; None where no times are known."""
    reached = responses.reached()
    if reached.milliseconds is None:
        return None
    known = reached.milliseconds != NO_TIME
    item, time = reached.item[known], reached.milliseconds[known].astype(np.int64)
    right = reached.score[known] == FULL
    items, steps = responses.items, _BORDERS.size
    histogram = np.zeros(items * steps, np.int32)
    step = np.searchsorted(_BORDERS, np.maximum(time, 1), side="right") - 1
    np.add.at(histogram, item.astype(np.int64) * steps + step, np.int32(1))
    return TimeSums(
        exact.counts(item, items),
        exact.totals(item, time, items),
        exact.counts(item[right], items),
        exact.totals(item[right], time[right], items),
        histogram.reshape(items, steps),
    )


def table(sums: TimeSums) -> TimeTable:
    """The times by item from the merged sums."""
    wrong_n, wrong_time = sums.n - sums.right_n, sums.time - sums.right_time
    with np.errstate(divide="ignore", invalid="ignore"):
        return TimeTable(
            sums.n,
            sums.time.value / sums.n / 1000,
            _percentile(sums.histogram, 0.1),
            _percentile(sums.histogram, 0.5),
            _percentile(sums.histogram, 0.9),
            sums.right_time.value / sums.right_n / 1000,
            wrong_time.value / wrong_n / 1000,
        )


def _percentile(histogram: NDArray[np.int32], part: float) -> Floats:
    """The time that so large a part is below, in seconds, within its step by proportion."""
    upto = np.cumsum(histogram, axis=1, dtype=np.int64)
    n = upto[:, -1]
    wanted = part * n
    step = (upto < wanted[:, None]).sum(axis=1).clip(max=histogram.shape[1] - 1)
    rows = np.arange(n.size)
    inside = histogram[rows, step]
    low = _BORDERS[step].astype(np.float64)
    high = np.append(_BORDERS[1:], _BORDERS[-1] * STEP)[step]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (wanted - (upto[rows, step] - inside)) / inside
    return np.where(n > 0, (low + share * (high - low)) / 1000, np.nan)
