"""Does the outsider's script give the program's forms byte for byte, and find what was changed?"""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assess.delivery import counting, draw, gathering, second_draw, units
from assess.delivery.draw import Band, Cell, Draw, Entry, History, Pool, Seen, Stream
from tests.core.delivery.test_balanced_draw import situation, too_long_to_count
from tools import verify_draw

SEED = bytes(range(32))


def drawn(pool: Pool, histories: list[History], first: int = 1) -> dict[str, Any]:
    """A verification file of draws from a pool; those that were refused have an empty form."""
    draws = []
    for number, history in enumerate(histories, start=first):
        form = draw.draw(pool, history, Stream(SEED, f"c{number}", number))
        made = form.questions if isinstance(form, Draw) else ()
        draws.append(
            {
                "attempt": number,
                "label": "assess-draw/2",
                "candidate": f"c{number}",
                "ordinal": number,
                "history": [[item, seen.times, seen.last] for item, seen in history.items()],
                "history_fingerprint": draw.history_fingerprint(history),
                "form": [[one.item, one.version, list(one.order)] for one in made],
                "form_fingerprint": draw.form_fingerprint(made),
                "expected": form.expected if isinstance(form, Draw) else None,
                "in_band": form.in_band if isinstance(form, Draw) else None,
            }
        )
    document = {
        "schema": "verification/2",
        "test": "M02",
        "epoch": 1,
        "commitment": draw.commitment(SEED),
        "seed": SEED.hex(),
        "pool_fingerprint": pool.fingerprint(),
        "pool": pool.in_rows(),
        "draws_counted": len(draws),
        "draws": draws,
    }
    found: dict[str, Any] = json.loads(json.dumps(document))
    return found


def differing(document: dict[str, Any]) -> list[str]:
    """What the script finds not to be as recorded."""
    return [what for what, recorded, found in verify_draw.compared(document) if recorded != found]


