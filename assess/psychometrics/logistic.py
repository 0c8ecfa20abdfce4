"""Does an item favour a group, and does it do so for the weak and the strong alike?

Logistic regression of right or wrong on the matching score s, the group g and their product
(Swaminathan & Rogers 1990, J. Educ. Meas. 27, 361-370), fitted to all items at once by Newton's
method on the counts by level and group. Compared by likelihood ratios.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from assess.psychometrics.exact import Floats
from assess.psychometrics.matching import MatchedSums
from assess.psychometrics.responses import FULL

STEPS = 60
CLOSE = 1e-9  # of the log-likelihood, in one step
ITEMS_AT_ONCE = 2000  # bounds the memory
STEEPEST = 30.0  # of the linear predictor: beyond it nothing changes in float64


class Logistic(NamedTuple):
    """Tests by item, float64[items]; nan where there is no value.

    `chi2` and `p`: both effects against none (2 df); `chi2_uniform`: the group alone against
    none; `chi2_nonuniform`: the product besides the group (1 df each); `delta_r2` what both
    effects add to Nagelkerke's R squared; `log_odds` the group's coefficient in the uniform
    model: below 0 where the item is harder for the focal group; `unsigned` the mean distance, in
    full scores, between the two groups' curves at the focal group's levels.
    """

    chi2: Floats
    p: Floats
    chi2_uniform: Floats
    p_uniform: Floats
    chi2_nonuniform: Floats
    p_nonuniform: Floats
    delta_r2: Floats
    log_odds: Floats
    unsigned: Floats


def regression(sums: MatchedSums) -> Logistic:
    """The tests for every item that is right or wrong; nan for items with partial credit.

    nan too where a group has no answers, everybody or nobody is right, or Newton's method has
    not come to rest.
    """
    parts = [
        _some(sums, slice(start, start + ITEMS_AT_ONCE))
        for start in range(0, len(sums.n), ITEMS_AT_ONCE)
    ] or [Logistic(*(np.empty(0) for _ in Logistic._fields))]
    return Logistic(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _some(sums: MatchedSums, items: slice) -> Logistic:
    n, x = sums.n[items].astype(np.float64), sums.x[items] / FULL
    binary = (sums.xx[items].sum(axis=(1, 2)) == sums.x[items].sum(axis=(1, 2)) * FULL) & (
        n.sum(axis=1) > 0
    ).all(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        s = np.where(n > 0, sums.c[items] / n, 0.0)
        # Without this scale the normal equations of large scores lose digits.
        total = n.sum(axis=(1, 2), keepdims=True)
        s -= (n * s).sum(axis=(1, 2), keepdims=True) / total
        s /= np.sqrt((n * s * s).sum(axis=(1, 2), keepdims=True) / total)
    s = np.where((n > 0) & np.isfinite(s), s, 0.0)
    g = np.broadcast_to(np.array([0.0, 1.0]), n.shape)
    design = np.stack([np.ones_like(s), s, g, s * g], axis=-1).reshape(len(n), -1, 4)
    flat_n, flat_x = n.reshape(len(n), -1), x.reshape(len(n), -1)
    (plain, _), (uniform, beta), (both, full) = (
        _fit(design[:, :, :width], flat_n, flat_x) for width in (2, 3, 4)
    )
    right, count = flat_x.sum(axis=1), flat_n.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        empty = special.xlogy(right, right / count) + special.xlogy(
            count - right, 1 - right / count
        )
    known = binary & (right > 0) & (right < count)
    chi2, chi2_uniform, chi2_nonuniform = (
        np.where(known, np.maximum(2 * (more - less), 0.0), np.nan)
        for more, less in ((both, plain), (uniform, plain), (both, uniform))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ceiling = 1 - np.exp(2 * empty / count)
        plain_r2, both_r2 = (
            (1 - np.exp(2 * (empty - ll) / count)) / ceiling for ll in (plain, both)
        )
        delta_r2 = np.where(known, both_r2 - plain_r2, np.nan)
    return Logistic(
        chi2,
        special.chdtrc(2, chi2),
        chi2_uniform,
        special.chdtrc(1, chi2_uniform),
        chi2_nonuniform,
        special.chdtrc(1, chi2_nonuniform),
        delta_r2,
        np.where(known, beta[:, 2], np.nan),
        np.where(known, _between_curves(s[:, :, 1], n[:, :, 1], full), np.nan),
    )


def _between_curves(s: Floats, n: Floats, beta: Floats) -> Floats:
    """The mean distance of the groups' curves where n focal answers lie at s: [items]."""
    one, slope, shift, turn = (beta[:, k, None] for k in range(4))
    apart = np.abs(special.expit(one + shift + (slope + turn) * s) - special.expit(one + slope * s))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = (n * apart).sum(axis=1) / n.sum(axis=1)
    return mean


def _fit(design: Floats, n: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Log-likelihood [items], coefficients [items, width] of x right among n in each cell."""
    items, _, width = design.shape
    beta = np.zeros((items, width))
    ll = _log_likelihood(design, n, x, beta)
    moving = np.ones(items, dtype=np.bool_)
    for _ in range(STEPS):
        at = np.flatnonzero(moving)
        if not at.size:
            break
        d, some_n = design[at], n[at]
        p = special.expit(np.einsum("icw,iw->ic", d, beta[at]))
        gradient = np.einsum("icw,ic->iw", d, x[at] - some_n * p)
        weighted = d * (some_n * p * (1 - p))[:, :, None]
        information = np.matmul(weighted.transpose(0, 2, 1), d)
        # A ridge far below rounding of the result keeps a flat direction solvable.
        information += (
            1e-10 * (1 + np.trace(information, axis1=1, axis2=2))[:, None, None] * np.eye(width)
        )
        step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        for _ in range(20):
            tried = beta[at] + step
            new = _log_likelihood(d, some_n, x[at], tried)
            worse = new < ll[at] - CLOSE
            if not worse.any():
                break
            step[worse] /= 2
        better = new >= ll[at]
        beta[at[better]] = tried[better]
        gained = np.where(better, new - ll[at], 0.0)
        ll[at] += gained
        moving[at] = gained > CLOSE
    return np.where(moving, np.nan, ll), beta


def _log_likelihood(design: Floats, n: Floats, x: Floats, beta: Floats) -> Floats:
    eta = np.clip(np.einsum("icw,iw->ic", design, beta), -STEEPEST, STEEPEST)
    value: Floats = (x * eta - n * np.logaddexp(0.0, eta)).sum(axis=1)
    return value
