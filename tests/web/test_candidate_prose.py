"""The text of a statement, cut into headings, paragraphs and lists: no word lost, none added."""

from __future__ import annotations

from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st

from assess.web import prose
from assess.web.prose import Kind, Run


def test_a_text_is_cut_where_its_lines_say() -> None:
    found = prose.blocks("# Head\nOne\ntwo **three**.\n\n- a\n  b\n- c\nLast\n\nEnd")
    assert [(block.kind, len(block.lines)) for block in found] == [
        (Kind.HEADING, 1),
        (Kind.PARAGRAPH, 1),
        (Kind.LIST, 2),
        (Kind.PARAGRAPH, 1),
    ]
    assert found[1].lines[0] == (Run("One two ", False), Run("three", True), Run(".", False))
    assert found[2].lines[1] == (Run("c Last", False),)


def test_the_statement_that_is_shipped_has_a_heading_a_list_and_no_mark_left() -> None:
    text = (files("assess") / "data" / "statement.md").read_text(encoding="utf-8")
    found = prose.blocks(text)
    assert found[0].kind is Kind.HEADING
    assert Kind.LIST in {block.kind for block in found}
    assert "**" not in "".join(run.text for block in found for one in block.lines for run in one)


@given(st.text(alphabet="ab *#-\n", max_size=60))
def test_no_letter_is_lost_and_none_is_added(text: str) -> None:
    shown = "".join(run.text for block in prose.blocks(text) for one in block.lines for run in one)
    letters = [letter for letter in text if letter in "ab"]
    assert [letter for letter in shown if letter in "ab"] == letters


def test_marks_of_which_none_closes_are_text_however_many_there_are() -> None:
    many = "**a " * 2_000
    assert prose.runs(many) == (Run(many, False),)
    assert prose.runs("a ** b **c** **d") == (
        Run("a ** b ", False),
        Run("c", True),
        Run(" **d", False),
    )
