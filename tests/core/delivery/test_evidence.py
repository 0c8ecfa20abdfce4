"""Which late answers may count beside what was saved in time, and what are they worth?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assess.delivery import marking
from assess.delivery.answering import Saved
from assess.delivery.evidence import Cause, Held, acceptable
from tests.core.delivery.test_marking import CONTENTS, ONE_EACH, RIGHT, WRONG, marked

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def held(place: int, writer: int, sequence: int, cause: Cause = Cause.LATE) -> Held:
    """A late answer."""
    return Held(cause, place, writer, sequence, RIGHT, NOW)


def saved(place: int, writer: int, sequence: int) -> Saved:
    """An answer in time."""
    return Saved(place, writer, sequence, WRONG, NOW)


def test_the_newest_late_answer_of_the_newest_device_may_count() -> None:
    late = [held(1, 1, 2), held(1, 1, 3), held(2, 1, 9), held(3, 1, 1), held(4, 1, 2)]
    saves = [saved(1, 1, 1), saved(2, 2, 1), saved(4, 1, 3)]
    assert acceptable(late, saves) == {1: held(1, 1, 3), 3: held(3, 1, 1)}
    assert acceptable([held(1, 1, 2, Cause.SUPERSEDED)], saves) == {}


def test_a_question_keeps_the_better_of_its_scores_unless_said() -> None:
    before = marked(ONE_EACH | {2, 4})  # 9, one short
    late = {6: RIGHT, 1: WRONG, 8: ()}
    after = marking.with_late(before, CONTENTS, late)
    assert (after.score, after.passed, after.rule) == (10_000, True, "late/1")
    masks = [after.questions[place - 1].option_mask for place in (6, 1, 8)]
    assert masks == [2, 2, 0]  # the last is worth the same
    whole = marking.with_late(before, CONTENTS, late, lower=True)
    assert (whole.score, whole.passed) == (9_000, False)
    assert [(one.option_mask, one.answered) for one in whole.questions[:8:7]] == [
        (1, True),
        (0, False),
    ]
    assert whole.outcomes[0].score == 1000


def test_a_mark_given_by_a_person_is_not_lost_by_a_late_answer() -> None:
    given = marking.again(marked(set()), {1, 14})
    assert marking.with_late(given, CONTENTS, {1: WRONG, 14: WRONG}).score == 2000


def test_another_mark_asks_for_the_minimum_of_each_outcome_too() -> None:
    before = marked(set(range(1, 10)))  # nothing in the last two outcomes
    assert [marking.again(before, given).passed for given in ({11, 12}, {11, 13})] == [False, True]
    late = [dict.fromkeys(places, RIGHT) for places in ((11, 12), (11, 13))]
    assert [marking.with_late(before, CONTENTS, one).passed for one in late] == [False, True]
    assert all(one.correct for one in marking.again(before, {10}).questions[:10])
    assert all(
        one.correct for one in marking.with_late(before, CONTENTS, {10: RIGHT}).questions[:10]
    )


def test_a_place_beyond_the_form_is_no_late_answer() -> None:
    with pytest.raises(ValueError, match="form of 14"):
        marking.with_late(marked(set()), CONTENTS, {15: RIGHT})
