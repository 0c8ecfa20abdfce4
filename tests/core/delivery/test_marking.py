"""What a form is worth, and on which side of the line it falls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assess.bank.items import Content, Option
from assess.bank.specification import Quota, Specification
from assess.delivery import marking
from assess.delivery.draw import Drawn
from assess.delivery.marking import WORDS, Mark

RIGHT, WRONG = (1,), (0,)


def single(outcome: str) -> Content:
    """A question whose key is option 1."""
    options = (Option("a", False), Option("b", True), Option("c", False))
    return Content("single_choice", f"on {outcome}", options, outcome=outcome)


def multiple(outcome: str, *, keys: int, scoring: str = "partial") -> Content:
    """A question of five options whose first `keys` are right."""
    options = tuple(Option(str(k), k < keys) for k in range(5))
    return Content("multiple_response", "all that apply", options, outcome=outcome, scoring=scoring)


def specification(cut: int, *quotas: Quota) -> Specification:
    return Specification("M02", "Basic concepts", "award", 30, cut, quotas, 3, (48,))


M02 = specification(10, *(Quota(f"award/M02/2.{n}", 2, 1) for n in range(1, 8)))
DRAWN = tuple(Drawn(n, 100 + n, (2, 0, 1)) for n in range(1, 15))
CONTENTS = {100 + n: single(f"award/M02/2.{(n + 1) // 2}") for n in range(1, 15)}


def marked(right: set[int], spec: Specification = M02) -> Mark:
    """The M02 form with these places right and all others wrong."""
    answers = {place: RIGHT if place in right else WRONG for place in range(1, 15)}
    return marking.mark(spec, DRAWN, CONTENTS, answers)


ONE_EACH = {1, 3, 5, 7, 9, 11, 13}


@pytest.mark.parametrize(
    ("right", "passed"),
    [
        (ONE_EACH | {2, 4, 6}, True),  # 10, one in each outcome
        (ONE_EACH | {2, 4}, False),  # 9
        (set(range(1, 13)), False),  # 12, but none in the last outcome
        (set(range(1, 14)), True),  # 13
        (set(range(1, 15)), True),
        (set(), False),
    ],
)
def test_a_pass_reaches_the_cut_and_the_minimum_in_each_outcome(
    right: set[int], passed: bool
) -> None:
    mark = marked(right)
    assert mark.passed is passed
    assert mark.score == 1000 * len(right)
    assert (mark.out_of, mark.cut, mark.rule) == (14, 10, "marking/1")
    assert mark.words == ("Pass" if passed else "Not yet passed")


def test_without_minimums_only_the_total_counts() -> None:
    plain = replace(M02, quotas=tuple(replace(quota, minimum=0) for quota in M02.quotas))
    assert marked(set(range(1, 13)), plain).passed


def test_each_outcome_has_its_marks_in_the_order_of_the_quotas() -> None:
    outcomes = marked({1, 2, 3}).outcomes
    assert [(o.outcome, o.score, o.out_of, o.minimum, o.met, o.short) for o in outcomes[:3]] == [
        ("award/M02/2.1", 2000, 2, 1, True, False),
        ("award/M02/2.2", 1000, 2, 1, True, True),
        ("award/M02/2.3", 0, 2, 1, False, True),
    ]


def test_a_question_left_out_scores_nothing_and_says_so() -> None:
    mark = marking.mark(M02, DRAWN, CONTENTS, {2: RIGHT, 3: ()})
    first, second, third = mark.questions[:3]
    assert (first.answered, first.score, first.option_mask) == (False, 0, 0)
    assert (second.answered, second.correct, second.option_mask) == (True, True, 0b10)
    assert third.answered is False
    assert mark.score == 1000
    assert [question.place for question in mark.questions] == list(range(1, 15))
    assert [question.version for question in mark.questions] == [one.version for one in DRAWN]


@pytest.mark.parametrize(
    ("answers", "passed"),
    [
        ({1: (0, 1, 2), 2: (0, 1, 2)}, True),
        ({1: (0, 1, 2), 2: (0, 1)}, False),  # 1.667 of 2
        ({1: (0, 1), 2: (0, 1)}, False),
    ],
)
def test_partial_marks_add_up_in_thousandths_and_never_round_up_to_a_pass(
    answers: dict[int, tuple[int, ...]], passed: bool
) -> None:
    spec = specification(2, Quota("u/1", 2))
    drawn = (Drawn(1, 11, ()), Drawn(2, 12, ()))
    contents = {11: multiple("u/1", keys=3), 12: multiple("u/1", keys=3)}
    assert marking.mark(spec, drawn, contents, answers).passed is passed


def test_halves_that_make_a_whole_pass_on_the_line() -> None:
    spec = specification(1, Quota("u/1", 2, 1))
    drawn = (Drawn(1, 11, ()), Drawn(2, 12, ()))
    contents = {11: multiple("u/1", keys=2), 12: multiple("u/1", keys=4)}
    mark = marking.mark(spec, drawn, contents, {1: (0,), 2: (0, 1)})
    assert [question.score for question in mark.questions] == [500, 500]
    assert mark.passed
    assert not any(question.correct for question in mark.questions)


def test_the_order_in_which_options_were_shown_changes_no_score() -> None:
    turned = tuple(replace(one, order=(0, 1, 2)) for one in DRAWN)
    answers = dict.fromkeys(range(1, 12), RIGHT)
    assert marking.mark(M02, turned, CONTENTS, answers) == marking.mark(
        M02, DRAWN, CONTENTS, answers
    )


def test_a_question_on_a_statement_counts_for_the_quota_above_it() -> None:
    spec = specification(1, Quota("u/1", 1, 1), Quota("u/1/b", 1))
    drawn = (Drawn(1, 11, ()), Drawn(2, 12, ()))
    contents = {11: single("u/1/a"), 12: single("u/1/b")}
    mark = marking.mark(spec, drawn, contents, {1: RIGHT})
    assert [question.outcome for question in mark.questions] == ["u/1", "u/1/b"]
    assert mark.passed


def test_a_question_counts_for_the_quota_that_it_was_drawn_for() -> None:
    # The quota at its own outcome wants several answers: this one belongs to the unit's.
    spec = specification(1, Quota("u", 1, 1), Quota("u/1", 1, 0, kind="multiple_response"))
    drawn = (Drawn(1, 11, ()), Drawn(2, 12, ()))
    contents = {11: single("u/1"), 12: multiple("u/1", keys=2)}
    mark = marking.mark(spec, drawn, contents, {1: RIGHT})
    assert [question.outcome for question in mark.questions] == ["u", "u/1"]
    assert mark.passed


@pytest.mark.parametrize("outcome", [None, "v/1", "u", "u/10"])
def test_a_question_that_belongs_to_no_quota_is_a_broken_form(outcome: str | None) -> None:
    content = replace(single("u/1"), outcome=outcome)
    spec = specification(1, Quota("u/1", 1))
    with pytest.raises(ValueError, match="no quota"):
        marking.mark(spec, (Drawn(1, 11, ()),), {11: content}, {})


@pytest.mark.parametrize("place", [0, 15])
def test_an_answer_beyond_the_form_is_a_broken_record(place: int) -> None:
    with pytest.raises(ValueError, match="answers at places"):
        marking.mark(M02, DRAWN, CONTENTS, {place: RIGHT})


def test_the_words_are_exactly_these() -> None:
    assert dict(WORDS) == {True: "Pass", False: "Not yet passed"}
