"""Do item response models agree with independent engines on public data?

Values: R mirt 1.47 (61 nodes on -6..6, tolerance 1e-6, Oakes standard errors) and TAM 4.4-2, from
the reference files; S-X2 from mirt 1.2.0 of PyPI. Parameters must agree within 5e-4, which is ten
times sharper than the files ask.
"""

from __future__ import annotations

import csv
import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assess.psychometrics import fit, information, irt, scoring
from assess.psychometrics.irt import Fit
from assess.psychometrics.maximise import Model
from assess.psychometrics.responses import Responses, from_arrays

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "psychometrics"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the public response data (shared/data/psychometrics) is not here"
)
PARAMETERS = 5e-4
ASIDE = ("gender", "anger", "Gender", "Anger", "group", "criterion")  # columns that are no items
PRINTED = 0.006  # the files give log-likelihoods with seven digits
MODELS: dict[str, Model] = {"twopl": "2pl", "rasch": "1pl"}


def reference(name: str) -> Any:
    return json.loads((DATA / f"{name}.reference.json").read_text(encoding="utf-8"))


def marks(name: str) -> NDArray[np.float64]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        head, *rows = csv.reader(stream)
    items = [k for k, column in enumerate(head) if column not in ASIDE]
    cell = {"": np.nan, "NA": np.nan}
    return np.array([[float(cell.get(row[k], row[k])) for k in items] for row in rows])


def taken(matrix: NDArray[np.float64]) -> Responses:
    person, item = np.nonzero(~np.isnan(matrix))
    score = (1000 * (matrix[person, item] > 0)).astype(np.int64)
    return from_arrays(person, item, score, attempts=len(matrix))


@cache
def answers(name: str, complete: bool) -> Responses:
    matrix = marks(name)
    return taken(matrix[~np.isnan(matrix).any(axis=1)] if complete else matrix)


@cache
def sparse() -> Responses:
    with gzip.open(DATA / "sparse_draw_dev.csv.gz", "rt", encoding="utf-8") as stream:
        rows = np.loadtxt(stream, delimiter=",", skiprows=1, dtype=np.int64)
    return from_arrays(rows[:, 0], rows[:, 1], 1000 * rows[:, 3])


@cache
def fitted(name: str, model: Model, complete: bool = True) -> Fit:
    return irt.fit(answers(name, complete), model)


CASES = [
    (name, block, kind, complete)
    for name, block, complete in (
        ("lsat7", "mml", True),
        ("ability16", "mml", True),
        ("ability16", "mml_missing", False),
        ("verbal_aggression", "mml_binary", True),
    )
    for kind in MODELS
]


@pytest.mark.parametrize(("name", "block", "kind", "complete"), CASES)
def test_parameters_errors_and_likelihood_are_those_of_mirt(
    name: str, block: str, kind: str, complete: bool
) -> None:
    expected = reference(name)[block]["models"][kind]
    found = fitted(name, MODELS[kind], complete)
    assert found.converged
    assert found.loglik == pytest.approx(expected["loglik"], abs=PRINTED)
    assert found.d == pytest.approx(expected["d"], abs=PARAMETERS)
    assert found.se_d == pytest.approx(expected["se_d"], rel=0.01)
    if kind == "twopl":
        assert found.a == pytest.approx(expected["a"], abs=PARAMETERS)
        assert found.se_a == pytest.approx(expected["se_a"], rel=0.01)
    else:
        # The Rasch form has slope 1 and a variance; mirt's nodes then end at 6 / sqrt(variance)
        # standard deviations, ours at 6, which moves the variance in the third decimal.
        assert found.a**2 == pytest.approx(expected["latent_var"], abs=2e-3)


@pytest.mark.parametrize(("name", "block", "kind", "complete"), CASES)
def test_scores_information_and_reliability_are_those_of_mirt(
    name: str, block: str, kind: str, complete: bool
) -> None:
    expected = reference(name)[block]["models"][kind]
    found, taken = fitted(name, MODELS[kind], complete), answers(name, complete)
    curves = found.curves()
    unit = 1.0 if kind == "twopl" else float(found.a[0])  # of the Rasch form's abilities
    eap = scoring.eap(taken, curves)
    map_ = scoring.maximum_a_posteriori(taken, curves)
    wle = scoring.weighted_likelihood(taken, curves)
    assert unit * eap.theta[:10] == pytest.approx(expected["eap_first10"], abs=5e-4)
    assert unit * eap.se[:10] == pytest.approx(expected["eap_se_first10"], abs=5e-4)
    assert unit * map_.theta[:10] == pytest.approx(expected["map_first10"], abs=5e-4)
    assert unit * wle.theta[:10] == pytest.approx(expected["wle_first10"], abs=5e-4)
    reliability = scoring.empirical_reliability(eap)
    assert reliability.value == pytest.approx(expected["empirical_rxx"], abs=5e-4)
    theta = np.array(expected["theta_grid"]) / unit
    assert information.of_test(curves, theta) / unit**2 == pytest.approx(
        expected["test_info"], abs=1e-3
    )
    assert information.expected_score(curves, theta) == pytest.approx(
        expected["expected_total"], abs=1e-3
    )


