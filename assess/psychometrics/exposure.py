"""How often is each item shown, and how much do two candidates' forms have in common?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from assess.psychometrics import classical, dif, exact
from assess.psychometrics.cells import Cells
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.responses import Responses

PAIRS_OF = 2000  # attempts, evenly spaced, whose pairs show how overlaps spread


@dataclass(frozen=True, slots=True, eq=False)
class ExposureTable:
    """How often items were shown; arrays of items in the order of `responses.versions`.

    `rate` = shown / attempts, with its Wilson interval `low`, `high`. Where the draw's own rates
    are known: `expected`, and `p_adjusted` of the difference (normal approximation); nan
    otherwise. `overlap`: items that two attempts have in common, the mean over all pairs;
    `overlap_share` of the mean form; `overlap_spread` int64[longest + 1]: pairs by common items,
    among all pairs of `sampled` attempts evenly spaced. `unused`: items never shown. `skewness`:
    sum of (rate - mean rate)**2 / mean rate, 0 where all are shown equally often (Chang & Ying
    1999, Appl. Psychol. Meas. 23, 211-222).
    """

    attempts: int
    shown: Ints
    rate: Floats
    low: Floats
    high: Floats
    expected: Floats
    p_adjusted: Floats
    unused: int
    skewness: float | None
    overlap: float | None
    overlap_share: float | None
    overlap_spread: Ints
    sampled: int


def table(responses: Responses | Cells, design: NDArray[np.float64] | None = None) -> ExposureTable:
    """Exposure of every item; `design` float64[items]: the rates that the draw should give.

    What was not reached counts as shown: it was on the form. (Cells are without it.) Raises
    ValueError for a design that does not fit.
    """
    if design is not None and (
        design.shape != (responses.items,) or not ((design >= 0) & (design <= 1)).all()
    ):
        raise ValueError(f"the design has to give {responses.items} rates from 0 to 1")
    n = responses.attempts
    shown = _shown(responses)
    of = np.full(responses.items, n, dtype=np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = shown / of
    low, high = classical.wilson(rate, of)
    expected = np.full(responses.items, np.nan) if design is None else design.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (rate - expected) / np.sqrt(expected * (1 - expected) / n)
    p = np.where(np.isfinite(z), special.erfc(np.abs(z) / np.sqrt(2)), np.nan)
    # A rate of 0 or 1 leaves no room for chance.
    p = np.where(np.isin(expected, (0.0, 1.0)), (rate == expected).astype(np.float64), p)
    # Python integers: the squares of a large bank's counts add up beyond 2**63.
    pairs_shared = sum(k * (k - 1) // 2 for k in shown.tolist())
    pairs = n * (n - 1) // 2
    length = int(shown.sum()) / n if n else 0.0
    overlap = pairs_shared / pairs if pairs else None
    mean = float(rate.mean()) if n and responses.items else 0.0
    spread, sampled = overlap_spread(responses)
    return ExposureTable(
        n,
        shown,
        rate,
        low,
        high,
        expected,
        dif.adjusted(p),
        int((shown == 0).sum()),
        float(((rate - mean) ** 2).sum() / mean) if mean else None,
        overlap,
        overlap / length if overlap is not None and length else None,
        spread,
        sampled,
    )


def overlap_spread(responses: Responses | Cells) -> tuple[Ints, int]:
    """Pairs of attempts by items in common, int64[longest + 1], and how many attempts were paired.

    All pairs of at most 2,000 attempts, evenly spaced among all.
    """
    sampled = min(responses.attempts, PAIRS_OF)
    counts = np.zeros(responses.longest + 1, dtype=np.int64)
    if sampled < 2:
        return counts, sampled
    chosen = np.arange(sampled) * responses.attempts // sampled
    attempt, item = _forms(responses, chosen)
    form = sparse.csr_array(
        (np.ones(item.size, dtype=np.int32), (attempt, item)), shape=(sampled, responses.items)
    )
    common = (form @ form.T).tocoo()
    upper = common.row < common.col
    counts += np.bincount(common.data[upper], minlength=counts.size).astype(np.int64)
    counts[0] = sampled * (sampled - 1) // 2 - int(counts[1:].sum())
    return counts, sampled


def _shown(answers: Responses | Cells) -> Ints:
    if isinstance(answers, Responses):
        return exact.counts(answers.item, answers.items)
    shown = np.zeros(answers.items, np.int64)
    np.add.at(shown, answers.item, answers.n)
    return shown


def _forms(
    answers: Responses | Cells, chosen: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The items of these attempts, each with its attempt's place among the chosen."""
    if isinstance(answers, Responses):
        bounds = answers.bounds()
    else:
        bounds = np.concatenate(([0], np.cumsum(answers.length, dtype=np.int64)))
    length = bounds[chosen + 1] - bounds[chosen]
    before = np.cumsum(length) - length
    rows = np.repeat(bounds[chosen] - before, length) + np.arange(int(length.sum()))
    attempt = np.repeat(np.arange(chosen.size, dtype=np.int32), length)
    if isinstance(answers, Responses):
        return attempt, answers.item[rows]
    return attempt, answers.item[answers.cell[rows]]
