"""How far is it to the maximum? A step of EM, made as long as it should be.

EM divides the slope of the likelihood by what the answers would tell were abilities known. They
tell less (Louis 1982, as in `errors`), so its steps are too short: a little in all directions, and
much along the two that all items share, the place and the scale of ability. What is missing is the
posterior variance of the score. With v that of ability, which follows from the information I of a
usual form, and s' the change of an item's score with ability, P' (theta, 1), candidates who were
shown two items at rates r and s miss r s v s' s'' of them together. Summed over nodes this is a
matrix of no higher rank than there are nodes, and is dealt with as such.

Since at the posterior mode the sum of a (x - P) is theta, the score of a scale changes by
theta (1 - 1/I) where that of a place changes by 1. None of this is exact nor has to be: it is where
the mixing of `accelerate` begins, and its guard stands behind both.
"""

from __future__ import annotations

import numpy as np

from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import WHOLE, Curves, Nodes, Sums

LEAST = 0.1  # of what an item tells alone, taken for left; else its missing part is not known
LEAST_INFORMATION = 0.3  # of a form at a node
TURNS = 3  # towards the two directions of most
MOST = 0.95  # of what is told along a direction that items share may be missing


def lengthened(
    curves: Curves, sums: Sums, grid: Nodes, step: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """The EM step of a and of d, float64[items] each, at its right length; for a 2PL."""
    theta, shown = grid.theta, sums.shown / WHOLE
    rate = shown.sum(axis=1) / max(sums.attempts, 1)
    p = curves.chance(theta)
    slope = curves.a[:, None] * p * (1 - p)
    information = (rate * curves.a) @ slope
    variance = 1 / (1 + information)
    turned = theta * (1 - 1 / np.maximum(information, LEAST_INFORMATION))
    told = shown * p * (1 - p)
    complete = _moments(told, theta)
    left = complete - _moments(shown * slope**2 * variance * (1 - rate)[:, None], turned)
    # Half of what chance answers add: the other half they have in common.
    left[0] -= told @ variance / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        sure = (left[0] > LEAST * complete[0]) & (left[2] > LEAST * complete[2])
    left = np.where(sure, left, complete)
    determinant = left[0] * left[2] - left[1] ** 2
    known = determinant > 0

    def alone(x: Floats) -> Floats:
        """What `left`, item by item, makes of x [2, items, ...]."""
        aa, ad, dd, of = (
            part.reshape(-1, *[1] * (x.ndim - 2))
            for part in (*left, np.where(known, determinant, np.inf))
        )
        return np.stack(((dd * x[0] - ad * x[1]) / of, (aa * x[1] - ad * x[0]) / of))

    steepest = np.stack((complete[0] * step[0] + complete[1] * step[1],
                         complete[1] * step[0] + complete[2] * step[1]))  # fmt: skip
    first = alone(steepest)
    score = rate[:, None] * slope * np.stack((turned, np.ones_like(theta)))[:, None]
    at_node = shown.sum(axis=0) / max(float(rate.sum()), 1e-9)
    root = np.sqrt(at_node * variance)
    score *= root
    together = alone(score)
    shared = np.einsum("kiq,kir->qr", score, together)
    # Only along place and scale is much missing: these two are looked for, the rest is a trifle.
    basis = root[:, None] * np.stack((np.ones_like(theta), turned), axis=1)
    for _ in range(TURNS):
        basis = np.linalg.qr(shared @ basis)[0]
    missing, within = np.linalg.eigh(basis.T @ shared @ basis)
    missing, directions = np.minimum(missing, MOST), basis @ within
    changed = np.einsum("kiq,ki->q", score, first)
    changed += directions @ (missing / (1 - missing) * (directions.T @ changed))
    longer = first + together @ changed
    return np.where(known, longer[0], step[0]), np.where(known, longer[1], step[1])


def _moments(weight: Floats, theta: Floats) -> Floats:
    """Sums over the nodes of weights times theta**2, theta and 1: [3, items]."""
    return np.stack((weight @ (theta * theta), weight @ theta, weight.sum(axis=1)))