def test_a_hundred_candidates_and_thirty_items_give_the_values_of_tam() -> None:
    expected = reference("raschdat1")["mml_tam"]
    rasch = fitted("raschdat1", "1pl")
    assert rasch.loglik == pytest.approx(expected["rasch"]["loglik"], abs=PRINTED)
    assert -rasch.d == pytest.approx(expected["rasch"]["difficulty"], abs=PARAMETERS)
    two = fitted("raschdat1", "2pl")
    assert two.loglik == pytest.approx(expected["twopl"]["loglik"], abs=PRINTED)
    # With a hundred candidates the likelihood is flat: TAM itself stops within 1e-3.
    assert two.a == pytest.approx(expected["twopl"]["a"], abs=2e-3)
    assert two.d == pytest.approx(expected["twopl"]["d"], abs=2e-3)
    assert set(two.guards) == {"too few: 100 < 500"}


def test_random_draws_land_on_the_scale_of_mirt() -> None:
    expected = reference("sparse_draw_dev")["mirt_2pl"]
    found = irt.fit(sparse(), "2pl", errors=False)
    assert found.loglik == pytest.approx(expected["loglik"], abs=PRINTED)
    assert found.a == pytest.approx(expected["a"], abs=PARAMETERS)
    assert found.d == pytest.approx(expected["d"], abs=PARAMETERS)
    eap = scoring.eap(sparse(), found.curves())
    assert eap.theta[:100] == pytest.approx(expected["eap_first100"], abs=5e-4)
    assert eap.se[:100] == pytest.approx(expected["eap_se_first100"], abs=5e-4)
    truth = json.loads((DATA / "sparse_draw_dev.truth.json").read_text(encoding="utf-8"))
    a, b = np.array(truth["a"]), np.array(truth["b"])
    ours = np.sqrt(np.mean((found.a - a) ** 2)), np.sqrt(np.mean((found.d + a * b) ** 2))
    assert ours[0] <= 1.01 * expected["recovery"]["rmse_a"]
    assert ours[1] <= 1.01 * expected["recovery"]["rmse_d"]


def test_random_draws_have_the_common_slope_of_mirt() -> None:
    expected = reference("sparse_draw_dev")["mirt_rasch"]
    found = irt.fit(sparse(), "1pl", errors=False)
    assert found.loglik == pytest.approx(expected["loglik"], abs=PRINTED)
    assert found.d == pytest.approx(expected["d"], abs=PARAMETERS)
    assert found.a**2 == pytest.approx(expected["latent_var"], abs=PARAMETERS)


# The package mirt 1.2.0 of PyPI (Rust, no kin of R's): itemfit(statistics=["S_X2"], n_quadpts=61)
# of its own 2PL with 61 nodes, whose estimates are within 1e-3 of ours.
S_X2 = {
    "lsat7": ([4.7430, 14.4369, 1.2620, 5.2440, 0.9390], [2] * 5),
    "gmat_sim": (
        [
            *(6.5408, 16.9623, 29.2142, 11.3699, 14.7906, 9.9447, 10.0762, 13.8954, 12.6489),
            *(20.8735, 7.5597, 8.2416, 13.9729, 11.3365, 14.4924, 8.3412, 10.8701, 12.8879),
            *(15.3393, 15.2373),
        ],
        [13, 13, 14, 14, 12, 13, 13, 13, 13, 13, 13, 13, 14, 13, 13, 12, 14, 12, 13, 14],
    ),
}


@pytest.mark.parametrize("name", S_X2)
def test_item_fit_is_that_of_an_independent_engine(name: str) -> None:
    chi2, df = S_X2[name]
    found = fit.s_x2(answers(name, True), fitted(name, "2pl").curves(), 2)
    assert found.df.tolist() == df
    assert found.chi2 == pytest.approx(chi2, abs=0.02)
