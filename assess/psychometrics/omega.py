"""How much of a form's marks is one common thing? Omega, from a one-factor model.

Only where all sat one form: the correlations of every pair of items are needed. The sums of
products merge by addition and are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assess.psychometrics import coding
from assess.psychometrics.cells import Cells
from assess.psychometrics.exact import Floats
from assess.psychometrics.responses import FULL, Responses

LEAST_UNIQUE = 0.005  # lower bound of a uniqueness, as in R factanal and psych::fa
BIG = 1 << 53


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """Sums over attempts of one form: n, scores [items], products of scores [items, items].

    In thousandths of a mark; float64 that holds integers below 2**53 exactly. Merges by `+`.
    """

    n: int
    x: Floats
    xx: Floats

    def __add__(self, other: Products) -> Products:
        return Products(self.n + other.n, self.x + other.x, self.xx + other.xx)


@dataclass(frozen=True, slots=True, eq=False)
class OneFactor:
    """A one-factor solution of correlations: loadings [items]; omega total of the sum of marks
    and of the sum of standardised scores; whether the fit converged."""

    loadings: Floats
    omega: float
    omega_standardised: float
    converged: bool


def products(answers: Responses | Cells) -> Products | None:
    """The sums of products of these attempts; None unless each has every item.

    Raises ValueError beyond some nine thousand million attempts of full marks.
    """
    data = answers if isinstance(answers, Cells) else coding.coded(answers)
    if not data.complete:
        return None
    marks = data.points / FULL
    unit = 1 if (marks == np.rint(marks)).all() else FULL
    value = marks * unit
    x, xx = np.zeros(data.items), np.zeros((data.items, data.items))
    for span in data.spans:
        cell = data.cell[span.rows].reshape(-1, data.items)
        # Rows of one attempt may come in any order of the items.
        scores = np.empty(cell.shape)
        np.put_along_axis(scores, data.item[cell], value[cell], axis=1)
        x += scores.sum(axis=0)
        xx += scores.T @ scores
    scale = FULL // unit
    if xx.max(initial=0) * scale * scale >= BIG:
        raise ValueError("too many attempts for exact sums of products")
    return Products(data.length.size, x * scale, xx * scale * scale)


def one_factor(sums: Products) -> OneFactor | str:
    """The maximum likelihood one-factor solution; a sentence where there is none.

    Joreskog's function of the uniquenesses, minimised as in R factanal: for one factor the
    loadings follow from the largest eigenvalue of the correlations divided by the uniquenesses.
    """
    items = sums.x.size
    if items < 3:
        return "a factor needs at least three items"
    if sums.n <= items:
        return "fewer attempts than items"
    covariance = (sums.xx - np.outer(sums.x, sums.x) / sums.n) / (sums.n - 1) / FULL**2
    sd = np.sqrt(np.diag(covariance))
    if not (sd > 1e-9).all():
        return f"item {int(np.argmin(sd)) + 1} in order has no variance"
    r = covariance / np.outer(sd, sd)
    try:
        start = 0.5 / np.diag(np.linalg.inv(r))
    except np.linalg.LinAlgError:
        return "the correlations are singular"

    def misfit(unique: Floats) -> tuple[float, Floats]:
        root = np.sqrt(unique)
        value, vector = np.linalg.eigh(r / np.outer(root, root))
        rest = np.maximum(value[:-1], 1e-12)
        loading = root * vector[:, -1] * np.sqrt(max(value[-1] - 1, 0.0))
        off = np.outer(loading, loading) + np.diag(unique) - r
        return float((rest - np.log(rest) - 1).sum()), np.diag(off) / unique**2

    from scipy import optimize  # only here: it takes longer to import than a page to answer

    found = optimize.minimize(
        misfit,
        np.clip(start, LEAST_UNIQUE, 1.0),
        jac=True,
        method="L-BFGS-B",
        bounds=[(LEAST_UNIQUE, 1.0)] * items,
        options={"maxiter": 1000},
    )
    root = np.sqrt(found.x)
    value, vector = np.linalg.eigh(r / np.outer(root, root))
    loading = root * vector[:, -1] * np.sqrt(max(value[-1] - 1, 0.0))
    loading = loading if loading.sum() >= 0 else -loading
    in_marks = (loading * sd).sum() ** 2
    standard = loading.sum() ** 2
    return OneFactor(
        loading,
        float(in_marks / (in_marks + (found.x * sd**2).sum())),
        float(standard / (standard + found.x.sum())),
        bool(found.success),
    )
