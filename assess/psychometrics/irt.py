"""How hard is each item, and how sharply does it separate, on one scale of ability for all forms?

Rasch-type models fitted by marginal maximum likelihood (Bock and Aitkin 1981, Psychometrika 46,
443-459), ability standard normal, logit = a * theta + d. Answers that were never asked for are
missing by design and left out: all forms land on one scale without equating.

    1pl  one slope for all items (the Rasch model: a is the standard deviation of its abilities)
    2pl  a slope for each item
    3pl  and a lower asymptote c, held by a prior, since few answers speak of it
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.psychometrics import accelerate, ahead, drawn, enough, expected, maximise, patterns
from assess.psychometrics.errors import Covariance, Kind, covariance
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.expected import Curves, Nodes, Sums
from assess.psychometrics.maximise import Model, Priors
from assess.psychometrics.patterns import FEW_FORMS, Forms, Part
from assess.psychometrics.responses import Responses

TOLERANCE = 2e-5  # of a, d and logit c between two EM steps
FINE_TOLERANCE = 1e-6  # the same where steps cost little
FEW_ANSWERS = 300_000
ROUGH_TOLERANCE = 1e-4  # where they cost much, and errors of estimation are small beside it
AHEAD_TOLERANCE = 3e-4  # the same of steps that are as long as the way to the end
MANY_ANSWERS = 1_000_000
MOST_STEPS = 500
LONGEST_LEAP = 3.0  # of a, d and logit c in a mixed step
WEAK_BELOW = 500  # answers, where weak priors are asked for
CHANCE = 0.2  # where the prior of c has its mode unless the caller knows the options

Progress = Callable[[int, float, float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Item parameters with standard errors, float64[items] in the order of the versions.

    nan where not estimable: `reasons` says why, by item (None: nothing to say). `guards`: None,
    or that the answers are too few for the model. `weak`: bool[items], where weak priors drew
    the estimates. `c` is 0 but in a 3pl. `cov_ad`: covariance of the errors of a and d.
    `information`: where the errors come from: all items at once ("full"), the same from a part
    of the attempts ("sample"), item by item ("block"), or "none".
    `attempts`: with an answer. `loglik`: of the answers, without priors. `iterations`: E-steps;
    `step`: the largest change in the last. `nodes` on -`reach` .. `reach`. Not to be shown as a
    fact where `converged` is False.
    """

    model: Model
    a: Floats
    d: Floats
    c: Floats
    se_a: Floats
    se_d: Floats
    se_c: Floats
    cov_ad: Floats
    n: Ints
    weak: NDArray[np.bool_]
    guards: tuple[str | None, ...]
    reasons: tuple[str | None, ...]
    loglik: float
    parameters: int
    attempts: int
    converged: bool
    iterations: int
    step: float
    nodes: int
    reach: float
    information: Kind

    @property
    def b(self) -> Floats:
        """Difficulties -d / a on the scale of ability; nan where the slope is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            b = -self.d / self.a
        return np.where(np.isfinite(b), b, np.nan)

    @property
    def se_b(self) -> Floats:
        """Standard errors of b by the delta method."""
        with np.errstate(divide="ignore", invalid="ignore"):
            b = -self.d / self.a
            variance = (self.se_d**2 + 2 * b * self.cov_ad + (b * self.se_a) ** 2) / self.a**2
            return np.sqrt(np.where(variance >= 0, variance, np.nan))

    @property
    def estimated(self) -> NDArray[np.bool_]:
        """Which items have parameters: bool[items]."""
        return np.isfinite(self.a) & np.isfinite(self.d)

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2 * self.parameters - 2 * self.loglik

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with the number of attempts."""
        return float(self.parameters * np.log(max(self.attempts, 1)) - 2 * self.loglik)

    def curves(self) -> Curves:
        """The item curves; those without parameters say nothing."""
        ok = self.estimated
        return Curves(
            np.where(ok, self.a, 0.0), np.where(ok, self.d, 0.0), np.where(ok, self.c, 0.0), ok
        )


def fit(
    responses: Responses | Sequence[Responses],
    model: Model = "2pl",
    *,
    nodes: int | None = None,
    errors: bool = True,
    weak_priors: bool = False,
    chance: ArrayLike = CHANCE,
    progress: Progress | None = None,
) -> Fit:
    """Fit `model` to right-or-wrong answers; parts of the attempts give the same bits as a whole.

    `nodes`: 61 unless the forms are long or the answers many. `weak_priors`: for items with
    fewer than 500 answers, log a ~ N(0, 0.5) and d ~ N(0, 2), and for all items of a 3pl.
    `chance`: the mode of c's prior, a number or one an item (3pl). `progress` is told evaluation,
    objective and largest change. Raises ValueError for partial credit and unequal items.
    """
    whole = [responses] if isinstance(responses, Responses) else list(responses)
    parts = [patterns.part(answers) for answers in whole]
    if len({part.items for part in parts}) != 1:
        raise ValueError("the parts do not list the same items")
    return fit_parts(
        parts,
        model,
        nodes=nodes,
        errors=errors,
        weak_priors=weak_priors,
        chance=chance,
        progress=progress,
    )


