"""Does a plan say of every row what an import would do, and of the same file: nothing?"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.bank import importing
from assess.bank.formats import tabular
from assess.bank.formats.tabular import FileRefused, Row
from assess.bank.importing import Plan
from assess.bank.outcomes import Framework, read_framework
from assess.reasons import Code, Refused

BANK = Path(__file__).resolve().parents[3] / "../shared/data/items/csv/mmlu-workplace.csv"
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
  outcomes: [{code: '1.1', text: One}, {code: '1.2', text: One}]
- {code: U2, title: Detail elsewhere}
"""


@pytest.fixture(scope="module")
def framework() -> Framework:
    found = read_framework(FRAMEWORK)
    assert isinstance(found, Framework)
    return found


def question(identifier: str, **changes: object) -> dict[str, object]:
    return {"id": identifier, "stem": identifier, "options": ["a", "b"], "key": 0, **changes}


def read(*questions: dict[str, object]) -> list[Row]:
    text = "\n".join(json.dumps(one) for one in questions)
    return list(tabular.read(io.BytesIO(text.encode()), "bank.jsonl"))


def plan(
    *questions: dict[str, object],
    known: dict[str, set[str]] | None = None,
    framework: Framework | None = None,
) -> Plan:
    return importing.plan(read(*questions), known or {}, framework, "Bank")


def digests(plan: Plan) -> dict[str, set[str]]:
    kept = (*plan.created, *plan.changed, *plan.unchanged)
    return {str(one.identifier): {one.content.digest()} for one in kept if one.content is not None}


def ids(planned: tuple[importing.Planned, ...]) -> list[str | None]:
    return [one.identifier for one in planned]


def test_rows_are_created_changed_unchanged_skipped_or_refused() -> None:
    known = digests(plan(question("same"), question("other"), question("gone")))
    found = plan(
        question("new"),
        question("same"),
        question("other", stem="Reworded"),
        question("text", kind="description"),
        question("bad", key=7),
        known=known,
    )
    assert ids(found.created) == ["new"]
    assert ids(found.unchanged) == ["same"]
    assert ids(found.changed) == ["other"]
    assert ids(found.skipped) == ["text"]
    assert ids(found.refused) == ["bad"]
    assert [(one.where, one.reason.values["what"]) for one in found.problems] == [
        ("line 5", "key_outside_options")
    ]
    assert set(found.counts.values()) == {1}


def test_a_repeated_identifier_is_refused_and_the_first_stands() -> None:
    found = plan(question("q"), question("q", stem="Again"), question("q", key=9))
    assert [one.where for one in found.created] == ["line 1"]
    assert [one.where for one in found.refused] == ["line 2", "line 3"]
    assert found.problems[0].reason.code is Code.DUPLICATE
    assert found.problems[0].reason.values["first"] == "line 1"
    assert len(found.problems) == 3


@pytest.mark.parametrize(
    ("text", "path"),
    [("small/U1/1.1", "small/U1/1.1"), ("U1/1.2", "small/U1/1.2"), ("U2", "small/U2")],
)
def test_an_outcome_becomes_its_path(framework: Framework, text: str, path: str) -> None:
    found = plan(question("q", outcome=text), framework=framework)
    assert [one.content.outcome for one in found.created if one.content] == [path]
    assert found.unplaced == 0


@pytest.mark.parametrize("text", ["1.1", "U9/1.1", "small", "U1", "x" * 1000])
def test_an_outcome_that_holds_no_questions_is_refused(framework: Framework, text: str) -> None:
    (problem,) = plan(question("q", outcome=text), framework=framework).problems
    assert problem.reason.code is Code.UNKNOWN_OUTCOME
    assert problem.reason.values["what"] == "outcome_unknown"


def test_another_text_for_a_set_than_its_first_row_has_is_refused_with_the_line() -> None:
    case = {"set": "S1", "stimulus": "A case"}
    found = plan(
        question("a", **case),
        question("b", set="S1", stimulus="Another case"),
        question("c", **case),
        question("d", set="S2", stimulus="Another case"),
    )
    assert [one.identifier for one in found.created] == ["a", "c", "d"]
    (refused,) = found.problems
    assert refused.where == "line 2"
    assert refused.reason.code is Code.MALFORMED
    assert refused.reason.values == {
        "what": "set_stimulus_differs",
        "set": "S1",
        "first": "line 1",
    }


