"""Do the answers come in as they were given, and is what cannot be refused with its place?"""

from __future__ import annotations

import numpy as np
import pytest

from assess.psychometrics import responses
from assess.psychometrics.responses import PackedRow

ROWS: list[PackedRow] = [
    ([70, 50], [1, 0], [1000, 0], [30, 12], [1, 2]),
    ([50, 60], [6, 2], [333, 1000], [9, 8], [1, 2]),
]


def test_packed_rows_become_one_row_an_answer_with_items_in_ascending_order_of_version() -> None:
    answers = responses.from_packed(ROWS)
    assert answers.attempts == 2
    assert answers.versions.tolist() == [50, 60, 70]
    assert answers.attempt.tolist() == [0, 0, 1, 1]
    assert answers.item.tolist() == [2, 0, 0, 1]
    assert answers.score.tolist() == [1000, 0, 333, 1000]
    assert answers.option.tolist() == [1, 0, 6, 2]
    assert answers.seconds is not None
    assert answers.seconds.tolist() == [30, 12, 9, 8]
    assert answers.position is not None
    assert answers.position.tolist() == [1, 2, 1, 2]


def test_the_caller_may_fix_the_order_of_the_versions_and_name_some_nobody_was_shown() -> None:
    answers = responses.from_packed(ROWS, versions=[99, 70, 60, 50])
    assert answers.versions.tolist() == [99, 70, 60, 50]
    assert answers.item.tolist() == [1, 3, 3, 2]


def test_packed_arrays_are_taken_as_lists_are() -> None:
    arrays = [tuple(None if part is None else np.array(part) for part in row) for row in ROWS]
    by_list, by_array = responses.from_packed(ROWS), responses.from_packed(arrays)  # type: ignore[arg-type]
    for name in ("item", "option", "score", "milliseconds", "position"):
        assert np.array_equal(getattr(by_list, name), getattr(by_array, name))


def test_no_attempts_are_no_answers() -> None:
    assert responses.from_packed([]).attempts == 0
    assert responses.from_packed([], versions=[5]).items == 1


def test_seconds_and_positions_may_be_unknown() -> None:
    answers = responses.from_packed([([50], [1], [1000], None, None)])
    assert answers.seconds is None
    assert answers.position is None


def test_the_answers_of_some_attempts_are_those_of_the_packed_rows() -> None:
    part = responses.from_packed(ROWS).of_attempts(np.array([False, True]))
    alone = responses.from_packed(ROWS[1:], versions=[50, 60, 70])
    assert part.attempts == 1
    assert part.attempt.tolist() == alone.attempt.tolist()
    assert part.item.tolist() == alone.item.tolist()
    assert part.score.tolist() == alone.score.tolist()


def test_a_version_that_is_not_listed_is_named() -> None:
    with pytest.raises(ValueError, match="item version 70 is answered but not listed"):
        responses.from_packed(ROWS, versions=[50, 60])


def test_packed_arrays_of_unequal_length_are_named_by_their_attempt() -> None:
    with pytest.raises(ValueError, match="attempt 1: the packed arrays are not equally long"):
        responses.from_packed([ROWS[0], ([50, 60], [1], [0, 0], None, None)])


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"score": [1000, 1001]}, "row 1: score 1001 is not in 0..1000"),
        ({"option": [-3, 0]}, "row 0: option -3 is not in"),
        ({"score": [0.5, 0]}, "row 0: score 0.5 is no whole number"),
        ({"item": [0, 9], "versions": [7, 8]}, "row 1: item 9 is not in 0..1"),
        ({"attempt": [0, -1]}, "row 1: attempt -1 is not in"),
        ({"item": [0, 0], "attempt": [0, 0]}, "attempt 0 has item 0 twice"),
        ({"option": [0]}, "option has 1 rows, attempt has 2"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    columns: dict[str, list[float]], sentence: str
) -> None:
    good = {"attempt": [0, 0], "item": [0, 1], "score": [0, 1000], "option": [1, 2]}
    given = good | columns
    with pytest.raises(ValueError, match=sentence):
        responses.from_arrays(
            given["attempt"],
            given["item"],
            given["score"],
            given["option"],
            versions=given.get("versions"),
        )


def test_a_form_too_long_for_exact_sums_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 500 items"):
        responses.from_arrays([0] * 501, list(range(501)), [0] * 501)


def test_rows_are_kept_by_ascending_attempt_in_whatever_order_they_come() -> None:
    answers = responses.from_arrays(
        [1, 0, 1], [0, 1, 1], [0, 1000, 500], seconds=[1.5, float("nan"), 2], position=[2, 1, 1]
    )
    assert answers.attempt.tolist() == [0, 1, 1]
    assert answers.item.tolist() == [1, 0, 1]
    assert answers.bounds().tolist() == [0, 1, 3]
    assert answers.milliseconds is not None
    assert answers.milliseconds.tolist() == [responses.NO_TIME, 1500, 2000]
    assert answers.seconds is not None
    assert np.isnan(answers.seconds[0])


def test_omitted_not_reached_and_not_drawn_are_three_things() -> None:
    # Attempt 0: answered, omitted, answered, nothing more. Attempt 1 was not shown items 0, 1.
    answers = responses.from_arrays(
        [0, 0, 0, 0, 0, 1, 1],
        [0, 1, 2, 3, 4, 2, 3],
        [1000, 0, 0, 0, 0, 1000, 0],
        [1, 0, 2, 0, 0, 1, 0],
        position=[1, 2, 3, 4, 5, 1, 2],
    ).with_not_reached()
    assert answers.option.tolist() == [1, 0, 2, -2, -2, 1, -2]
    reached = answers.reached()
    assert reached.attempts == 2
    assert reached.item.tolist() == [0, 1, 2, 2]
    attempt, item, right = answers.binary()
    assert attempt.tolist() == [0, 0, 0, 1]
    assert item.tolist() == [0, 1, 2, 2]
    assert right.tolist() == [True, False, False, True]


def test_without_positions_nobody_knows_what_was_not_reached() -> None:
    with pytest.raises(ValueError, match="positions"):
        responses.from_arrays([0], [0], [0], [0]).with_not_reached()


def test_whole_marks_come_back_from_their_thousandths() -> None:
    marks = np.array([0, 1, 2, 3, 6, 7])
    full = np.array([3, 3, 3, 3, 7, 7])
    answers = responses.from_arrays(
        np.arange(6), np.arange(6), responses.thousandths(marks, full), maximum=full
    )
    assert answers.category().tolist() == marks.tolist()
    assert answers.points().tolist() == (1000 * marks).tolist()


def test_a_part_of_a_mark_in_an_item_of_several_is_refused() -> None:
    with pytest.raises(ValueError, match="row 1: score 500 thousandths of 3 marks"):
        responses.from_arrays([0, 1], [0, 0], [1000, 500], maximum=[3])


def test_right_or_wrong_is_refused_where_partial_credit_is_given() -> None:
    answers = responses.from_arrays([0, 0], [0, 1], [1000, 500], versions=[7, 8])
    with pytest.raises(ValueError, match="item 8 gives partial credit"):
        answers.binary()
    with pytest.raises(ValueError, match="item 8 gives parts of a mark"):
        answers.category()


def test_items_of_one_mark_each_need_no_maximum() -> None:
    assert responses.from_arrays([0], [0], [1000], maximum=[1]).maximum is None
