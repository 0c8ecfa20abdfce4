"""How able is each candidate, on one scale whatever form they sat, and how sure is that?

Three estimates: EAP, the mean of the posterior with a standard normal prior (Bock and Mislevy
1982, Appl. Psychol. Meas. 6, 431-444); MAP, its mode; and WLE, Warm's weighted likelihood (1989,
Psychometrika 54, 427-450), which needs no prior, is finite for all right and all wrong, and is
the one to report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import drawn, expected, patterns
from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import Curves, Nodes
from assess.psychometrics.patterns import Chunk, Part
from assess.psychometrics.responses import Responses

REACH = 12.0  # no estimate lies beyond
CLOSE = 1e-7  # of ability, where the search for a mode ends
MOST_STEPS = 60
NODES = 61

# Slope of the log-likelihood, test information, and Warm's J, at each attempt's ability.
Equation = Callable[[Floats, Floats, Floats, Floats], tuple[Floats, Floats]]


class Abilities(NamedTuple):
    """Estimates and their standard errors, float64[attempts]; nan without counted answers."""

    theta: Floats
    se: Floats


class Reliability(NamedTuple):
    """Of ability estimates; None where nothing varies. `n` attempts."""

    value: float | None
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """The counted answers of a chunk with their items' parameters: all arrays [answers].

    `row` is the attempt within the chunk of `rows` attempts; `x` 1.0 right, 0.0 wrong.
    """

    rows: int
    row: NDArray[np.intp]
    item: NDArray[np.int32]
    x: Floats
    a: Floats
    d: Floats
    c: Floats

    def curve(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """P, its first and its second derivative in ability, theta[rows] being the abilities."""
        with np.errstate(over="ignore"):
            psi = 1 / (1 + np.exp(-(self.a * theta[self.row] + self.d)))
        free = 1 - self.c
        first = free * self.a * psi * (1 - psi)
        return self.c + free * psi, first, first * self.a * (1 - 2 * psi)

    def by_attempt(self, values: Floats) -> Floats:
        """Sums over each attempt's answers: float64[rows]."""
        sums = np.bincount(self.row, weights=values, minlength=self.rows)
        return sums.astype(np.float64)


def eap(
    responses: Responses | Part, curves: Curves, nodes: int = NODES, reach: float = 6.0
) -> Abilities:
    """Posterior means and standard deviations."""
    part = _part(responses)
    grid = expected.nodes(nodes, reach)
    weights = posteriors(curves, grid, part.category.size)
    square = grid.theta**2
    moments = np.empty((part.attempts, 2))

    def step(share: Sequence[Chunk]) -> None:
        for chunk in share:
            weight = weights(chunk).astype(np.float64, copy=False)
            moments[chunk.span, 0] = np.einsum("aq,q->a", weight, grid.theta)
            moments[chunk.span, 1] = np.einsum("aq,q->a", weight, square)

    expected.spread(step, list(part.chunks()))
    theta = moments[:, 0]
    se = np.sqrt(np.maximum(moments[:, 1] - theta * theta, 0.0))
    silent = ~_counted(part, curves)
    theta[silent] = se[silent] = np.nan
    return Abilities(theta, se)


def posteriors(
    curves: Curves, grid: Nodes, answers: int
) -> Callable[[Chunk], NDArray[np.floating]]:
    """What gives the posterior weights of a chunk, [attempts, nodes].

    In single precision where nobody guesses and there are very many answers.
    """
    if answers > drawn.MANY and not curves.c.any():
        quick = drawn.Likelihoods(curves, grid)
        return lambda chunk: drawn.posterior(quick.of(chunk))[0]
    table = expected.rounded(curves.log_chances(grid.theta))
    return lambda chunk: expected.posterior(expected.likelihoods(chunk, table, grid))[0]


