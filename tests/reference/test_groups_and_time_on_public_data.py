"""Are the flaws planted in the public set found: DIF, drift and rapid guessing?

8,000 attempts of 20 of 160 items, simulated apart from this project's own generator.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assess.psychometrics import dif, drift, effort, exposure, reading
from assess.psychometrics.reading import Answers

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "psychometrics"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the public response data (shared/data/psychometrics) is not here"
)


@cache
def flawed() -> tuple[Answers, dict[str, Any]]:
    answers = reading.read(
        DATA / "sparse_flaws_dev.csv.gz",
        attempts=DATA / "sparse_flaws_dev.attempts.csv.gz",
        columns=["focal_group", "day"],
    )
    return answers, json.loads((DATA / "sparse_flaws_dev.truth.json").read_text(encoding="utf-8"))


def named(answers: Answers, found: np.ndarray[Any, np.dtype[np.bool_]]) -> list[int]:
    return sorted(int(answers.items[k]) for k in np.flatnonzero(found))


def test_all_items_with_planted_dif_are_found_and_no_other() -> None:
    answers, truth = flawed()
    group = np.array([int(label) for label in answers.columns["focal_group"]], dtype=np.int8)
    found = dif.table(answers.responses, group)
    assert named(answers, found.uniform) == truth["planted"]["dif_uniform_against_focal"]
    assert not found.non_uniform.any()


def test_all_items_that_drift_are_found_with_their_day_and_no_other() -> None:
    answers, truth = flawed()
    day = np.array([int(label) for label in answers.columns["day"]])
    found = drift.table(answers.responses, day)
    assert named(answers, found.drifted) == truth["planted"]["drift_easier_after_day_60"]
    assert (abs(found.change.last_day[found.drifted] - 59) <= 6).all()


def test_all_rapid_guessers_are_found_and_nobody_else() -> None:
    answers, truth = flawed()
    found = effort.table(answers.responses)
    attempts = sorted(int(label) for label in np.asarray(answers.attempts)[found.flagged])
    assert attempts == truth["rapid_guess_attempts"]


def test_the_draw_kept_to_its_design() -> None:
    answers, _ = flawed()
    found = exposure.table(answers.responses, np.full(160, 20 / 160))
    assert not (found.p_adjusted < 0.05).any()
    assert found.overlap == pytest.approx(2.5, abs=0.01)
