"""What does an item response model say of items, test and attempts, as values for a report?

Nothing of a fit that did not converge is given as a fact: its items' values are null, with that
as the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import calibration, dif, information, irt, patterns, scoring
from assess.psychometrics import fit as fitted
from assess.psychometrics.comparisons import Block
from assess.psychometrics.exact import Floats
from assess.psychometrics.expected import Curves
from assess.psychometrics.flags import Flag
from assess.psychometrics.irt import Fit
from assess.psychometrics.maximise import Model
from assess.psychometrics.patterns import Part
from assess.psychometrics.report import ItemKey
from assess.psychometrics.responses import FULL, Responses
from assess.psychometrics.scoring import Abilities

NOT_CONVERGED = "the fit did not converge"
PARTIAL = "it gives partial credit"
GRID = np.linspace(-4.0, 4.0, 41)  # where information is given
LEVEL = 0.05
# Size beside significance: Rasch Measurement Transactions 8:3 (rasch.org/rmt/rmt83b.htm): 1.2 is
# 20 % more noise than the model expects. That a fifth matters is a working choice.
FITTING = (0.8, 1.2)
WRIGHT = "Mean squares: Rasch Measurement Transactions 8:3; the limit is a working choice"
STEP = 0.5  # of the map of abilities and difficulties
VALUES = ("a", "d", "c", "se_a", "se_d", "se_c")
FIT_VALUES = (
    *("infit", "outfit", "infit_z", "outfit_z", "chi2", "chi2_df", "chi2_p", "chi2_p_adjusted"),
    *("s_x2", "s_x2_df", "s_x2_p"),
)
Progress = Callable[[int, float, float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Modelled:
    """What a report gets of a fit, its reliability, decisions, and columns of attempts.

    `reliability` and `decisions` are rows of the report's test; `attempts` columns float64 by
    attempt, nan where there is no value.
    """

    block: Block
    reliability: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    attempts: dict[str, Floats]


def modelled(
    responses: Responses,
    items: Sequence[ItemKey],
    model: Model,
    *,
    cut: float | None = None,
    weak_priors: bool = False,
    progress: Progress | None = None,
) -> Modelled:
    """Fit `model` and say what follows; `cut` in marks, for decisions and calibration.

    Items that give partial credit are left out of the fit; they, and what is too little to fit,
    give nulls with the reason.
    """
    partial = np.zeros(responses.items, dtype=np.bool_)
    partial[responses.item[(responses.score > 0) & (responses.score < FULL)]] = True
    if partial.any():
        if partial[responses.item].all():
            return _nothing(model, len(items), "every item gives partial credit")
        responses = responses.rows(~partial[responses.item])
        cut = None  # in marks of the whole form, of which a part is left
    part = patterns.part(responses)
    fit = irt.fit_parts(
        [part], model, weak_priors=weak_priors, chance=_chances(items), progress=progress
    )
    fit = replace(
        fit,
        reasons=tuple(
            PARTIAL if of_parts else why
            for of_parts, why in zip(partial.tolist(), fit.reasons, strict=True)
        ),
    )
    if not fit.estimated.any():
        return _nothing(model, len(items), _why_nothing(fit))
    if not fit.converged:
        block = Block(_of_fit(fit), [_unsaid(fit, k) for k in range(len(items))], _no_flags(items))
        return Modelled(block, [], [], {})
    return _said(part, fit, cut)


def _why_nothing(fit: Fit) -> str:
    """Why no item has parameters."""
    if fit.iterations:
        return "no item has parameters: they grow without end"
    return next((why for why in fit.reasons if why and why != PARTIAL), NOT_CONVERGED)


def _said(part: Part, fit: Fit, cut: float | None) -> Modelled:
    curves = fit.curves()
    eap = scoring.eap(part, curves)
    wle = scoring.weighted_likelihood(part, curves)
    empirical = scoring.empirical_reliability(eap)
    drawn = fit.n / max(fit.attempts, 1)
    test = _of_fit(fit) | {
        "information": _information(curves, drawn),
        "map": _map(eap, fit.b),
    }
    length = fit.n.sum() / max(fit.attempts, 1)
    decisions, calibrated = _at_cut(fit, wle, cut, length)
    fitting = _fitting(part, fit)
    rows = [_item(fit, k) | fitting[k] | calibrated(k) for k in range(fit.a.size)]
    person = fitted.person_fit(part, curves, wle)
    return Modelled(
        Block(test, rows, [_flags(row) for row in rows]),
        [{"kind": "empirical_irt", "value": empirical.value, "n": empirical.n, "reason": None}],
        decisions,
        {"eap": eap.theta, "eap_se": eap.se, "wle": wle.theta, "wle_se": wle.se, "lz": person.lz},
    )


def _fitting(part: Part, fit: Fit) -> list[dict[str, Any]]:
    """How well each item keeps to the model."""
    curves = fit.curves()
    own = {"1pl": 1, "2pl": 2, "3pl": 3}[fit.model]
    squares = fitted.mean_squares(part, curves)
    groups = fitted.by_prediction(part, curves, own)
    adjusted = dif.adjusted(groups.p)
    try:
        sums = fitted.s_x2(part, curves, own) if part.attempts else None
    except ValueError:
        sums = None  # not one complete form
    return [
        {
            "infit": _value(squares.infit[k]),
            "outfit": _value(squares.outfit[k]),
            "infit_z": _value(squares.infit_z[k]),
            "outfit_z": _value(squares.outfit_z[k]),
            "chi2": _value(groups.chi2[k]),
            "chi2_df": int(groups.df[k]),
            "chi2_p": _value(groups.p[k]),
            "chi2_p_adjusted": _value(adjusted[k]),
            "s_x2": None if sums is None else _value(sums.chi2[k]),
            "s_x2_df": None if sums is None else int(sums.df[k]),
            "s_x2_p": None if sums is None else _value(sums.p[k]),
        }
        for k in range(fit.a.size)
    ]


def _flags(row: dict[str, Any]) -> list[Flag]:
    """Misfit: beyond chance among all items, and of a size that matters."""
    p, outfit, infit = row["chi2_p_adjusted"], row["outfit"], row["infit"]
    if row["guard"] or p is None or p >= LEVEL or outfit is None or infit is None:
        return []
    if all(FITTING[0] <= square <= FITTING[1] for square in (infit, outfit)):
        return []
    sentence = (
        f"It does not keep to the model (infit {infit:.2f}, outfit {outfit:.2f}; 1 is expected). "
        "Look at who chooses which option, and at what the item asks beside its subject."
    )
    return [Flag("misfit", sentence, None, FITTING[1], WRIGHT)]


def _of_fit(fit: Fit) -> dict[str, Any]:
    return {
        "model": fit.model,
        "loglik": _value(fit.loglik),
        "converged": fit.converged,
        "iterations": fit.iterations,
        "parameters": fit.parameters,
        "aic": _value(fit.aic),
        "bic": _value(fit.bic),
        "nodes": fit.nodes,
        "attempts": fit.attempts,
        "n": int(fit.n.sum()),
        "errors": fit.information,
        "information": [],
        "map": [],
        "reason": _left_out(fit) if fit.converged else NOT_CONVERGED,
    }


def _left_out(fit: Fit) -> str | None:
    """How many items the fit does not speak of because they give partial credit."""
    count = fit.reasons.count(PARTIAL)
    if not count:
        return None
    return f"{count} item{'s give' if count > 1 else ' gives'} partial credit: left out"


def _item(fit: Fit, k: int) -> dict[str, Any]:
    return {
        **{name: _value(getattr(fit, name)[k]) for name in VALUES},
        "b": _value(fit.b[k]),
        "se_b": _value(fit.se_b[k]),
        "n": int(fit.n[k]),
        "weak_prior": bool(fit.weak[k]),
        "guard": fit.guards[k],
        "reason": fit.reasons[k],
    }


def _unsaid(fit: Fit, k: int) -> dict[str, Any]:
    """An item of a fit that is not to be relied on."""
    return {
        **dict.fromkeys((*VALUES, "b", "se_b", *FIT_VALUES)),
        "n": int(fit.n[k]),
        "weak_prior": bool(fit.weak[k]),
        "guard": fit.guards[k],
        "reason": NOT_CONVERGED,
    }


def _at_cut(
    fit: Fit, abilities: Abilities, cut: float | None, length: float
) -> tuple[list[dict[str, Any]], Callable[[int], dict[str, Any]]]:
    """Rudner's decisions at the cut, and each item's chance for the borderline candidate."""

    def nothing(_: int) -> dict[str, Any]:
        return {"borderline": None}

    if cut is None or not length:
        return [], nothing
    try:
        found = calibration.calibrate(fit, cut / length)
    except ValueError:
        return [], nothing
    rudner = information.rudner(abilities.theta, abilities.se, found.ability)
    row = {
        "method": "rudner",
        "cut": cut,
        "accuracy": rudner.accuracy,
        "consistency": rudner.consistency,
        "kappa": None,
    }

    def borderline(k: int) -> dict[str, Any]:
        return {
            "borderline": {
                "chance": _value(found.chance[k]),
                "interval": None
                if not isfinite(found.low[k])
                else [float(found.low[k]), float(found.high[k])],
                "own": _value(found.own[k]),
            }
        }

    return [row], borderline


def _information(curves: Curves, drawn: NDArray[np.float64]) -> list[dict[str, float | None]]:
    of_form = information.of_test(curves, GRID, drawn)
    errors = information.conditional_sem(curves, GRID, drawn)
    return [
        {"theta": round(float(theta), 3), "information": float(value), "se": _value(error)}
        for theta, value, error in zip(GRID, of_form, errors, strict=True)
    ]


def _map(eap: Abilities, b: Floats) -> list[dict[str, float]]:
    """Shares of attempts and of items by ability and difficulty, beyond the ends in the ends."""
    middle = np.arange(GRID[0], GRID[-1] + STEP / 2, STEP)

    def shares(values: Floats) -> Floats:
        known = values[np.isfinite(values)]
        place = np.clip(np.rint((known - middle[0]) / STEP), 0, middle.size - 1).astype(np.int64)
        counted = np.bincount(place, minlength=middle.size) / max(known.size, 1)
        return counted.astype(np.float64)

    return [
        {"theta": float(theta), "attempts": float(people), "items": float(items)}
        for theta, people, items in zip(middle, shares(eap.theta), shares(b), strict=True)
    ]


def _chances(items: Sequence[ItemKey]) -> Floats:
    """Where a lower asymptote is looked for: at blind guessing, where one option is chosen."""
    found = np.full(len(items), irt.CHANCE)
    for k, key in enumerate(items):
        known = sum(key.label(option) is not None for option in range(key.n_options))
        if key.kind == "single_choice" and known > 1:
            found[k] = 1 / known
    return found


def _nothing(model: Model, items: int, why: str) -> Modelled:
    none = dict.fromkeys(("loglik", "parameters", "aic", "bic", "nodes", "attempts", "n", "errors"))
    test: dict[str, Any] = {
        "model": model,
        **none,
        "converged": False,
        "iterations": 0,
        "information": [],
        "map": [],
        "reason": why,
    }
    return Modelled(Block(test, [None] * items, [[] for _ in range(items)]), [], [], {})


def _no_flags(items: Sequence[ItemKey]) -> list[Any]:
    return [[] for _ in items]


def _value(number: float) -> float | None:
    return float(number) if isfinite(number) else None