def maximum_a_posteriori(responses: Responses | Part, curves: Curves) -> Abilities:
    """Posterior modes; the error is 1 / sqrt(information + 1)."""

    def equation(
        theta: Floats, slope: Floats, information: Floats, _: Floats
    ) -> tuple[Floats, Floats]:
        return slope - theta, information + 1

    return _solved(responses, curves, equation)


def weighted_likelihood(responses: Responses | Part, curves: Curves) -> Abilities:
    """Warm's estimates; the error is 1 / sqrt(information)."""

    def equation(_: Floats, slope: Floats, information: Floats, j: Floats) -> tuple[Floats, Floats]:
        return slope + j / (2 * np.maximum(information, 1e-300)), information

    return _solved(responses, curves, equation)


def empirical_reliability(abilities: Abilities) -> Reliability:
    """Var(EAP) / (Var(EAP) + mean squared error): the share of true variance in the scores."""
    known = np.isfinite(abilities.theta)
    n = int(known.sum())
    if n < 2:
        return Reliability(None, n)
    spread = float(abilities.theta[known].var(ddof=1))
    noise = float((abilities.se[known] ** 2).mean())
    return Reliability(spread / (spread + noise) if spread + noise else None, n)


def answered(part: Part, curves: Curves, chunk: Chunk) -> Answered:
    """The counted answers of one chunk."""
    edges = part.edges[chunk.first : chunk.first + chunk.rows + 1]
    category = part.category[edges[0] : edges[-1]]
    row = np.repeat(np.arange(chunk.rows), np.diff(edges))
    counted = curves.counted[category >> 1]
    if not counted.all():
        category, row = category[counted], row[counted]
    item = category >> 1
    x = (category & 1 == 0).astype(np.float64)
    return Answered(chunk.rows, row, item, x, curves.a[item], curves.d[item], curves.c[item])


def _solved(responses: Responses | Part, curves: Curves, equation: Equation) -> Abilities:
    part = _part(responses)
    theta, se = np.empty(part.attempts), np.empty(part.attempts)

    def step(share: Sequence[Chunk]) -> None:
        for chunk in share:
            theta[chunk.span], se[chunk.span] = _roots(answered(part, curves, chunk), equation)

    expected.spread(step, list(part.chunks()))
    silent = ~_counted(part, curves)
    theta[silent] = se[silent] = np.nan
    return Abilities(theta, se)


def _roots(answers: Answered, equation: Equation) -> tuple[Floats, Floats]:
    """Newton's method inside a bracket that halves where Newton would leave it."""
    theta = np.zeros(answers.rows)
    low, high = np.full(answers.rows, -REACH), np.full(answers.rows, REACH)
    steep = np.ones(answers.rows)
    for _ in range(MOST_STEPS):
        p, first, second = answers.curve(theta)
        ratio = first / np.maximum(p * (1 - p), 1e-300)
        slope, information, j = (
            answers.by_attempt(values)
            for values in ((answers.x - p) * ratio, first * ratio, second * ratio)
        )
        value, steep = equation(theta, slope, information, j)
        low, high = np.where(value > 0, theta, low), np.where(value > 0, high, theta)
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = theta + np.clip(value / steep, -1.5, 1.5)
        inside = (newton > low) & (newton < high)
        following = np.where(inside, newton, (low + high) / 2)
        moved = float(np.abs(following - theta).max(initial=0.0))
        theta = following
        if moved < CLOSE:
            break
    with np.errstate(divide="ignore"):
        return theta, 1 / np.sqrt(steep)


def _part(responses: Responses | Part) -> Part:
    return responses if isinstance(responses, Part) else patterns.part(responses)


def _counted(part: Part, curves: Curves) -> NDArray[np.bool_]:
    """Which attempts have an answer that counts: bool[attempts]."""
    if curves.counted.all():
        return np.asarray(part.edges[1:] > part.edges[:-1])
    some = np.zeros(part.attempts, dtype=np.bool_)
    for chunk in part.chunks():
        some[chunk.span] = np.bincount(answered(part, curves, chunk).row, minlength=chunk.rows) > 0
    return some
