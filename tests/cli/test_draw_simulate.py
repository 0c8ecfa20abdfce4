"""Does the command say of a specification what its forms will be like, in the documented shape?"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assess.actions import forecasts
from tests.cli.conftest import Command

KEYS = [
    "naive",
    "balanced",
    "exposure",
    "overlap",
    "in_band_by_attempt",
    "fresh_attempts_guaranteed",
]

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
def _fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of the forms: enough for every figure here, to a hundredth."""
    monkeypatch.setattr(forecasts, "FORMS", 4_000)
    monkeypatch.setattr(forecasts, "FORMS_BY_THE_DRAW", 100)


@pytest.fixture
def folder(command: Command, tmp_path: Path) -> Path:
    """A bank of ten outcomes with twelve items each, a file of difficulties, a short file."""
    rng = np.random.default_rng(7)
    items, hard = [], ["id,facility"]
    for outcome in range(10):
        for number in range(12):
            row = {
                "id": f"q{outcome}-{number}",
                "category": [f"c{outcome}"],
                "stem": f"Stem {number} of {outcome}?",
                "options": ["Yes", "No", "Perhaps"],
                "key": 0,
            }
            items.append(json.dumps(row))
            hard.append(f"q{outcome}-{number},{np.clip(rng.normal(0.7, 0.2), 0.1, 0.97):.3f}")
    (tmp_path / "bank.jsonl").write_text("\n".join(items), "utf-8")
    (tmp_path / "hard.csv").write_text("\n".join(hard), "utf-8")
    quotas = "".join(f"\n- {{outcome: B/c{n}, count: 2}}" for n in range(10))
    (tmp_path / "short.yaml").write_text(f"bank: B\ncut: 14\nband: 0.01\nquotas:{quotas}", "utf-8")
    assert command("bank", "import", tmp_path / "bank.jsonl", "--bank", "B").exit_code == 0
    return tmp_path


def test_forms_are_fair_with_difficulties_from_a_file_and_not_balanced_without(
    command: Command, folder: Path
) -> None:
    asked = ("draw", "simulate", folder / "short.yaml", "--candidates", "150", "--json")
    done = command(*asked, "--difficulties", folder / "hard.csv")
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert list(found) == KEYS
    naive, balanced = found["naive"]["borderline_pass"], found["balanced"]["borderline_pass"]
    assert balanced["p95"] - balanced["p05"] < 0.2 * (naive["p95"] - naive["p05"])
    assert balanced["p05"] < balanced["p50"] < balanced["p95"]
    assert found["balanced"]["expected_score_sd"] < found["naive"]["expected_score_sd"] / 4
    assert found["balanced"]["band"] == {"target": 14.0, "half_width": 0.2}
    assert 0 < found["balanced"]["acceptance"] < 1
    exposure = found["exposure"]
    assert exposure["max_over_min"] == exposure["max"] / exposure["min"] <= 1.4
    assert abs(found["overlap"]["mean"] - found["overlap"]["forecast"]) < 0.01
    assert found["in_band_by_attempt"][0] == 1.0
    assert found["fresh_attempts_guaranteed"] == 6
    again = command(*asked, "--difficulties", folder / "hard.csv")
    assert again.stdout == done.stdout
    plain = json.loads(command(*asked).stdout)
    assert list(plain) == [*KEYS[:2], "reason", *KEYS[2:]]
    assert (plain["balanced"], plain["reason"]) == (None, "not balanced: not enough data")
    assert plain["naive"]["borderline_pass"]["p50"] is None
    assert plain["exposure"]["max_over_min"] == 1.0
    assert plain["in_band_by_attempt"] == []
    words = command(*asked[:-1])
    assert "not balanced: not enough data" in words.stdout


def test_a_bank_and_a_specification_may_come_by_a_pipe(command: Command, folder: Path) -> None:
    for words, file, said in (
        (("bank", "import"), "bank.jsonl", "0 created, 0 changed, 120 unchanged"),
        (("draw", "simulate"), "short.yaml", "20 questions from 120"),
    ):
        out, into = os.pipe()
        os.write(into, (folder / file).read_bytes())
        os.close(into)
        try:
            more = ("--bank", "B") if words[0] == "bank" else ()
            assert said in command(*words, f"/dev/fd/{out}", *more).stdout
        finally:
            os.close(out)


