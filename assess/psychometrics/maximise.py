"""Which item parameters fit the expected counts best? The M-step, all items at once.

Newton's method with Fisher's information: for 1PL and 2PL that is the exact second derivative.
A step or two is enough: the E-step that follows would undo the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import WHOLE, Curves, Nodes, Sums

Model = Literal["1pl", "2pl", "3pl"]
STEPS = 2
LONGEST = 1.0  # in a, d or logit c: a step of Newton's method is cut down to this
STEEPEST = 12.0  # slopes beyond this are taken for endless
FARTHEST = 40.0  # the same for intercepts
LOG_SLOPE = (0.0, 0.5)  # mean and SD of the weak prior of log a
INTERCEPT = (0.0, 2.0)  # mean and SD of the weak prior of d
# Of c: a beta with the weight of twenty answers and its mode at the chance, as in BILOG-MG.
GUESSING_WEIGHT = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Priors:
    """Where the parameters of some items are drawn a little towards what is usual.

    `weak` bool[items]: log a ~ N(0, 0.5) and d ~ N(0, 2); `chance` float64[items]: c has a beta
    prior with its mode there.
    """

    weak: NDArray[np.bool_]
    chance: Floats

    def log(self, curves: Curves, model: Model) -> float:
        """The log density at these parameters, up to a constant."""
        weak = self.weak & curves.counted
        slope = np.log(np.maximum(curves.a, 1e-3))
        penalty = (slope - LOG_SLOPE[0]) ** 2 / (2 * LOG_SLOPE[1] ** 2)
        penalty += (curves.d - INTERCEPT[0]) ** 2 / (2 * INTERCEPT[1] ** 2)
        value = -float(penalty[weak].sum())
        if model == "3pl":
            c, to = curves.c[curves.counted], self.chance[curves.counted]
            value += GUESSING_WEIGHT * float((to * np.log(c) + (1 - to) * np.log1p(-c)).sum())
        return value


def maximised(model: Model, curves: Curves, sums: Sums, grid: Nodes, priors: Priors) -> Curves:
    """The parameters after STEPS steps of Newton's method from `curves`."""
    step = {"1pl": _one, "2pl": _two, "3pl": _three}[model]
    shown = sums.shown / WHOLE
    for _ in range(STEPS):
        curves = step(curves, shown, sums, grid, priors)
    return curves


def _two(curves: Curves, shown: Floats, sums: Sums, grid: Nodes, priors: Priors) -> Curves:
    ga, gd, aa, ad, dd = _logistic(curves, shown, sums, grid)
    pga, pgd, paa, pdd = _weak(curves, priors.weak)
    ga, gd, aa, dd = ga + pga, gd + pgd, aa + paa, dd + pdd
    with np.errstate(divide="ignore", invalid="ignore"):
        det = aa * dd - ad * ad
        step = np.stack(((dd * ga - ad * gd) / det, (aa * gd - ad * ga) / det))
    step = _cut(step)
    return _moved(curves, step[0], step[1])


def _one(curves: Curves, shown: Floats, sums: Sums, grid: Nodes, priors: Priors) -> Curves:
    ga, gd, aa, ad, dd = _logistic(curves, shown, sums, grid)
    _, pgd, _, pdd = _weak(curves, priors.weak)
    gd, dd = gd + pgd, dd + pdd
    at = curves.counted & (dd > 0)
    # The common slope after the intercepts have been eliminated (Schur's complement).
    schur = float((aa[at] - ad[at] ** 2 / dd[at]).sum())
    slope = float((ga[at] - ad[at] * gd[at] / dd[at]).sum()) / schur if schur > 0 else 0.0
    slope = float(np.clip(slope, -LONGEST, LONGEST))
    with np.errstate(divide="ignore", invalid="ignore"):
        step = _cut(((gd - ad * slope) / dd)[None])
    return _moved(curves, np.full(curves.a.size, slope), step[0])


def _three(curves: Curves, shown: Floats, sums: Sums, grid: Nodes, priors: Priors) -> Curves:
    if sums.right_at is None:
        raise ValueError("a lower asymptote needs the right answers by node")
    theta, c = grid.theta, curves.c[:, None]
    p = curves.chance(theta)
    q = 1 - p
    psi = (p - c) / (1 - c)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(p * q > 0, (1 - c) * psi * (1 - psi) / (p * q), 0.0)
        asymptote = np.where(p > 0, c / p, 0.0)  # dP/dlogit(c) / (P Q)
    slope = np.stack((weight * theta, weight, asymptote), axis=1)  # [items, 3, nodes]
    residual = sums.right_at / WHOLE - shown * p
    gradient = (slope @ residual[:, :, None])[:, :, 0]
    information = (slope * (shown * p * q)[:, None]) @ slope.transpose(0, 2, 1)
    pga, pgd, paa, pdd = _weak(curves, priors.weak)
    gradient[:, 0] += pga
    gradient[:, 1] += pgd
    gradient[:, 2] += GUESSING_WEIGHT * (priors.chance - curves.c)
    information[:, 0, 0] += paa
    information[:, 1, 1] += pdd
    information[:, 2, 2] += GUESSING_WEIGHT * curves.c * (1 - curves.c)
    information[~curves.counted] = np.eye(3)
    step = _cut(np.linalg.solve(information, gradient[:, :, None])[:, :, 0].T)
    moved = _moved(curves, step[0], step[1])
    logit = np.log(curves.c) - np.log1p(-curves.c) + np.where(curves.counted, step[2], 0.0)
    return replace(moved, c=1 / (1 + np.exp(-np.clip(logit, -10.0, 2.0))))


def _logistic(
    curves: Curves, shown: Floats, sums: Sums, grid: Nodes
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Gradient in a and d, and information aa, ad, dd, where c is 0: float64[items] each."""
    theta = grid.theta
    p = curves.chance(theta)
    expected = shown * p
    ga = sums.right_place * (grid.half_step / WHOLE) - expected @ theta
    gd = sums.right / WHOLE - expected.sum(axis=1)
    spread = expected * (1 - p)
    return ga, gd, spread @ (theta * theta), spread @ theta, spread.sum(axis=1)


def _weak(curves: Curves, weak: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats, Floats]:
    """Gradient and information of the weak priors: of a, of d, of aa, of dd."""
    a = np.maximum(curves.a, 1e-3)
    mean, sd = LOG_SLOPE
    ga = -(np.log(a) - mean) / (sd * sd * a)
    # Expected curvature: 1 / (sd * a)**2, without the part that changes sign.
    gd = -(curves.d - INTERCEPT[0]) / INTERCEPT[1] ** 2
    return (
        np.where(weak, ga, 0.0),
        np.where(weak, gd, 0.0),
        np.where(weak, 1 / (sd * a) ** 2, 0.0),
        np.where(weak, 1 / INTERCEPT[1] ** 2, 0.0),
    )


def _cut(step: Floats) -> Floats:
    """Steps [parameters, items] no longer than LONGEST in any parameter; none where unknown."""
    step = np.where(np.isfinite(step), step, 0.0)
    return np.asarray(step * (LONGEST / np.maximum(np.abs(step).max(axis=0), LONGEST)))


def _moved(curves: Curves, da: Floats, dd: Floats) -> Curves:
    counted = curves.counted
    return replace(
        curves,
        a=np.clip(np.where(counted, curves.a + da, curves.a), -STEEPEST, STEEPEST),
        d=np.clip(np.where(counted, curves.d + dd, curves.d), -FARTHEST, FARTHEST),
    )
