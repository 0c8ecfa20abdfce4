"""Does every way of counting cells give the same sums: few totals or many, one form or several?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import NDArray

from assess.psychometrics import cells, classical, coding, distractors, exact, tallies
from assess.psychometrics.numbering import Numbering
from assess.psychometrics.responses import NOT_REACHED, Responses, from_arrays, from_forms


def mixed(seed: int, attempts: int = 120, complete: bool = False) -> Responses:
    """Forms of single choices and multiple responses, some with marks of three, some unfinished."""
    rng = np.random.default_rng(seed)
    length = np.full(attempts, 15) if complete else rng.integers(1, 12, attempts)
    item = np.concatenate([rng.permutation(15)[:k] for k in length])
    option = np.where(item < 8, 1 << rng.integers(0, 4, item.size), rng.integers(0, 32, item.size))
    maximum = np.where(np.arange(15) % 5 == 0, 3, 1)
    marks = rng.integers(0, 4, item.size)
    score = np.where(maximum[item] == 3, (2000 * marks + 3) // 6, 250 * marks + 250 * (marks == 3))
    return from_arrays(
        np.repeat(np.arange(attempts), length),
        item,
        score,
        option,
        versions=np.arange(15),
        maximum=maximum,
    )


def summed(
    answers: Responses, length: int = 15
) -> tuple[classical.RawSums, classical.AdjustedSums]:
    data = coding.coded(answers)
    raw = classical.raw_sums(data)
    facility = classical.facility_millionths(raw)
    return raw, classical.adjusted_sums(data, facility, 5, length)


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize(
    ("room", "name", "value"),
    [
        (cells, "LEVELS", 0),
        (cells, "LEVELS", 1 << 20),
        (cells, "ROOM", 1),
        (cells, "ROOM", 1 << 30),
        (coding, "ROOM", 1),
        (coding, "ROOM", 1 << 30),
        (tallies, "SMALL", 9),
        (tallies, "MANY", 1),
    ],
)
def test_the_way_of_counting_changes_no_bit(
    room: ModuleType, name: str, value: int, complete: bool
) -> None:
    answers = mixed(1, complete=complete)
    with patch.object(room, name, value):
        other = summed(answers)
    whole = summed(answers)
    for part in ("xc", "cc"):
        for k in (0, 1):
            ours, theirs = getattr(whole[k].rest, part), getattr(other[k].rest, part)
            assert ours.low.tobytes() == theirs.low.tobytes()
            assert ours.high.tobytes() == theirs.high.tobytes()


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("block", [7, 1 << 17])
def test_forms_become_the_cells_that_their_rows_would(even: bool, block: int) -> None:
    answers = mixed(4, complete=even)
    listed = np.arange(17) * 3 + 5  # two were not shown
    length = np.append(np.diff(answers.bounds()), 0)  # one who saw nothing
    columns = (listed[answers.item], answers.option, answers.score)
    with patch.object(exact, "BLOCK", block):
        found = coding.of_forms(length, *columns, listed)
    rows = coding.coded(from_forms(length, *columns, listed))
    assert (found.items, found.attempts) == (rows.items, rows.attempts) == (17, 121)
    for column in ("item", "option", "points", "full"):
        ours, theirs = getattr(found, column), getattr(rows, column)
        assert (ours[found.cell] == theirs[rows.cell]).all()
    assert (found.length == rows.length).all()
    assert found.cell.dtype == np.uint16


@pytest.mark.parametrize(
    ("shown", "options", "scores", "sentence"),
    [
        ([5, 8, 11], [1, 1, 1], [0, 0, 0], "forms of 4 items in all show 3"),
        ([5, 6, 8, 11], [1, 1, 1, 1], [0, 0, 0, 0], "item version 6 is answered but not listed"),
        ([5, 8, 8, 5], [1, 1, 1, 1], [0, 0, 0, 1000], "attempt 1 has item"),
        ([5, 8, 8, 11], [1, 1, 1, 1], [0, 0, 0, 1001], "score 1001 is not in"),
        ([5, 8, 8, 11], [1, 1, 1, -3], [0, 0, 0, 0], "option -3 is not in"),
    ],
)
def test_forms_that_cannot_be_are_refused(
    shown: list[int], options: list[int], scores: list[int], sentence: str
) -> None:
    lengths = [2, 2] if "attempt" not in sentence else [1, 3]
    columns = (np.array(column) for column in (lengths, shown, options, scores, [5, 8, 11]))
    with pytest.raises(ValueError, match=sentence):
        coding.of_forms(*columns)


def test_threads_number_what_they_meet_alike() -> None:
    numbers = Numbering(1 << 18)
    parts = np.array_split(np.random.default_rng(5).integers(0, 1 << 18, 400_000), 8)

    def look(part: NDArray[np.int64]) -> NDArray[np.integer]:
        return numbers.cells(part.size, lambda rows, out: np.copyto(out, part[rows]))

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(look, parts))
    # More than two bytes can tell.
    assert found[-1].dtype == np.int32
    assert (numbers.keys()[np.concatenate(found)] == np.concatenate(parts)).all()


def test_short_blocks_change_no_bit() -> None:
    answers = mixed(2)
    with patch.object(exact, "BLOCK", 7):
        raw, adjusted = summed(answers)
    whole_raw, whole = summed(answers)
    assert raw.rest.cc.low.tobytes() == whole_raw.rest.cc.low.tobytes()
    assert adjusted.option_bins.tobytes() == whole.option_bins.tobytes()
    assert adjusted.rest.cc.low.tobytes() == whole.rest.cc.low.tobytes()


def test_marks_of_items_of_several_marks_correlate_as_numpy_has_it() -> None:
    answers = mixed(3, complete=True)
    x = answers.points() / 1000
    matrix = np.zeros((120, 15))
    matrix[answers.attempt, answers.item] = x
    rest = matrix.sum(axis=1)[:, None] - matrix
    raw, adjusted = summed(answers)
    table = classical.table(raw, adjusted)
    for item in range(15):
        r = np.corrcoef(matrix[:, item], rest[:, item])[0, 1]
        assert table.raw_r[item] == pytest.approx(r, abs=1e-9)
        assert table.r[item] == pytest.approx(r, abs=1e-9)
    full = np.ones(15) if answers.maximum is None else answers.maximum
    assert table.facility == pytest.approx(matrix.mean(axis=0) / full)


def test_items_not_reached_count_nowhere() -> None:
    answers = mixed(4)
    late = np.zeros(answers.item.size, bool)
    late[answers.bounds()[1:] - 1] = True
    option = np.where(late, NOT_REACHED, answers.option)
    unreached = from_arrays(
        answers.attempt,
        answers.item,
        np.where(late, 0, answers.score),
        option,
        versions=answers.versions,
        attempts=answers.attempts,
        maximum=answers.maximum,
    )
    ours, theirs = summed(unreached), summed(answers.rows(~late))
    assert ours[0].rest.n.tobytes() == theirs[0].rest.n.tobytes()
    assert ours[1].rest.cc.low.tobytes() == theirs[1].rest.cc.low.tobytes()


def test_traces_are_the_shares_within_equal_groups_by_rest_score() -> None:
    rng = np.random.default_rng(5)
    ability = rng.standard_normal(2000)
    item = np.tile(np.arange(30), 2000)
    attempt = np.repeat(np.arange(2000), 30)
    right = rng.random(60_000) < 1 / (1 + np.exp(-ability[attempt]))
    option = np.where(right, 1, 1 << rng.integers(1, 4, 60_000))
    answers = from_arrays(attempt, item, 1000 * right.astype(np.int64), option)
    raw, adjusted = summed(answers, 30)
    traces = distractors.traces(adjusted, raw.maximum, 5)
    e, total = classical.deviations(answers, classical.facility_millionths(raw))
    for k in range(3):
        rows = item == k
        order = np.argsort((total[attempt] - e)[rows], kind="stable")
        for group, part in enumerate(np.array_split(order, 5)):
            # Ties at the borders count in part; a bin is a fifth of a mark.
            assert traces.facility[k, group] == pytest.approx(right[rows][part].mean(), abs=0.05)
            chose = (option[rows][part] == 2).mean()
            assert traces.share[k, 1, group] == pytest.approx(chose, abs=0.05)
    assert traces.n.sum(axis=1) == pytest.approx([2000] * 30)
    assert traces.share[:, 0] == pytest.approx(traces.facility)


def test_forms_longer_than_was_said_are_refused() -> None:
    with pytest.raises(ValueError, match="longer than 14"):
        summed(mixed(6, complete=True), 14)


def test_one_form_as_a_matrix_is_the_same_as_its_answers_in_long_form() -> None:
    rng = np.random.default_rng(7)
    chosen = rng.integers(-1, 4, (200, 15)).astype(np.int8)
    key = rng.integers(0, 4, 15)
    mask = np.where(chosen < 0, 0, 1 << np.maximum(chosen, 0).astype(np.int64))
    long = from_arrays(
        np.repeat(np.arange(200), 15),
        np.tile(np.arange(15), 200),
        1000 * (chosen == key).ravel(),
        mask.ravel(),
    )
    facility = classical.facility_millionths(classical.raw_sums(long))
    ours = classical.adjusted_sums(coding.one_form(chosen, key.tolist()), facility, 5, 15)
    theirs = classical.adjusted_sums(long, facility, 5, 15)
    assert ours.rest.xc.low.tobytes() == theirs.rest.xc.low.tobytes()
    assert ours.option_bins.tobytes() == theirs.option_bins.tobytes()
    assert ours.options.wrong_c.low.tobytes() == theirs.options.wrong_c.low.tobytes()


def test_one_form_may_hold_whole_marks() -> None:
    data = coding.one_form(np.array([[0, 3], [1, 1], [0, 2]]))
    assert data.maximum.tolist() == [1, 3]
    assert data.total.tolist() == [3000, 2000, 2000]
    with pytest.raises(ValueError, match="-1 to 3"):
        coding.one_form(np.array([[-1, 3]]))
