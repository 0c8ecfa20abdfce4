"""What each level tells a candidate, and that it holds nothing of the next."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from assess.bank.items import Content, Option
from assess.bank.outcomes import Framework, read_framework
from assess.bank.specification import Feedback, Quota, Specification
from assess.delivery import marking, signposts
from assess.delivery.draw import Drawn
from assess.delivery.signposts import INCOMPLETE, NO_RATIONALE, NOT_ANSWERED, Result, Signpost
from assess.reasons import Code, Refused


def content(n: int, outcome: str, keys: tuple[int, ...] = (1,)) -> Content:
    """A question of three options, all of whose texts can be found again."""
    options = tuple(
        Option(f"option-{n}-{k}", k in keys, f"rationale-{n}-{k}" if k != 2 else "")
        for k in range(3)
    )
    kind = "single_choice" if len(keys) == 1 else "multiple_response"
    return Content(kind, f"stem-{n}", options, outcome=outcome, revise=f"revise-{n}")


SPEC = Specification(
    "T", "Test", "bank", 30, 4, (Quota("u/1", 3, 1), Quota("u/2", 2, 1), Quota("u/3", 1, 0)), 3, ()
)
CONTENTS = {
    11: content(1, "u/1"),
    12: content(2, "u/1"),
    13: content(3, "u/1", keys=(0, 1)),
    14: content(4, "u/2"),
    15: content(5, "u/2"),
    16: content(6, "u/3"),
}
DRAWN = tuple(Drawn(v - 10, v, () if v == 12 else (2, 1, 0)) for v in CONTENTS)
# Right; wrong; one of two keys; no answer; wrong without a rationale; right.
ANSWERS: dict[int, tuple[int, ...]] = {1: (1,), 2: (0,), 3: (1,), 5: (2,), 6: (1,)}
MARK = marking.mark(SPEC, DRAWN, CONTENTS, ANSWERS)
POSTS = (
    Signpost("u/1", "Read", "chapter 1"),
    Signpost("u/2", "Watch", "film 2"),
    Signpost("u/2", "Do", "exercise 2"),
    Signpost("u/3", "Read", "chapter 3"),
)
TITLES = {"u/1": "First outcome", "u/2": "Second outcome"}


def told(level: Feedback) -> Result:
    return signposts.feedback(level, MARK, DRAWN, CONTENTS, ANSWERS, POSTS, TITLES)


def texts(value: object) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from texts(one)
    else:
        assert isinstance(value, int), value  # nothing else may hide a text


def found(level: Feedback, *needles: str) -> set[str]:
    everything = "\n".join(texts(told(level)))
    return {needle for needle in needles if needle in everything}


@pytest.mark.parametrize("level", list(Feedback))
def test_every_level_gives_the_result_in_its_words_and_each_outcome(level: Feedback) -> None:
    result = told(level)
    assert (result.words, result.passed) == ("Not yet passed", False)
    assert (result.score, result.out_of, result.cut) == (2000, 6, 4)
    assert [(o.title, o.score, o.out_of, o.met) for o in result.outcomes] == [
        ("First outcome", 1000, 3, True),
        ("Second outcome", 0, 2, False),
        ("u/3", 1000, 1, True),
    ]


def test_the_lowest_level_holds_no_topic_and_no_text_of_any_question() -> None:
    assert found(Feedback.OUTCOME, "chapter", "film", "exercise") == set()
    assert found(Feedback.OUTCOME, "stem-", "option-", "rationale-", "revise-") == set()
    assert told(Feedback.OUTCOME).topics == ()


def test_the_level_of_topics_holds_no_text_of_any_question() -> None:
    assert found(Feedback.TOPIC, "stem-", "option-", "rationale-", "revise-") == set()


def test_topics_are_those_where_marks_were_lost_the_outcomes_not_met_first() -> None:
    assert [(t.title, t.met, t.signposts) for t in told(Feedback.TOPIC).topics] == [
        ("Second outcome", False, POSTS[1:3]),
        ("First outcome", True, POSTS[:1]),
    ]


def test_the_default_level_shows_own_wrong_questions_and_no_key_that_was_not_chosen() -> None:
    keys = {f"option-{n}-{k}" for n in range(1, 7) for k in CONTENTS[10 + n].key}
    rationales = {f"rationale-{n}-{k}" for n in range(1, 7) for k in CONTENTS[10 + n].key}
    assert found(Feedback.WRONG, *keys) == {"option-3-1"}  # chosen by the candidate
    assert found(Feedback.WRONG, *rationales) == set()
    assert found(Feedback.WRONG, "stem-1", "stem-6", "revise-1") == set()  # answered rightly
    assert all(w.keys == w.key_rationales == () for w in told(Feedback.WRONG).wrong)


def test_each_wrong_question_says_what_was_chosen_why_it_is_wrong_and_what_to_revise() -> None:
    assert [(w.place, w.stem, w.chosen, w.why, w.revise) for w in told(Feedback.WRONG).wrong] == [
        (2, "stem-2", ("option-2-0",), ("rationale-2-0",), "revise-2"),
        (3, "stem-3", ("option-3-1",), (INCOMPLETE,), "revise-3"),
        (4, "stem-4", (), (NOT_ANSWERED,), "revise-4"),
        (5, "stem-5", ("option-5-2",), (NO_RATIONALE,), "revise-5"),
    ]


def test_nothing_is_said_of_questions_that_are_being_asked_again() -> None:
    again = {1, 2}  # one that was right, one that was wrong
    result = signposts.feedback(
        Feedback.WRONG, MARK, DRAWN, CONTENTS, ANSWERS, POSTS, TITLES, asked=again
    )
    assert [wrong.place for wrong in result.wrong] == [3, 4, 5]
    assert result.asked_again
    right = signposts.feedback(
        Feedback.WRONG, MARK, DRAWN, CONTENTS, ANSWERS, POSTS, TITLES, asked={1}
    )
    assert right.asked_again  # or the page would tell right from wrong
    assert not told(Feedback.WRONG).asked_again


def test_chosen_options_stand_in_the_order_in_which_they_were_shown() -> None:
    answers = {**ANSWERS, 3: (0, 1, 2)}
    mark = marking.mark(SPEC, DRAWN, CONTENTS, answers)
    result = signposts.feedback(Feedback.WRONG, mark, DRAWN, CONTENTS, answers, POSTS, TITLES)
    third = result.wrong[1]
    assert third.chosen == ("option-3-2", "option-3-1", "option-3-0")
    assert third.why == (NO_RATIONALE,)  # of the wrong one only


def test_keys_are_shown_at_the_highest_level_only() -> None:
    wrong = told(Feedback.KEYS).wrong
    assert [w.keys for w in wrong] == [
        ("option-2-1",),
        ("option-3-1", "option-3-0"),
        ("option-4-1",),
        ("option-5-1",),
    ]
    assert wrong[1].key_rationales == ("rationale-3-1", "rationale-3-0")


def test_with_everything_right_there_is_nothing_to_revise() -> None:
    answers = {place: CONTENTS[one.version].key for place, one in enumerate(DRAWN, start=1)}
    mark = marking.mark(SPEC, DRAWN, CONTENTS, answers)
    result = signposts.feedback(Feedback.KEYS, mark, DRAWN, CONTENTS, answers, POSTS, TITLES)
    assert (result.words, result.topics, result.wrong) == ("Pass", (), ())


# The file of signposts.


def refused(text: str, framework: Framework | None = None) -> list[tuple[Code, object, object]]:
    result = signposts.read_signposts(text, framework)
    assert isinstance(result, Refused)
    assert result.code is Code.FILE
    assert result.status == 422
    return [(r.code, r.values["what"], r.values.get("where")) for r in result.reasons]


def test_signposts_are_read_from_a_table_with_its_columns_in_any_order() -> None:
    text = (
        '\ufefftext,Outcome,title\r\n"Chapter 1,\r\nto the end",u/1,Read\r\n\r\nfilm,u/1,Watch\r\n'
    )
    assert signposts.read_signposts(text) == (
        Signpost("u/1", "Read", "Chapter 1,\r\nto the end"),
        Signpost("u/1", "Watch", "film"),
    )


@pytest.mark.parametrize("between", [";", "\t"])
def test_a_spreadsheet_may_write_semicolons_or_tabs(between: str) -> None:
    text = f'outcome{between}title{between}text\nu/1{between}"Read; watch"{between}One, two\n'
    assert signposts.read_signposts(text) == (Signpost("u/1", "Read; watch", "One, two"),)


def test_every_problem_is_named_with_its_line() -> None:
    text = (
        "outcome,title,text\n"
        "u/1,Read\n"
        ",Read,chapter\n"
        f"u/2,{'x' * 201},chapter\n"
        "u/3,Read,chap\0ter\n"
        "u/4,Read,chapter\n"
        "u/4,Read,chapter\n"
    )
    assert refused(text) == [
        (Code.FILE, "fields_differ", "line 2"),
        (Code.FILE, "value_empty", "line 3, outcome"),
        (Code.FILE, "value_too_long", "line 4, title"),
        (Code.FILE, "value_nul", "line 5, text"),
        (Code.FILE, "value_repeated", "line 7"),
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "header_missing"),
        ("outcome,title\nu/1,Read\n", "header_missing"),
        ("outcome,title,text,title\n", "header_missing"),
        ('outcome,title,text\nu/1,"Read"x,y\n', "csv_broken"),
        ('outcome,title,text\nu/1,"Read,y\n', "csv_broken"),
        ("outcome,title,text\n" + "x" * 1_000_000, "document_too_large"),
        ("outcome,title,text\nu/1,Read," + "x" * 200_000, "csv_broken"),
    ],
)
def test_a_text_that_is_no_such_table_is_refused(text: str, what: str) -> None:
    assert [problem for _, problem, _ in refused(text)] == [what]


def test_a_table_without_rows_has_no_signposts() -> None:
    assert signposts.read_signposts("outcome,title,text\n") == ()


def award() -> Framework:
    shipped = Path(__file__).resolve().parents[3] / "assess/data/frameworks/csp-demo.yaml"
    framework = read_framework(shipped.read_text())
    assert isinstance(framework, Framework)
    return framework


def test_outcomes_are_resolved_in_the_framework() -> None:
    text = "outcome,title,text\nM02/2.1,Read,a\ncsp-demo/M02/2.7,Read,b\n"
    posts = signposts.read_signposts(text, award())
    assert not isinstance(posts, Refused)
    assert [post.outcome for post in posts] == ["csp-demo/M02/2.1", "csp-demo/M02/2.7"]


def test_an_outcome_that_the_framework_does_not_know_is_refused_with_its_line() -> None:
    text = "outcome,title,text\nM02/2.1,Read,a\nM02/2.9,Read,b\n"
    assert refused(text, award()) == [(Code.UNKNOWN_OUTCOME, "outcome_unknown", "line 3")]
