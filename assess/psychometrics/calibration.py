"""How hard will a form be for the borderline candidate, before anybody has sat it?

What the draw may use, as plain values. An item with few answers borrows from its stratum
(empirical Bayes): its estimate is drawn towards the stratum's mean by as much as its own error
outweighs the spread of the stratum; an item without answers gets the stratum's mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.psychometrics import expected
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.expected import Curves
from assess.psychometrics.irt import Fit

REACH = 12.0  # abilities where a borderline candidate is looked for
HALVINGS = 60
THOUSAND = 1000
SPREADS = 60  # values of a stratum's spread that are averaged over


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Of each item for the borderline candidate of ability `ability`: arrays [items].

    `logit` of a right answer with its error `se`; `chance` of one, with `low` and `high` of its
    95 % interval; `thousandths` the same in whole thousandths of a mark, for the draw; `own`:
    the weight of the item's own answers, 1 without shrinkage, 0 where it has none. nan (and -1)
    where neither the item nor its stratum says anything.
    """

    ability: float
    logit: Floats
    se: Floats
    chance: Floats
    low: Floats
    high: Floats
    thousandths: Ints
    own: Floats

    def expected_score(self, forms: ArrayLike) -> Floats:
        """Mean mark of the borderline candidate on forms of items int[forms, length]: [forms]."""
        return np.asarray(self.chance[np.asarray(forms)].sum(axis=-1))

    def pass_chance(self, forms: ArrayLike, mark: int) -> Floats:
        """The borderline candidate's chance of at least `mark` right: float64[forms]."""
        return pass_chance(self.chance[np.asarray(forms)], mark)


def calibrate(
    fit: Fit, cut: float, stratum: ArrayLike | None = None, ability: float | None = None
) -> Calibration:
    """Difficulties for the draw from a fit; `cut` is the share of marks to pass with (0 to 1).

    `stratum` int[items]: items alike in subject; without it all are. The borderline candidate
    is found over all fitted items unless `ability` is given. Raises ValueError where no ability
    has the cut as its expected share.
    """
    curves = fit.curves()
    where = borderline(curves, cut) if ability is None else ability
    logit = fit.a * where + fit.d
    variance = (where * fit.se_a) ** 2 + 2 * where * fit.cov_ad + fit.se_d**2
    known = np.isfinite(logit) & np.isfinite(variance) & (variance > 0)
    groups = (
        np.zeros(logit.size, dtype=np.int64)
        if stratum is None
        else np.unique(np.asarray(stratum), return_inverse=True)[1]
    )
    logit, variance, own = shrunk(logit, np.where(known, variance, np.nan), groups)
    # An asymptote is kept as estimated: it has its own prior.
    c = np.where(np.isfinite(fit.c), fit.c, 0.0)
    se = np.sqrt(variance)
    chance, low, high = (
        c + (1 - c) / (1 + np.exp(-(logit + by * se))) for by in (0.0, -1.96, 1.96)
    )
    thousandths = np.where(np.isfinite(chance), np.rint(chance * THOUSAND), -1).astype(np.int64)
    return Calibration(where, logit, se, chance, low, high, thousandths, own)


def borderline(curves: Curves, cut: float) -> float:
    """The ability whose mean expected share over the counted items is `cut`."""
    if not curves.counted.any():
        raise ValueError("no item has parameters: there is no borderline candidate")

    def share(theta: float) -> float:
        return float(curves.chance(np.array([theta]))[curves.counted].mean())

    low, high = -REACH, REACH
    if not share(low) < cut < share(high):
        raise ValueError(f"no ability has an expected share of {cut}")
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) < cut else (low, middle)
    return (low + high) / 2


