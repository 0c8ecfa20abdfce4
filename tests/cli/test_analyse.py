"""Does `assess analyse` say of a response file what it says, and refuse what it cannot read?"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from click.testing import Result

from assess.cli.itemreport import folder, tables
from assess.psychometrics import analysis, reading, report, simulate, streaming
from assess.psychometrics.analysis import Asked
from assess.psychometrics.simulate import SINGLE, ItemModel
from tests.cli.conftest import Command
from tests.core.psychometrics.test_report import read as checked

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "psychometrics"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the public response data (shared/data/psychometrics) is not here"
)
FILES = {"report.json", "report.html"} | {
    f"{name}.{kind}" for name in ("items", "options", "attempts") for kind in ("csv", "parquet")
}


def document(done: Result) -> Any:
    """The report on standard output, held against the published schema."""
    assert done.exit_code == 0, done.stderr
    return checked(json.loads(done.stdout))


def answered(attempts: int = 400, items: int = 12, length: int = 8) -> list[tuple[int, ...]]:
    """Rows attempt, item, option, score, milliseconds; the key of item k is option k % 4."""
    rng = np.random.default_rng(attempts)
    models = [ItemModel(SINGLE, (k % 4,), (1.0,) * 4, a=1.2, d=0.4) for k in range(items)]
    attempt, item = simulate.draw(rng, attempts, items, 1, length)
    ability = rng.standard_normal(attempts)
    option = simulate.respond_all(rng, ability, models, attempt, item)
    score = simulate.exact_scores(option, models, item) // 1000
    chosen = np.log2(option).astype(int)
    times = rng.integers(8_000, 60_000, attempt.size)
    columns = (attempt, item, chosen, score, times)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def write(path: Path, header: str, rows: Any) -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    content = f"{header}\n{text.getvalue()}".encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A long file of drawn forms, with times."""
    return write(tmp_path / "long.csv.gz", "attempt,item,option,score,rt_ms", answered())


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """The same kind of answers in a wide file of options A to D, everybody on one form."""
    cells: dict[int, dict[int, str]] = {}
    for attempt, item, option, _, _ in answered(250, 10, 10):
        cells.setdefault(attempt, {})[item] = "ABCD"[option]
    rows = [[f"p{k}", "north" if k % 3 else "south", *(row[i] for i in range(10))]
            for k, row in cells.items()]  # fmt: skip
    header = ",".join(["person", "region", *(f"q{k}" for k in range(10))])
    write(tmp_path / "key.csv", "item,key", [(f"q{k}", "ABCD"[k % 4]) for k in range(10)])
    return write(tmp_path / "wide.csv", header, rows)


def test_a_long_file_gives_the_report_of_the_schema(command: Command, long: Path) -> None:
    found = document(command("analyse", long, "--json"))
    assert found["population"]["attempts"] == 400
    assert found["population"]["responses"] == 3200
    assert found["population"]["file"] == "long.csv.gz"
    assert [entry["item"] for entry in found["items"]] == [str(k) for k in range(12)]
    assert found["items"][5]["options"][1] == found["items"][5]["options"][1] | {
        "option": 1,
        "key": True,
    }
    assert found["irt"] is None
    assert found["effort"]["judged"] == 3200


def test_the_command_and_the_library_say_the_same(command: Command, long: Path) -> None:
    by_command = document(command("analyse", long, "--json"))
    answers = reading.read(long)
    labels = tuple(map(int, answers.options))
    items = [
        report.ItemKey(name, SINGLE, 4, (k % 4,), labels) for k, name in enumerate(answers.items)
    ]
    by_library = analysis.analyse(answers.responses, items, {"file": long.name}, Asked()).document
    del by_command["effort"]["false_positives"]
    del by_library["effort"]["false_positives"]
    assert by_command == json.loads(json.dumps(by_library))


def test_a_large_file_is_read_in_parts_and_gives_the_same_report(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(p + 5, 3 * i, option + 1, score) for p, i, option, score, _ in answered(120, 6, 4)]
    path = write(tmp_path / "large.csv", "attempt,item,option,score", rows)
    table = reading.load(path)
    packed = tmp_path / "large.parquet"
    pyarrow.parquet.write_table(pyarrow.table(dict(table.columns)), packed, row_group_size=101)
    known = [(p, "west" if p % 2 else "east") for p in range(200)]
    people = write(tmp_path / "people.csv", "attempt,region", known)
    model, groups = ("--model", "1pl"), ("--group", "region", "--attempts", people)
    asked = [("analyse", path, *model), ("analyse", packed, *model), ("analyse", packed, *groups)]
    whole = [document(command(*one, "--json")) for one in asked]
    assert whole[-1]["dif"]["comparisons"]
    monkeypatch.setattr(streaming, "LARGE", 1)
    monkeypatch.setattr(reading, "read", None)
    assert [document(command(*one, "--json")) for one in asked] == whole


