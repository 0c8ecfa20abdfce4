"""What does each kind of question refuse, take as an answer, and give a mark for?"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.bank import kinds
from assess.bank.items import Content, Option
from assess.bank.kinds import KINDS
from assess.reasons import Code


def question(key: str, of: int = 4, kind: str = "multiple_response", **changes: object) -> Content:
    options = tuple(Option(f"Option {one}", one in key) for one in "ABCDEFGHIJ"[:of])
    return replace(Content(kind, "Which?", options), **changes)  # type: ignore[arg-type]


def whats(content: Content) -> list[str]:
    reasons = kinds.malformed(content)
    assert all(reason.code is Code.MALFORMED for reason in reasons)
    return [str(reason.values["what"]) for reason in reasons]


def chosen(letters: str) -> tuple[int, ...]:
    return tuple("ABCDEFGHIJ".index(one) for one in letters)


@pytest.mark.parametrize(("answer", "score"), [("", 0), ("A", 0), ("B", 1000), ("C", 0), ("D", 0)])
def test_a_single_choice_gives_the_mark_for_the_key_alone(answer: str, score: int) -> None:
    content = question("B", kind="single_choice")
    assert KINDS["single_choice"].score(content, chosen(answer)) == score


@pytest.mark.parametrize(
    ("answer", "score"),
    [("", 0), ("A", 0), ("AC", 1000), ("ABC", 0), ("ABCD", 0), ("BD", 0), ("AB", 0)],
)
def test_exact_scoring_gives_the_mark_for_the_whole_key_and_nothing_else(
    answer: str, score: int
) -> None:
    assert KINDS["multiple_response"].score(question("AC"), chosen(answer)) == score


@pytest.mark.parametrize(
    ("key", "answer", "score"),
    [
        ("AC", "", 0),
        ("AC", "A", 500),
        ("AC", "AC", 1000),
        ("AC", "AB", 0),
        ("AC", "ABC", 500),
        ("AC", "ABCD", 0),
        ("AC", "BD", 0),
        ("ABC", "A", 333),
        ("ABC", "AB", 667),
        ("ABC", "ABC", 1000),
        ("ABC", "ABCD", 667),
        ("ABC", "AD", 0),
        ("B", "B", 1000),
        ("B", "AB", 0),
    ],
)
def test_partial_scoring_gives_right_less_wrong_over_the_keys(
    key: str, answer: str, score: int
) -> None:
    content = question(key, scoring="partial")
    assert KINDS["multiple_response"].score(content, chosen(answer)) == score


@pytest.mark.parametrize("scoring", ["exact", "partial"])
def test_only_the_key_itself_earns_a_whole_mark(scoring: str) -> None:
    for size in range(1, 5):
        for key in combinations("ABCD", size):
            content = question("".join(key), scoring=scoring)
            marks = {
                answer: KINDS["multiple_response"].score(content, answer)
                for many in range(5)
                for answer in combinations(range(4), many)
            }
            assert all(0 <= mark <= 1000 for mark in marks.values())
            assert [answer for answer, mark in marks.items() if mark == 1000] == [content.key]


@pytest.mark.parametrize("answer", [(4,), (-1,), (1, 0), (1, 1)])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_no_answer_is_never_scored(kind: str, answer: tuple[int, ...]) -> None:
    content = question("A", kind=kind)
    assert not KINDS[kind].well_formed_answer(content, answer)
    assert not KINDS[kind].well_formed_answer(4, answer)
    with pytest.raises(ValueError, match="is no answer"):
        KINDS[kind].score(content, answer)


def test_two_options_are_an_answer_to_a_multiple_response_only() -> None:
    assert KINDS["multiple_response"].well_formed_answer(4, (0, 2))
    assert not KINDS["single_choice"].well_formed_answer(4, (0, 2))


@given(st.sets(st.integers(0, 25)).map(sorted).map(tuple))
def test_an_answer_comes_back_from_its_mask(answer: tuple[int, ...]) -> None:
    assert kinds.unpack(kinds.pack(answer)) == answer


@pytest.mark.parametrize("mask", [-1, 1 << 26])
def test_a_mask_of_no_answer_raises(mask: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        kinds.unpack(mask)


def test_an_option_beyond_the_last_letter_cannot_be_packed() -> None:
    with pytest.raises(ValueError, match="outside"):
        kinds.pack((26,))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (question("A", stem=" \n"), "no_stem"),
        (question("A", stem="\u200b"), "no_stem"),
        (question("A", stem="x" * 20_001), "stem_too_long"),
        (question("A", of=1), "too_few_options"),
        (question(""), "no_key"),
        (question("AB", kind="single_choice"), "one_key_needed"),
        (question("A", options=(Option("a", True), Option(" ", False))), "option_empty"),
        (
            question("A", options=(Option("a", True), Option("x" * 5_001, False))),
            "option_too_long",
        ),
        (
            question("A", options=(Option("x", True), *[Option("y", False)] * 26)),
            "too_many_options",
        ),
        (question("A", stem="a\0b"), "nul"),
        (question("A", options=(Option("a", True), Option("b", False, "\0"))), "nul"),
        (question("A", revise="\0"), "nul"),
        (question("A", stem="a\ud800b"), "surrogate"),
        (question("A", revise="x" * 5_001), "text_too_long"),
        (question("A", outcome="x" * 501), "text_too_long"),
        (question("A", kind="essay"), "kind_unknown"),
        (question("A", scoring="generous"), "scoring_unknown"),
        (question("A", expected_facility=1001), "facility_not_share"),
        (question("A", expected_facility=-1), "facility_not_share"),
        (question("A", set="S1"), "set_without_stimulus"),
        (question("A", set="S1", stimulus=" \u200b"), "set_without_stimulus"),
        (question("A", stimulus="A case"), "stimulus_without_set"),
        (question("A", set="S1", stimulus="a\0b"), "nul"),
        (question("A", set="S1", stimulus="x" * 20_001), "text_too_long"),
        (question("A", set="x" * 201, stimulus="A case"), "text_too_long"),
    ],
)
def test_malformed_content_is_named(content: Content, what: str) -> None:
    assert whats(content) == [what]


def test_every_fault_of_a_question_is_named_at_once() -> None:
    content = Content("single_choice", "", (Option("", True), Option("b", True)))
    assert whats(content) == ["no_stem", "option_empty", "one_key_needed"]


def test_a_sound_question_at_every_limit_is_taken() -> None:
    options = tuple(Option("x" * 5_000, True, "x" * 5_000) for _ in range(26))
    content = Content("multiple_response", "x" * 20_000, options, "x" * 300, revise="x" * 5_000)
    content = replace(content, set="x" * 200, stimulus="x" * 20_000)
    assert kinds.malformed(content) == ()
