"""Is a file of answers read as it was meant, and is what is wrong named with its line?"""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from assess.psychometrics import reading
from assess.psychometrics.delimited import FileError
from assess.psychometrics.responses import NOT_REACHED, OMITTED, UNKNOWN

LONG = """attempt,item,option,score,rt_ms,position
ann,q1,A,1,1500,1
ann,q2,C,0,,2
ann,q3,,0,400,3
bob,q2,B,1,2500,1
bob,q9,A|C,1,9000,2
"""


class Write(Protocol):
    """Writes a file into the test's own folder; its path."""

    def __call__(self, text: str, name: str = "answers.csv") -> Path: ...


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "answers.csv") -> Path:
        path = tmp_path / name
        data = text.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return written


def test_a_long_file_names_attempts_items_and_options_as_it_likes(write: Write) -> None:
    answers = reading.read(write(LONG))
    assert answers.attempts.tolist() == ["ann", "bob"]
    assert answers.items == ("q1", "q2", "q3", "q9")
    assert answers.options == ("A", "B", "C")
    data = answers.responses
    assert data.attempt.tolist() == [0, 0, 0, 1, 1]
    assert data.item.tolist() == [0, 1, 2, 1, 3]
    assert data.option.tolist() == [1, 4, NOT_REACHED, 2, 5]
    assert data.score.tolist() == [1000, 0, 0, 1000, 1000]
    assert data.milliseconds is not None
    assert data.milliseconds.tolist() == [1500, -1, 400, 2500, 9000]
    # The key is what earned full marks; of q3 nobody knows it.
    assert answers.keys.tolist() == [1, 2, 0, 5]


def test_without_positions_an_empty_option_is_an_omitted_item(write: Write) -> None:
    text = "attempt,item,option,score\n1,a,,0\n1,b,,1\n1,c,NR,0\n"
    data = reading.read(write(text)).responses
    assert data.option.tolist() == [OMITTED, UNKNOWN, NOT_REACHED]


@pytest.mark.parametrize(
    "key", ["item,key\nq1,A\nq2,C\nq3,B\nq9,A|C\n", "q1;q2;q3;q9\nA;C;B;C|A\n"]
)
def test_a_key_file_scores_options_in_either_shape(write: Write, key: str) -> None:
    text = "\n".join(line.rsplit(",", 3)[0] for line in LONG.splitlines())
    answers = reading.read(write(text), key=write(key, "key.csv"))
    assert answers.responses.score.tolist() == [1000, 1000, 0, 0, 1000]
    assert answers.keys.tolist() == [1, 4, 2, 5]


def test_a_wide_file_has_an_item_a_column_and_an_empty_cell_is_not_drawn(write: Write) -> None:
    answers = reading.read(
        write("who,sex,a,b,c\nx,f,1,2,\ny,m,3,1,4\n", "a.csv.gz"), identity="who", columns=["sex"]
    )
    assert answers.items == ("a", "b", "c")
    assert answers.attempts.tolist() == ["x", "y"]
    assert answers.columns["sex"].tolist() == ["f", "m"]
    data = answers.responses
    # The lowest score of the file becomes 0; the highest of an item are its full marks.
    assert data.maximum is not None
    assert data.maximum.tolist() == [2, 1, 3]
    assert data.attempt.tolist() == [0, 0, 1, 1, 1]
    assert data.category().tolist() == [0, 1, 2, 0, 3]


def test_a_file_of_nothing_but_right_answers_stays_one(write: Write) -> None:
    assert reading.read(write("a,b\n1,1\n1,1\n")).responses.score.tolist() == [1000] * 4


def test_an_empty_cell_may_be_an_omitted_item_instead(write: Write) -> None:
    data = reading.read(write("a,b\n1,\n0,1\n"), blank="omitted").responses
    assert data.score.tolist() == [1000, 0, 0, 1000]
    assert data.option.tolist() == [UNKNOWN, OMITTED, UNKNOWN, UNKNOWN]


