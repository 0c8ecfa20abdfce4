"""Who may let a question go live, and with which words is one returned or taken out?"""

from __future__ import annotations

from functools import partial

import pytest

from assess.bank import impact, review
from assess.bank.impact import Impact
from assess.bank.lifecycle import Move
from assess.bank.publishing import prove
from assess.bank.specification import Quota, Specification
from assess.reasons import Code, Reason
from assess.roles import Role
from tests.banks import facts_of

WRITER, OTHER = 1, 2
SPECIFICATION = Specification(
    name="T1",
    title="Test",
    bank="Bank",
    minutes=10,
    cut=2,
    quotas=(Quota("a", 2), Quota("b", 1)),
    attempts=2,
    cool_down_hours=(),
)


def codes(reasons: tuple[Reason, ...]) -> list[Code]:
    """The codes of reasons."""
    return [reason.code for reason in reasons]


@pytest.mark.parametrize("move", sorted(review.FOUR_EYES))
def test_nobody_makes_live_what_they_wrote(move: Move) -> None:
    assert codes(review.why_not(move, WRITER, {WRITER, OTHER}, "")) == [Code.FOUR_EYES]
    assert review.why_not(move, OTHER, {WRITER}, "") == ()
    assert review.why_not(move, None, {WRITER}, "") == ()


@pytest.mark.parametrize("move", sorted(review.NEED_WORDS))
@pytest.mark.parametrize("words", ["", "  \n", "no"])
def test_what_others_will_ask_the_reason_of_needs_words(move: Move, words: str) -> None:
    assert codes(review.why_not(move, WRITER, {WRITER}, words)) == [Code.FIELD]
    assert review.why_not(move, WRITER, {WRITER}, "Why not.") == ()


def test_every_reason_comes_at_once() -> None:
    long = "x" * (review.LONGEST_WORDS + 1)
    found = review.why_not(Move.APPROVE, WRITER, {WRITER}, long)
    assert codes(found) == [Code.FOUR_EYES, Code.FIELD]
    assert codes(review.why_not_say(long)) == [Code.FIELD]
    assert codes(review.why_not_say(" ")) == [Code.FIELD]
    assert review.why_not_say("x") == ()


def test_only_reviewers_make_a_question_live() -> None:
    assert {move for move, roles in review.MAKERS.items() if roles == {Role.REVIEWER}} == {
        Move.APPROVE,
        Move.RETURN,
        Move.RESUME,
    }
    assert set(review.MAKERS) == set(Move) - {Move.SUPERSEDE}


def less(counts: dict[str, int]) -> Impact:
    """What the first item of `a` less would do."""
    found = impact.without(SPECIFICATION, facts_of(counts), 1, partial(prove, SPECIFICATION))
    assert found is not None
    return found


def test_an_item_less_costs_fresh_attempts_before_it_breaks_a_test() -> None:
    found = less({"a": 4, "b": 9})
    assert (found.fresh, found.fresh_left, found.runs_short, found.reasons) == (2, 1, True, ())
    enough = less({"a": 7, "b": 9})
    assert (enough.fresh, enough.fresh_left, enough.runs_short) == (3, 3, False)
    broken = less({"a": 2, "b": 9})
    assert codes(broken.reasons) == [Code.BLUEPRINT]
    assert broken.reasons[0].values == {
        "what": "quota_short",
        "outcome": "a",
        "need": 2,
        "have": 1,
    }
    elsewhere = facts_of({"c": 1, "a": 2, "b": 2})
    assert impact.without(SPECIFICATION, elsewhere, 1, partial(prove, SPECIFICATION)) is None
