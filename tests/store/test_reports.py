"""Do the reports say what the stored marks say, of whom they should, and of nobody by name?"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event

from assess import store
from assess.actions.specifications import publish
from assess.bank.specification import Quota
from assess.store import banks, reports
from tests import builders
from tests.builders import World
from tests.recorded import Paper, record, versions

RIGHT, WRONG, OTHER = (1,), (0,), (2,)


def papers(n: int) -> list[Paper]:
    """Forms of four single choices drawn at random from ten; the able do better everywhere."""
    rng = np.random.default_rng(7)
    pool = [*versions("/1")[:5], *versions("/2")[:5]]
    found = []
    for _ in range(n):
        ability = rng.normal()
        shown = [*rng.choice(pool[:5], 2, replace=False), *rng.choice(pool[5:], 2, replace=False)]
        answers = [
            (int(v), RIGHT if rng.normal() < ability + 0.4 else (WRONG, OTHER, ())[rng.integers(3)])
            for v in shown
        ]
        right = sum(answer == RIGHT for _, answer in answers)
        found.append(Paper(answers, passed=right >= 3))
    return found


def by_definition(sat: list[Paper], version: int) -> tuple[int, float, float]:
    """N, facility and corrected point-biserial on the adjusted rest score, the slow way."""
    scores: dict[int, list[int]] = {}
    for paper in sat:
        for v, answer in paper.answers:
            scores.setdefault(v, []).append(int(answer == RIGHT))
    facility = {v: float(np.mean(x)) for v, x in scores.items()}
    own, rest = [], []
    for paper in sat:
        got = {v: int(answer == RIGHT) for v, answer in paper.answers}
        if version in got:
            own.append(got[version])
            rest.append(sum(x - facility[v] for v, x in got.items() if v != version))
    return len(own), facility[version], float(np.corrcoef(own, rest)[0, 1])


def report(built: World) -> dict[str, Any]:
    with store.read() as session:
        return reports.test_report(session, built.centres["here"], built.test)


def label(version: int) -> str:
    with store.read() as session:
        item, row = banks.labels(session, [version])[version]
        return f"{item.identifier} v{row.number}"


def test_the_figures_are_those_of_the_definitions(built: World) -> None:
    sat = papers(60)
    record(built, sat)
    found = report(built)
    entries = {entry["item"]: entry for entry in found["items"]}
    for version in [*versions("/1")[:5], *versions("/2")[:5]]:
        n, facility, r = by_definition(sat, version)
        entry = entries[label(version)]
        assert entry["n"] == n
        assert entry["facility"] == pytest.approx(facility)
        assert entry["discrimination"] == pytest.approx(r, abs=1e-5)
    totals = [sum(answer == RIGHT for _, answer in paper.answers) for paper in sat]
    assert found["test"]["n"] == 60
    assert found["test"]["mean"] == pytest.approx(np.mean(totals))
    assert found["test"]["sd"] == pytest.approx(np.std(totals, ddof=1))
    assert found["test"]["pass_rate"] == pytest.approx(np.mean([t >= 3 for t in totals]))


def test_later_and_void_attempts_are_left_out_and_counted(built: World) -> None:
    one, two = versions("/1")[:2]
    first = Paper([(one, RIGHT), (two, WRONG)])
    again = Paper([(one, WRONG), (two, WRONG)], ordinal=2)
    void = Paper([(one, WRONG), (two, WRONG)], state="void")
    record(built, [first, again, replace(again, ordinal=3), void])
    found = report(built)
    assert found["population"]["attempts"] == 1
    assert found["population"]["excluded"] == 3
    assert found["population"]["excluded_later"] == 2
    assert found["population"]["excluded_void"] == 1
    assert found["population"]["test"] == "T1"
    assert found["population"]["first_marked"] == built.clock.now().isoformat()
    assert {e["item"]: e["facility"] for e in found["items"]}[label(one)] == 1.0


def test_the_first_attempt_after_one_that_was_cancelled_is_a_first_one(built: World) -> None:
    one = versions("/1")[0]
    cancelled = Paper([(one, RIGHT)], state="void", cancelled=True)
    sat = Paper([(one, RIGHT)], ordinal=2)
    # Who was told a result has learned from it, whatever became of the attempt.
    told = Paper([(one, RIGHT)], state="void")
    record(built, [cancelled, sat, replace(sat, ordinal=3), told, sat])
    population = report(built)["population"]
    assert (population["attempts"], population["excluded_later"]) == (1, 2)
    assert population["excluded_void"] == 1


def test_an_item_that_nobody_was_shown_is_listed_without_figures(built: World) -> None:
    one, two, three = versions("/1")[:3]
    record(built, [Paper([(one, RIGHT), (two, WRONG)])])
    entry = {e["item"]: e for e in report(built)["items"]}[label(three)]
    assert entry["n"] == 0
    assert entry["facility"] is None
    assert entry["reasons"]["facility"] == "nobody was shown it"


def test_the_items_of_a_report_are_those_that_the_test_draws(built: World) -> None:
    # A quota takes what stands below its outcome too, and only what it is narrowed to.
    quotas = (Quota("award/U1", 4, kind="single_choice"),)
    publish(built.context(), builders.specification(quotas=quotas))
    listed = {entry["item"] for entry in report(built)["items"]}
    assert listed == {label(v) for one in ("/1", "/2") for v in versions(one)[:5]}


def test_a_test_without_attempts_has_a_report_that_says_so(built: World) -> None:
    found = report(built)
    assert found["population"]["attempts"] == 0
    assert found["population"]["first_marked"] is None
    assert found["test"]["mean"] is None
    assert len(found["items"]) == 12


def test_the_report_on_an_item_agrees_with_that_on_the_test(built: World) -> None:
    record(built, papers(60))
    whole = {entry["item"]: entry for entry in report(built)["items"]}
    with store.read() as session:
        version = versions("/2")[3]
        item, _ = banks.labels(session, [version])[version]
        found = reports.item_report(session, item)
    assert [entry["item"] for entry in found["items"]] == [label(version)]
    assert found["items"][0] == whole[label(version)]
    assert found["population"]["bank"] == "Small bank"
    assert found["population"]["items"] == 1


def test_nobody_is_named_and_no_save_is_read(built: World) -> None:
    record(built, papers(5))
    read: list[str] = []

    def heard(_c: object, _k: object, statement: str, *_: object) -> None:
        read.append(statement.lower())

    engine = store.db.engine
    event.listen(engine, "before_cursor_execute", heard)
    try:
        said = json.dumps(report(built)).lower()
    finally:
        event.remove(engine, "before_cursor_execute", heard)
    assert read
    assert not [s for s in read if "from answers" in s or "from people" in s]
    assert "recorded" not in said
    assert "pseudonym" not in said


def test_another_centre_has_no_such_test(built: World) -> None:
    with store.read() as session, pytest.raises(LookupError):
        reports.test_report(session, built.centres["there"], built.test)


def test_attempts_handed_in_are_counted_by_test_and_centre(built: World) -> None:
    one, two = versions("/1")[:2]
    record(built, [Paper([(one, RIGHT), (two, WRONG)])] * 3)
    record(built, [Paper([(one, RIGHT), (two, WRONG)], state="void")])
    with store.read() as session:
        assert reports.handed_in(session, built.centres["here"]) == {built.test: 3}
        assert reports.handed_in(session, built.centres["there"]) == {}