def test_an_outcome_without_a_framework_cannot_be_looked_up() -> None:
    (problem,) = plan(question("q", outcome="small/U1/1.1")).problems
    assert problem.reason.code is Code.UNKNOWN_OUTCOME
    assert problem.reason.values["what"] == "outcome_without_framework"


def test_a_question_without_an_outcome_waits_unplaced(framework: Framework) -> None:
    found = plan(question("q", category=["a"]), framework=framework)
    assert found.created[0].content is not None
    assert found.created[0].content.outcome is None
    assert found.unplaced == 1
    assert plan(question("q")).unplaced == 1


@pytest.mark.parametrize("category", ["a/b c", ["a", "b c"]])
def test_without_a_framework_categories_become_a_path(category: object) -> None:
    (one,) = plan(question("q", category=category)).created
    assert one.content is not None
    assert one.content.outcome == "Bank/a/b c"


def test_a_slash_within_a_category_makes_no_step_of_the_path() -> None:
    (one,) = plan(question("q", category=["a/b", "c"])).created
    assert one.content is not None
    assert one.content.outcome == "Bank/a-b/c"


def test_a_path_that_is_too_long_is_refused() -> None:
    (problem,) = plan(question("q", category=["x" * 600])).problems
    assert problem.reason.values["what"] == "text_too_long"


def test_moving_a_question_to_another_outcome_changes_it(framework: Framework) -> None:
    first = plan(question("q", outcome="U1/1.1"), framework=framework)
    again = plan(question("q", outcome="U1/1.2"), known=digests(first), framework=framework)
    assert ids(again.changed) == ["q"]


def test_advice_is_counted_and_refuses_nothing() -> None:
    found = plan(question("q", options=["a", "a"]), question("r", stem="Q"))
    assert found.counts["created"] == 2
    assert found.advice["equal_options"] == 1
    assert found.advice["repeated_stem"] == 2
    assert found.repeated_stems == (("q", "r"),)
    assert found.noticed[0].where == "line 1"


def test_a_file_of_nothing_but_refused_rows_is_given_up() -> None:
    rows = read(question("q", key=9)) * (importing.MAX_REFUSED + 1)
    with pytest.raises(FileRefused) as caught:
        importing.plan(rows, {}, None, "Bank")
    assert caught.value.refused.reasons[0].values["first"] == "line 1"


QUESTIONS = st.lists(
    st.builds(
        question,
        st.sampled_from(["", "p", "q", "r", "s"]),
        key=st.integers(0, 3),
        kind=st.sampled_from(["", "single_choice", "category", "essay"]),
        outcome=st.sampled_from(["", "U1/1.1", "U7"]),
        category=st.sampled_from([[], ["a"], ["a", "b"]]),
    ),
    min_size=1,
    max_size=12,
)


@given(QUESTIONS, st.booleans())
def test_a_plan_adds_up_and_the_same_file_again_changes_nothing(
    questions: list[dict[str, object]], with_framework: bool
) -> None:
    framework = read_framework(FRAMEWORK) if with_framework else None
    assert not isinstance(framework, Refused)
    first = plan(*questions, framework=framework)
    again = plan(*questions, known=digests(first), framework=framework)
    assert sum(first.counts.values()) == len(questions)
    assert first.changed == first.unchanged == ()
    assert {one.where for one in first.refused} == {one.where for one in first.problems}
    assert again.counts == {
        **first.counts,
        "created": 0,
        "unchanged": first.counts["created"],
    }


def test_a_public_bank_imported_again_is_all_unchanged() -> None:
    if not BANK.exists():
        pytest.skip("the shared bank is not beside this repository")
    with BANK.open("rb") as file:
        rows = list(tabular.read(file, BANK.name))
    first = importing.plan(rows, {}, None, "MMLU")
    assert first.counts["created"] == 829
    assert importing.plan(rows, digests(first), None, "MMLU").counts["unchanged"] == 829
