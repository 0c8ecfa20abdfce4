"""Is what an author types kept as it is, and read as the question it would be?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.bank import drafting
from assess.bank.drafting import Draft, Typed
from assess.bank.items import EXACT, MAX_OPTIONS, PARTIAL, Content, Level, Option
from assess.bank.kinds import KINDS

WHOLE = Content(
    kind="multiple_response",
    stem="Which of these are even?",
    options=(Option("Two", True, "2 = 2 x 1"), Option("Three", False), Option("Four", True)),
    outcome="award/U1/1",
    level=Level.APPLY,
    expected_facility=655,
    revise="Chapter 2",
    shuffle=False,
    scoring=PARTIAL,
    set="Numbers",
    stimulus="Here are numbers.",
)
TEXT = st.text(max_size=20)


def whats(draft: Draft) -> set[str]:
    """What is in the way of a draft."""
    return {str(reason.values["what"]) for reason in drafting.content(draft)[1]}


def test_a_question_goes_into_a_draft_and_comes_out_the_same() -> None:
    assert drafting.content(drafting.of(WHOLE)) == (WHOLE, ())
    plain = replace(WHOLE, outcome=None, level=None, expected_facility=None)
    assert drafting.content(drafting.of(plain)) == (plain, ())


@given(
    st.builds(
        Draft,
        kind=st.sampled_from(tuple(KINDS)),
        stem=TEXT,
        options=st.lists(st.builds(Typed, TEXT, st.booleans(), TEXT), max_size=5).map(tuple),
        outcome=TEXT,
        level=TEXT,
        facility=TEXT,
        revise=TEXT,
        shuffle=st.booleans(),
        scoring=TEXT,
        set=TEXT,
        stimulus=TEXT,
    )
)
def test_whatever_is_typed_is_kept_and_read_without_a_fall(draft: Draft) -> None:
    assert Draft.from_document(draft.as_document()) == draft
    content, why = drafting.content(draft)
    if not why:
        assert Content.from_document(content.as_document()) == content


@pytest.mark.parametrize("kind", KINDS)
def test_a_blank_question_lacks_a_stem_and_options_and_nothing_else(kind: str) -> None:
    assert whats(drafting.blank(kind)) == {"no_stem", "too_few_options"}


@pytest.mark.parametrize(
    ("text", "thousandths"),
    [("0", 0), ("65", 650), (" 65.5 ", 655), ("65,5 %", 655), ("100", 1000), ("", None)],
)
def test_the_expected_facility_is_read_in_per_cent(text: str, thousandths: int | None) -> None:
    content, why = drafting.content(replace(drafting.of(WHOLE), facility=text))
    assert (content.expected_facility, why) == (thousandths, ())


@pytest.mark.parametrize("text", ["101", "100.1", "-1", "0.655.1", "many", "６５", "1e1"])
def test_another_facility_is_refused_by_name(text: str) -> None:
    assert whats(replace(drafting.of(WHOLE), facility=text)) == {"facility_not_per_cent"}


def test_empty_options_at_the_end_do_not_count_and_those_between_do() -> None:
    draft = drafting.of(WHOLE)
    more = replace(draft, options=(*draft.options, Typed(), Typed(" ", False, "\n")))
    assert drafting.content(more) == (WHOLE, ())
    first, *rest = draft.options
    assert whats(replace(draft, options=(first, Typed(), *rest))) == {"option_empty"}


def test_options_are_added_up_to_the_last_letter_taken_out_and_moved() -> None:
    draft = Draft("single_choice", options=tuple(Typed(text) for text in "abc"))

    def texts(one: Draft) -> str:
        return "".join(option.text or "-" for option in one.options)

    assert texts(drafting.with_option(draft)) == "abc-"
    assert texts(drafting.without_option(draft, 1)) == "ac"
    assert texts(drafting.without_option(draft, 3)) == "abc"
    assert texts(drafting.with_option_earlier(draft, 2)) == "acb"
    assert texts(drafting.with_option_earlier(draft, 0)) == "abc"
    assert texts(drafting.with_option_earlier(draft, 3)) == "abc"
    full = replace(draft, options=(Typed("x"),) * MAX_OPTIONS)
    assert drafting.with_option(full) == full


def test_another_kind_keeps_partial_credit_only_where_it_has_it() -> None:
    single = drafting.as_kind(drafting.of(WHOLE), "single_choice")
    assert (single.kind, single.scoring) == ("single_choice", EXACT)
    assert whats(single) == {"one_key_needed"}
    assert drafting.as_kind(drafting.of(WHOLE), "multiple_response").scoring == PARTIAL
