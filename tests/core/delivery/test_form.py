"""What a candidate may see of a question, and that it cannot hold more."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.bank.items import Content, Option
from assess.delivery import form
from assess.delivery.draw import Drawn
from assess.delivery.form import Question

CONTENT = Content(
    "multiple_response",
    "Which of these are moments of truth?",
    (
        Option("A telephone call", True, "rationale-zero"),
        Option("A stock count", False, "rationale-one"),
        Option("A delivery", True, "rationale-two"),
    ),
    outcome="award/M02/2.7",
    expected_facility=700,
    revise="revise-this",
)


def test_options_are_shown_in_the_order_drawn() -> None:
    question = form.question(3, 14, Drawn(7, 70, (2, 0, 1)), CONTENT)
    assert question == Question(
        place=3,
        of=14,
        kind="multiple_response",
        stem="Which of these are moments of truth?",
        options=("A delivery", "A telephone call", "A stock count"),
        instruction="Choose all the answers that apply.",
        control="checkboxes",
    )


def test_the_case_of_a_set_is_shown_and_the_name_of_the_set_is_not() -> None:
    content = dataclasses.replace(CONTENT, set="set-one", stimulus="A shop moves to a new street.")
    question = form.question(1, 1, Drawn(7, 70, ()), content)
    assert question.stimulus == "A shop moves to a new street."
    assert "set-one" not in repr(question)
    assert form.question(1, 1, Drawn(7, 70, ()), CONTENT).stimulus == ""


def test_an_empty_order_is_the_version_s_own() -> None:
    question = form.question(1, 1, Drawn(7, 70, ()), CONTENT)
    assert question.options == ("A telephone call", "A stock count", "A delivery")


def test_a_question_has_no_field_that_could_hold_a_key_a_rationale_or_a_score() -> None:
    fields = {field.name: field.type for field in dataclasses.fields(Question)}
    assert fields == {
        "place": "int",
        "of": "int",
        "kind": "str",
        "stem": "str",
        "options": "tuple[str, ...]",
        "instruction": "str",
        "control": "str",
        "stimulus": "str",
    }
    shown = form.question(1, 1, Drawn(7, 70, (2, 0, 1)), CONTENT)
    assert not hasattr(shown, "__dict__")  # and no field can be added to it
    for secret in ("rationale", "revise-this", "True", "False", "700", "award/M02/2.7"):
        assert secret not in repr(shown)


def test_whichever_option_is_the_key_the_question_looks_the_same() -> None:
    options = tuple(dataclasses.replace(o, correct=not o.correct) for o in CONTENT.options)
    turned = dataclasses.replace(CONTENT, options=options)
    drawn = Drawn(7, 70, (2, 0, 1))
    assert form.question(1, 1, drawn, turned) == form.question(1, 1, drawn, CONTENT)


@pytest.mark.parametrize("order", [(0, 1), (0, 1, 2, 3), (0, 1, 1), (1, 2, 3)])
def test_an_order_that_does_not_fit_the_content_is_the_wrong_content(order: tuple[int]) -> None:
    with pytest.raises(ValueError, match="version 70"):
        form.question(1, 1, Drawn(7, 70, order), CONTENT)


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)))
def test_shown_positions_and_own_numbers_lead_to_each_other(
    permutation: list[int], positions: set[int]
) -> None:
    ticked = tuple(sorted(positions))
    for order in (tuple(permutation), ()):
        own = form.shown_to_own(order, ticked)
        assert own == tuple(sorted(own))
        assert form.own_to_shown(order, own) == ticked


def test_the_first_option_shown_is_the_one_the_order_names_first() -> None:
    assert form.shown_to_own((2, 0, 1), (0,)) == (2,)
    assert form.own_to_shown((2, 0, 1), (2,)) == (0,)
