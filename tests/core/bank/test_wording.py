"""Is advice given where a question could be worded better, and only there?"""

from __future__ import annotations

import pytest

from assess.bank.items import Content, Option
from assess.bank.wording import IN_SHORT, advice, repeated_stems


def codes(
    stem: str = "Which one?",
    texts: tuple[str, ...] = ("One", "Two", "Three"),
    *,
    rationale: str = "Because.",
    revise: str = "Chapter 2",
    shuffle: bool = True,
) -> list[str]:
    options = tuple(Option(text, place == 0, rationale) for place, text in enumerate(texts))
    content = Content("single_choice", stem, options, revise=revise, shuffle=shuffle)
    found = advice(content)
    assert all(one.sentence.endswith(".") and one.code in IN_SHORT for one in found)
    return [one.code for one in found]


def test_a_sound_question_gets_no_advice() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("stem", "warned"),
    [
        ("Which of these is not a customer?", True),
        ("All of these are benefits except:", True),
        ("Which of these is NOT a customer?", False),
        ("A customer has not been called back. What do you do first?", False),
        ("How many days' notice, at least, are needed?", False),
        ("Which note is sent?", False),
    ],
)
def test_a_small_negative_in_the_question_itself_is_noticed(stem: str, warned: bool) -> None:
    assert (codes(stem) == ["negative_stem"]) is warned


def test_a_key_that_is_much_the_longest_is_noticed() -> None:
    assert codes(texts=("Listen first, then say what you will do, and by when", "No", "Yes")) == [
        "longest_is_key"
    ]
    assert codes(texts=("Listen", "Listen first, then say what you will do, and by when")) == []
    assert codes(texts=("Eleven", "Two")) == []
    assert (
        codes(
            texts=("Listen first, then say what you will do", "No", "Say at once what you will do")
        )
        == []
    )
    assert codes(texts=("Listen first, then " * 7, "Say at once, then " * 6)) == []


@pytest.mark.parametrize(
    "text", ["All of the above", "None of these", "Both A and B", "A and C only", "B and D."]
)
def test_an_option_that_points_at_others_is_noticed_where_the_order_is_shuffled(text: str) -> None:
    assert codes(texts=("One", text)) == ["points_at_others"]
    assert codes(texts=("One", text), shuffle=False) == []


def test_equal_options_are_noticed_but_a_difference_of_case_may_be_the_point() -> None:
    assert codes(texts=("One", "Two", "Two ")) == ["equal_options"]
    assert codes(texts=("One", "Two", "Two\u200b")) == ["equal_options"]
    assert codes(texts=("AA", "Aa", "aa")) == []


def test_missing_rationales_and_pointers_are_noticed() -> None:
    assert codes(rationale="", revise="") == ["missing_rationale", "missing_revise"]


def test_stems_that_differ_in_case_and_blanks_alone_are_repeated() -> None:
    stems = [("a", "What is it?"), ("b", "Other"), ("c", "what  is\nit? "), ("d", "Another")]
    assert repeated_stems(stems) == (("a", "c"),)
