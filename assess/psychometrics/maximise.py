"""Which item parameters fit the expected counts best? The M-step, all items at once.

Newton's method; a step or two is enough: the E-step that follows would undo the rest. For 1PL
and 2PL the expected second derivative is the exact one. Where priors or a lower asymptote take
part, a step that leads downhill is halved: otherwise the two steps can lead away and back again,
which looks like the end and is none.
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
HALVINGS = 12
CURVED = 1e-6  # least eigenvalue, relative to the sum of all, of a matrix that is inverted
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
        return float(self.by_item(curves, model).sum())

    def by_item(self, curves: Curves, model: Model) -> Floats:
        """The same, item by item: float64[items]. A slope common to all has no prior."""
        penalty = (curves.d - INTERCEPT[0]) ** 2 / (2 * INTERCEPT[1] ** 2)
        if model != "1pl":
            slope = np.log(np.maximum(curves.a, 1e-3))
            penalty += (slope - LOG_SLOPE[0]) ** 2 / (2 * LOG_SLOPE[1] ** 2)
        value = np.where(self.weak & curves.counted, -penalty, 0.0)
        if model == "3pl":
            c = np.where(curves.counted, curves.c, 0.5)
            beta = self.chance * np.log(c) + (1 - self.chance) * np.log1p(-c)
            value += np.where(curves.counted, GUESSING_WEIGHT * beta, 0.0)
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
    if not priors.weak.any():
        return _moved(curves, step[0], step[1])
    return _uphill("2pl", curves, step, shown, sums, grid, priors)


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
    right = sums.right_at / WHOLE
    residual = right - shown * p
    gradient = (slope @ residual[:, :, None])[:, :, 0]
    expected = _products(slope, shown * p * q)
    # The second derivative itself: the expected one can be so much smaller that steps overshoot.
    observed = _products(slope, right * q * q + (shown - right) * p * p)
    bent = residual * weight * (1 - 2 * psi)
    observed[:, 0, 0] -= bent @ (theta * theta)
    observed[:, 0, 1] -= bent @ theta
    observed[:, 1, 1] -= bent.sum(axis=1)
    across = -residual * weight * c
    observed[:, 0, 2] -= across @ theta
    observed[:, 1, 2] -= across.sum(axis=1)
    observed[:, 2, 2] -= (residual * asymptote * (1 - 2 * c)).sum(axis=1)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        observed[:, other, one] = observed[:, one, other]
    pga, pgd, paa, pdd = _weak(curves, priors.weak)
    gradient[:, 0] += pga
    gradient[:, 1] += pgd
    gradient[:, 2] += GUESSING_WEIGHT * (priors.chance - curves.c)
    for information in (expected, observed):
        information[:, 0, 0] += paa
        information[:, 1, 1] += pdd
        information[:, 2, 2] += GUESSING_WEIGHT * curves.c * (1 - curves.c)
    upward = np.linalg.eigvalsh(observed)[:, 0] > CURVED * np.trace(observed, axis1=1, axis2=2)
    information = np.where(upward[:, None, None], observed, expected)
    information[~curves.counted] = np.eye(3)
    step = _cut(np.asarray(np.linalg.solve(information, gradient[:, :, None])[:, :, 0].T))
    return _uphill("3pl", curves, step, shown, sums, grid, priors)


def _products(slope: Floats, weight: Floats) -> Floats:
    """The weighted products of the slopes [items, 3, nodes] with each other: [items, 3, 3]."""
    return np.asarray((slope * weight[:, None]) @ slope.transpose(0, 2, 1))


def _uphill(
    model: Model,
    curves: Curves,
    step: Floats,
    shown: Floats,
    sums: Sums,
    grid: Nodes,
    priors: Priors,
) -> Curves:
    """After `step` [parameters, items], halved for those items that it would take downhill."""

    def height(at: Curves) -> Floats:
        """What the M-step climbs, item by item."""
        if sums.right_at is None:
            z = at.logit(grid.theta)
            of_right = at.a * sums.right_place * grid.half_step + at.d * sums.right
            of_answers = of_right / WHOLE - (shown * np.logaddexp(0.0, z)).sum(axis=1)
        else:
            right = sums.right_at / WHOLE
            logs = at.log_chances(grid.theta)
            of_answers = (right * logs[0::2] + (shown - right) * logs[1::2]).sum(axis=1)
        return np.asarray(of_answers + priors.by_item(at, model))

    before = height(curves)
    for _ in range(HALVINGS):
        moved = _moved(curves, *step)
        down = height(moved) < before - 1e-9 * np.abs(before)
        if not down.any():
            return moved
        step = np.where(down, step / 2, step)
    return _moved(curves, *np.where(down, 0.0, step))


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


def _moved(curves: Curves, da: Floats, dd: Floats, dc: Floats | None = None) -> Curves:
    """Curves with other a, d and, where given, logit c."""
    counted, c = curves.counted, curves.c
    if dc is not None:
        with np.errstate(divide="ignore"):
            logit = np.log(c) - np.log1p(-c) + np.where(counted, dc, 0.0)
        c = 1 / (1 + np.exp(-np.clip(logit, -10.0, 2.0)))
    return replace(
        curves,
        a=np.clip(np.where(counted, curves.a + da, curves.a), -STEEPEST, STEEPEST),
        d=np.clip(np.where(counted, curves.d + dd, curves.d), -FARTHEST, FARTHEST),
        c=c,
    )
