"""Does a comparison of two versions tell all that changed, and nothing else?"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assess.bank import differences
from assess.bank.differences import Fate, Segment
from assess.bank.items import Content, Level, Option

OPTIONS = tuple(Option(text, text == "Two", f"Why {text}") for text in ("One", "Two", "Three"))
OLD = Content("single_choice", "How many are two?", OPTIONS, outcome="award/U1/1")
TEXT = st.text(alphabet="ab .\n", max_size=30)


@given(TEXT, TEXT)
def test_both_texts_can_be_read_off_the_segments(before: str, after: str) -> None:
    found = differences.words(before, after)
    assert "".join(s.text for s in found if s.fate is not Fate.ADDED) == before
    assert "".join(s.text for s in found if s.fate is not Fate.REMOVED) == after
    assert before == after or any(s.fate is not Fate.SAME for s in found)


def test_a_word_is_removed_and_another_added_whole() -> None:
    assert differences.words("Ask the customer.", "Ask the colleague.") == (
        Segment("Ask the ", Fate.SAME),
        Segment("customer", Fate.REMOVED),
        Segment("colleague", Fate.ADDED),
        Segment(".", Fate.SAME),
    )


def test_a_change_that_nobody_sees_is_spelled_out() -> None:
    found = differences.words("no way", "no\u00a0way\u200b")
    assert [s.text for s in found] == ["no", " ", "‹U+00A0›", "way", "‹U+200B›"]
    assert "‹" not in "".join(s.text for s in differences.words("out", "in\u00a0it"))


def test_a_sentence_written_anew_is_one_change_not_shreds() -> None:
    found = differences.words("Which is it, then? Say why.", "What was that, now? Say why.")
    assert [s.fate for s in found] == [Fate.REMOVED, Fate.ADDED, Fate.SAME]
    assert [s.text for s in found] == ["Which is it, then", "What was that, now", "? Say why."]


def test_a_long_text_is_compared_by_its_rarer_words_and_a_bottomless_one_not_at_all() -> None:
    told = [f"word{n} of the {n % 7} text, and " for n in range(1_000)]
    before = "".join(told)
    told[500] = "something else of the text, and "
    now = differences.words(before, "".join(told))
    assert [s.text for s in now if s.fate is not Fate.SAME] == [
        "word500 of the 3",
        "something else of the",
    ]
    # Each of these words is like two thousand others: to find what stayed took minutes.
    one, other = "a " * 2_000, "a, " * 2_000
    assert len(differences.words(one, other)) < 10


def test_the_same_question_has_no_difference() -> None:
    assert differences.between(OLD, OLD) == ()


def test_each_part_that_changed_is_told_once() -> None:
    new = replace(
        OLD,
        kind="multiple_response",
        stem="How many is two?",
        outcome=None,
        level=Level.JUDGE,
        expected_facility=500,
        revise="Chapter 1",
        shuffle=False,
        scoring="partial",
        set="S",
        stimulus="A case.",
    )
    parts = [change.part for change in differences.between(OLD, new)]
    assert parts == [
        "kind",
        "set",
        "stimulus",
        "stem",
        "outcome",
        "level",
        "facility",
        "revise",
        "shuffle",
        "scoring",
    ]


def test_an_option_taken_out_does_not_make_those_after_it_new() -> None:
    found = differences.between(OLD, replace(OLD, options=OPTIONS[1:]))
    assert {(c.part, c.was, c.now) for c in found} == {
        ("option", 0, None),
        ("key", 0, None),
        ("rationale", 0, None),
    }


def test_an_option_put_between_is_new_and_a_moved_key_is_told_of_both() -> None:
    new = (OPTIONS[0], Option("Half", False), *OPTIONS[1:])
    found = differences.between(OLD, replace(OLD, options=new))
    assert {(c.part, c.was, c.now) for c in found} == {("option", None, 1), ("key", None, 1)}
    moved = tuple(replace(o, correct=o.text == "One") for o in OPTIONS)
    found = differences.between(OLD, replace(OLD, options=moved))
    assert [(c.part, c.was, c.now) for c in found] == [("key", 0, 0), ("key", 1, 1)]
