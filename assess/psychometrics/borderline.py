"""How hard are the items of a test for its borderline candidate, from everybody's answers?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from assess.psychometrics import calibration, enough, irt
from assess.psychometrics.calibration import Calibration
from assess.psychometrics.maximise import Model
from assess.psychometrics.responses import FULL, Responses

ENOUGH = enough.ENOUGH["1pl"]  # attempts, below which no scale is to be had


class Nothing(Enum):
    """Why nothing is said."""

    TOO_FEW = "too_few"
    NOT_CONVERGED = "not_converged"
    NO_BORDERLINE = "no_borderline"


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Difficulties in the order of the versions of the answers, and the model they come from."""

    model: Model
    calibration: Calibration


def of_answers(
    answers: Responses, stratum: ArrayLike, cut: float, progress: irt.Progress | None = None
) -> Found | Nothing:
    """Difficulties for the draw from first attempts; `cut`: the share of marks to pass with.

    `stratum` int[items]: an item borrows from its stratum by as much as its own answers leave open.
    A slope for each item (2pl) from 500 answers to the median item on, else one for all (1pl).
    Items whose answers earned partial credit are left out of the fit, and get their stratum's mean:
    the models know right and wrong. `progress` is told of each step, as by `irt.fit`.
    """
    if answers.attempts < ENOUGH:
        return Nothing.TOO_FEW
    part = (answers.score > 0) & (answers.score < FULL)
    whole = answers.rows(~np.isin(answers.item, answers.item[part]))
    counts = np.bincount(whole.item, minlength=answers.versions.size)
    if not counts.any():
        return Nothing.TOO_FEW
    model: Model = "2pl" if np.median(counts[counts > 0]) >= enough.ENOUGH["2pl"] else "1pl"
    fit = irt.fit(whole, model, weak_priors=True, progress=progress)
    if not fit.converged or not fit.estimated.any():
        return Nothing.NOT_CONVERGED
    try:
        return Found(model, calibration.calibrate(fit, cut, stratum))
    except ValueError:
        return Nothing.NO_BORDERLINE
