"""Are the estimates unbiased, and do their intervals hold the truth as often as they say?

Run from the repository's root: `python -m benchmarks.recovery`. About four minutes. Prints, for
answers to random forms drawn from known parameters, the mean error of each parameter with its
Monte-Carlo error, and how often the 95 % interval holds the truth; then the level of the fit
statistics where the model is true. A 3PL has priors: what they draw an item towards is a bias of
single parameters, so that its curve is judged too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import expected, fit, irt, maximise, patterns, scoring
from assess.psychometrics.expected import Curves
from assess.psychometrics.maximise import Model
from assess.psychometrics.patterns import Part

Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Study:
    """Random forms of `length` of `items` for `attempts` candidates, `rounds` times over.

    `from_prior`: the truth is drawn anew each round, from the priors. Else it is the same in all
    rounds, and of a 3PL the true c lie evenly about their prior's mode.
    """

    model: Model
    attempts: int
    items: int
    length: int
    rounds: int
    from_prior: bool = False


STUDIES = (
    Study("2pl", 5_000, 100, 20, 25),
    Study("2pl", 2_000, 20, 20, 60),
    Study("1pl", 2_000, 60, 15, 40),
    Study("2pl", 40_000, 1000, 20, 2),
    Study("3pl", 10_000, 40, 40, 10),
    Study("3pl", 40_000, 160, 20, 4),
    Study("3pl", 10_000, 40, 40, 25, from_prior=True),
    Study("3pl", 40_000, 160, 20, 10, from_prior=True),
)


def main() -> None:
    """Print one line a study and parameter, then the level of fit statistics."""
    for study in STUDIES:
        recovery(study)
    levels()


def recovery(study: Study) -> None:
    """Bias and coverage of a and d."""
    rng = np.random.default_rng(30)
    a, d, c = truths(rng, study)
    names = ("a", "d", "c") if study.model == "3pl" else ("a", "d")
    errors: dict[str, list[NDArray[np.float64]]] = {name: [] for name in names}
    inside: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in names}
    curves: list[float] = []
    for _ in range(study.rounds):
        if study.from_prior:
            a, d, c = truths(rng, study)
        truth = {"a": a, "d": d, "c": c}
        found = irt.fit_parts([drawn(rng, study, a, d, c)[0]], study.model)
        for name in names:
            value, se = getattr(found, name), getattr(found, f"se_{name}")
            error = value - truth[name]
            # A common slope is one number.
            many = slice(0, 1) if name == "a" and study.model == "1pl" else slice(None)
            errors[name].append(error[many])
            inside[name].append(np.abs(error[many]) < Z95 * se[many])
        curves.append(apart(found.curves(), Curves(a, d, c, found.estimated)))
    size = f"{study.model} {study.attempts} x {study.length} of {study.items}"
    size += ", truth from the priors" if study.from_prior else ""
    for name in names:
        means = np.array([error.mean() for error in errors[name]])
        held = np.concatenate(inside[name])
        doubt = means.std(ddof=1) / np.sqrt(means.size)
        print(
            f"{size}, {name}: bias {means.mean():+.4f} +- {doubt:.4f},"
            f" coverage {held.mean():.3f} of {held.size} intervals ({study.rounds} rounds)"
        )
    print(f"{size}: estimated curves {np.mean(curves):.4f} from the true ones (root mean square)")


def truths(rng: np.random.Generator, study: Study) -> tuple[NDArray[np.float64], ...]:
    """True a, d and c."""
    if study.from_prior:
        weight = maximise.GUESSING_WEIGHT
        return (
            np.exp(rng.normal(*maximise.LOG_SLOPE, study.items)),
            rng.normal(*maximise.INTERCEPT, study.items),
            rng.beta(1 + weight * irt.CHANCE, 1 + weight * (1 - irt.CHANCE), study.items),
        )
    a = np.exp(rng.normal(0.1, 0.3, study.items))
    if study.model == "1pl":
        a[:] = 1.2
    d = rng.normal(0.7, 0.9, study.items)
    c = np.full(study.items, 0.2 if study.model == "3pl" else 0.0)
    if study.model == "3pl":
        c += rng.uniform(-0.08, 0.08, study.items)  # options do not say all about guessing
    return a, d, c


def apart(estimated: Curves, true: Curves) -> float:
    """The root mean square distance of item curves over a standard normal population."""
    grid = expected.nodes(61)
    square = (estimated.chance(grid.theta) - true.chance(grid.theta)) ** 2
    return float(np.sqrt((square @ np.exp(grid.log_weight)).mean()))


def levels() -> None:
    """How often items and candidates that keep to the model are flagged."""
    rng = np.random.default_rng(31)
    study = Study("2pl", 5_000, 100, 20, 6)
    a, d = np.exp(rng.normal(0.1, 0.3, 100)), rng.normal(0.7, 0.9, 100)
    items, people, thetas = [], [], []
    for _ in range(study.rounds):
        part, theta = drawn(rng, study, a, d)
        curves = irt.fit_parts([part], "2pl", errors=False).curves()
        items.append(fit.by_prediction(part, curves, 2).p)
        people.append(fit.person_fit(part, curves).p)
        found = scoring.weighted_likelihood(part, curves)
        thetas.append(np.abs(found.theta - theta) < Z95 * found.se)
    for level in (0.05, 0.01):
        print(
            f"level {level}: item chi-square {np.mean(np.concatenate(items) < level):.3f}"
            f" of {600}, lz* {np.nanmean(np.concatenate(people) < level):.4f} of {30_000}"
        )
    s_x2 = Study("2pl", 2_000, 20, 20, 50)
    a, d = np.exp(rng.normal(0.1, 0.3, 20)), rng.normal(0.7, 0.9, 20)
    ps = []
    for _ in range(s_x2.rounds):
        part, _ = drawn(rng, s_x2, a, d)
        ps.append(fit.s_x2(part, irt.fit_parts([part], "2pl", errors=False).curves(), 2).p)
    p = np.concatenate(ps)
    shares = ", ".join(f"{np.mean(p < level):.3f} at {level}" for level in (0.1, 0.05, 0.01))
    print(f"S-X2, 2,000 x 20: p of {p.size} items below the level: {shares}")
    print(f"WLE: 95 % intervals hold the ability of {np.mean(np.concatenate(thetas)):.3f}")


def drawn(
    rng: np.random.Generator,
    study: Study,
    a: NDArray[np.float64],
    d: NDArray[np.float64],
    c: NDArray[np.float64] | None = None,
) -> tuple[Part, NDArray[np.float64]]:
    """Answers to random forms, an item of each stratum, and the abilities."""
    stratum = study.items // study.length
    item = rng.integers(0, stratum, (study.attempts, study.length), dtype=np.int32)
    item += np.arange(study.length, dtype=np.int32) * stratum
    theta = rng.standard_normal(study.attempts)
    p = 1 / (1 + np.exp(-(a[item] * theta[:, None] + d[item])))
    if c is not None:
        p = c[item] + (1 - c[item]) * p
    right = rng.random(item.shape) < p
    attempt = np.repeat(np.arange(study.attempts, dtype=np.int32), study.length)
    part = patterns.arranged(study.attempts, study.items, attempt, item.ravel(), right.ravel())
    return part, theta


if __name__ == "__main__":
    main()
