"""Is a specification read or refused with every fault, and published only when it is sound?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.bank import resources
from assess.bank.outcomes import Framework, read_framework
from assess.bank.specification import (
    Feedback,
    Quota,
    Specification,
    fresh_attempts,
    read_specification,
    why_not_publish,
)
from assess.reasons import Code, Refused

TEXT = """
schema: specification/1
name: M02
title: Basic concepts of customer service
bank: Module 2
programme: small
minutes: 30
cut: 2
attempts: 3
cool_down_hours: [48, 96]
quotas:
- {outcome: small/U1/1.1, count: 2, minimum: 1}
- {outcome: small/U1/1.2, count: 1}
"""
FRAMEWORK = """
schema: framework/1
id: small
title: Small
kind: award
issuer: Nobody
language: en
units:
- code: U1
  title: First
  outcomes:
  - {code: '1.1', text: One}
  - {code: '1.2', text: Two}
- code: U2
  title: Second
  outcomes:
  - code: '2.1'
    text: Three
    statements:
    - {code: K1, kind: knowledge, text: this}
    - {code: K2, kind: knowledge, text: that}
- {code: U3, title: Not assessed, assessed: false, outcomes: [{code: '3.1', text: Four}]}
"""
PLENTY = {"small/U1/1.1": 8, "small/U1/1.2": 8}

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=50)
LABELS = WORDS.map(str.strip).filter(bool)
SPECIFICATIONS = st.builds(
    Specification,
    name=NAMES,
    title=LABELS,
    bank=LABELS,
    minutes=st.integers(1, 1440),
    cut=st.integers(0, 100),
    quotas=st.lists(
        st.builds(Quota, LABELS, st.integers(1, 500), st.integers(0, 500)),
        max_size=4,
        unique_by=lambda quota: quota.outcome,
    ).map(tuple),
    attempts=st.none() | st.integers(1, 1000),
    cool_down_hours=st.lists(st.integers(0, 1000), max_size=4).map(tuple),
    approval=st.booleans(),
    approval_days=st.integers(1, 366),
    feedback=st.sampled_from(Feedback),
    feedback_reason=st.just("") | LABELS,
    programme=st.none() | LABELS,
    not_assessed=st.lists(LABELS, max_size=3, unique=True).map(tuple),
    shuffle_questions=st.booleans(),
)


def read(text: str = TEXT) -> Specification:
    found = read_specification(text)
    assert isinstance(found, Specification), found
    return found


@pytest.fixture(scope="module")
def framework() -> Framework:
    found = read_framework(FRAMEWORK)
    assert isinstance(found, Framework)
    return found


def blocks(
    specification: Specification, live: dict[str, int], framework: Framework | None
) -> list[tuple[object, object]]:
    reasons = why_not_publish(specification, live, framework)
    assert all(reason.code is Code.BLUEPRINT for reason in reasons)
    return [(reason.values["what"], reason.values.get("outcome")) for reason in reasons]


@given(SPECIFICATIONS)
def test_a_specification_comes_back_from_its_document(specification: Specification) -> None:
    again = Specification.from_document(specification.as_document())
    assert again == specification
    assert again.digest() == specification.digest()


def test_what_is_left_out_has_its_documented_value() -> None:
    specification = read()
    assert specification.length == 3
    assert specification.cool_down_hours == (48, 96)
    assert specification.approval is True
    assert specification.approval_days == 14
    assert specification.feedback is Feedback.WRONG
    assert specification.shuffle_questions is True
    assert specification.quotas[1] == Quota("small/U1/1.2", 1, 0)


def test_no_limit_of_attempts_and_no_break_are_said_by_silence() -> None:
    specification = read(TEXT.replace("attempts: 3\ncool_down_hours: [48, 96]\n", ""))
    assert specification.attempts is None
    assert specification.cool_down_hours == ()
    assert read(TEXT.replace("[48, 96]", "48")).cool_down_hours == (48,)


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ("specification/1", "specification/9", "schema_unknown", None),
        ("name: M02", "name: M 02", "name_not_plain", "name"),
        ("bank: Module 2\n", "", "key_missing", "bank"),
        ("minutes: 30", "minutes: thirty", "value_number_needed", "minutes"),
        ("minutes: 30", "minutes: yes", "value_number_needed", "minutes"),
        ("minutes: 30", "minutes: 0", "value_range", "minutes"),
        ("cut: 2", "cut: 1.5", "value_number_needed", "cut"),
        ("attempts: 3", "attempts: 0", "value_range", "attempts"),
        ("[48, 96]", "[48, -1]", "value_range", "cool_down_hours[2]"),
        ("[48, 96]", "two days", "value_list_needed", "cool_down_hours"),
        ("programme: small", "feedback: all", "value_choice", "feedback"),
        ("programme: small", "aproval: false", "key_unknown", "aproval"),
        ("programme: small", "approval: 1", "value_truth_needed", "approval"),
        ("count: 1}", "count: 0}", "value_range", "quotas[2].count"),
        ("count: 1}", "number: 1}", "key_unknown", "quotas[2].number"),
        ("count: 1}", "number: 1}", "key_missing", "quotas[2].count"),
        ("small/U1/1.2", "small/U1/1.1", "value_repeated", "quotas[2].outcome"),
        ("- {outcome: small/U1/1.2, count: 1}", "- x", "value_mapping_needed", "quotas[2]"),
    ],
)
def test_a_fault_in_a_specification_is_named_with_its_place(
    old: str, new: str, what: str, where: str | None
) -> None:
    found = read_specification(TEXT.replace(old, new))
    assert isinstance(found, Refused)
    assert found.code is Code.FILE
    assert (what, where) in [(r.values["what"], r.values.get("where")) for r in found.reasons]


def test_all_faults_are_named_together() -> None:
    found = read_specification("schema: specification/1\nname: x\ncut: a\nfeedback: b")
    assert isinstance(found, Refused)
    assert len(found.reasons) == 6


def test_a_sound_specification_with_a_full_bank_can_be_published(framework: Framework) -> None:
    assert why_not_publish(read(), PLENTY, framework) == ()
    assert why_not_publish(read(), PLENTY, None) == ()


def test_a_quota_short_of_live_items_says_how_many_are_needed(framework: Framework) -> None:
    (reason,) = why_not_publish(read(), {**PLENTY, "small/U1/1.1": 1}, framework)
    assert reason.values == {
        "what": "quota_short",
        "outcome": "small/U1/1.1",
        "need": 2,
        "have": 1,
    }
    assert blocks(read(), {}, None) == [
        ("quota_short", "small/U1/1.1"),
        ("quota_short", "small/U1/1.2"),
    ]


def test_the_cut_lies_between_one_mark_and_the_length() -> None:
    assert blocks(replace(read(), cut=3), PLENTY, None) == []
    assert blocks(replace(read(), cut=4), PLENTY, None) == [("cut_above_length", None)]
    assert blocks(replace(read(), cut=1), PLENTY, None) == []
    assert blocks(replace(read(), cut=0), PLENTY, None) == [("cut_below_one", None)]


def test_a_minimum_above_the_count_could_never_be_reached() -> None:
    quotas = (Quota("small/U1/1.1", 2, 3), Quota("small/U1/1.2", 1, 1))
    assert blocks(replace(read(), quotas=quotas), PLENTY, None) == [
        ("minimum_above_count", "small/U1/1.1")
    ]


def test_a_test_without_quotas_is_none() -> None:
    assert blocks(replace(read(), quotas=()), PLENTY, None) == [("no_quotas", None)]


def test_an_outcome_of_a_touched_unit_has_a_quota_or_is_declared_not_assessed(
    framework: Framework,
) -> None:
    half = replace(read(), quotas=(Quota("small/U1/1.1", 2),))
    assert blocks(half, PLENTY, framework) == [("outcome_without_quota", "small/U1/1.2")]
    declared = replace(half, not_assessed=("small/U1/1.2",))
    assert blocks(declared, PLENTY, framework) == []
    # Declared and drawn at once is a contradiction.
    assert blocks(replace(read(), not_assessed=("small/U1/1.2",)), PLENTY, framework) == [
        ("quota_not_assessed", "small/U1/1.2")
    ]


def test_an_outcome_is_open_when_all_its_statements_are(framework: Framework) -> None:
    live = {"small/U2/2.1/K1": 5, "small/U2/2.1/K2": 5}
    one = replace(read(), quotas=(Quota("small/U2/2.1/K1", 2),))
    assert blocks(one, live, framework) == [("outcome_without_quota", "small/U2/2.1")]
    both = replace(one, quotas=(*one.quotas, Quota("small/U2/2.1/K2", 2)))
    assert blocks(both, live, framework) == []


def test_a_path_that_the_framework_does_not_have_is_named(framework: Framework) -> None:
    quotas = (*read().quotas, Quota("small/U9/9.1", 1))
    found = blocks(replace(read(), quotas=quotas), {**PLENTY, "small/U9/9.1": 1}, framework)
    assert found == [("outcome_not_in_framework", "small/U9/9.1")]


@pytest.mark.parametrize(
    ("level", "reason", "blocked"),
    [
        (Feedback.OUTCOME, "", True),
        (Feedback.TOPIC, "", True),
        (Feedback.WRONG, "", False),
        (Feedback.KEYS, "", False),
        (Feedback.OUTCOME, "The bank is small.", False),
    ],
)
def test_less_feedback_than_usual_wants_a_reason(
    level: Feedback, reason: str, blocked: bool
) -> None:
    specification = replace(read(), feedback=level, feedback_reason=reason)
    assert bool(blocks(specification, PLENTY, None)) is blocked


def test_the_scarcest_outcome_decides_how_many_fresh_attempts_there_are() -> None:
    assert fresh_attempts(read(), PLENTY) == 4
    assert fresh_attempts(read(), {**PLENTY, "small/U1/1.2": 3}) == 3
    assert fresh_attempts(read(), {"small/U1/1.1": 8}) == 0
    assert fresh_attempts(replace(read(), quotas=()), PLENTY) == 0


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("[{title: A table, text: One}, {title: A page, url: 'https://example.org/a'}]", []),
        ("[{title: Both, text: One, url: 'https://example.org'}]", ["resource_text_or_url"]),
        ("[{title: Neither}]", ["resource_text_or_url"]),
        ("[{title: A script, url: 'javascript:alert(1)'}]", ["url_needed"]),
        ("[{title: Another host, url: 'https://ours@theirs.example/'}]", ["url_needed"]),
        ("[{text: Without a title}]", ["key_missing"]),
    ],
)
def test_an_open_book_is_texts_and_addresses(rows: str, found: list[str]) -> None:
    read = read_specification(f"{TEXT}resources: {rows}\n")
    if isinstance(read, Refused):
        assert [reason.values["what"] for reason in read.reasons] == found
        return
    assert found == []
    assert Specification.from_document(read.as_document()) == read
    assert resources.typed(resources.as_typed(read.resources)) == [
        one.as_document() for one in read.resources
    ]
