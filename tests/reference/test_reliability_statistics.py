"""Do alpha without an item, omega, errors by mark and decisions agree with R's engines?

Values are those of the reference files beside the public data: psych 2.2.9 (alpha, omega of a
one-factor fit), betafunctions 1.9.0 (Livingston and Lewis), base R (Lord's errors). Tolerances
are those of the files, or narrower.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from assess.psychometrics import classical, coding, csem, decisions, omega, reading, reliability
from assess.psychometrics.responses import Responses

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "psychometrics"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the public response data (shared/data/psychometrics) is not here"
)
ASIDE = {"gmat_sim": ("group", "criterion"), "verbal_aggression": ("gender", "anger")}


def complete(name: str) -> tuple[Responses, Any]:
    """The attempts without a missing answer, and the reference file."""
    answers = reading.read(DATA / f"{name}.csv", ignore=ASIDE.get(name, ())).responses
    reference = json.loads((DATA / f"{name}.reference.json").read_text(encoding="utf-8"))
    return answers.of_attempts(np.diff(answers.bounds()) == answers.items), reference


@pytest.mark.parametrize(
    "name", ["lsat7", "ability16", "raschdat1", "science", "gmat_sim", "verbal_aggression"]
)
def test_one_form_agrees_with_psych(name: str) -> None:
    answers, reference = complete(name)
    expected = reference.get("ctt_polytomous") or reference["ctt"]
    data = coding.coded(answers)
    raw = classical.raw_sums(data)
    marks = reliability.mark_sums(data, classical.facility_millionths(raw))
    table = reliability.table(marks)
    assert table.alpha == pytest.approx(expected["alpha_raw"], abs=1e-6)
    assert table.sd == pytest.approx(expected["total_sd"], rel=1e-6)
    assert table.sem == pytest.approx(expected["sem"], rel=1e-6)
    deleted = reliability.alpha_if_deleted(raw, marks)
    assert deleted == pytest.approx(expected["alpha_if_deleted"], abs=1e-6)
    assert raw.rest.r() == pytest.approx(expected["item_rest_r"], abs=1e-6)
    of_form = reliability.components(marks, raw).generalisability
    assert of_form == pytest.approx(expected["alpha_raw"], abs=1e-6)
    sums = omega.products(data)
    assert sums is not None
    fit = omega.one_factor(sums)
    assert isinstance(fit, omega.OneFactor)
    theirs = expected["omega_total_1f_ml"]["value"]
    assert fit.omega_standardised == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize("name", ["lsat7", "ability16", "raschdat1", "gmat_sim"])
def test_errors_by_mark_are_lords(name: str) -> None:
    answers, reference = complete(name)
    expected = reference["ctt"]["csem_lord"]
    found = csem.conditional_errors(answers)
    assert [row.mark for row in found] == list(range(len(expected)))
    assert [row.sem for row in found] == pytest.approx(expected, abs=1e-5)
    assert sum(row.n for row in found) == answers.attempts


@pytest.mark.parametrize("name", ["lsat7", "ability16"])
def test_decisions_agree_with_betafunctions(name: str) -> None:
    answers, reference = complete(name)
    expected = reference["cut_accuracy"]
    theirs = expected["livingston_lewis"]
    marks = np.bincount(answers.attempt, weights=answers.points()) / 1000
    cut, items = expected["cut_raw"], answers.items
    found = decisions.livingston_lewis(marks, expected["reliability_used"], cut, items)
    assert isinstance(found, decisions.Decisions)
    assert found.accuracy == pytest.approx(theirs["accuracy"], abs=1e-4)
    # Where the cut is no whole number right of the standing-in test, their consistency takes
    # one form's border rounded down (9 of 19) and the other's to the nearest (10).
    border = cut / items * found.length
    # Gauss's nodes for a beta density are exact: what is weighed is a polynomial.
    node, weight = special.roots_jacobi(found.length + 1, found.beta - 1, found.alpha - 1)
    p = found.low + (found.high - found.low) * (1 + node) / 2
    one = special.bdtrc(np.floor(border + 1e-9) - 1, found.length, p)
    other = special.bdtrc(np.round(border) - 1, found.length, p)
    mixed = np.average(one * other + (1 - one) * (1 - other), weights=weight)
    assert mixed == pytest.approx(theirs["p_consistency"], abs=1e-4)
    assert found.consistency == pytest.approx(theirs["p_consistency"], abs=0.007)
