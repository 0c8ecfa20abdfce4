"""Does a file read part by part give the same bits as the same file read whole?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assess.psychometrics import cells, classical, coding, reading, streaming
from assess.psychometrics.delimited import FileError


def rows(attempts: int = 300) -> str:
    rng = np.random.default_rng(8)
    lines = ["attempt,item,option,score"]
    for attempt in range(attempts):
        for item in np.sort(rng.permutation(40)[: rng.integers(1, 12)]):
            option = int(rng.integers(-1, 4))
            lines.append(f"{attempt + 7},{item * 3},{option},{int(option == item % 4)}")
    return "\n".join(lines) + "\n"


def adjusted(data: cells.Cells) -> classical.AdjustedSums:
    facility = classical.facility_millionths(classical.raw_sums(data))
    return classical.adjusted_sums(data, facility, 4, 12)


@pytest.mark.parametrize("size", [31, 997, 1 << 20])
def test_parts_of_any_size_give_the_bits_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(rows(), encoding="utf-8")
    whole = reading.read(path)
    # Parts of a row or two, in which attempts begin and end, and one of all.
    monkeypatch.setattr("assess.psychometrics.delimited.BLOCK", size)
    found = streaming.read(path)
    assert found.items == whole.items
    assert found.options == 4
    ours, theirs = adjusted(found.cells), adjusted(coding.coded(whole.responses))
    assert ours.rest.cc.low.tobytes() == theirs.rest.cc.low.tobytes()
    assert ours.options.c.low.tobytes() == theirs.options.c.low.tobytes()
    assert ours.option_bins.tobytes() == theirs.option_bins.tobytes()


@pytest.mark.parametrize("statistics", [True, False])
def test_parquet_in_row_groups_is_read_as_csv_is(tmp_path: Path, statistics: bool) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet is an extra")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "answers.csv"
    path.write_text(rows(), encoding="utf-8")
    table = reading.load(path)
    other = tmp_path / "answers.parquet"
    columns = pyarrow.table(dict(table.columns))
    parquet.write_table(columns, other, row_group_size=101, write_statistics=statistics)
    one, two = streaming.read(path), streaming.read(other)
    assert one.items == two.items
    assert one.options == two.options
    assert adjusted(one.cells).rest.xc.low.tobytes() == adjusted(two.cells).rest.xc.low.tobytes()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("attempt,item,score\n2,1,1\n1,1,0\n", "ascending order of attempts"),
        ("attempt,item,score\n1,a,1\n", "other things than numbers in 'item'"),
        ("attempt,item,score\n1,1,3\n", "scores outside 0 to 1"),
        ("attempt,item,option,score\n1,1,26,1\n", "option 26"),
        ("attempt,score\n1,1\n", "no column 'item'"),
        ("attempt,item,score\n", "no answers"),
        ("attempt,item,score\n1,1,1\n1,1,0\n", "attempt 1 has item 1 twice"),
    ],
)
def test_what_must_be_read_whole_is_said_to_be(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=r"answers\.csv.*" + sentence):
        streaming.read(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,5,1\n1,6,1\n1,5,0\n", "attempt 1 has item 5 twice"),
        ("2,5,1\n2,6,1\n1,5,0\n", "ascending order"),
        ("".join(f"1,{k},1\n" for k in range(501)), "more than 500 items"),
    ],
)
def test_what_is_wrong_between_two_parts_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("attempt,item,score\n" + text, encoding="utf-8")
    monkeypatch.setattr("assess.psychometrics.delimited.BLOCK", 6)
    with pytest.raises(FileError, match=sentence):
        streaming.read(path)
