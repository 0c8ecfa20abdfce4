"""Is a specification read or refused with every fault, and published only when it is sound?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.bank import feasibility, resources, specification_file
from assess.bank.cells import Facts
from assess.bank.items import Level
from assess.bank.outcomes import Framework, read_framework
from assess.bank.publishing import prove
from assess.bank.specification import Feedback, Quota, Sets, Specification, Window
from assess.bank.specification_file import read_blueprint, read_specification
from assess.reasons import Code, Refused
from tests.banks import facts_of

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
NINE = datetime.fromisoformat("2026-12-01 09:00")
LATER = datetime.fromisoformat("2026-12-18 17:30")
WINDOWS = [None, Window(NINE), Window(closes=LATER), Window(NINE, LATER), Window(weeks=6)]
SPECIFICATIONS = st.builds(
    Specification,
    name=NAMES,
    title=LABELS,
    bank=LABELS,
    minutes=st.integers(1, 1440),
    cut=st.integers(0, 100),
    quotas=st.lists(
        st.builds(
            Quota,
            LABELS,
            st.integers(1, 500),
            st.integers(0, 500),
            kind=st.none() | st.just("single_choice"),
            level=st.none() | st.sampled_from(Level),
            difficulty=st.none() | st.tuples(st.integers(0, 500), st.integers(500, 1000)),
            set=st.none() | st.sampled_from(Sets),
        ),
        max_size=4,
        unique_by=lambda quota: quota.label,
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
    window=st.sampled_from(WINDOWS),
    invigilated=st.booleans(),
    questions=st.none() | st.integers(1, 100),
    band=st.none() | st.integers(1, 100),
    enemies=st.lists(
        st.lists(LABELS, min_size=2, max_size=3, unique=True).map(tuple), max_size=2
    ).map(tuple),
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
    reasons = prove(specification, facts_of(live), framework).reasons
    assert all(reason.code is Code.BLUEPRINT for reason in reasons)
    return [(reason.values["what"], reason.values.get("outcome")) for reason in reasons]


@given(SPECIFICATIONS)
def test_a_specification_comes_back_from_its_document(specification: Specification) -> None:
    again = specification_file.stored(specification.as_document())
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
        ("attempts: 3", "attempts: 010", "value_number_needed", "attempts"),
        ("[48, 96]", "[48:00]", "value_number_needed", "cool_down_hours[1]"),
        ("[48, 96]", "[48, -1]", "value_range", "cool_down_hours[2]"),
        ("[48, 96]", "two days", "value_list_needed", "cool_down_hours"),
        ("programme: small", "feedback: all", "value_choice", "feedback"),
        ("programme: small", "aproval: false", "key_unknown", "aproval"),
        ("programme: small", "approval: 1", "value_truth_needed", "approval"),
        (
            "programme: small",
            'window: {closes: "2026-12-18 23:59:59"}',
            "value_wall_clock_needed",
            "window.closes",
        ),
        ("programme: small", "window: {}", "window_empty", "window.weeks"),
        (
            "programme: small",
            'window: {weeks: 6, opens: "2026-12-01 09:00"}',
            "window_of_two_kinds",
            "window.weeks",
        ),
        (
            "programme: small",
            'window: {weeks: 6, closes: "2026-12-01 09:00"}',
            "window_of_two_kinds",
            "window.weeks",
        ),
        (
            "programme: small",
            'window: {opens: "2026-12-01 09:00", closes: "2026-12-01 09:00"}',
            "window_closes_first",
            "window.closes",
        ),
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
    assert prove(read(), facts_of(PLENTY), framework).reasons == ()
    assert prove(read(), facts_of(PLENTY)).reasons == ()


def test_a_quota_short_of_live_items_says_how_many_are_needed(framework: Framework) -> None:
    (reason,) = prove(read(), facts_of({**PLENTY, "small/U1/1.1": 1}), framework).reasons
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
    assert blocks(one, live, framework) == [("outcome_without_quota", "small/U2/2.1/K2")]
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
    def fresh(live: dict[str, int], specification: Specification | None = None) -> int:
        found = prove(specification or read(), facts_of(live)).fresh
        assert found.exact
        return found.attempts

    assert fresh(PLENTY) == 4
    assert fresh({**PLENTY, "small/U1/1.2": 3}) == 3
    assert fresh({"small/U1/1.1": 8}) == 0
    assert fresh(PLENTY, replace(read(), quotas=())) == 0


@pytest.mark.parametrize(
    ("band", "found"),
    [("", 5), ("band: 0.02", 20), ("band: none", None), ("band: 0.001", 1)],
)
def test_a_band_is_a_share_of_the_full_marks(band: str, found: int | None) -> None:
    assert read(f"{TEXT}\n{band}").band == found


@pytest.mark.parametrize(
    ("line", "what", "where"),
    [
        ("band: 0.2", "share_range", "band"),
        ("band: 0.0025", "share_too_fine", "band"),
        ("band: wide", "value_share_needed", "band"),
        ("questions: 0", "value_range", "questions"),
        ("enemies: [[a]]", "value_range", "enemies[1]"),
        ("enemies: [[a, a]]", "value_repeated", "enemies[1][2]"),
        ("enemies: a", "value_list_needed", "enemies"),
        ("enemies: [a]", "value_list_needed", "enemies[1]"),
        ("- {outcome: x, count: 1, level: know}", "value_choice", "quotas[3].level"),
        ("- {outcome: x, count: 1, kind: essay}", "value_choice", "quotas[3].kind"),
        ("- {outcome: x, count: 1, set: some}", "value_choice", "quotas[3].set"),
        ("- {outcome: x, count: 1, difficulty: 0.5}", "value_list_needed", "quotas[3].difficulty"),
        (
            "- {outcome: x, count: 1, difficulty: [0.5]}",
            "value_list_needed",
            "quotas[3].difficulty",
        ),
        ("- {outcome: x, count: 1, difficulty: [0, 2]}", "share_range", "quotas[3].difficulty[2]"),
        (
            "- {outcome: x, count: 1, difficulty: [0.6, 0.5]}",
            "band_upside_down",
            "quotas[3].difficulty",
        ),
    ],
)
def test_a_fault_in_what_narrows_or_balances_is_named_with_its_place(
    line: str, what: str, where: str
) -> None:
    found = read_specification(TEXT.rstrip() + "\n" + line)
    assert isinstance(found, Refused)
    assert [(r.values["what"], r.values["where"]) for r in found.reasons] == [(what, where)]


def test_one_outcome_may_have_several_quotas_whose_minima_add_up() -> None:
    text = TEXT.rstrip() + "\n- {outcome: small/U1/1.1, count: 3, minimum: 2, level: apply}"
    assert read(text).outcomes == (Quota("small/U1/1.1", 5, 3), Quota("small/U1/1.2", 1, 0))
    again = text + "\n- {outcome: small/U1/1.1, level: apply, count: 3}"
    found = read_specification(again)
    assert isinstance(found, Refused)
    assert found.reasons[0].values["what"] == "value_repeated"


def test_a_draw_can_be_tried_from_a_short_file() -> None:
    short = "{bank: b, cut: 1, band: 0.01, quotas: [{outcome: a, count: 2, level: recall}]}"
    found = read_blueprint(short)
    assert isinstance(found, Specification)
    assert found.quotas == (Quota("a", 2, level=Level.RECALL),)
    assert read_blueprint(TEXT) == read()
    refused = read_blueprint("{bank: b, cut: 1, minutes: 3, quotas: [{outcome: a, count: 0}]}")
    assert isinstance(refused, Refused)
    assert [r.values["where"] for r in refused.reasons] == ["minutes", "quotas[1].count"]
    # What it lacks to be published is told at once, and not its schema alone.
    lacking = read_specification(short)
    assert isinstance(lacking, Refused)
    assert lacking.reasons[0].values["what"] == "schema_unknown"
    assert [r.values["where"] for r in lacking.reasons[1:]] == ["name", "title", "minutes"]


def test_the_overall_length_is_what_the_quotas_make() -> None:
    assert blocks(replace(read(), questions=3), PLENTY, None) == []
    assert blocks(replace(read(), questions=4), PLENTY, None) == [("questions_differ", None)]


def test_a_statement_that_no_item_covers_is_named_unless_it_is_declared(
    framework: Framework,
) -> None:
    drawn = replace(read(), quotas=(Quota("small/U2/2.1", 2),))
    assert blocks(drawn, {"small/U2/2.1/K1": 4, "small/U2/2.1": 1}, framework) == [
        ("outcome_without_item", "small/U2/2.1/K2")
    ]
    declared = replace(drawn, not_assessed=("small/U2/2.1/K2",))
    assert blocks(declared, {"small/U2/2.1/K1": 4}, framework) == []
    # Items that no quota draws cover nothing.
    narrow = replace(drawn, quotas=(Quota("small/U2/2.1", 2, level=Level.JUDGE),))
    assert blocks(narrow, {"small/U2/2.1/K1": 4, "small/U2/2.1/K2": 4}, framework) == [
        ("cell_short", "small/U2/2.1"),
        ("outcome_without_item", "small/U2/2.1/K1"),
        ("outcome_without_item", "small/U2/2.1/K2"),
    ]


def test_demands_that_cannot_be_met_together_are_said_together() -> None:
    facts = [Facts(n, "ab"[n % 2], enemies=("x",)) for n in range(1, 5)]
    asked = replace(read(), quotas=(Quota("a", 1), Quota("b", 1)), cut=1)
    proof = prove(asked, facts, names=lambda items: {n: f"q{n}" for n in items})
    assert proof.witness is None
    assert [dict(reason.values) for reason in proof.reasons] == [
        {
            "what": "conflict_quota",
            "conflict": 1,
            "demands": 3,
            "outcome": path,
            "narrowed": "-",
            "need": 1,
        }
        for path in "ab"
    ] + [{"what": "conflict_enemies", "conflict": 1, "demands": 3, "items": "q1, q2, q3, q4"}]


def test_a_specification_of_which_nothing_is_known_in_time_is_not_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feasibility, "PATIENCE", 0)
    facts = [Facts(n, "a", enemies=("x",)) for n in range(1, 5)]
    proof = prove(replace(read(), quotas=(Quota("a", 1),), cut=1), facts)
    assert proof.witness is None
    assert [reason.values["what"] for reason in proof.reasons] == ["undecided"]


def test_a_text_of_an_open_book_may_have_lines_like_titles() -> None:
    text = "Before\n# Chapter\n\\# as typed\n#hash"
    book = (resources.Resource("First", text), resources.Resource("Second", "Words"))
    assert resources.typed(resources.as_typed(book)) == [one.as_document() for one in book]


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
    assert specification_file.stored(read.as_document()) == read
    assert resources.typed(resources.as_typed(read.resources)) == [
        one.as_document() for one in read.resources
    ]
