"""How often would another form of this test decide the same, and how often rightly?

S. A. Livingston and C. Lewis, Estimating the consistency and accuracy of classifications based
on test scores, J. Educ. Meas. 32 (1995), 179-197: a test of `length` independent right-or-wrong
items with the same mean, variance and reliability stands for the test, so marks may be of any
kind and items of any weight. True scores follow a four-parameter beta distribution whose
moments follow from those of the marks under binomial errors (F. M. Lord, Psychometrika 30
(1965), 239-270), or the two-parameter one on 0..1 where four parameters do not fit. Consistency
is that of two independent forms, as B. A. Hanson (1991) has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from assess.psychometrics.exact import Floats

NODES = 200  # of the Gauss-Legendre rules over the true scores below and above the cut


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions at one cut, by the model: shares of candidates.

    `consistency`: who would be decided alike on another form; `chance` what luck alone would
    give, `kappa` the share of the rest. `accuracy`: whose decision is that of their true score;
    `false_pass` and `false_fail` are the others. `length`: items of the test that stands for
    this one; `alpha`, `beta`, `low`, `high`: the distribution of true shares of the marks.
    """

    cut: float
    length: int
    reliability: float
    consistency: float
    chance: float
    kappa: float | None
    accuracy: float
    false_pass: float
    false_fail: float
    alpha: float
    beta: float
    low: float
    high: float


def livingston_lewis(
    marks: Floats, reliability: float, cut: float, most: float, least: float = 0.0
) -> Decisions | str:
    """Consistency and accuracy of passing from `cut` marks on; a sentence where there is none.

    `marks` float64[attempts], all on forms worth `least` to `most` marks; `reliability` as it is
    reported (alpha, or its like for random forms).
    """
    if not least < cut <= most:
        return f"the cut {cut:g} is not among the marks {least:g} to {most:g}"
    if marks.size < 2 or not marks.std():
        return "the marks do not vary"
    if not 0 < reliability < 1:
        return f"the reliability {reliability:.3f} is not between 0 and 1"
    mean, variance = float(marks.mean()), float(marks.var(ddof=1))
    effective = ((mean - least) * (most - mean) - reliability * variance) / (
        variance * (1 - reliability)
    )
    length = round(effective)
    if length < 2:
        return "the marks vary more than right-or-wrong items could"
    share = (marks - least) / (most - least)
    alpha, beta, low, high = true_scores(share * effective, effective)
    if min(alpha, beta) <= 0:
        return "no distribution of true scores fits the marks"
    border = (cut - least) / (most - least)
    # Over the ranks of the true scores, below and above the border apart: both parts are smooth.
    node, weight = special.roots_legendre(NODES)
    below = float(special.betainc(alpha, beta, np.clip((border - low) / (high - low), 0.0, 1.0)))
    rank = np.concatenate([below * (node + 1) / 2, below + (1 - below) * (node + 1) / 2])
    weight = np.concatenate([below * weight, (1 - below) * weight]) / 2
    true = low + (high - low) * special.betaincinv(alpha, beta, rank)
    able = np.arange(2 * NODES) >= NODES
    # The lowest number right of the standing-in test whose share reaches the cut.
    needed = int(np.ceil(border * length - 1e-9))
    passes = special.bdtrc(needed - 1, length, np.clip(true, 0.0, 1.0))
    rate = float(weight @ passes)
    consistency = float(weight @ (passes**2 + (1 - passes) ** 2))
    chance = rate**2 + (1 - rate) ** 2
    false_pass = float(weight @ np.where(able, 0.0, passes))
    false_fail = float(weight @ np.where(able, 1 - passes, 0.0))
    return Decisions(
        cut,
        length,
        reliability,
        consistency,
        chance,
        (consistency - chance) / (1 - chance) if chance < 1 else None,
        1 - false_pass - false_fail,
        false_pass,
        false_fail,
        alpha,
        beta,
        low,
        high,
    )


def true_scores(right: Floats, length: float) -> tuple[float, float, float, float]:
    """The beta distribution (alpha, beta, low, high) of true shares behind numbers right.

    Moments of the true shares are factorial moments of the numbers right over those of the
    length: E[x(x-1)...] = n(n-1)... E[p^k] under binomial errors.
    """
    moments = []
    factor = np.ones_like(right)
    of = 1.0
    for k in range(4):
        # Fewer right than are drawn leave no way to draw them; fractions below count as none.
        factor = np.where(right < k + 1, 0.0, factor * (right - k))
        of *= length - k
        moments.append(float(factor.mean()) / of if of > 0 else np.nan)
    m1, m2, m3, m4 = moments
    variance = m2 - m1**2
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    fitted = _four(m1, variance, third, fourth)
    return fitted if fitted is not None else _two(m1, variance)


def _four(
    mean: float, variance: float, third: float, fourth: float
) -> tuple[float, float, float, float] | None:
    """The four-parameter beta with these moments; None where it leaves 0..1 or does not exist."""
    if not (variance > 0 and np.isfinite(fourth)):
        return None
    skew, kurtosis = third / variance**1.5, fourth / variance**2
    below = 6 + 3 * skew**2 - 2 * kurtosis
    if not below > 0:
        return None
    r = 6 * (kurtosis - skew**2 - 1) / below
    inside = 1 - 24 * (r + 1) / ((r + 2) * (r + 3) * kurtosis - 3 * (r - 6) * (r + 1))
    if not (r > 0 and 0 <= inside <= 1):
        return None
    first, second = r / 2 * (1 + inside**0.5), r / 2 * (1 - inside**0.5)
    # A distribution leaning to the right has its longer tail, and the smaller parameter, left.
    alpha, beta = (max(first, second), min(first, second)) if skew < 0 else (second, first)
    if min(alpha, beta) <= 0:
        return None
    width = (variance * (r + 1)) ** 0.5 * r / (alpha * beta) ** 0.5
    low = mean - width * alpha / r
    high = low + width
    return (alpha, beta, low, high) if low >= 0 and high <= 1 else None


def _two(mean: float, variance: float) -> tuple[float, float, float, float]:
    """The beta distribution on 0..1 with these moments."""
    spread = mean * (1 - mean) / max(variance, 1e-9) - 1
    return mean * spread, (1 - mean) * spread, 0.0, 1.0
