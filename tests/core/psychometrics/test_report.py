"""Is the report the promised document, for many answers, for few and for none?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assess.psychometrics import flags, report, simulate
from assess.psychometrics.report import ItemKey
from assess.psychometrics.responses import NOT_REACHED, Responses, from_arrays, from_packed
from assess.psychometrics.simulate import MULTIPLE, SINGLE, ItemModel

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "item-report-schema.json"
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str) -> list[str]:
    """What breaks the schema, for the words this schema uses; empty when nothing does."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    found = []
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is not among the values")
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(
        isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
        for name in names
    ):
        found.append(f"{where}: {value!r} is not {names}")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{where}: no {name}" for name in schema.get("required", []) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{where}: {name} is not described" for name in value if name not in known]
        for name in known.keys() & value.keys():
            found += problems(value[name], known[name], root, f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for place, element in enumerate(value):
            found += problems(element, schema["items"], root, f"{where}[{place}]")
    return found


def read(document: dict[str, object]) -> Any:
    """The report after a walk through JSON, checked against the published schema."""
    read = json.loads(json.dumps(document, allow_nan=False))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert problems(read, schema, schema, "report") == []
    return read


def simulated(attempts: int) -> tuple[Responses, list[ItemKey]]:
    rng = np.random.default_rng(attempts)
    items = [simulate.ordinary(rng, SINGLE, 4, (i % 4,)) for i in range(10)]
    items += [simulate.ordinary(rng, MULTIPLE, 5, (0, 3)) for _ in range(2)]
    attempt, item = simulate.draw(rng, attempts, 12, 1, 12)
    option = simulate.respond_all(rng, rng.standard_normal(attempts), items, attempt, item)
    score = simulate.exact_scores(option, items, item)
    keys = [
        ItemKey(f"item-{i} v2", m.kind, len(m.attractiveness), m.key) for i, m in enumerate(items)
    ]
    return from_arrays(
        attempt, item, score, option, versions=np.arange(12), attempts=attempts
    ), keys


def test_the_report_says_which_attempts_it_is_about() -> None:
    answers, keys = simulated(250)
    population = {"which": "first attempts, M02", "excluded": 7}
    document = read(report.item_report(answers, keys, population))
    assert document["schema"] == "item-report/1"
    assert document["population"] == {
        "attempts": 250,
        "responses": 3000,
        "items": 12,
        "excluded": 7,
        "which": "first attempts, M02",
    }


def test_items_are_named_by_version_and_options_by_their_own_index() -> None:
    answers, keys = simulated(250)
    items = read(report.item_report(answers, keys, {}))["items"]
    assert [item["item"] for item in items] == [f"item-{i} v2" for i in range(12)]
    single, multiple = items[1], items[11]
    assert [row["option"] for row in single["options"]] == [0, 1, 2, 3, "omitted"]
    assert [row["key"] for row in single["options"]] == [False, True, False, False, False]
    assert sum(row["n"] for row in single["options"]) == single["n"]
    assert [row["option"] for row in multiple["options"]] == [0, 1, 2, 3, 4, "omitted"]
    assert [row["key"] for row in multiple["options"]] == [True, False, False, True, False, False]
    assert sum(row["share"] for row in multiple["options"]) > 1


def test_a_wrong_key_is_said_in_words() -> None:
    rng = np.random.default_rng(1)
    items = [simulate.ordinary(rng, SINGLE, 4, (0,)) for _ in range(14)]
    items[3] = simulate.with_wrong_key(ItemModel(SINGLE, (2,), (1.0,) * 4, a=1.3, d=0.5))
    attempt, item = simulate.draw(rng, 600, 14, 1, 14)
    option = simulate.respond_all(rng, rng.standard_normal(600), items, attempt, item)
    answers = from_arrays(attempt, item, simulate.exact_scores(option, items, item), option)
    keys = [ItemKey(str(i), m.kind, 4, m.key) for i, m in enumerate(items)]
    (first, *_) = read(report.item_report(answers, keys, {}))["items"][3]["flags"]
    assert (first["code"], first["option"]) == ("wrong_key", 2)
    assert first["sentence"].startswith("Option C looks right and is not the key:")
    assert flags.letter(2) == "C"


@pytest.mark.parametrize(
    ("n", "guard", "shows"),
    [
        (12, "too few: 12 < 30", "n"),
        (57, "too few: 57 < 100", "facility"),
        (150, "too few: 150 < 200", "discrimination"),
        (200, None, "all"),
    ],
)
def test_what_can_be_computed_is_given_with_the_guard_beside_it(
    n: int, guard: str | None, shows: str
) -> None:
    answers, keys = simulated(n)
    document = read(report.item_report(answers, keys, {}))
    for item in document["items"]:
        assert (item["n"], item["guard"], item["shows"]) == (n, guard, shows)
        assert item["facility"] is not None
        assert item["options"][0]["share"] is not None
        assert n >= 200 or item["flags"] == item["watch"] == []
    assert document["test"]["guard"] == ("too few: 12 < 30" if n == 12 else None)
    assert document["test"]["alpha"] is not None


def test_the_test_has_its_mean_spread_and_pass_rate() -> None:
    answers, keys = simulated(250)
    marks = np.bincount(answers.attempt, answers.score) / 1000
    test = read(report.item_report(answers, keys, {}, (marks >= 8).tolist()))["test"]
    assert test["mean"] == pytest.approx(marks.mean())
    assert test["sd"] == pytest.approx(marks.std(ddof=1))
    assert (test["min"], test["max"]) == (marks.min(), marks.max())
    assert test["pass_rate"] == pytest.approx((marks >= 8).mean())
    low, high = test["pass_rate_interval"]
    assert low < test["pass_rate"] < high
    assert test["length"] == [12, 12]
    first, *others = test["reliability"]
    assert first == {"kind": "alpha_adjusted", "value": test["alpha"], "n": 250, "reason": None}
    value = {row["kind"]: row["value"] for row in others}
    assert list(value) == [
        *("kr20", "omega", "omega_standardised", "generalisability", "dependability"),
    ]
    # One form: what generalises is alpha, and the luck of a draw can only cost.
    assert value["generalisability"] == pytest.approx(test["alpha"])
    assert value["dependability"] < test["alpha"]
    assert max(test["csem"], key=lambda row: row["sem"])["mark"] == 6
    assert test["reasons"] == {}


def test_no_answers_give_nulls_with_reasons() -> None:
    nothing = from_packed([], versions=[5])
    document = read(report.item_report(nothing, [ItemKey("a v1", SINGLE, 3, (0,))], {}, []))
    (item,) = document["items"]
    assert (item["n"], item["facility"], item["discrimination"]) == (0, None, None)
    assert item["reasons"]["facility"] == "nobody was shown it"
    assert document["test"]["mean"] is None
    assert document["test"]["reasons"] == {
        "mean": "there are no attempts",
        "sd": "fewer than two attempts",
        "pass_rate": "there are no attempts",
        "alpha": "there are no attempts",
        "sem": "there are no attempts",
    }


def test_a_bank_without_items_is_an_empty_report() -> None:
    assert read(report.item_report(from_packed([]), [], {}))["items"] == []


def test_one_attempt_gives_nulls_with_reasons() -> None:
    answers = from_packed([([1, 2], [1, 0], [1000, 0], None, None)])
    keys = [ItemKey("a v1", SINGLE, 3, (0,)), ItemKey("b v1", SINGLE, 3, (0,))]
    document = read(report.item_report(answers, keys, {}))
    assert document["items"][0]["discrimination"] is None
    assert document["items"][0]["reasons"]["discrimination"] == "one answer has no correlation"
    assert document["test"]["sd"] is None
    assert document["test"]["reasons"]["pass_rate"] == "no pass marks were handed in"


def test_scores_without_options_have_no_option_table() -> None:
    answers = from_arrays([0, 0, 1, 1, 2, 2], [0, 1] * 3, [1000, 0, 0, 0, 1000, 1000])
    keys = [ItemKey("a", "score", 0, ()), ItemKey("b", "score", 0, ())]
    document = read(report.item_report(answers, keys, {}))
    assert document["items"][0]["options"] == []
    assert document["items"][0]["facility"] == pytest.approx(2 / 3)


def test_keys_and_pass_marks_must_fit_the_answers() -> None:
    answers, keys = simulated(30)
    with pytest.raises(ValueError, match="11 items are described, 12 are in the answers"):
        report.item_report(answers, keys[1:], {})
    with pytest.raises(ValueError, match="1 pass marks for 30 attempts"):
        report.item_report(answers, keys, {}, [True])


def test_who_was_shown_nothing_has_neither_passed_nor_failed() -> None:
    answers = from_arrays([0, 0, 1, 1], [0, 1, 0, 1], [1000, 0, 1000, 1000], attempts=4)
    keys = [ItemKey(name, "scored", 0, ()) for name in "ab"]
    test = report.item_report(answers, keys, {}, [True, True, False, False])["test"]
    assert (test["n"], test["pass_rate"]) == (2, 1.0)


def test_who_answered_nothing_has_a_mark_of_nought_and_says_nothing_of_the_items() -> None:
    # The items of the third attempt were not reached: it is in every figure of the marks.
    option = [1, 1, 2, 1, NOT_REACHED, NOT_REACHED]
    answers = from_arrays(
        [0, 0, 1, 1, 2, 2], [0, 1] * 3, [1000, 1000, 0, 1000, 0, 0], option, attempts=4
    )
    keys = [ItemKey(name, "scored", 0, ()) for name in "ab"]
    document = report.item_report(answers, keys, {}, [True, True, False, False])
    test = document["test"]
    assert (test["n"], test["mean"], test["sd"], test["min"]) == (3, 1.0, 1.0, 0.0)
    assert test["pass_rate"] == pytest.approx(2 / 3)
    assert [row["n"] for row in test["distribution"]] == [1, 1, 1]
    assert test["reliability"][0]["n"] == 2
    assert [entry["n"] for entry in document["items"]] == [2, 2]


def test_reliability_and_luck_have_a_guard_of_their_own_where_items_have_few_answers() -> None:
    # 60 attempts, each with two of 24 items: marks enough, and five answers an item.
    rng = np.random.default_rng(3)
    shown = np.array([rng.permutation(24)[:2] for _ in range(60)]).ravel()
    answers = from_arrays(np.repeat(np.arange(60), 2), shown, 1000 * rng.integers(0, 2, 120))
    test = report.item_report(answers, [ItemKey(str(k), "scored", 0, ()) for k in range(24)], {})[
        "test"
    ]
    assert test["guard"] is None
    assert test["answers_an_item"] < 30
    assert test["answers_guard"] == f"too few: {test['answers_an_item']} < 30"