def test_options_of_a_wide_file_are_marked_by_the_key(command: Command, wide: Path) -> None:
    found = document(
        command(
            *("analyse", wide, "--key", wide.parent / "key.csv", "--id", "person"),
            *("--ignore", "region", "--json"),
        )
    )
    assert found["population"]["items"] == 10
    first = found["items"][0]
    assert [row["option"] for row in first["options"]] == ["A", "B", "C", "D", "omitted"]
    assert [row["key"] for row in first["options"]] == [True, False, False, False, False]
    assert first["facility"] == pytest.approx(first["options"][0]["share"])


def test_the_lowest_score_of_a_wide_file_becomes_nothing(command: Command, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rows = rng.integers(1, 5, (60, 6)).tolist()
    one_based = write(tmp_path / "one.csv", "a,b,c,d,e,f", rows)
    from_zero = write(
        tmp_path / "zero.csv", "a,b,c,d,e,f", [[cell - 1 for cell in row] for row in rows]
    )
    first, second = (document(command("analyse", f, "--json")) for f in (one_based, from_zero))
    assert first["items"] == second["items"]
    assert first["items"][0]["facility"] == pytest.approx(
        np.mean([r[0] - 1 for r in rows]) / 3, abs=1e-3
    )


def test_groups_are_compared_and_columns_joined(command: Command, tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    ability = rng.standard_normal(1200)
    group = rng.integers(0, 2, 1200)
    day = np.sort(rng.integers(0, 40, 1200))
    shift = np.zeros((1200, 10))
    shift[group == 1, 3] = -1.5
    shift[day >= 20, 6] = 1.5
    right = rng.random((1200, 10)) < 1 / (1 + np.exp(-(ability[:, None] + shift)))
    rows = [(p, f"q{i}", int(right[p, i])) for p in range(1200) for i in range(10)]
    answers = write(tmp_path / "answers.csv", "attempt,item,score", rows)
    dates = [f"2025-{1 + d // 28:02}-{1 + d % 28:02}" for d in day.tolist()]
    more = write(
        tmp_path / "attempts.csv",
        "attempt,region,when",
        zip(range(1200), ["south" if g else "north" for g in group], dates, strict=True),
    )
    found = document(
        command(
            *("analyse", answers, "--attempts", more, "--group", "region"),
            *("--reference", "north", "--time", "when", "--json"),
        )
    )
    assert found["dif"]["reference"] == "north"
    codes = [[flag["code"] for flag in entry["flags"]] for entry in found["items"]]
    assert [k for k, named in enumerate(codes) if "dif" in named] == [3]
    assert "drift" in codes[6]
    changed = found["items"][6]["drift"]["changed_after"]
    assert abs(date.fromisoformat(changed) - date(2025, 1, 20)).days <= 2
    (told,) = (f["sentence"] for f in found["items"][6]["flags"] if f["code"] == "drift")
    assert f"candidates after {changed}, by" in told
    assert found["drift"]["first"] == "2025-01-01"
    sentence = found["items"][3]["flags"][0]["sentence"]
    assert sentence.startswith("Harder for south than for north of equal ability:")
    assert found["items"][3]["dif"][0]["delta"] < -2


def test_the_files_are_written_together(command: Command, tmp_path: Path) -> None:
    # Three items: a chart takes as long to draw as the whole analysis.
    few = write(tmp_path / "few.csv", "attempt,item,option,score,rt_ms", answered(300, 3, 2))
    out = tmp_path / "new" / "report"
    done = command("analyse", few, "--out", out)
    assert done.exit_code == 0, done.stderr
    assert {path.name for path in out.iterdir()} == FILES
    assert {path.name for path in out.parent.iterdir()} == {"report"}
    rows = list(csv.DictReader((out / "items.csv").read_text(encoding="utf-8").splitlines()))
    found = checked(json.loads((out / "report.json").read_text(encoding="utf-8")))
    assert len(rows) == 3
    assert [float(row["facility"]) for row in rows] == [e["facility"] for e in found["items"]]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count('<img src="data:image/svg+xml;') >= 2


def test_an_earlier_report_is_replaced_and_other_files_stay(long: Path, tmp_path: Path) -> None:
    answers = reading.read(long)
    items = [report.ItemKey(name, SINGLE, 4, (0,)) for name in answers.items]
    found = analysis.analyse(answers.responses, items, {}, Asked()).document
    out = tmp_path / "report"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "report.json").write_text("old")
    folder.write(out, found, "a page", {"attempt": [1]})
    assert (out / "attempts.csv").exists()
    folder.write(out, found, "a page")
    assert not (out / "attempts.csv").exists()  # of other answers than the report
    assert (out / "notes.txt").read_text() == "mine"
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["schema"]


def test_what_stops_half_way_leaves_no_file(long: Path, tmp_path: Path) -> None:
    answers = reading.read(long)
    items = [report.ItemKey(name, SINGLE, 4, (0,)) for name in answers.items]
    found = analysis.analyse(answers.responses, items, {}, Asked()).document
    out = tmp_path / "report"
    with pytest.raises(UnicodeEncodeError):
        folder.write(out, found, "no text: \ud800")
    assert [path.name for path in tmp_path.iterdir()] == [long.name]


def test_no_name_becomes_a_formula_or_markup(command: Command, tmp_path: Path) -> None:
    rows = [(p, item, p % 2) for p in range(40) for item in ("=1+1", "<b>bold</b>")]
    file = write(tmp_path / "names.csv", "attempt,item,score", rows)
    assert command("analyse", file, "--out", tmp_path / "out").exit_code == 0
    sheet = (tmp_path / "out" / "items.csv").read_text(encoding="utf-8")
    assert "'=1+1" in sheet
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<b>" not in page
    assert "&lt;b&gt;bold" in page


def test_a_table_has_every_column_in_every_row(command: Command, long: Path) -> None:
    rows = tables.items(document(command("analyse", long, "--json")))
    assert len({tuple(row) for row in rows}) == 1
    assert {"item", "n", "facility_low", "discrimination_high", "flags"} <= rows[0].keys()


def test_a_share_of_the_marks_is_that_many_marks_exactly(command: Command, tmp_path: Path) -> None:
    # In binary fractions 56 % of 25 is a little more than 14, and 14 marks would not pass.
    items = ",".join(f"i{k}" for k in range(25))
    rows = [[1] * n + [0] * (25 - n) for n in (0, 13, 14, 25)]
    file = write(tmp_path / "wide.csv", items, rows)
    found = document(command("analyse", file, "--cut", "56%", "--json"))
    assert found["test"]["pass_rate"] == 0.5


@pytest.mark.parametrize("packed", [gzip.compress, bytes])
def test_what_comes_by_a_pipe_is_read_from_its_beginning_packed_or_not(
    command: Command, long: Path, packed: Callable[[bytes], bytes]
) -> None:
    out, into = os.pipe()
    # More than is read ahead to see what it is, less than a pipe holds.
    head = gzip.decompress(long.read_bytes())[:40_000].rpartition(b"\n")[0]
    os.write(into, packed(head))
    os.close(into)
    try:
        said = command("analyse", f"/dev/fd/{out}").stdout
    finally:
        os.close(out)
    (file := long.parent / "head.csv").write_bytes(head)
    assert said == command("analyse", file).stdout != ""


def test_one_of_a_kind_is_not_told_as_many(command: Command, tmp_path: Path) -> None:
    file = write(tmp_path / "one.csv", "attempt,item,score", [("a", "x", 1)])
    said = command("analyse", file).stdout
    assert said.startswith("1 attempt, 1 answer, 1 item.\n")
    assert "No alpha: a form of one question has no" in said
    assert "0 items with a flag." in said


def test_a_cut_gives_the_pass_rate_in_marks_or_as_a_share(command: Command, long: Path) -> None:
    marks, share = (
        document(command("analyse", long, "--cut", cut, "--json"))["test"]["pass_rate"]
        for cut in ("4", "50%")
    )
    assert marks == share
    assert 0 < marks < 1
    said = command("analyse", long, "--cut", "4").stdout
    assert f"Pass rate {100 * marks:.0f} % (95 % interval " in said
    assert "). Decisions: accuracy 0." in said
    assert "is not among the marks" in command("analyse", long, "--cut", "99").stdout
    assert "Pass rate" not in command("analyse", long).stdout


def test_a_model_gives_parameters_or_says_why_not(command: Command, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    ability = rng.standard_normal((700, 1))
    right = (rng.random((700, 6)) < 1 / (1 + np.exp(-ability))).astype(int)
    binary = write(tmp_path / "binary.csv", "a,b,c,d,e,f", right.tolist())
    partial = write(tmp_path / "partial.csv", "a,b,c", (right[:, :3] + right[:, 3:]).tolist())
    found = document(command("analyse", binary, "--model", "2pl", "--cut", "3", "--json"))
    assert found["irt"]["converged"]
    item = found["items"][0]["irt"]
    assert item["b"] == pytest.approx(-item["d"] / item["a"])
    assert item["infit"] == pytest.approx(1, abs=0.1)
    methods = [row["method"] for row in found["test"]["decisions"]]
    assert methods == ["livingston_lewis", "rudner"]
    out = tmp_path / "out"
    refused = document(command("analyse", partial, "--model", "2pl", "--json", "--out", out))
    assert refused["irt"]["loglik"] is None
    assert refused["irt"]["reason"] == "every item gives partial credit"
    assert refused["items"][0]["irt"] is None
    why = "since every item gives partial credit"
    assert why in command("analyse", partial, "--model", "2pl").stdout
    assert why in (out / "report.html").read_text(encoding="utf-8")


def test_an_item_of_partial_credit_keeps_no_other_from_its_parameters(
    command: Command, tmp_path: Path
) -> None:
    rng = np.random.default_rng(4)
    ability = rng.standard_normal((700, 1))
    right = (rng.random((700, 7)) < 1 / (1 + np.exp(-ability))).astype(int)
    right[:, 5] += right[:, 6]
    whole = write(tmp_path / "whole.csv", "a,b,c,d,e", right[:, :5].tolist())
    mixed = write(tmp_path / "mixed.csv", "a,b,c,d,e,f", right[:, :6].tolist())
    out, asked = tmp_path / "out", ("--model", "2pl", "--json")
    alone = document(command("analyse", whole, *asked))
    beside = document(command("analyse", mixed, *asked, "--out", out))
    slopes = [[entry["irt"]["a"] for entry in found["items"][:5]] for found in (alone, beside)]
    assert slopes[1] == pytest.approx(slopes[0], abs=1e-6)
    assert beside["items"][5]["irt"]["a"] is None
    assert beside["items"][5]["irt"]["reason"] == "it gives partial credit"
    assert "1 item gives partial credit" in (out / "report.html").read_text(encoding="utf-8")


def test_where_nothing_can_be_fitted_the_report_says_so(command: Command, tmp_path: Path) -> None:
    # Alternating answers: every slope grows without end.
    rows = [[(7 * p + 3 * i) % 2 for i in range(5)] for p in range(40)]
    file = write(tmp_path / "even.csv", "a,b,c,d,e", rows)
    found = document(command("analyse", file, "--model", "2pl", "--cut", "3", "--json"))
    assert found["irt"]["reason"] == "no item has parameters: they grow without end"


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("", (), "no header"),
        ("attempt,item,score\n", (), "no answers"),
        ("attempt,item,score\n1,a,1\n1,a,0\n", (), "line 3"),
        ("attempt,item,score\n1,a,1\n2,a,x\n", (), "line 3"),
        ("attempt,item,score\n1,a\n", (), "line 2"),
        ("attempt,item\n1,a\n", (), "option or score"),
        ("attempt,question,score\n1,1,1\n2,1,0\n", (), "the column item too"),
        ("person,item,score\n1,1,1\n2,1,0\n", (), "--id"),
        ("attempt,item,score\n1,a,1\n2,a\0b,0\n", (), "line 3: a NUL"),
        ("attempt,item,score,position\n1,a,1,1\n2,a,1,-4\n", (), "line 3"),
        ("a,b,g\n1,0,\n0,1,\n", ("--group", "g"), "'g'"),
        ("a,b\n1,0\n0,1\n", ("--cut", "nan"), "--cut nan"),
        ("a,b\n1,0\n0,1\n", ("--cut", "-3"), "--cut -3"),
        ("a,b\n1,0\n0,1\n", ("--group", "region"), "'region'"),
        ("a,b\n1,0\n0,1\n", ("--ignore", "c"), "'c'"),
        ("a,b,g\n1,0,x\n0,1,x\n", ("--group", "g"), "all are in one group"),
        ("a,b,g\n1,0,x\n0,1,y\n", ("--group", "g", "--reference", "z"), "'z'"),
        ("a,b\n1,0\n0,1\n", ("--reference", "z"), "--reference says nothing without --group"),
        ("a,b\n1,0\n0,1\n", ("--windows", "3"), "--windows says nothing without --time"),
        ("a,b\n1,0\n0,1\n", ("--weak-priors",), "--weak-priors says nothing without --model"),
        ("a,b,t\n1,0,3\n0,1,3\n", ("--time", "t"), "1 day does not fill 2 windows"),
        ("a,b,t\n1,0,soon\n0,1,3\n", ("--time", "t"), "'soon'"),
        ("a,b,t\n1,0,2025-01-02\n0,1,3\n", ("--time", "t"), "dates cannot be compared"),
        ("a,b\n1,0\n0,1\n", ("--cut", "half"), "--cut half"),
        ("a,b\r1,0\r0,1\r", (), "CR alone"),
    ],
)
def test_bad_input_is_named_with_what_and_where(
    command: Command, tmp_path: Path, content: str, options: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content)
    done = command("analyse", file, *options, "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_bad_input_is_one_document_with_json(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("attempt,item,score\n1,a,x\n")
    done = command("analyse", file, "--json")
    assert done.exit_code == 1
    (problem,) = json.loads(done.stdout)["problems"]
    assert "line 2" in problem["reason"]


SETS: dict[str, tuple[tuple[str, ...], int, int]] = {
    "lsat7.csv": ((), 1000, 5),
    "ability16.csv": ((), 1525, 16),
    "raschdat1.csv": ((), 100, 30),
    "science.csv": ((), 392, 7),
    "verbal_aggression.csv": (("--group", "gender", "--ignore", "anger"), 316, 24),
    "gmat_sim.csv": (("--group", "group", "--ignore", "criterion"), 2000, 20),
    "sparse_draw_dev.csv.gz": ((), 6000, 240),
}


@needs_data
@pytest.mark.parametrize("name", SETS)
def test_every_public_set_is_analysed(command: Command, name: str) -> None:
    options, attempts, items = SETS[name]
    found = document(command("analyse", DATA / name, *options, "--json"))
    population = found["population"]
    assert (population["attempts"], population["items"]) == (attempts, items)
    assert all(entry["facility"] is not None for entry in found["items"])


@needs_data
@pytest.mark.parametrize("name", ["iqitems16_options.csv", "copying_dev.csv.gz"])
def test_public_sets_of_options_are_analysed_with_their_key(
    command: Command, tmp_path: Path, name: str
) -> None:
    stem = name.split(".")[0]
    truth = DATA / (f"{stem}.reference.json" if "iq" in stem else f"{stem}.truth.json")
    key = json.loads(truth.read_text(encoding="utf-8"))["key"]
    with (gzip.open if name.endswith(".gz") else open)(DATA / name, "rt") as file:
        header = next(csv.reader(file))
    keys = write(tmp_path / "key.csv", "item,key", zip(header, key, strict=True))
    found = document(command("analyse", DATA / name, "--key", keys, "--json"))
    assert [entry["item"] for entry in found["items"]] == header
    for entry, right in zip(found["items"], key, strict=True):
        assert [row["option"] for row in entry["options"] if row["key"]] == [right]


@needs_data
def test_planted_flaws_of_the_public_set_are_found(command: Command) -> None:
    done = command(
        *("analyse", DATA / "sparse_flaws_dev.csv.gz"),
        *("--attempts", DATA / "sparse_flaws_dev.attempts.csv.gz"),
        *("--group", "focal_group", "--time", "day", "--json"),
    )
    found = document(done)
    truth = json.loads((DATA / "sparse_flaws_dev.truth.json").read_text(encoding="utf-8"))

    def flagged(code: str) -> set[int]:
        return {
            int(entry["item"])
            for entry in found["items"]
            if code in [flag["code"] for flag in entry["flags"]]
        }

    planted = {name: set(items) for name, items in truth["planted"].items()}
    assert flagged("wrong_key") == planted["miskeyed"]
    assert flagged("second_key") == planted["second_correct_distractor"]
    assert flagged("drift") == planted["drift_easier_after_day_60"]
    assert len(flagged("dif") & planted["dif_uniform_against_focal"]) >= 3
    assert len(flagged("dif") - planted["dif_uniform_against_focal"]) <= 1
