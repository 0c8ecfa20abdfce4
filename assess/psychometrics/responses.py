"""Who was shown which item, and what came of it: the answers in long, sparse form.

One row for each item shown in an attempt. An item that was not drawn has no row; an item that
was shown and left empty has a row with option `OMITTED` and score 0; one that stands behind the
last answer of an attempt that ran out of time has a row with option `NOT_REACHED` and score 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.psychometrics.distinct import codes, first_repeated

NOT_REACHED = -2  # on the form, behind the last answer given: no chance to answer it
UNKNOWN = -1  # the score is known, the chosen option is not
OMITTED = 0  # shown, and no option chosen
FULL = 1000  # thousandths of an item's full marks
MOST_OPTIONS = 26
LONGEST_FORM = 500  # items of one attempt; the exact sums of squares rest on it
MOST_MARKS = 2000  # full marks of one attempt's form, for the same reason
NO_TIME = -1  # milliseconds of a row whose time is not known

# item versions, option masks, scores in thousandths, seconds, positions: equally long each
Packed = Sequence[int] | NDArray[np.integer]
PackedRow = tuple[Packed, Packed, Packed, Packed | None, Packed | None]


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Answers of `attempts` attempts to the items `versions`; all arrays have a row an answer.

    Rows ascend by `attempt`. `versions` int64[items]: the caller's own number of each item
    version; its place is the index that `item` uses. `attempt` int32[n] 0..attempts-1, `item`
    int32[n], `score` int16[n] in thousandths of the item's full marks 0..1000, `option` int32[n]
    a bit mask of the chosen options (bit k is the version's own option k), `OMITTED`, `UNKNOWN`
    or `NOT_REACHED`; `milliseconds` int32[n] (`NO_TIME` where it is not known) and `position`
    int16[n] where known; `maximum` int16[items] the full marks of each item, None where each
    gives one mark. An item of more than one mark has whole marks only: its score is k/maximum,
    rounded to thousandths. Build it with `from_arrays` or `from_packed`, which check.
    """

    attempts: int
    versions: NDArray[np.int64]
    attempt: NDArray[np.int32]
    item: NDArray[np.int32]
    score: NDArray[np.int16]
    option: NDArray[np.int32]
    milliseconds: NDArray[np.int32] | None = None
    position: NDArray[np.int16] | None = None
    maximum: NDArray[np.int16] | None = None

    @property
    def items(self) -> int:
        """How many item versions there are, answered or not."""
        return int(self.versions.size)

    @property
    def longest(self) -> int:
        """How many items the longest attempt shows; 0 without answers."""
        return int(np.diff(self.bounds()).max(initial=0))

    @property
    def seconds(self) -> NDArray[np.float64] | None:
        """Response times float64[n], nan where not known; None where no row has one."""
        if self.milliseconds is None:
            return None
        return np.where(self.milliseconds == NO_TIME, np.nan, self.milliseconds / 1000)

    def bounds(self) -> NDArray[np.int64]:
        """int64[attempts + 1]: the rows of attempt p are bounds[p]:bounds[p + 1]."""
        return np.searchsorted(self.attempt, np.arange(self.attempts + 1, dtype=np.int32))

    def points(self) -> NDArray[np.int32]:
        """Scores in thousandths of a mark, int32[n]: whole marks exactly, also of 3 or 7."""
        if self.maximum is None:
            return self.score.astype(np.int32)
        full = self.maximum.astype(np.int32)[self.item]
        return np.where(full == 1, self.score, FULL * self._whole_marks(full))

    def category(self) -> NDArray[np.int16]:
        """Whole marks 0..maximum of each answer, int16[n]; ValueError at a part of a mark."""
        full = 1 if self.maximum is None else self.maximum.astype(np.int32)[self.item]
        whole = self._whole_marks(full)
        partial = np.flatnonzero(_thousandths(whole, full) != self.score)
        if partial.size:
            raise ValueError(f"item {self._name(int(partial[0]))} gives parts of a mark")
        return whole.astype(np.int16)

    def binary(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
        """Right or wrong of what was reached: attempt int32[n], item int32[n], right bool[n].

        Raises ValueError, naming the first such item, where an answer earned part of the marks.
        """
        reached = self.reached()
        right = reached.score == FULL
        partial = np.flatnonzero((reached.score > 0) & ~right)
        if partial.size:
            name = reached._name(int(partial[0]))
            raise ValueError(f"item {name} gives partial credit: right or wrong is not enough")
        return reached.attempt, reached.item, right

    def reached(self) -> Responses:
        """The same attempts without the rows of items that were not reached."""
        if not self.option.size or int(self.option.min()) != NOT_REACHED:
            return self
        return self.rows(self.option != NOT_REACHED)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Responses:
        """The chosen answers (bool[n], or row numbers by attempt) of the same attempts."""
        return replace(
            self,
            attempt=self.attempt[chosen],
            item=self.item[chosen],
            score=self.score[chosen],
            option=self.option[chosen],
            milliseconds=None if self.milliseconds is None else self.milliseconds[chosen],
            position=None if self.position is None else self.position[chosen],
        )

    def of_attempts(self, chosen: NDArray[np.bool_]) -> Responses:
        """The answers of the chosen attempts (bool[attempts]) alone, attempts numbered anew."""
        kept = self.rows(chosen[self.attempt])
        number = (np.cumsum(chosen) - 1).astype(np.int32)
        return replace(kept, attempts=int(chosen.sum()), attempt=number[kept.attempt])

    def with_not_reached(self) -> Responses:
        """The same answers, those omitted behind an attempt's last answer as not reached.

        By position on the form; ValueError where the positions are not known.
        """
        if self.position is None:
            raise ValueError("what was not reached shows only where the positions are known")
        last = np.full(self.attempts, -1, dtype=np.int16)
        given = (self.option != OMITTED) & (self.option != NOT_REACHED)
        np.maximum.at(last, self.attempt[given], self.position[given])
        behind = ~given & (self.position > last[self.attempt])
        return replace(self, option=np.where(behind, np.int32(NOT_REACHED), self.option))

    def _whole_marks(self, full: NDArray[np.int32] | int) -> NDArray[np.int32]:
        whole: NDArray[np.int32] = (2 * self.score.astype(np.int32) * full + FULL) // (2 * FULL)
        return whole

    def _name(self, row: int) -> int:
        return int(self.versions[self.item[row]])


def from_arrays(
    attempt: ArrayLike,
    item: ArrayLike,
    score: ArrayLike,
    option: ArrayLike | None = None,
    *,
    versions: ArrayLike | None = None,
    attempts: int | None = None,
    seconds: ArrayLike | None = None,
    milliseconds: ArrayLike | None = None,
    position: ArrayLike | None = None,
    maximum: ArrayLike | None = None,
) -> Responses:
    """Answers from equally long columns; `item` holds indices into `versions`.

    Rows may come in any order; they are kept by ascending attempt. Without `versions` the items
    are 0..max(item); without `attempts` there are max(attempt)+1. Times as `seconds` (nan: not
    known) or `milliseconds`. Raises ValueError, saying what and where, for columns of unequal
    length, numbers out of range, and an item that stands twice in one attempt.
    """
    attempt_, item_ = _whole_numbers("attempt", attempt), _whole_numbers("item", item)
    score_ = _whole_numbers("score", score)
    option_ = (
        np.full(item_.shape, UNKNOWN, np.int32)
        if option is None
        else _whole_numbers("option", option)
    )
    times = _milliseconds(seconds, milliseconds)
    position_ = None if position is None else _whole_numbers("position", position)
    columns = {"item": item_, "score": score_, "option": option_, "seconds": times}
    columns["position"] = position_
    for name, column in columns.items():
        if column is not None and column.shape != attempt_.shape:
            raise ValueError(f"{name} has {column.size} rows, attempt has {attempt_.size}")
    numbers = (
        np.arange(int(item_.max(initial=-1)) + 1, dtype=np.int64)
        if versions is None
        else np.asarray(versions, dtype=np.int64)
    )
    full = _full_marks(maximum, numbers.size)
    count = int(attempt_.max(initial=-1)) + 1 if attempts is None else attempts
    _within("attempt", attempt_, 0, count - 1)
    _within("item", item_, 0, numbers.size - 1)
    _within("score", score_, 0, FULL)
    _within("option", option_, NOT_REACHED, (1 << MOST_OPTIONS) - 1)
    if position_ is not None:
        _within("position", position_, 0, np.iinfo(np.int16).max)
    answers = Responses(
        count,
        numbers,
        attempt_.astype(np.int32, copy=False),
        item_.astype(np.int32, copy=False),
        score_.astype(np.int16, copy=False),
        option_.astype(np.int32, copy=False),
        times,
        None if position_ is None else position_.astype(np.int16, copy=False),
        full,
    )
    if full is not None:
        _whole(answers, full)
    if (attempt_[1:] < attempt_[:-1]).any():
        answers = answers.rows(np.argsort(attempt_, kind="stable"))
    again = first_repeated(answers.attempt, answers.item)
    if again is not None:
        raise ValueError(
            f"attempt {int(answers.attempt[again])} has item {answers._name(again)} twice"
        )
    bounds = answers.bounds()
    if int(np.diff(bounds).max(initial=0)) > LONGEST_FORM:
        raise ValueError(f"an attempt shows more than {LONGEST_FORM} items")
    if full is not None and answers.item.size:
        marks = np.bincount(answers.attempt, weights=full[answers.item])
        if marks.max() > MOST_MARKS:
            where = int(marks.argmax())
            raise ValueError(f"attempt {where} may earn more than {MOST_MARKS} marks")
    return answers


def from_packed(rows: Iterable[PackedRow], versions: Sequence[int] | None = None) -> Responses:
    """Answers from one packed row an attempt: (item versions, options, scores, seconds, positions).

    Lists, or arrays, which are joined without a look at each number. `options` are bit masks (0
    omitted, -1 unknown), `scores` whole thousandths; seconds and positions may be None in every
    row. `versions` fixes the order of the items and may name versions nobody was shown; without
    it they are those that occur, in ascending order. Raises ValueError for arrays of unequal
    length, a version not in `versions`, and as `from_arrays`.
    """
    packed = list(rows)
    lengths = np.fromiter((len(row[0]) for row in packed), np.int64, len(packed))
    return from_forms(
        lengths,
        _column(packed, 0, lengths),
        _column(packed, 1, lengths),
        _column(packed, 2, lengths),
        versions,
        seconds=_optional(packed, 3, lengths),
        position=_optional(packed, 4, lengths),
    )


def from_forms(
    lengths: NDArray[np.integer],
    shown: NDArray[np.integer],
    options: NDArray[np.integer],
    scores: NDArray[np.integer],
    versions: Sequence[int] | NDArray[np.integer] | None = None,
    *,
    seconds: ArrayLike | None = None,
    position: ArrayLike | None = None,
) -> Responses:
    """Answers from one form after another: what `from_packed` takes, in columns.

    `lengths` int[attempts]: how many items each form has; the rest int[n], their sum: the item
    `shown`, `options`, `scores`. `versions` and ValueErrors as for `from_packed`.
    """
    if int(lengths.sum()) != shown.size:
        raise ValueError(f"forms of {int(lengths.sum())} items in all show {shown.size}")
    item, numbers = codes(shown)
    listed = numbers if versions is None else np.asarray(versions, dtype=np.int64)
    order = np.argsort(listed, kind="stable")
    place = np.searchsorted(listed, numbers, sorter=order).clip(max=max(listed.size - 1, 0))
    known = order[place] if listed.size else np.zeros(0, np.int64)
    if numbers.size and not (listed.size and np.array_equal(listed[known], numbers)):
        strange = np.setdiff1d(numbers, listed)
        raise ValueError(f"item version {int(strange[0])} is answered but not listed")
    if not np.array_equal(known, np.arange(numbers.size)):
        item = np.take(known.astype(np.int32), item)
    return from_arrays(
        np.repeat(np.arange(lengths.size, dtype=np.int32), lengths),
        item,
        scores,
        options,
        versions=listed,
        attempts=lengths.size,
        seconds=seconds,
        position=position,
    )


def _column(packed: list[PackedRow], place: int, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    parts = [row[place] for row in packed]
    for attempt, (part, length) in enumerate(zip(parts, lengths.tolist(), strict=True)):
        if part is None or len(part) != length:
            raise ValueError(f"attempt {attempt}: the packed arrays are not equally long")
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if arrays and len(arrays) == len(parts):
        return np.concatenate(arrays).astype(np.int64)
    filled = (part for part in parts if part is not None)
    return np.fromiter(chain.from_iterable(filled), np.int64, int(lengths.sum()))


def _optional(
    packed: list[PackedRow], place: int, lengths: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    if any(row[place] is None for row in packed):
        return None
    return _column(packed, place, lengths)


def _milliseconds(
    seconds: ArrayLike | None, milliseconds: ArrayLike | None
) -> NDArray[np.int32] | None:
    if milliseconds is not None:
        if seconds is not None:
            raise ValueError("times are given in seconds or in milliseconds, not in both")
        whole = _whole_numbers("milliseconds", milliseconds)
    elif seconds is None:
        return None
    else:
        given = np.asarray(seconds, dtype=np.float64)
        whole = _whole_numbers(
            "milliseconds", np.where(np.isnan(given), NO_TIME, np.rint(given * 1000))
        )
    _within("milliseconds", whole, NO_TIME, np.iinfo(np.int32).max)
    return whole.astype(np.int32, copy=False)


def _full_marks(maximum: ArrayLike | None, items: int) -> NDArray[np.int16] | None:
    if maximum is None:
        return None
    full = _whole_numbers("maximum", maximum)
    if full.shape != (items,):
        raise ValueError(f"maximum has {full.size} values for {items} items")
    wrong = np.flatnonzero((full < 1) | (full > LONGEST_FORM))
    if wrong.size:
        place = int(wrong[0])
        raise ValueError(f"item {place}: {full[place]} full marks are not in 1..{LONGEST_FORM}")
    return None if (full == 1).all() else full.astype(np.int16)


def _whole(answers: Responses, full: NDArray[np.int16]) -> None:
    """Refuse a part of a mark in an item of more than one."""
    marks = full.astype(np.int32)[answers.item]
    wrong = (marks > 1) & (_thousandths(answers._whole_marks(marks), marks) != answers.score)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"row {row}: score {int(answers.score[row])} thousandths of {int(marks[row])} marks "
            "are no whole marks"
        )


def _thousandths(
    marks: NDArray[np.integer], full: NDArray[np.integer] | int
) -> NDArray[np.integer]:
    """marks/full in thousandths, to the nearest."""
    return (2 * FULL * marks + full) // (2 * full)


def thousandths(marks: ArrayLike, full: ArrayLike) -> NDArray[np.int16]:
    """The score int16[n] that stands for `marks` whole marks of `full` (each int[n] or one)."""
    score: NDArray[np.int16] = _thousandths(
        np.asarray(marks, dtype=np.int32), np.asarray(full, dtype=np.int32)
    ).astype(np.int16)
    return score


def _whole_numbers(name: str, values: ArrayLike) -> NDArray[np.integer]:
    given = np.asarray(values)
    if given.dtype.kind in "biu":
        return given.astype(np.int8) if given.dtype.kind == "b" else given
    numbers = given.astype(np.float64)
    # The way round catches nan too.
    broken = np.flatnonzero(~(np.abs(numbers) < 2**53) | (numbers != np.rint(numbers)))
    if broken.size:
        row = int(broken[0])
        raise ValueError(f"row {row}: {name} {given[row]} is no whole number")
    return numbers.astype(np.int64)


def _within(name: str, values: NDArray[np.integer], least: int, most: int) -> None:
    if not values.size or (int(values.min()) >= least and int(values.max()) <= most):
        return
    row = int(np.flatnonzero((values < least) | (values > most))[0])
    raise ValueError(f"row {row}: {name} {values[row]} is not in {least}..{most}")