@pytest.mark.parametrize("limits", ["as they are", "small"])
def test_two_programs_written_apart_draw_the_same_forms(
    limits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sets, enemies, bands and histories of every kind; with small limits mostly by counting."""
    chance = random.Random(11)  # noqa: S311 - no secret
    agreed = 0
    for number in range(150):
        if limits == "small":
            for name, modules, values in (
                ("TRIES", [second_draw], (0, 0, 2)),
                ("MORE_TRIES", [second_draw], (3, 40)),
                ("MOST_STEPS", [counting], (15, 40, *[20_000] * 4)),
                ("MOST_WORK", [counting], (5_000, 60_000, *[10**9] * 4)),
                ("MOST_SELECTIONS", [units], (3, 1_000, 1_000)),
            ):
                value = chance.choice(values)
                for module in (*modules, verify_draw):
                    monkeypatch.setattr(module, name, value)
            # Pools as small as these are read as large ones, half of them.
            monkeypatch.setattr(gathering, "LARGE", chance.choice((0, 10_000)))
        pool, history = situation(chance)
        if number % 5 == 0:  # many pairs of enemies, which hang together with no others
            pool = replace(pool, enemies=tuple((item, item + 1) for item in range(1, 9, 2)))
        if number % 5 == 3:  # a chain of enemies in an order of its own, and a case
            sets = (0, 0, 0, 0, 0, 0, 1, 1, 0, 0)
            entries = [Entry(i, i, 2, 100 * i, one) for i, one in enumerate(sets, start=1)]
            chain = ((1, 4), (4, 2), (2, 5), (5, 3))
            pool = Pool("ab" * 32, (Cell("u/0", 4, entries),), enemies=chain, band=Band(2200, 50))
        if number % 5 == 1:  # all but one met at once: what is alike has many difficulties
            history = {item: Seen(1, 1) for item in range(2, 20)}
        if number % 5 == 2:  # many lots of one sum, and one difficulty that is soon used up
            hard = (400, 500, 500, 500, 500, 600, 600)
            entries = [Entry(i, i, 2, hard[i * 3 % 7]) for i in range(1, 8)]
            pool = Pool("ab" * 32, (Cell("u/0", 4, entries),), band=Band(2000, 0))
        met = dict(reversed(history.items()))  # in another order than the pool's
        other = dict([*met.items()][1:])
        document = drawn(pool, [met, {}, other], first=3 * number + 1)
        refused = [one["attempt"] for one in document["draws"] if not one["form"]]
        unscored = [f"expected score of attempt {number}" for number in refused]
        assert [what for what in differing(document) if what not in unscored] == []
        agreed += len(document["draws"]) - len(refused)
    assert agreed > 250


def test_the_limits_of_both_are_those_of_the_record() -> None:
    names = ("TRIES", "MORE_TRIES", "MOST_STEPS", "MOST_WORK", "MOST_SELECTIONS")
    homes = (second_draw, second_draw, counting, counting, units)
    recorded = [100, 5_000, 20_000, 1_000_000_000, 1_000]
    assert [getattr(home, name) for home, name in zip(homes, names, strict=True)] == recorded
    assert [getattr(verify_draw, name) for name in names] == recorded


def test_they_agree_where_forms_can_be_counted_by_sight_and_enemies_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (second_draw, verify_draw):
        monkeypatch.setattr(module, "MORE_TRIES", 20)
    pool, history = too_long_to_count()
    document = drawn(pool, [history, {**history, 9: Seen(1, 1)}])
    assert all(one["form"] for one in document["draws"])
    assert differing(document) == []


M02 = Pool(
    "ab" * 32,
    tuple(
        Cell(f"u/{c}", 2, [Entry(8 * c + i, 9 * c + i, 4, 400 + 37 * i) for i in range(8)])
        for c in range(7)
    ),
    band=Band(14 * 530, 140),
)


@pytest.fixture(scope="module")
def file() -> dict[str, Any]:
    """Two attempts of twenty candidates at a test like M02."""
    histories: list[History] = [{} for _ in range(20)]
    first = drawn(M02, histories)
    again = [{item: Seen(1, 1) for item, _, _ in one["form"]} for one in first["draws"]]
    return drawn(M02, [*histories, *again])


def test_an_honest_file_is_found_so(
    file: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "M02-epoch-1.json"
    path.write_text(json.dumps(file), encoding="utf-8")
    assert verify_draw.verify(str(path)) == 0
    said = capsys.readouterr().out
    assert "40 draws of M02" in said
    assert "all as recorded" in said
    for other in ({}, {**file, "schema": "verification/1"}):
        path.write_text(json.dumps(other), encoding="utf-8")
        assert verify_draw.verify(str(path)) == 2
    assert "verification/1 with pool/2 is not verification/2" in capsys.readouterr().out
    path.write_text(json.dumps({**file, "draws": []}), encoding="utf-8")
    assert verify_draw.verify(str(path)) == 1
    assert capsys.readouterr().out.splitlines()[3:] == ["  DIFFERS: number of draws"]
    # More elements than functions may call each other by themselves.
    cells = tuple(Cell(f"u/{c}", 1, [Entry(2 * c + i, 1, 4) for i in (1, 2)]) for c in range(1_000))
    path.write_text(json.dumps(drawn(Pool("ab" * 32, cells), [{}])), encoding="utf-8")
    assert verify_draw.verify(str(path)) == 0


def changed(file: dict[str, Any], *path: Any, to: Any) -> list[str]:
    """What is found when one value of the file is another."""
    document = copy.deepcopy(file)
    at = document
    for step in path[:-1]:
        at = at[step]
    assert at[path[-1]] != to
    at[path[-1]] = to
    return differing(document)


def pool_with(number: int, **values: Any) -> dict[str, Any]:
    """The pool's document with one entry of the first cell changed."""
    entries = list(M02.cells[0].entries)
    kept = {name: getattr(entries[number], name) for name in ("item", "version", "options")}
    entries[number] = Entry(**{**kept, "difficulty": entries[number].difficulty, **values})
    cells = (Cell("u/0", 2, entries), *M02.cells[1:])
    document: dict[str, Any] = json.loads(
        json.dumps(Pool(M02.specification, cells, band=M02.band).in_rows())
    )
    return document


@pytest.mark.parametrize(
    "values", [{"item": 60}, {"version": 99}, {"difficulty": 401}, {"options": 3}]
)
def test_one_changed_item_or_difficulty_is_found(
    file: dict[str, Any], values: dict[str, int]
) -> None:
    found = changed(file, "pool", to=pool_with(0, **values))
    assert found[0] == "pool"


def test_one_changed_entry_of_a_history_is_found(file: dict[str, Any]) -> None:
    found = changed(file, "draws", 25, "history", 3, 2, to=2)
    assert found[0] == "history of attempt 26"


def test_a_changed_form_seed_score_or_list_is_found(file: dict[str, Any]) -> None:
    form = file["draws"][4]["form"]
    assert changed(file, "draws", 4, "form", to=[form[1], form[0], *form[2:]]) == [
        "form of attempt 5"
    ]
    assert changed(file, "draws", 4, "form_fingerprint", to="00") == ["receipt of attempt 5"]
    assert changed(file, "draws", 4, "expected", to=0) == ["expected score of attempt 5"]
    assert changed(file, "draws", 4, "in_band", to=False) == ["expected score of attempt 5"]
    other = changed(file, "seed", to="00" * 32)
    assert other[0] == "commitment to the seed"
    assert len([what for what in other if what.startswith("form of")]) == 40
    assert changed(file, "draws_counted", to=41) == ["number of draws"]
    assert changed(file, "draws", 0, "label", to="assess-draw/1")[0] == "rule of attempt 1"


def test_the_script_by_itself_says_what_it_is_for() -> None:
    for asked, code in ((["--help"], 0), ([], 2), (["nowhere.json"], 2)):
        script = [sys.executable, "-I", "-S", verify_draw.__file__, *asked]
        done = subprocess.run(script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (code, "")
        assert ("Exit code 0: all forms agree" in done.stdout) is ("nowhere.json" not in asked)
