"""How precisely does a test measure at each ability, and how safe are its decisions?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import Curves


class Decisions(NamedTuple):
    """Of a cut on the scale of ability; shares of the candidates, None without candidates.

    `accuracy`: of decisions that agree with the true ability; `consistency`: that a second,
    equal test would repeat; `false_pass`, `false_fail`: the two kinds of wrong decision.
    """

    accuracy: float | None
    consistency: float | None
    false_pass: float | None
    false_fail: float | None
    n: int


def of_items(curves: Curves, theta: ArrayLike) -> Floats:
    """Fisher's information of each item at each ability: [items, abilities]; 0 if not counted."""
    at = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    p = curves.chance(at)
    c = curves.c[:, None]
    psi = (p - c) / (1 - c)
    slope = (1 - c) * curves.a[:, None] * psi * (1 - psi)
    information = slope * slope / np.maximum(p * (1 - p), 1e-300)
    return np.where(curves.counted[:, None], information, 0.0)


def of_test(curves: Curves, theta: ArrayLike, drawn: ArrayLike | None = None) -> Floats:
    """Information of a form at each ability: float64[abilities].

    `drawn` float64[items]: the chance of each item to be on the form (1 or 0 on a fixed one);
    without it all items are. With chances it is the mean over random forms.
    """
    return _weights(curves, drawn) @ of_items(curves, theta)


def expected_score(curves: Curves, theta: ArrayLike, drawn: ArrayLike | None = None) -> Floats:
    """The test characteristic curve, in marks: float64[abilities]; `drawn` as in `of_test`."""
    at = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    return _weights(curves, drawn) @ curves.chance(at)


def conditional_sem(curves: Curves, theta: ArrayLike, drawn: ArrayLike | None = None) -> Floats:
    """Standard error of an ability, 1 / sqrt(information); inf where there is none."""
    with np.errstate(divide="ignore"):
        return np.asarray(1 / np.sqrt(of_test(curves, theta, drawn)))


def conditional_sem_of_marks(
    curves: Curves, theta: ArrayLike, drawn: ArrayLike | None = None
) -> Floats:
    """Standard error of the mark, given ability and form: sqrt of the sum of P(1 - P)."""
    at = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    p = curves.chance(at)
    return np.asarray(np.sqrt(_weights(curves, drawn) @ (p * (1 - p))))


def rudner(theta: Floats, se: Floats, cut: float) -> Decisions:
    """Rudner's classification accuracy, from estimates and their errors (float64[attempts]).

    Rudner 2001, Practical Assessment, Research & Evaluation 7(14): the true ability of a
    candidate is taken as normal about the estimate. Attempts without an estimate are left out.
    """
    known = np.isfinite(theta) & np.isfinite(se) & (se > 0)
    n = int(known.sum())
    if not n:
        return Decisions(None, None, None, None, 0)
    above = special.ndtr((theta[known] - cut) / se[known])
    passes = theta[known] >= cut
    false_pass = float(np.where(passes, 1 - above, 0.0).mean())
    false_fail = float(np.where(passes, 0.0, above).mean())
    return Decisions(
        1 - false_pass - false_fail,
        float((above * above + (1 - above) ** 2).mean()),
        false_pass,
        false_fail,
        n,
    )


def _weights(curves: Curves, drawn: ArrayLike | None) -> Floats:
    chance = np.ones(curves.a.size) if drawn is None else np.asarray(drawn, dtype=np.float64)
    return np.where(curves.counted, chance, 0.0)