def test_what_cannot_be_simulated_is_refused_in_words(command: Command, folder: Path) -> None:
    short = folder / "short.yaml"
    bad = folder / "bad.yaml"
    cases: list[tuple[tuple[str | Path, ...], int, str]] = [
        (
            ("nowhere",),
            1,
            "neither a published test nor a file 'nowhere' here. Tests: none. [E-NOT",
        ),
        ((short, "--candidates", "0"), 2, "--candidates"),
        ((short, "--difficulties", folder / "none.csv"), 2, "none.csv"),
        ((bad,), 1, "quotas[1].level"),
    ]
    bad.write_text("{bank: B, cut: 1, quotas: [{outcome: B/c0, count: 1, level: x}]}", "utf-8")
    for arguments, code, said in cases:
        done = command("draw", "simulate", *arguments)
        assert (done.exit_code, done.stdout) == (code, ""), arguments
        assert said in done.stderr, arguments
    bad.write_text("{bank: B, cut: 1, quotas: [{outcome: B/c0, count: 13}]}", "utf-8")
    done = command("draw", "simulate", bad, "--json")
    assert done.exit_code == 1
    assert "needs 13 live questions" in json.loads(done.stdout)["problems"][0]["reason"]
    # Forms can be made, but they are not what the file says of them: no figure would be true.
    bad.write_text(
        "{bank: B, cut: 4, questions: 2, enemies: [[q0-0, q0_1]], quotas: "
        "[{outcome: B/c0, count: 3, minimum: 4}]}",
        "utf-8",
    )
    done = command("draw", "simulate", bad)
    assert (done.exit_code, done.stdout) == (1, "")
    for said in ("is 4 marks", "to have 2 questions", "asks for more", "no question of the bank"):
        assert said in done.stderr
    bad.write_text("{bank: B, cut: 1, band: , quotas: [{outcome: B/c0, count: 3}]}", "utf-8")
    assert "“band” holds null where" in command("draw", "simulate", bad).stderr


def test_forms_of_whole_cases_are_laid_beside_such_that_mind_no_band(
    command: Command, tmp_path: Path
) -> None:
    rows = [
        {
            "id": f"q{n}",
            "category": [f"c{n % 2}"],
            "stem": f"Stem {n}?",
            "options": ["Yes", "No"],
            "key": 0,
            "expected_facility": round(0.3 + 0.018 * n, 3),
            **({"set": f"s{n // 4}", "stimulus": f"Case {n // 4}."} if n % 2 else {}),
        }
        for n in range(32)
    ]
    bank, spec, hard = (tmp_path / name for name in ("b.jsonl", "s.yaml", "hard.csv"))
    bank.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    whole = "{outcome: B/c1, count: 2, set: whole}"
    spec.write_text(f"{{bank: B, cut: 2, quotas: [{{outcome: B/c0, count: 2}}, {whole}]}}", "utf-8")
    assert command("bank", "import", bank, "--bank", "B").exit_code == 0
    asked = ("draw", "simulate", spec, "--candidates", "40", "--json")
    found = json.loads(command(*asked).stdout)
    assert found["balanced"]["acceptance"] < 0.2
    naive, balanced = (found[name]["expected_score_sd"] for name in ("naive", "balanced"))
    assert balanced < naive / 4
    # What a quota is narrowed to goes by the difficulties of the file, and so does the proof.
    spec.write_text(
        "{bank: B, cut: 2, quotas: [{outcome: B/c0, count: 2, difficulty: [0, 0.6]}]}", "utf-8"
    )
    full = json.loads(command(*asked).stdout)
    # Only full marks pass, so nobody is borderline; the forms are balanced all the same.
    assert full["balanced"]["acceptance"] < 1
    assert full["balanced"]["borderline_pass"]["p50"] is None
    assert len(full["in_band_by_attempt"]) > 1
    hard.write_text("id,facility\n" + "".join(f"q{n},0.9\n" for n in range(32)), "utf-8")
    refused = command(*asked, "--difficulties", hard)
    assert refused.exit_code == 1
    assert "needs 2 live questions" in json.loads(refused.stdout)["problems"][0]["reason"]