def fit_parts(
    parts: Sequence[Part],
    model: Model,
    *,
    nodes: int | None = None,
    errors: bool = True,
    weak_priors: bool = False,
    chance: ArrayLike = CHANCE,
    progress: Progress | None = None,
) -> Fit:
    """The same from prepared parts (see `patterns`)."""
    of_parts = [part.counts() for part in parts]
    counts = sum(of_parts, np.zeros((parts[0].items, 2), dtype=np.int64))
    n = counts.sum(axis=1)
    weak = (n < WEAK_BELOW) & weak_priors
    if model == "3pl":
        weak = n >= 0  # slope and asymptote trade off: without a prior many items run away
    priors = Priors(weak, np.broadcast_to(np.asarray(chance, dtype=np.float64), n.shape))
    counted = np.asarray(n > 0 if weak_priors or model == "3pl" else (counts > 0).all(axis=1))
    if counted.sum() < enough.FEWEST_ITEMS[model]:
        return _nothing(model, parts, counts, weak)
    forms = _few_forms(parts, model)
    grid = expected.nodes(nodes) if nodes else _enough_nodes(parts, few=forms is not None)
    estimation = _Estimation(
        model,
        parts,
        [of_part[:, 0] for of_part in of_parts],
        forms,
        grid,
        priors,
        _start(counts, counted, model, priors),
    )
    end = accelerate.iterate(
        estimation.evaluate,
        estimation.packed(estimation.first),
        estimation.scale(n),
        tolerance=_tolerance(int(n.sum()), ahead=estimation.ahead),
        most=MOST_STEPS,
        leap=LONGEST_LEAP,
        noise=drawn.NOISE if estimation.single else accelerate.NOISE,
        progress=progress,
    )
    curves = estimation.curves(end.x)
    return _finished(estimation, curves, end, counts, weak, with_errors=errors)


@dataclass(slots=True, eq=False)
class _Estimation:
    """The EM map on one vector of all free parameters: a, d and, in a 3pl, logit c."""

    model: Model
    parts: Sequence[Part]
    right: Sequence[Ints]  # answers by item, part by part
    forms: Sequence[Forms] | None
    grid: Nodes
    priors: Priors
    first: Curves
    loglik: float = np.nan
    abilities: list[Floats] | None = None  # by part, of the last step; where that costs nothing

    def evaluate(self, x: Floats) -> tuple[float, Floats, Floats]:
        """The objective, the step of EM, and that step as long as it should be."""
        curves = self.curves(x)
        sums = self.sums(curves)
        self.loglik = sums.loglik / expected.LOGLIK
        after = maximise.maximised(self.model, curves, sums, self.grid, self.priors)
        step = self.packed(after) - x
        value = self.loglik + self.priors.log(curves, self.model)
        if not self.ahead:
            return value, step, step
        at = self.first.counted
        a, d = ahead.lengthened(curves, sums, self.grid, (after.a - curves.a, after.d - curves.d))
        return value, step, np.concatenate((a[at], d[at]))

    @property
    def ahead(self) -> bool:
        """Whether steps are as long as they should be."""
        return self.model == "2pl" and not self.priors.weak.any()

    @property
    def single(self) -> bool:
        """Whether single precision is enough; the same for the parts as for the whole."""
        answers = sum(part.category.size for part in self.parts)
        return self.forms is None and self.model != "3pl" and answers > drawn.MANY

    def sums(self, curves: Curves) -> Sums:
        if self.single and self.abilities is None:
            self.abilities = [np.zeros(part.attempts) for part in self.parts]
        done: Sums | None = None
        for k, part in enumerate(self.parts):
            if self.forms is not None:
                more = expected.form_sums(part, self.forms[k], curves, self.grid)
            elif self.abilities is not None:
                more = drawn.sums(part, self.right[k], curves, self.grid, self.abilities[k])
            else:
                more = expected.sums(part, curves, self.grid)
            done = more if done is None else done + more
        if done is None:
            raise ValueError("there are no parts")
        return done

    def packed(self, curves: Curves) -> Floats:
        at = self.first.counted
        slope = curves.a[at][:1] if self.model == "1pl" else curves.a[at]
        free = [slope, curves.d[at]]
        if self.model == "3pl":
            free.append(np.log(curves.c[at]) - np.log1p(-curves.c[at]))
        return np.concatenate(free)

    def curves(self, x: Floats) -> Curves:
        at = self.first.counted
        size = int(at.sum())
        slopes = 1 if self.model == "1pl" else size
        a, d, c = np.zeros(at.size), np.zeros(at.size), np.zeros(at.size)
        a[at] = np.clip(x[:slopes], -maximise.STEEPEST, maximise.STEEPEST)
        d[at] = np.clip(x[slopes : slopes + size], -maximise.FARTHEST, maximise.FARTHEST)
        if self.model == "3pl":
            c[at] = 1 / (1 + np.exp(-np.clip(x[slopes + size :], -10.0, 2.0)))
        return replace(self.first, a=a, d=d, c=c)

    def scale(self, n: Ints) -> Floats:
        """The square root of each parameter's answers: what its residual weighs."""
        root = np.sqrt(n[self.first.counted].astype(np.float64))
        slope = np.array([np.sqrt(n.sum())]) if self.model == "1pl" else root
        return np.concatenate((slope, root, root) if self.model == "3pl" else (slope, root))


