"""Is every question of a table read, and every fault named with its line, and nothing else?"""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.bank.formats import tabular
from assess.bank.formats.lines import MAX_LINE
from assess.bank.formats.tabular import FileRefused, Row
from assess.bank.items import Content, Level, Option
from assess.reasons import Code

ITEMS = Path(__file__).resolve().parents[3] / "../shared/data/items"
HEADER = "id,kind,outcome,category,stem,A,B,C,D,key,rationale_A,level,expected_facility,shuffle\n"
GOOD = "q1,,M02/2.1,,Which?,One,Two,Three,Four,B,Not one,recall,0.65,no\n"


def rows(data: str | bytes, name: str = "bank.csv", format: str = "auto") -> list[Row]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(tabular.read(stream, name, format))


def whats(row: Row) -> list[object]:
    assert row.content is None
    assert all(reason.code is Code.MALFORMED for reason in row.problems)
    return [reason.values["what"] for reason in row.problems]


def why(data: str | bytes, name: str = "bank.csv", format: str = "auto") -> dict[str, object]:
    with pytest.raises(FileRefused) as caught:
        rows(data, name, format)
    return dict(caught.value.refused.reasons[0].values)


def as_json(**values: object) -> str:
    row = {"id": "q1", "stem": "Which?", "options": ["One", "Two", "Three"], "key": 1, **values}
    return json.dumps({key: value for key, value in row.items() if value != "absent"})


def test_a_row_of_csv_is_a_question() -> None:
    (row,) = rows(HEADER + GOOD)
    assert row == Row(
        where="line 2",
        identifier="q1",
        content=Content(
            "single_choice",
            "Which?",
            (
                Option("One", False, "Not one"),
                Option("Two", True),
                Option("Three", False),
                Option("Four", False),
            ),
            level=Level.RECALL,
            expected_facility=650,
            shuffle=False,
        ),
        category=(),
        outcome_text="M02/2.1",
        problems=(),
        skipped=False,
    )


@pytest.mark.parametrize("between", [";", "\t"])
def test_a_spreadsheet_may_write_semicolons_or_tabs(between: str) -> None:
    comma = io.StringIO()
    writer = csv.writer(comma)
    writer.writerow(HEADER.strip().split(","))
    writer.writerow(["q1", "", "", "", "Which, of two?", "1;5", "2", "", "", "A;B", "", "", "", ""])
    other = io.StringIO()
    csv.writer(other, delimiter=between).writerows(csv.reader(io.StringIO(comma.getvalue())))
    assert rows("\ufeff" + other.getvalue()) == rows(comma.getvalue())


def test_the_same_question_in_json_is_the_same_content() -> None:
    (one,) = rows(HEADER + GOOD)
    (two,) = rows(
        as_json(
            options=["One", "Two", "Three", "Four"],
            outcome="M02/2.1",
            rationales=["Not one"],
            level="Recall",
            expected_facility=0.65,
            shuffle=False,
        )
    )
    assert two.content == one.content
    assert two.outcome_text == one.outcome_text
    assert two.where == "line 1"


@pytest.mark.parametrize("key", ["B;D", "b, d", "B D", "D;B", ["B", "D"], [1, 3], ["b", 3]])
def test_several_keys_make_a_multiple_response(key: object) -> None:
    (row,) = rows(as_json(options=["One", "Two", "Three", "Four"], key=key))
    assert row.content is not None
    assert row.content.kind == "multiple_response"
    assert row.content.key == (1, 3)


def test_one_key_may_be_declared_a_multiple_response() -> None:
    (row,) = rows(as_json(kind="Multiple_Response", scoring="Partial"))
    assert row.content is not None
    assert (row.content.kind, row.content.scoring) == ("multiple_response", "partial")


@pytest.mark.parametrize(
    ("share", "thousandths"),
    [
        ("0", 0),
        ("1", 1000),
        ("1.00", 1000),
        (".5", 500),
        ("0.6543", 654),
        ('"0,7"', 700),
        ("", None),
    ],
)
def test_an_expected_facility_is_kept_in_whole_thousandths(
    share: str, thousandths: int | None
) -> None:
    (row,) = rows(HEADER + GOOD.replace("0.65", share))
    assert row.content is not None
    assert row.content.expected_facility == thousandths


