"""Does `assess simulate` write what the generator draws, so that `assess analyse` finds it?"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from assess.psychometrics import reading, scenario
from assess.psychometrics.scenario import Scenario
from tests.cli.conftest import Command

SMALL = ("--attempts", "600", "--items", "40", "--length", "10", "--seed", "7")
FLAWED = ("--wrong-key", "2", "--dif", "1", "--hurried", "0.2", "--omitting", "0.1")


def test_the_files_hold_what_the_library_draws_with_the_same_seed(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    assert command("simulate", folder, *SMALL, *FLAWED, "--gzip").exit_code == 0
    asked = Scenario(
        attempts=600, items=40, length=10, cells=10, wrong_key=2, dif=1, hurried=0.2, omitting=0.1
    )
    drawn = scenario.simulated(np.random.default_rng(7), asked)
    read = reading.read(
        folder / "answers.csv.gz",
        key=folder / "key.csv",
        attempts=folder / "attempts.csv",
        columns=["group", "day"],
    )
    ours, theirs = drawn.responses, read.responses
    place = np.array([int(item) for item in read.items])
    order = np.lexsort((ours.item, ours.attempt))
    again = np.lexsort((place[theirs.item], theirs.attempt))
    for name in ("attempt", "score", "milliseconds"):
        np.testing.assert_array_equal(getattr(ours, name)[order], getattr(theirs, name)[again])
    np.testing.assert_array_equal(ours.item[order], place[theirs.item][again])
    np.testing.assert_array_equal(ours.option[order] > 0, theirs.option[again] > 0)
    assert [int(label) for label in read.columns["day"]] == drawn.day.tolist()
    focal = [label == "focal" for label in read.columns["group"]]
    assert focal == drawn.group.astype(bool).tolist()
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert truth["planted"] == drawn.plan.planted
    assert [item["a"] for item in truth["items"]] == [item.a for item in drawn.plan.items]


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(
    command: Command, tmp_path: Path
) -> None:
    for name, seed in (("one", "7"), ("same", "7"), ("other", "8")):
        command("simulate", tmp_path / name, *SMALL[:-1], seed, "--gzip")
    one, same, other = (
        (tmp_path / name / "answers.csv.gz").read_bytes() for name in ("one", "same", "other")
    )
    assert one == same
    assert one != other


def test_a_wrong_key_is_written_as_published_and_as_it_should_be(
    command: Command, tmp_path: Path
) -> None:
    command("simulate", tmp_path / "data", *SMALL, "--wrong-key", "3")
    truth = json.loads((tmp_path / "data" / "truth.json").read_text(encoding="utf-8"))
    wrong = [item["item"] for item in truth["items"] if item["key"] != item["true_key"]]
    assert wrong == truth["planted"]["wrong_key"]
    with (tmp_path / "data" / "key.csv").open(newline="", encoding="utf-8") as file:
        published = [int(row["key"]) for row in csv.DictReader(file)]
    assert published == [item["key"] for item in truth["items"]]


def test_an_earlier_simulation_is_not_written_over_unasked(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    command("simulate", folder, *SMALL)
    before = (folder / "answers.csv").read_bytes()
    refused = command("simulate", folder, *SMALL[:-1], "9")
    assert refused.exit_code == 1
    assert "already has answers.csv" in refused.stderr
    assert (folder / "answers.csv").read_bytes() == before
    assert command("simulate", folder, *SMALL[:-1], "9", "--force").exit_code == 0
    assert (folder / "answers.csv").read_bytes() != before
    assert command("simulate", folder, *SMALL, "--gzip", "--force").exit_code == 0
    assert [one.name for one in folder.glob("answers*")] == ["answers.csv.gz"]


def test_what_cannot_be_is_refused_with_every_reason(command: Command, tmp_path: Path) -> None:
    refused = command(
        "simulate", tmp_path / "data", "--items", "10", "--length", "20", "--dif", "11"
    )
    assert refused.exit_code == 2
    assert "a form has at most 10 items here; 11 flaws do not fit on 10 items" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_nothing_half_written_is_left_when_it_is_broken_off(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(scenario, "batches", interrupted)
    broken = command("simulate", tmp_path / "data", *SMALL)
    assert broken.exit_code != 0
    assert list((tmp_path / "data").iterdir()) == []
