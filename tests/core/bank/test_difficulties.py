"""Is a file of difficulties read as what its column says, or refused with the line?"""

from __future__ import annotations

import pytest

from assess.bank.formats.difficulties import read_difficulties
from assess.reasons import Refused


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id,facility\na,0.5\nb,1\n", {"a": 500, "b": 1000}),
        ("Item, Difficulty \na, 0.25\n", {"a": 250}),
        ("id,difficulty\na,250\nb,999\n", {"a": 250, "b": 999}),
        ("id,b\na,0\nb,1.0986\n", {"a": 500, "b": 250}),
        ('x,identifier,p\n1,"a,b",0.1\n', {"a,b": 100}),
        ("id;note;facility\na;one, two, three;0.5\n", {"a": 500}),
        ("id\tb\na\t0\n", {"a": 500}),
        ("id;facility\na;0,5\nb;0.25\n", {"a": 500, "b": 250}),
    ],
)
def test_the_column_says_what_a_figure_is(text: str, found: dict[str, int]) -> None:
    assert read_difficulties(text) == found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "header_missing"),
        ("id,facility\n", "file_empty"),
        ("id,weight\na,1\n", "header_missing"),
        ("id,facility\na,hard\n", "difficulty_not_read"),
        ("id,facility\na,nan\n", "difficulty_not_read"),
        ("id,facility\n,0.5\n", "difficulty_not_read"),
        ("id,facility\na\n", "difficulty_not_read"),
        ("id,facility\na,1.5\n", "difficulty_not_read"),
        ('id,difficulty\na,"1,000"\n', "difficulty_not_read"),
        ("id,b\na,1e9\n", "difficulty_not_read"),
        ("id,facility\na,0.5\na,0.6\n", "value_repeated"),
        ("id,facility\na\0,0.5\n", "nul"),
    ],
)
def test_what_is_no_difficulty_is_refused(text: str, what: str) -> None:
    found = read_difficulties(text)
    assert isinstance(found, Refused)
    assert found.reasons[0].values["what"] == what


def test_a_header_is_told_only_what_it_lacks() -> None:
    for text, lacking in (
        ("name,facility\na,0.5\n", "id / item / identifier"),
        ("id,weight\na,1\n", "difficulty / facility / expected_facility / chance / p / b"),
    ):
        found = read_difficulties(text)
        assert isinstance(found, Refused)
        assert found.reasons[0].values["columns"] == lacking
