"""How does a slow iteration x -> x + f(x) come to its end in fewer steps?

Anderson's mixing as in Walker and Ni 2011 (SIAM J. Numer. Anal. 49, 1715-1735): the next point
combines the last few so that their residuals f cancel best. EM for item response models slows
down along a few directions shared by all items (the scale of ability above all); these are what
the mixing finds, where the steps handed in (`ahead`) have left any. Guarded: a step that lowers the
objective is taken back, and a plain step, which EM never lets fail, is made from the point before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assess.psychometrics.exact import Floats

MEMORY = 5  # points kept
NOISE = 1e-10  # of the objective: a loss of less is none
FLAT = 1e-7  # singular values of the residual differences, relative to the first, that count


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """Where the iteration came to: the last point that was evaluated, and its value.

    `step`: the largest element of f there; `taken_back`: steps that the guard undid.
    """

    x: Floats
    value: float
    step: float
    evaluations: int
    taken_back: int
    converged: bool


def iterate(
    evaluate: Callable[[Floats], tuple[float, Floats, Floats]],
    x: Floats,
    scale: Floats,
    *,
    tolerance: float,
    most: int,
    leap: float = np.inf,
    noise: float = NOISE,
    progress: Callable[[int, float, float], None] | None = None,
) -> End:
    """Iterate until no element of f is larger than `tolerance`, or for `most` evaluations.

    `evaluate(x)` gives the objective at x, a step that never lowers it, and f(x), that step or a
    better one; `scale` weighs the elements of f against each other; no mixed step moves an element
    by more than `leap`. `noise`: what the objective may lose, in parts of itself, and be as good.
    `progress` is told evaluation, objective and largest step.
    """
    points: list[Floats] = []
    residuals: list[Floats] = []
    best, plain, taken_back = -np.inf, None, 0
    for count in range(1, most + 1):
        value, sure, f = evaluate(x)
        step = float(np.abs(f).max(initial=0.0))
        if progress is not None:
            progress(count, value, step)
        if plain is not None and not value >= best - noise * abs(best):
            x, plain, points, residuals = plain, None, [], []
            taken_back += 1
            continue
        best = value
        if step <= tolerance or count == most:
            return End(x, value, step, count, taken_back, step <= tolerance)
        points, residuals = [*points, x][-MEMORY:], [*residuals, f][-MEMORY:]
        plain = x + sure
        mixed = _mixed(points, residuals, scale) if len(points) > 1 else x + f
        x = mixed if float(np.abs(mixed - x).max(initial=0.0)) <= leap else plain
    return End(x, best, np.inf, most, taken_back, False)


def _mixed(points: list[Floats], residuals: list[Floats], scale: Floats) -> Floats:
    moves, changes = np.diff(points, axis=0), np.diff(residuals, axis=0)
    weight, *_ = np.linalg.lstsq((changes * scale).T, residuals[-1] * scale, rcond=FLAT)
    mixed: Floats = points[-1] + residuals[-1] - weight @ (moves + changes)
    return mixed
