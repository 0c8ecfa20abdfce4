"""Do the classical statistics agree with published values and with independent engines?

Tolerances are those of the reference files: 1e-6 for closed forms, whose values carry 7 digits.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assess.psychometrics import delimited, report
from assess.psychometrics.report import ItemKey
from assess.psychometrics.responses import UNKNOWN, Responses, from_arrays

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "psychometrics"
CLOSED_FORM = 1e-6
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the public response data (shared/data/psychometrics) is not here"
)

# Bock & Lieberman 1970, Psychometrika 35, 179-197: how many of 1,000 examinees gave each of the
# 32 patterns of right and wrong, from 00000 to 11111 (as in R psych, data set bock.table).
LSAT_6 = (
    *(3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15),
    *(10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298),
)
LSAT_7 = (
    *(12, 19, 1, 7, 3, 19, 3, 17, 10, 5, 3, 7, 7, 23, 8, 28),
    *(7, 39, 11, 34, 14, 51, 15, 90, 6, 25, 7, 35, 18, 136, 32, 308),
)


def patterns(frequencies: tuple[int, ...]) -> NDArray[np.int64]:
    """The 1,000 x 5 scores 0/1 that the frequencies stand for."""
    pattern = np.repeat(np.arange(32), frequencies)
    return pattern[:, None] >> np.arange(4, -1, -1) & 1


def scored(matrix: NDArray[np.int64], options: NDArray[np.int64] | None = None) -> Responses:
    """A complete matrix persons x items of scores 0/1 in long form."""
    persons, items = matrix.shape
    return from_arrays(
        np.repeat(np.arange(persons), items),
        np.tile(np.arange(items), persons),
        1000 * matrix.ravel(),
        None if options is None else options.ravel(),
    )


def analysed(answers: Responses, keys: list[ItemKey] | None = None) -> Any:
    keys = keys or [ItemKey(str(i), "score", 0, ()) for i in range(answers.items)]
    return report.item_report(answers, keys, {})


def column(document: Any, name: str) -> NDArray[np.float64]:
    return np.array([item[name] for item in document["items"]], dtype=np.float64)


def wide(name: str) -> list[list[int | None]]:
    with (DATA / name).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    return [[int(cell) if cell not in ("", "NA") else None for cell in row] for row in rows]


def long(name: str) -> tuple[NDArray[np.integer], ...]:
    """attempt, item, option, score of a gzipped long file."""
    columns = delimited.read(DATA / name).columns
    return tuple(columns[key] for key in ("attempt", "item", "option", "score"))


def reference(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("frequencies", "right"),
    [(LSAT_6, (924, 709, 553, 763, 870)), (LSAT_7, (828, 658, 772, 606, 843))],
)
def test_lsat_facilities_are_those_of_bock_and_lieberman(
    frequencies: tuple[int, ...], right: tuple[int, ...]
) -> None:
    document = analysed(scored(patterns(frequencies)))
    assert column(document, "facility").tolist() == [n / 1000 for n in right]


def test_lsat_7_as_psych_2_2_9_has_it() -> None:
    # psych::alpha on LSAT section 7: raw alpha, mean and SD of totals, r.drop of items 1 and 2.
    document = analysed(scored(patterns(LSAT_7)))
    test = document["test"]
    assert test["alpha"] == pytest.approx(0.4534087, abs=CLOSED_FORM)
    assert test["mean"] == pytest.approx(3.707, abs=1e-12)
    assert test["sd"] == pytest.approx(1.198577, abs=CLOSED_FORM)
    assert test["sem"] == pytest.approx(0.8861299, abs=CLOSED_FORM)
    r = column(document, "discrimination")[:2]
    assert r.tolist() == pytest.approx([0.2457316, 0.2466736], abs=CLOSED_FORM)


@needs_data
@pytest.mark.parametrize("name", ["lsat7", "ability16"])
def test_complete_forms_agree_with_psych(name: str) -> None:
    rows = [row for row in wide(f"{name}.csv") if None not in row]
    expected = reference(f"{name}.reference.json")["ctt"]
    document = analysed(scored(np.array(rows, dtype=np.int64)))
    for ours, theirs in (
        ("facility", "mean"),
        ("discrimination", "item_rest_r"),
        ("raw_rest_r", "item_rest_r"),
        ("n", "n"),
    ):
        assert np.allclose(column(document, ours), expected[theirs], atol=CLOSED_FORM, rtol=0)
    for ours, theirs in (
        ("alpha", "alpha_raw"),
        ("mean", "total_mean"),
        ("sd", "total_sd"),
        ("sem", "sem"),
    ):
        # 7 significant digits of a total are 1e-6 of it.
        assert document["test"][ours] == pytest.approx(expected[theirs], rel=CLOSED_FORM)


@needs_data
def test_distractors_agree_with_base_r_on_the_icar_items() -> None:
    expected = reference("iqitems16_options.reference.json")
    rows = wide("iqitems16_options.csv")
    # Empty cells are scored 0 and kept, as in the reference; code k is our option k.
    option = np.array([[0 if cell is None else 1 << cell for cell in row] for row in rows])
    key = [int(k) for k in expected["key"]]
    right = (option == np.array([1 << k for k in key])).astype(np.int64)
    keys = [ItemKey(str(i), "single_choice", 9, (k,)) for i, k in enumerate(key)]
    document = analysed(scored(right, option), keys)
    compared = 0
    for item, theirs in zip(document["items"], expected["distractors"]["items"], strict=True):
        ours = {row["option"]: row for row in item["options"]}
        for code, values in theirs.items():
            row = ours[int(code)]
            assert row["n"] == values["n"]
            assert row["share"] == pytest.approx(values["p"], abs=CLOSED_FORM)
            assert row["r"] == pytest.approx(values["pb_rest"], abs=CLOSED_FORM)
            compared += 1
    assert compared > 100


@needs_data
def test_random_forms_agree_on_n_and_facility() -> None:
    attempt, item, _, score = long("sparse_draw_dev.csv.gz")
    expected = reference("sparse_draw_dev.reference.json")
    document = analysed(from_arrays(attempt, item, 1000 * score.astype(int)))
    assert column(document, "n").tolist() == expected["n"]
    facility = column(document, "facility")
    assert np.allclose(facility, expected["facility"], atol=CLOSED_FORM, rtol=0)
    assert document["test"]["length"] == [20, 20]


@needs_data
def test_on_random_forms_r_follows_the_slope_that_made_the_answers() -> None:
    # Not a published value: the true slopes and the corrected r must rank the items alike, as
    # far as some 500 answers an item let them.
    attempt, item, _, score = long("sparse_draw_dev.csv.gz")
    truth = reference("sparse_draw_dev.truth.json")
    r = column(analysed(from_arrays(attempt, item, 1000 * score.astype(int))), "discrimination")
    slope = np.array(truth.get("true_a", truth.get("a")))
    assert np.corrcoef(slope, r)[0, 1] > 0.7


@needs_data
def test_planted_flaws_are_named_and_nothing_is_said_of_the_keys_of_the_others() -> None:
    attempt, item, option, score = long("sparse_flaws_dev.csv.gz")
    truth = reference("sparse_flaws_dev.truth.json")
    planted = truth["planted"]
    keys = [
        ItemKey(str(i), "single_choice", 4, (key,)) for i, key in enumerate(truth["published_key"])
    ]
    mask = np.where(option < 0, UNKNOWN, 1 << np.maximum(option, 0).astype(int))
    document = analysed(from_arrays(attempt, item, 1000 * score.astype(int), mask), keys)

    def named(code: str) -> list[int]:
        return [
            place
            for place, row in enumerate(document["items"])
            if code in [flag["code"] for flag in row["flags"]]
        ]

    assert named("wrong_key") == sorted(planted["miskeyed"])
    assert named("second_key") == sorted(planted["second_correct_distractor"])
    # A wrong key discriminates badly too.
    assert named("weak") == sorted(planted["no_discrimination"] + planted["miskeyed"])
    assert set(planted["too_hard"]) <= set(named("too_hard"))
    # Two of the four very easy items lie at 96 %, less than two standard errors above 95 %.
    assert set(named("too_easy")) <= set(planted["too_easy"])
    assert len(named("too_easy")) == 2
