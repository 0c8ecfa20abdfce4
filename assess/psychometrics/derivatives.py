"""How does the log-likelihood of an answer change with the parameters of its item?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import Curves

NUDGE = 1e-4  # of a, d and logit c, for second derivatives where there is an asymptote


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """Of log P(answer) in a and d, and in logit c where the model has an asymptote.

    `right`, `wrong` [items, parameters, abilities]: first derivatives for either answer;
    `right_bend`, `wrong_bend` [items, parameters, parameters, abilities]: second derivatives
    with the sign turned. All 0 for items that are not counted.
    """

    right: Floats
    wrong: Floats
    right_bend: Floats
    wrong_bend: Floats


def at(curves: Curves, theta: Floats, *, asymptote: bool) -> Derivatives:
    """The derivatives at every ability; logit c is a parameter with `asymptote`."""
    if asymptote:
        return _with_asymptote(curves, theta)
    p = curves.chance(theta)
    one = np.stack((np.broadcast_to(theta, p.shape), np.ones_like(p)), axis=1)
    one *= curves.counted[:, None, None]
    bend = (one * (p * (1 - p))[:, None])[:, :, None] * one[:, None]
    return Derivatives(one * (1 - p)[:, None], -one * p[:, None], bend, bend)


def _with_asymptote(curves: Curves, theta: Floats) -> Derivatives:
    right, wrong = _first(curves, theta)
    bends: list[tuple[Floats, Floats]] = []
    for which in range(3):
        above, below = (_first(_nudged(curves, which, way), theta) for way in (NUDGE, -NUDGE))
        bends.append(((below[0] - above[0]) / (2 * NUDGE), (below[1] - above[1]) / (2 * NUDGE)))
    return Derivatives(
        right,
        wrong,
        np.stack([bend for bend, _ in bends], axis=1),
        np.stack([bend for _, bend in bends], axis=1),
    )


def _first(curves: Curves, theta: Floats) -> tuple[Floats, Floats]:
    c = curves.c[:, None]
    p = curves.chance(theta)
    psi = (p - c) / (1 - c)
    steep = (1 - c) * psi * (1 - psi)
    change = np.stack((steep * theta, steep, c * (1 - c) * (1 - psi)), axis=1)
    change *= curves.counted[:, None, None]
    least = 1e-300
    return change / np.maximum(p, least)[:, None], -change / np.maximum(1 - p, least)[:, None]


def _nudged(curves: Curves, which: int, by: float) -> Curves:
    if which == 0:
        return replace(curves, a=curves.a + by)
    if which == 1:
        return replace(curves, d=curves.d + by)
    odds = curves.c / (1 - curves.c) * np.exp(by)
    return replace(curves, c=odds / (1 + odds))