def test_questions_on_a_shared_case_carry_its_text() -> None:
    header = HEADER.replace("\n", ",set,Stimulus\n")
    (row,) = rows(header + GOOD.replace("\n", ',S1," A case.\r\n\r\nIts end. "\n'))
    assert row.content is not None
    assert (row.content.set, row.content.stimulus) == ("S1", "A case.\n\nIts end.")
    same = {"set": "S1", "stimulus": "A case.\n\nIts end."}
    (as_line,) = rows(as_json(**same))
    assert as_line.content is not None
    assert (as_line.content.set, as_line.content.stimulus) == tuple(same.values())
    (alone,) = rows(header + GOOD.replace("\n", ",,\n"))
    assert alone.content is not None
    assert (alone.content.set, alone.content.stimulus) == ("", "")


@pytest.mark.parametrize("share", ["1.01", "-0.1", "65%", "nan", "1e-1", "1.000,5", "0x1", "65"])
def test_an_expected_facility_that_is_no_share_is_refused(share: str) -> None:
    (row,) = rows(HEADER + GOOD.replace("0.65", f'"{share}"'))
    assert whats(row) == ["facility_not_share"]


def test_fewer_options_than_columns_leave_the_last_columns_empty() -> None:
    (row,) = rows(HEADER + GOOD.replace("Three,Four", ","))
    assert row.content is not None
    assert [option.text for option in row.content.options] == ["One", "Two"]


def test_white_space_around_a_text_goes_and_within_it_stays() -> None:
    (row,) = rows(HEADER + GOOD.replace("Which?", '"  ____  such\r\n\r\n  as ___ "'))
    assert row.content is not None
    assert row.content.stem == "____  such\n\n  as ___"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_ending_and_a_byte_order_mark_give_the_same_rows(end: str) -> None:
    text = (HEADER + GOOD + "\n" + GOOD.replace("q1", "q2")).replace("\n", end)
    found = rows("\ufeff" + text)
    assert [row.identifier for row in found] == ["q1", "q2"]
    assert found[0].content == rows(HEADER + GOOD)[0].content


def test_a_line_number_is_that_of_the_first_line_of_the_row() -> None:
    text = HEADER + "\n" + GOOD.replace("Which?", '"Which\nof\nthese?"') + ",,,\n" + GOOD
    assert [row.where for row in rows(text)] == ["line 3", "line 7"]
    lines = "\n".join([as_json(), "", as_json()])
    assert [row.where for row in rows(lines)] == ["line 1", "line 3"]


def test_notes_and_empty_columns_of_a_spreadsheet_are_no_columns() -> None:
    (row,) = rows("ID,Stem,a,B,key,_author,,\nq1,Which?,One,Two,A,Ann,,\n")
    assert row.content is not None
    (row,) = rows(as_json(_author={"name": "Ann"}))
    assert row.content is not None


def test_a_row_that_holds_no_question_is_skipped() -> None:
    (row,) = rows(HEADER + "d1,description,,,Read this first.,,,,,,,,,\n")
    assert row.skipped
    assert row.problems == ()
    (row,) = rows('{"id": "c1", "kind": "category", "category": "a/b"}')
    assert row.skipped


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("q1,", ",", ["no_identifier"]),
        ("q1,", "q" * 201 + ",", ["identifier_too_long"]),
        ("q1,", "q\0,", ["nul"]),
        ("q1,", "q\x1b1,", ["identifier_unseen"]),
        ("q1,", "q\u200b1,", ["identifier_unseen"]),
        ("q1,,", "q1,essay,", ["kind_unknown"]),
        ("Which?", "", ["no_stem"]),
        ("Which?", "a\0b", ["nul"]),
        ("Which?", "x" * 20_001, ["stem_too_long"]),
        ("Two,Three", ",Three", ["option_empty"]),
        ("Three,Four", "Three," + "x" * 5_001, ["option_too_long"]),
        ("One,Two,Three,Four,B", "One,,,,A", ["too_few_options"]),
        (",B,", ",,", ["no_key"]),
        (",B,", ",E,", ["key_outside_options"]),
        (",B,", ",2,", ["key_not_read"]),
        (",B,", ",B;é,", ["key_not_read"]),
        (",B,", ",B;B,", ["key_repeated"]),
        ("q1,,", "q1,single_choice,", []),
        ("recall", "remember", ["level_unknown"]),
        (",no", ",perhaps", ["yes_or_no_needed"]),
        ("M02/2.1", "M02\0", ["nul"]),
        (",no", "", []),
        (",B,Not one,recall,0.65,no", "", ["fields_differ"]),
        (",no", ",no,more", ["fields_differ"]),
        (",no", ',"no"x', ["csv_broken"]),
    ],
)
def test_a_fault_in_a_row_of_csv_is_named(old: str, new: str, expected: list[str]) -> None:
    assert old in GOOD
    bad, good = rows(HEADER + GOOD.replace(old, new, 1) + GOOD.replace("q1", "q2"))
    assert good.identifier == "q2"
    assert good.content is not None
    if expected:
        assert whats(bad) == expected
    else:
        assert bad.content is not None