def test_parts_of_one_mark_are_scores_too(write: Write) -> None:
    assert reading.read(write("a,b\n0.5,1\n0,0.333\n")).responses.score.tolist() == [
        500,
        1000,
        0,
        333,
    ]


def test_numbers_and_text_of_the_same_column_are_read_alike_in_any_block(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Many blocks; the last has a quoted cell.
    monkeypatch.setattr("assess.psychometrics.delimited.BLOCK", 1000)
    rows = [f"{p},{i},{(p + i) % 2}" for p in range(600) for i in range(10)]
    text = "attempt,item,score\n" + "\n".join(rows) + '\n600,"last, one",1\n'
    answers = reading.read(write(text))
    assert answers.responses.item.size == 6001
    assert answers.items[:2] == ("0", "1")
    assert answers.items[-1] == "last, one"
    assert answers.attempts.size == 601
    assert int(answers.responses.score.sum()) == 3_001_000


def test_names_keep_their_leading_zeros(write: Write) -> None:
    answers = reading.read(write("attempt,item,score\n1,007,1\n1,7,0\n"))
    assert answers.items == ("007", "7")


def test_numbers_too_long_for_a_machine_word_stay_apart(write: Write) -> None:
    first, second = "99999999999999999998", "99999999999999999999"
    file = write(f"attempt,item,score\n{first},1,1\n{second},1,0\n")
    assert reading.read(file).attempts.tolist() == [first, second]
    # Beside a part of a mark they would be read as floating numbers.
    file = write("attempt,item,score\n9007199254740992,1,0.5\n9007199254740993,1,1\n")
    assert reading.read(file).attempts.tolist() == [9007199254740992, 9007199254740993]


def test_whole_numbers_are_the_same_with_a_point_as_data_frames_write_them_beside_empty_cells(
    write: Write, tmp_path: Path
) -> None:
    text = "who,q1,q2\n1.0,1.0,2.0\n2.0,,1.0\n3.0,-2.0,2.0\n"
    key = write("item,key\nq1,1\nq2,2\n", "key.csv")
    groups = write("who,group\n3,b\n1,a\n2,a\n", "groups.csv")
    files = [write(text)]
    if importlib.util.find_spec("pyarrow"):
        pyarrow, parquet = map(importlib.import_module, ("pyarrow", "pyarrow.parquet"))
        cells = {"who": [1.0, 2.0, 3.0], "q1": [1.0, None, -2.0], "q2": [2.0, 1.0, 2.0]}
        files.append(tmp_path / "answers.parquet")
        parquet.write_table(pyarrow.table(cells), files[-1])
    for file in files:
        answers = reading.read(file, key=key, identity="who", attempts=groups, columns=["group"])
        assert answers.options == ("1", "2"), file.name
        assert answers.responses.score.tolist() == [1000, 1000, 0, 0, 1000]
        assert answers.responses.option.tolist() == [1, 2, 1, NOT_REACHED, 2]
        assert answers.columns["group"].tolist() == ["a", "a", "b"]


def test_the_names_of_a_long_files_columns_may_be_capitals(write: Write) -> None:
    found = reading.read(write("Attempt,Item,Score\n1,7,1\n2,7,0\n"))
    assert (found.items, found.responses.attempts) == (("7",), 2)


def test_properties_are_joined_by_attempt(write: Write) -> None:
    people = write("attempt,group,day\nbob,m,3\nann,f,4\neve,f,5\n", "people.csv")
    answers = reading.read(write(LONG), attempts=people, columns=["group"])
    assert answers.columns["group"].tolist() == ["f", "m"]
    assert answers.columns["day"].tolist() == ["4", "3"]


def test_a_property_may_stand_in_the_long_file_itself(write: Write) -> None:
    text = "attempt,item,score,sex\n1,a,1,f\n2,a,0,m\n1,b,1,f\n"
    assert reading.read(write(text), columns=["sex"]).columns["sex"].tolist() == ["f", "m"]


LINE_ERRORS = [
    ("", {}, "has no header"),
    ("a,b\n", {}, "has no answers"),
    ("a,a\n1,1\n", {}, "line 1: two columns are called 'a'"),
    ("a,b\n1,0\n1\n", {}, "line 3: 1 cells where the header names 2"),
    ("a,b\n1,0\n\n1,x\n", {}, "line 4: 'x' in column 'b' is no number.*--ignore"),
    ("a,b\n1,0\n", {"columns": ["sex"]}, "line 1: has no column 'sex'. It has: a, b"),
    ("a,b\n0,0.5\n1,3\n", {}, "line 2: score 0.5 of item b is neither"),
    ("attempt,item\n1,a\n", {}, "needs the column option or score"),
    ("attempt,item,score\n1,,1\n", {}, "line 2: the item is empty"),
    ("attempt,item,score\n1,a,1\n1,b,0\n1,a,1\n", {}, "line 4: item a stands twice"),
    ("attempt,item,score\n1,a,-1\n", {}, "line 2: score -1 is below 0"),
    ("attempt,item,score\n1,a,1\n2,a,1_0\n", {}, "line 3: '1_0' in column 'score' is no number"),
    ("attempt,item,option\n1,a,B\n", {}, "options alone have no score.*--key"),
    ("attempt,item,option,score\n1,a,B,1\n1,b,C,\n", {}, "line 3: an option is chosen"),
    ("attempt,item,score,seconds\n1,a,1,-4\n", {}, "line 2: seconds -4 cannot be the time"),
    ("attempt,item,score,sex\n1,a,1,f\n1,b,1,m\n", {"columns": ["sex"]}, "line 3: the sex is"),
    ("who,a\nx,1\ny,1\nx,0\n", {"identity": "who"}, "line 4: who x stands on more than one"),
]


@pytest.mark.parametrize(("text", "options", "sentence"), LINE_ERRORS)
def test_what_is_wrong_is_named_with_file_and_line(
    write: Write, text: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(FileError, match=r"answers\.csv.*" + sentence):
        reading.read(write(text), **options)


def test_a_key_that_lacks_an_item_names_it(write: Write) -> None:
    with pytest.raises(FileError, match=r"key\.csv: has no key for item b"):
        reading.read(write("a,b\n1,2\n"), key=write("item,key\na,1\n", "key.csv"))


def test_a_column_with_too_many_different_options_is_taken_for_scores(write: Write) -> None:
    rows = "\n".join(f"1,i{k},o{k},1" for k in range(30))
    with pytest.raises(FileError, match=r"30 different options, at most 26.*scores"):
        reading.read(write("attempt,item,option,score\n" + rows + "\n"))


@pytest.mark.parametrize("data", [b"\xff\xfe\x00a,b", b"a,b\n\xe9,1\n"])
def test_what_is_no_text_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "answers.csv"
    path.write_bytes(data)
    with pytest.raises(FileError, match="not UTF-8"):
        reading.read(path)


def test_a_broken_archive_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,0\n" * 9999)[:40])
    for file in (path, tmp_path / "none.csv"):
        with pytest.raises(FileError, match="cannot be read"):
            reading.read(file)


def test_parquet_is_read_as_csv_is(write: Write, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet is an extra")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "answers.parquet"
    columns = {
        "attempt": ["ann", "ann", "bob"],
        "item": [3, 4, 4],
        "option": ["A", None, "B"],
        "score": np.array([1, 0, 1], np.int8),
    }
    parquet.write_table(pyarrow.table(columns), path)
    text = "attempt,item,option,score\nann,3,A,1\nann,4,,0\nbob,4,B,1\n"
    one, other = reading.read(path), reading.read(write(text))
    assert one.items == other.items
    assert one.options == other.options
    for name in ("attempt", "item", "score", "option"):
        ours, theirs = getattr(one.responses, name), getattr(other.responses, name)
        assert ours.tolist() == theirs.tolist()
