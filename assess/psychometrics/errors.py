"""How far off may the item parameters be? Covariances from the observed information.

Louis 1982 (J. R. Statist. Soc. B 44, 226-233): the information of what was observed is what it
would be with abilities known, less the posterior covariance of the scores, summed over attempts.
That covariance is taken in orthogonal polynomials of ability under each attempt's posterior: a
few of them hold all of it, and no attempt needs a matrix of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import derivatives, expected, fewforms, manyitems, maximise
from assess.psychometrics.derivatives import Derivatives
from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import Curves, Nodes
from assess.psychometrics.maximise import Model, Priors
from assess.psychometrics.patterns import Forms, Part

Kind = Literal["full", "sample", "block", "none"]
DEGREES = 5  # polynomials of ability; the fifth adds less than a thousandth
MOST_WORK = 3e10  # multiplications that the full matrix may cost
MOST_PARAMETERS = 1500
ENOUGH = 2000  # answers an item in a sample of the attempts


@dataclass(frozen=True, slots=True, eq=False)
class Covariance:
    """Of each item's own estimates: float64[items], nan where unknown; c as c, not its logit."""

    aa: Floats
    ad: Floats
    dd: Floats
    cc: Floats
    kind: Kind

    @classmethod
    def unknown(cls, kept: NDArray[np.bool_]) -> Covariance:
        """No errors for any item."""
        none = np.full(kept.size, np.nan)
        return cls(none, none, none, none, "none")

    def standard(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Standard errors of a, d and c, and the covariance of a and d."""
        return np.sqrt(self.aa), np.sqrt(self.dd), np.sqrt(self.cc), self.ad


def covariance(
    model: Model,
    parts: Sequence[Part],
    curves: Curves,
    kept: NDArray[np.bool_],
    grid: Nodes,
    priors: Priors,
    forms: Sequence[Forms] | None = None,
    abilities: Sequence[Floats] | None = None,
) -> Covariance:
    """Covariances at the maximum `curves` of the items `kept`, priors included.

    `forms` of every part where they are few; `abilities` of every part, about, where known.
    From the inverse of the whole matrix ("full"); where that is too dear, of the matrix of a
    sample of the attempts, if it has enough answers to every item ("sample"), or else item by
    item ("block", see `manyitems`).
    """
    at = np.flatnonzero(kept)
    if not at.size:
        return Covariance.unknown(kept)
    if forms is not None and 2 * at.size <= MOST_PARAMETERS:
        complete, missing = fewforms.information(
            parts, forms, replace(curves, counted=kept), grid, at
        )
        prior = _prior(model, curves, priors)[at]
        blocks = _inverted(complete + prior, missing, common_slope=model == "1pl")
        return _named(model, curves, at, blocks, "full")
    change = derivatives.at(replace(curves, counted=kept), grid.theta, asymptote=model == "3pl")
    prior = _prior(model, curves, priors)
    kind, every = _way(change.right.shape[1] * at.size, at.size, parts)
    if kind == "block":
        blocks = manyitems.covariances(
            parts, curves, grid, change, prior, at, abilities, common_slope=model == "1pl"
        )
    else:
        some = parts
        if kind == "sample":
            some = [part.of_attempts(np.arange(0, part.attempts, every)) for part in parts]
        complete, missing = _sums(some, curves, grid, change, at)
        scale = sum(part.attempts for part in parts) / sum(part.attempts for part in some)
        blocks = _inverted(
            scale * complete + prior[at], scale * missing, common_slope=model == "1pl"
        )
    return _named(model, curves, at, blocks, kind)


def _way(wide: int, items: int, parts: Sequence[Part]) -> tuple[Kind, int]:
    """How to come by the covariances of so many parameters, and every which attempt to take."""
    attempts = sum(part.attempts for part in parts)
    answers = sum(int(part.edges[-1]) for part in parts)
    work = 2.0 * DEGREES * attempts * wide * wide
    if wide > MOST_PARAMETERS:
        return "block", 1
    if work <= MOST_WORK:
        return "full", 1
    every = int(np.ceil(work / MOST_WORK))
    return ("sample", every) if answers / every >= ENOUGH * items else ("block", 1)


def posteriors(
    part: Part, curves: Curves, grid: Nodes, rows: int
) -> Iterator[tuple[Floats, Floats]]:
    """By chunk: a one for each category given, [attempts, 2 * items], and posterior weights."""
    table = expected.rounded(curves.log_chances(grid.theta))
    for chunk in part.chunks(rows):
        weight, _ = expected.posterior(expected.likelihoods(chunk, table, grid))
        yield chunk.category.toarray(), weight


def polynomials(weight: Floats, theta: Floats, degrees: int) -> Iterator[Floats]:
    """Polynomials of ability, orthonormal under each row's weights, times these weights.

    Degrees 1 to `degrees`, by the three-term recurrence (Stieltjes): [attempts, nodes] each.
    """
    before = np.zeros_like(weight)
    now = np.ones_like(weight)
    norm = np.zeros((len(weight), 1))
    for _ in range(degrees):
        middle = ((weight * now * now) @ theta)[:, None]
        following = (theta - middle) * now - norm * before
        norm = np.sqrt((weight * following * following).sum(axis=1, keepdims=True))
        # A posterior on fewer nodes than the degree has no such polynomial.
        following = np.where(norm > 1e-9, following / np.maximum(norm, 1e-9), 0.0)
        before, now = now, following
        yield weight * now


def _sums(
    parts: Sequence[Part], curves: Curves, grid: Nodes, change: Derivatives, at: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Complete information [at, parameters, parameters] and the missing one, all by all."""
    several = change.right.shape[1]
    wrong = change.wrong[at].reshape(-1, grid.count).T
    lift = (change.right - change.wrong)[at].reshape(-1, grid.count).T
    missing = np.zeros((at.size * several, at.size * several))
    cells = np.zeros((2 * curves.a.size, grid.count))
    for part in parts:
        for given, weight in posteriors(part, curves, grid, 1 + (1 << 20) // missing.shape[0]):
            cells += given.T @ weight
            rightly = given[:, 2 * at]
            shown = np.repeat(rightly + given[:, 2 * at + 1], several, axis=1)
            for degree, polynomial in enumerate(polynomials(weight, grid.theta, DEGREES)):
                score = (polynomial @ wrong) * shown
                if several == 3:
                    score += (polynomial @ lift) * np.repeat(rightly, several, axis=1)
                elif degree == 0:
                    # Without an asymptote a right answer adds (theta, 1): of the first degree.
                    score[:, 0::2] += rightly * (polynomial @ grid.theta)[:, None]
                missing += score.T @ score
    complete = _with_abilities_known(cells, change)[at]
    return complete, missing


def _with_abilities_known(cells: Floats, change: Derivatives) -> Floats:
    return np.asarray(
        np.einsum("iq,ijkq->ijk", cells[0::2], change.right_bend, optimize=True)
        + np.einsum("iq,ijkq->ijk", cells[1::2], change.wrong_bend, optimize=True)
    )


def _prior(model: Model, curves: Curves, priors: Priors) -> Floats:
    """Information that the priors add: [items, parameters, parameters]."""
    several = 3 if model == "3pl" else 2
    added = np.zeros((curves.a.size, several, several))
    sd_a, sd_d = maximise.LOG_SLOPE[1], maximise.INTERCEPT[1]
    a = np.maximum(curves.a, 1e-3)
    bend = (1 - np.log(a) + maximise.LOG_SLOPE[0]) / (sd_a * a) ** 2
    if model != "1pl":  # a slope common to all has no prior
        added[:, 0, 0] = np.where(priors.weak, np.maximum(bend, 0.0), 0.0)
    added[:, 1, 1] = np.where(priors.weak, 1 / sd_d**2, 0.0)
    if several == 3:
        added[:, 2, 2] = maximise.GUESSING_WEIGHT * curves.c * (1 - curves.c)
    return added


def _inverted(complete: Floats, missing: Floats, *, common_slope: bool) -> Floats:
    """Each item's own block of the inverse: [items, parameters, parameters]."""
    items, several, _ = complete.shape
    information = -missing
    own = np.arange(items)
    # A view: the blocks of the diagonal are those of the matrix itself.
    information.reshape(items, several, items, several)[own, :, own, :] += complete
    if common_slope:
        to = np.zeros((items * 2, items + 1))
        to[0::2, 0] = 1.0
        to[1::2, 1:] = np.eye(items)
        inverse = to @ _inverse(to.T @ information @ to) @ to.T
    else:
        inverse = _inverse(information)
    return np.asarray(inverse.reshape(items, several, items, several)[own, :, own, :])


def _inverse(information: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)


def _named(
    model: Model, curves: Curves, at: NDArray[np.intp], blocks: Floats, kind: Kind
) -> Covariance:
    def column(first: int, second: int) -> Floats:
        values = np.full(curves.a.size, np.nan)
        values[at] = blocks[:, first, second]
        return values

    aa, ad, dd = column(0, 0), column(0, 1), column(1, 1)
    known = (aa > 0) & (dd > 0)
    cc = np.where(known, 0.0, np.nan)
    if model == "3pl":
        slope = curves.c * (1 - curves.c)  # of c in its logit
        cc = np.where(known, column(2, 2) * slope * slope, np.nan)
        cc[cc < 0] = np.nan
    aa, ad, dd = (np.where(known, values, np.nan) for values in (aa, ad, dd))
    return Covariance(aa, ad, dd, cc, kind)
