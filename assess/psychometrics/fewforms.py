"""What do the answers leave unknown about the items of a few fixed forms?

The missing information of `errors`, exactly and for any number of candidates: where all takers of
a form answered the same items and nobody guesses, posterior covariances of scores are sums of
products of a few matrices that have nodes, not candidates, for their sides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import expected
from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import Curves, Nodes
from assess.psychometrics.patterns import Forms, Part

SPAN = 1 << 14  # attempts at a time: BLAS wants large matrices


def information(
    parts: Sequence[Part],
    forms: Sequence[Forms],
    curves: Curves,
    grid: Nodes,
    at: NDArray[np.intp],
) -> tuple[Floats, Floats]:
    """Complete information [at, 2, 2] and missing information [2 * at, 2 * at] of a and d."""
    theta = grid.theta
    p = curves.chance(theta)[at]
    n = np.zeros((at.size, grid.count))
    missing = np.zeros((at.size, 2, at.size, 2))
    for part, own in zip(parts, forms, strict=True):
        for k, shown in enumerate(own.shown[:, at]):
            here = np.flatnonzero(shown)
            nodes, spread, along, twice = _sums(part, own, k, curves, grid, at[here])
            n[here] += nodes
            tilted, plain = theta * p[here], p[here]
            # Scores of an answer x: x * theta - theta * P for a, x - P for d.
            slope_intercept = tilted @ spread @ plain.T - along @ plain.T
            slopes = tilted @ spread @ tilted.T + twice
            slopes -= along @ tilted.T + tilted @ along.T
            rows = here[:, None]
            missing[rows, 0, here, 0] += slopes
            missing[rows, 0, here, 1] += slope_intercept
            missing[here, 1, rows, 0] += slope_intercept
            missing[rows, 1, here, 1] += plain @ spread @ plain.T
    weight = n * p * (1 - p)
    moments = np.stack([weight @ theta**power for power in (2, 1, 1, 0)], axis=1)
    return moments.reshape(-1, 2, 2), missing.reshape(2 * at.size, -1)


def _sums(
    part: Part, forms: Forms, form: int, curves: Curves, grid: Nodes, items: NDArray[np.intp]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Of the takers of one form, with w their posterior weights and x their answers.

    Sums of w [nodes]; of diag(w) - w w' [nodes, nodes]; of x w (theta - mean) [items, nodes];
    of x x' times the posterior variance [items, items].
    """
    nodes = np.zeros(grid.count)
    square = np.zeros((grid.count, grid.count))
    along = np.zeros((items.size, grid.count))
    twice = np.zeros((items.size, items.size))
    every = expected.form_likelihoods(forms, curves, grid)
    for span in expected.spans(part, SPAN):
        takers = forms.form[span] == form
        if not takers.any():
            continue
        logs, right = every.of(span)
        weight, _ = expected.posterior(logs[takers])
        x = right.toarray()[np.ix_(takers, items)]
        nodes += weight.sum(axis=0)
        square += weight.T @ weight
        mean = weight @ grid.theta
        off = grid.theta - mean[:, None]
        along += x.T @ (weight * off)
        variance = weight @ grid.theta**2 - mean**2
        twice += x.T @ (x * variance[:, None])
    return nodes, np.diag(nodes) - square, along, twice