def test_two_keys_of_a_single_choice_are_refused() -> None:
    (row,) = rows(HEADER + GOOD.replace("q1,,", "q1,single_choice,").replace(",B,", ",A;B,"))
    assert whats(row) == ["one_key_needed"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": None}, ["no_identifier"]),
        ({"id": ["q1"]}, ["text_needed", "no_identifier"]),
        ({"id": True}, ["text_needed", "no_identifier"]),
        ({"stem": "absent"}, ["no_stem"]),
        ({"stem": "\ud800"}, ["surrogate"]),
        ({"id": "\ud800"}, ["nul"]),
        ({"options": "absent"}, ["key_outside_options", "too_few_options"]),
        ({"options": ["One", "Two", ""]}, ["option_empty"]),
        ({"options": ["One", 2]}, ["text_needed", "key_outside_options", "too_few_options"]),
        ({"options": "One, Two"}, ["list_needed", "key_outside_options", "too_few_options"]),
        ({"options": ["x"] * 27}, ["too_many_options"]),
        ({"key": 3}, ["key_outside_options"]),
        ({"key": -1}, ["key_outside_options"]),
        ({"key": True}, ["key_not_read"]),
        ({"key": 0.5}, ["key_not_read"]),
        ({"key": {}}, ["key_not_read"]),
        ({"key": []}, ["no_key"]),
        ({"key": "absent"}, ["no_key"]),
        ({"key": ["A"] * 50}, ["key_not_read"]),
        ({"rationales": ["", "", "", "x"]}, ["rationale_without_option"]),
        ({"scoring": "generous"}, ["scoring_unknown"]),
        ({"expected_facility": 2}, ["facility_not_share"]),
        ({"shuffle": 1}, ["yes_or_no_needed"]),
        ({"points": 2}, ["column_unknown"]),
        ({"set": "S1"}, ["set_without_stimulus"]),
        ({"set": 7}, ["set_without_stimulus"]),
        ({"stimulus": "A case"}, ["stimulus_without_set"]),
        ({"set": "S1", "stimulus": ["A case"]}, ["text_needed", "set_without_stimulus"]),
    ],
)
def test_a_fault_in_a_row_of_json_is_named(changes: dict[str, object], expected: list[str]) -> None:
    bad, good = rows(as_json(**changes) + "\n" + as_json(id=17))
    assert whats(bad) == expected
    assert good.identifier == "17"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"id": "q1", ', "json_broken"),
        ('{"id": NaN}', "json_broken"),
        ('{"key": ' + "9" * 5_000 + "}", "json_broken"),
        ('{"key": ' + "[" * 100_000, "json_broken"),
        ('{"id": "q1"} {}', "json_broken"),
        ("[1, 2]", "json_no_object"),
        ("17", "json_no_object"),
        ('{"id": "q1", "id": "q2"}', "json_key_repeated"),
        ("x" * (MAX_LINE + 1), "line_too_long"),
    ],
    ids=range(9),
)
def test_a_line_that_is_no_json_object_is_a_row_with_its_problem(line: str, what: str) -> None:
    good, bad, last = rows(as_json() + "\n" + line + "\n" + as_json(id="q3"))
    assert good.content is not None
    assert whats(bad) == [what]
    assert bad.where == "line 2"
    assert last.content is not None


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("", "file_empty"),
        ("\n \n", "file_empty"),
        ("id,stem,A,B\n", "header_missing"),
        ("id,stem,key,A,C\n", "header_missing"),
        ("What is this?\n", "header_none"),
        ("Module 2,,,\nid,stem,A,B,key\n", "header_none"),
        ("id,stem,A,B,key,points\n", "header_unknown"),
        ("id,stem,A,B,key,,level\n", "header_unknown"),
        ("id,stem,A,B,key,Stem\n", "header_repeated"),
        ('id,"stem"x\n', "header_broken"),
        (HEADER + GOOD + 'q2,"never closed\n' + GOOD, "csv_unclosed"),
        (HEADER + GOOD + 'q2,"' + "x" * 200_000 + "\n", "field_too_large"),
        (HEADER.encode() + b"caf\xe9", "file_not_utf8"),
        (gzip.compress(HEADER.encode())[:-3], "gzip_damaged"),
        ("<?xml version='1.0'?>", "file_format_unknown"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x21\xdf", "file_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_workbook"),
        ('[{"id": "q1"}]', "json_no_lines"),
    ],
    ids=range(18),
)
def test_a_file_that_is_no_table_is_refused_whole(data: str | bytes, what: str) -> None:
    assert why(data)["what"] == what


