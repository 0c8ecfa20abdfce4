"""Do the DIF statistics agree with those of difR 5.1 (R 4.2.2) on public data?

Mantel-Haenszel within 1e-5 and logistic chi-squares within 0.01, as the reference files ask.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assess.psychometrics import dif
from assess.psychometrics.dif import DifTable
from assess.psychometrics.matching import Criterion
from assess.psychometrics.responses import from_arrays

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "psychometrics"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the public response data (shared/data/psychometrics) is not here"
)
CLOSED_FORM, LOGISTIC = 1e-5, 0.01


def rows(name: str) -> list[list[str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))[1:]


def gmat() -> tuple[DifTable, dict[str, Any]]:
    """2,000 x 20, simulated: item 1 with uniform, item 2 with non-uniform DIF (difNLR)."""
    data = rows("gmat_sim.csv")
    scores = np.array([[int(value) for value in row[:20]] for row in data])
    focal = np.array([int(row[20]) for row in data], dtype=np.int8)
    known = json.loads((DATA / "gmat_sim.reference.json").read_text(encoding="utf-8"))
    return compared(scores, focal), known["dif_group"]


def aggression() -> tuple[DifTable, dict[str, Any]]:
    """316 x 24, any aggression or none, women (reference) and men (De Boeck & Wilson 2004)."""
    data = rows("verbal_aggression.csv")
    scores = np.array([[int(int(value) > 0) for value in row[2:]] for row in data])
    focal = np.array([row[0] == "male" for row in data]).astype(np.int8)
    known = json.loads((DATA / "verbal_aggression.reference.json").read_text(encoding="utf-8"))
    return compared(scores, focal), known["dif_binary_gender"]


def compared(scores: NDArray[np.int64], focal: NDArray[np.int8]) -> DifTable:
    persons, items = scores.shape
    answers = from_arrays(
        np.repeat(np.arange(persons), items),
        np.tile(np.arange(items), persons),
        1000 * scores.ravel(),
    )
    return dif.table(answers, focal)


@pytest.mark.parametrize("data", [gmat, aggression])
def test_mantel_haenszel_agrees_with_difr(data: Any) -> None:
    found, known = data()
    mh = found.first.mantel_haenszel
    assert found.criterion is Criterion.TOTAL
    for ours, name in (
        (mh.chi2, "mh_chi2_corrected"),
        (mh.chi2_uncorrected, "mh_chi2_uncorrected"),
        (mh.p, "mh_p"),
        (mh.alpha, "alpha_mh"),
        (mh.delta, "mh_d_dif"),
        ((mh.delta_se / dif.DELTA) ** 2, "var_log_alpha"),
        (mh.difference, "std_p_dif"),
    ):
        np.testing.assert_allclose(ours, known[name], rtol=0, atol=CLOSED_FORM, err_msg=name)


@pytest.mark.parametrize("data", [gmat, aggression])
def test_logistic_regression_agrees_with_difr(data: Any) -> None:
    found, known = data()
    regression = found.first.logistic
    for ours, name in (
        (regression.chi2, "logistic_both_lr_chi2"),
        (regression.chi2_uniform, "logistic_udif_lr_chi2"),
    ):
        np.testing.assert_allclose(ours, known[name], rtol=0, atol=LOGISTIC, err_msg=name)


def test_nagelkerke_agrees_with_difr_where_its_ceiling_does_not_underflow() -> None:
    found, known = aggression()
    np.testing.assert_allclose(
        found.first.logistic.delta_r2,
        known["logistic_both_deltaR2_nagelkerke"],
        rtol=0,
        atol=1e-7,
    )
    # With 2,000 persons exp(log-likelihood) is 0 in float64, and difR's value lacks the division
    # by the ceiling 1 - exp(2 ll / n), 0.71 to 0.75 here: ours is larger by that factor.
    found, known = gmat()
    share = np.array(known["logistic_both_deltaR2_nagelkerke"]) / found.first.logistic.delta_r2
    p = np.array(
        json.loads((DATA / "gmat_sim.reference.json").read_text(encoding="utf-8"))["ctt"]["mean"]
    )
    ceiling = 1 - (p**p * (1 - p) ** (1 - p)) ** 2
    np.testing.assert_allclose(share, ceiling, atol=1e-3)


def test_the_planted_uniform_dif_is_found_and_no_other() -> None:
    found, known = gmat()
    assert np.flatnonzero(found.uniform).tolist() == [0]
    assert found.ets.tolist() == known["ets_simple_chi2_rule"]
    assert found.suspects[:2].all()


def test_too_few_men_raise_no_finding() -> None:
    found, _ = aggression()
    assert not found.uniform.any()
    assert set(found.guards) == {"too few: 73 < 100"}