def shrunk(
    value: Floats, variance: Floats, group: NDArray[np.integer]
) -> tuple[Floats, Floats, Floats]:
    """Values drawn to their group's mean: values, variances, own weights; float64[items] each.

    Normal about the group's mean (a flat prior) with a spread that is itself unknown (half-Cauchy
    as in Gelman 2006, Bayesian Anal. 1, 515-534): everything is averaged over its posterior, so
    that a group of few items is not taken for one without spread. nan is no value; the only value
    of a group stays as it is.
    """
    size = int(group.max(initial=0)) + 1
    known = np.isfinite(value) & np.isfinite(variance)
    n = np.bincount(group[known], minlength=size)
    v, s, g = value[known], variance[known], group[known]
    scale = max(float(v.std()) if v.size else 0.0, 1e-3)
    # Quantiles of the prior: each of equal weight.
    spreads = scale * np.tan(np.pi / 2 * (np.arange(SPREADS) + 0.5) / SPREADS)
    fit, mean, of_mean = (np.empty((SPREADS, size)) for _ in range(3))
    for k, spread in enumerate(spreads):
        weight = 1 / (s + spread**2)
        total = np.bincount(g, weights=weight, minlength=size)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean[k] = np.bincount(g, weights=weight * v, minlength=size) / total
            of_mean[k] = 1 / total
            square = np.bincount(g, weights=weight * (v - mean[k][g]) ** 2, minlength=size)
            fit[k] = (np.bincount(g, weights=np.log(weight), minlength=size) - square) / 2
            fit[k] -= np.log(total) / 2
    with np.errstate(invalid="ignore"):
        chance = np.exp(fit - fit.max(axis=0))
        chance = (chance / chance.sum(axis=0))[:, group]
        mean, of_mean = mean[:, group], of_mean[:, group]
    square = np.broadcast_to(spreads[:, None] ** 2, mean.shape)
    filled = np.where(known, variance, 1.0)
    own = np.where(known, square / (square + filled), 0.0)
    own = np.where(known & (n[group] < 2), 1.0, own)
    rest = 1 - own
    middle = np.where(own > 0, own * np.where(known, value, 0.0), 0.0)
    middle = middle + np.where(rest > 0, rest * mean, 0.0)
    around = np.where(known, own * filled, square) + np.where(rest > 0, rest**2 * of_mean, 0.0)
    alone = known & (n[group] < 2)
    new = np.where(alone, value, (chance * middle).sum(axis=0))
    between = (chance * (middle - new) ** 2).sum(axis=0)
    spread_ = np.where(alone, variance, (chance * around).sum(axis=0) + between)
    return new, spread_, np.where(alone, 1.0, (chance * own).sum(axis=0))


def score_chances(chance: Floats) -> Floats:
    """Chances of 0, 1, ..., length right, from P of each item [..., length]: [..., length + 1].

    The distribution of Lord and Wingersky 1984 (Appl. Psychol. Meas. 8, 453-461), here by the
    product of the items' characteristic functions, all forms at once.
    """
    length = chance.shape[-1]
    turn = np.exp(-2j * np.pi * np.arange(length + 1) / (length + 1)) - 1
    product = np.ones((*chance.shape[:-1], length + 1), dtype=np.complex128)
    for k in range(length):
        product *= 1 + chance[..., k, None] * turn
    return np.clip(np.fft.ifft(product, axis=-1).real, 0.0, 1.0)


def pass_chance(chance: Floats, mark: int) -> Floats:
    """The chance of at least `mark` right, from P of each item [..., length]: [...]."""
    return np.asarray(score_chances(chance)[..., max(mark, 0) :].sum(axis=-1))


def pass_rate(curves: Curves, forms: ArrayLike, mark: int, nodes: int = 61) -> Floats:
    """The share of a standard normal population that passes each form [forms, length]: [forms]."""
    grid = expected.nodes(nodes)
    chance = curves.chance(grid.theta)[np.asarray(forms)]  # [forms, length, nodes]
    return pass_chance(np.moveaxis(chance, -1, -2), mark) @ np.exp(grid.log_weight)