def test_a_header_names_what_it_lacks_and_all_its_faults_together() -> None:
    with pytest.raises(FileRefused) as caught:
        rows("id,stem,A,C,points,id\n")
    reasons = caught.value.refused.reasons
    assert [reason.values["columns"] for reason in reasons] == ["key, B", "points", "id"]


def test_an_unclosed_quotation_mark_is_named_by_the_line_of_its_row() -> None:
    assert why(HEADER + GOOD + 'q2,"x\ny\nz\n')["line"] == 3


def test_the_format_is_seen_by_content_and_the_name_decides_only_in_doubt() -> None:
    assert len(rows(as_json(), "bank.csv")) == 1
    assert len(rows(gzip.compress(as_json().encode()), "bank")) == 1
    assert len(rows(HEADER + GOOD, "bank.txt")) == 1
    (row,) = rows("nonsense", "bank.jsonl")
    assert whats(row) == ["json_broken"]
    (row,) = rows("[1]", "bank.csv", "jsonl")
    assert whats(row) == ["json_no_object"]
    with pytest.raises(ValueError, match="format"):
        rows(GOOD, format="xml")


@given(st.binary(max_size=3_000), st.sampled_from(["auto", "csv", "jsonl"]))
def test_arbitrary_bytes_give_rows_or_a_refusal_of_the_file(data: bytes, format: str) -> None:
    try:
        found = rows(data, "bank", format)
    except FileRefused:
        return
    assert all(row.content is not None or row.problems or row.skipped for row in found)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(tabular.JSON_KEYS) | st.text(max_size=5), VALUES))
def test_arbitrary_values_in_json_give_a_row(found: dict[str, object]) -> None:
    (row,) = rows(json.dumps(found), format="jsonl")
    assert row.content is None or not row.problems


@given(st.lists(st.text(max_size=30), min_size=14, max_size=14))
def test_arbitrary_values_in_csv_give_a_row(values: list[str]) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(["q", *values[1:]])
    data = (HEADER + out.getvalue()).encode("utf-8", "surrogatepass")
    try:
        (row,) = rows(data, format="csv")
    except FileRefused as refused:
        assert refused.refused.reasons[0].values["what"] == "file_not_utf8"  # noqa: PT017
    else:
        assert row.where == "line 2"


def test_a_public_bank_is_read_whole() -> None:
    path = ITEMS / "csv/mmlu-workplace.csv"
    if not path.exists():
        pytest.skip("the shared banks are not beside this repository")
    with path.open("rb") as file:
        found = list(tabular.read(file, path.name))
    assert len(found) == 829
    for row in found:
        assert row.content is not None, row
        assert len(row.content.options) == 4
        assert len(row.category) == 3