def _sat(parts: Sequence[Part]) -> int:
    """How many attempts have an answer that counts: an empty one is no observation."""
    return sum(int(np.count_nonzero(np.diff(part.edges))) for part in parts)


def _tolerance(answers: int, *, ahead: bool) -> float:
    if answers <= FEW_ANSWERS:
        return FINE_TOLERANCE
    if answers <= MANY_ANSWERS:
        return TOLERANCE
    return AHEAD_TOLERANCE if ahead else ROUGH_TOLERANCE


def _few_forms(parts: Sequence[Part], model: Model) -> list[Forms] | None:
    """The forms of every part, if few in all, so that parts and whole go the same way."""
    if model == "3pl":
        return None
    found: list[Forms] = []
    different: set[bytes] = set()
    for part in parts:
        forms = patterns.forms(part)
        if forms is None:
            return None
        found.append(forms)
        different.update(row.tobytes() for row in forms.shown)
    return found if len(different) <= FEW_FORMS else None


def _enough_nodes(parts: Sequence[Part], *, few: bool) -> Nodes:
    """The longer a form, the narrower its posteriors, and the denser the nodes must stand."""
    longest = max(int(np.diff(part.edges).max(initial=0)) for part in parts)
    answers = sum(int(part.edges[-1]) for part in parts)
    if longest > 150:
        return expected.nodes(121)
    return (
        expected.nodes(61)
        if few or longest > 30 or answers <= 1_000_000
        else expected.nodes(24, 5.0)
    )


def _start(counts: Ints, counted: NDArray[np.bool_], model: Model, priors: Priors) -> Curves:
    p = (counts[:, 0] + 0.5) / (counts.sum(axis=1) + 1)
    c = np.where(counted, priors.chance, 0.0) if model == "3pl" else np.zeros(p.size)
    above = np.clip((p - c) / (1 - c), 0.05, None)
    # 1.16 = sqrt(1 + 1 / 1.7**2): the normal ability flattens a curve of slope 1 by so much.
    d = 1.16 * (np.log(above) - np.log(np.maximum(1 - above, 1e-3)))
    return Curves(np.where(counted, 1.0, 0.0), np.where(counted, d, 0.0), c, counted)


def _finished(
    estimation: _Estimation,
    curves: Curves,
    end: accelerate.End,
    counts: Ints,
    weak: NDArray[np.bool_],
    *,
    with_errors: bool,
) -> Fit:
    model, at = estimation.model, curves.counted
    endless = at & (
        (np.abs(curves.a) >= maximise.STEEPEST - 1e-6)
        | (np.abs(curves.d) >= maximise.FARTHEST - 1e-6)
    )
    kept = at & ~endless
    found = (
        covariance(
            model,
            estimation.parts,
            curves,
            kept,
            estimation.grid,
            estimation.priors,
            estimation.forms,
            estimation.abilities,
        )
        if with_errors
        else Covariance.unknown(kept)
    )
    size = int(at.sum())
    return Fit(
        model,
        np.where(kept, curves.a, np.nan),
        np.where(kept, curves.d, np.nan),
        np.where(kept, curves.c, np.nan),
        *found.standard(),
        counts.sum(axis=1),
        weak & at,
        enough.guards(model, counts),
        enough.reasons(counts, at, endless, found, with_errors=with_errors),
        estimation.loglik,
        {"1pl": size + 1, "2pl": 2 * size, "3pl": 3 * size}[model],
        _sat(estimation.parts),
        end.converged,
        end.evaluations,
        end.step,
        estimation.grid.count,
        float(estimation.grid.theta[-1]),
        found.kind,
    )


def _nothing(model: Model, parts: Sequence[Part], counts: Ints, weak: NDArray[np.bool_]) -> Fit:
    none = np.full(len(counts), np.nan)
    why = (
        f"a {model} needs at least {enough.FEWEST_ITEMS[model]} items answered rightly and wrongly"
    )
    return Fit(
        model,
        *(none, none, none, none, none, none, none),
        counts.sum(axis=1),
        weak,
        enough.guards(model, counts),
        (why,) * len(counts),
        loglik=np.nan,
        parameters=0,
        attempts=_sat(parts),
        converged=False,
        iterations=0,
        step=np.nan,
        nodes=0,
        reach=0.0,
        information="none",
    )
