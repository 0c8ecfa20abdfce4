"""Does the content of an item survive being written down, and does its digest tell it apart?"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.bank.items import Content, Level, Option

OPTIONS = st.builds(Option, st.text(), st.booleans(), st.text())
CONTENTS = st.builds(
    Content,
    kind=st.sampled_from(["single_choice", "multiple_response"]),
    stem=st.text(st.characters()),
    options=st.lists(OPTIONS, max_size=6).map(tuple),
    outcome=st.none() | st.text(),
    level=st.none() | st.sampled_from(Level),
    expected_facility=st.none() | st.integers(0, 1000),
    revise=st.text(),
    shuffle=st.booleans(),
    scoring=st.sampled_from(["exact", "partial"]),
    set=st.text(),
    stimulus=st.text(),
)


@given(CONTENTS)
def test_content_comes_back_from_its_document_through_json(content: Content) -> None:
    document = json.loads(json.dumps(content.as_document()))
    assert Content.from_document(document) == content


@given(CONTENTS)
def test_the_digest_is_that_of_the_document_whatever_the_order_of_its_keys(
    content: Content,
) -> None:
    document = content.as_document()
    turned = dict(reversed(document.items()))
    assert Content.from_document(turned).digest() == content.digest()


@given(CONTENTS, CONTENTS)
def test_two_contents_share_a_digest_only_when_they_are_equal(one: Content, two: Content) -> None:
    assert (one.digest() == two.digest()) == (one == two)


def test_the_digest_is_the_same_on_every_machine_and_every_day() -> None:
    content = Content(
        "single_choice",
        "What is a “moment of truth”?",
        (Option("A meeting", True, "Yes."), Option("A lie", False)),
        outcome="csp/M02/2.7",
        level=Level.RECALL,
        expected_facility=650,
    )
    assert content.digest() == ("56cb0a997bbecedf176a6394b1feedeeb2ccdff70c7c627abd6011cd12cd9946")


def test_every_field_counts_in_the_digest() -> None:
    content = Content("single_choice", "Stem", (Option("a", True), Option("b", False)))
    changes = [
        replace(content, kind="multiple_response"),
        replace(content, stem="Other"),
        replace(content, options=content.options[::-1]),
        replace(content, outcome="x/y"),
        replace(content, level=Level.JUDGE),
        replace(content, expected_facility=0),
        replace(content, revise="Read on"),
        replace(content, shuffle=False),
        replace(content, scoring="partial"),
        replace(content, set="S1"),
        replace(content, stimulus="S1"),
    ]
    assert len({content.digest(), *(change.digest() for change in changes)}) == 12


def test_set_and_stimulus_stand_in_the_document_only_where_they_are_filled() -> None:
    alone = Content("single_choice", "Stem", (Option("a", True), Option("b", False)))
    assert not {"set", "stimulus"} & set(alone.as_document())
    shared = replace(alone, set="S1", stimulus="A case")
    assert shared.as_document() == {**alone.as_document(), "set": "S1", "stimulus": "A case"}


def test_the_key_is_the_places_of_the_correct_options() -> None:
    options = tuple(Option(text, text in "bd") for text in "abcd")
    assert Content("multiple_response", "Stem", options).key == (1, 3)


@pytest.mark.parametrize(
    "broken",
    [
        {"stem": 7},
        {"options": "ab"},
        {"options": [["a", True, ""]]},
        {"options": [{"text": "a"}]},
        {"level": "guess"},
        {"expected_facility": 0.5},
        {"expected_facility": True},
        {"shuffle": 1},
        {"extra": 1},
        {"set": 1},
        {"stimulus": None},
    ],
)
def test_a_document_that_is_no_content_raises(broken: dict[str, object]) -> None:
    content = Content("single_choice", "Stem", (Option("a", True), Option("b", False)))
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
        Content.from_document({**content.as_document(), **broken})
