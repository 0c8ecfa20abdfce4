"""Who was shown which item, and what came of it: the answers in long, sparse form.

One row for each item shown in an attempt. An item that was not drawn has no row; an item that
was shown and left empty has a row with option `OMITTED` and score 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike, NDArray

UNKNOWN = -1  # the score is known, the chosen option is not
OMITTED = 0  # shown, and no option chosen
FULL = 1000  # thousandths in one mark
MOST_OPTIONS = 26
LONGEST_FORM = 500  # items of one attempt; the exact sums of squares rest on it

# item versions, option masks, scores in thousandths, seconds, positions: equally long each
PackedRow = tuple[
    Sequence[int], Sequence[int], Sequence[int], Sequence[int] | None, Sequence[int] | None
]


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Answers of `attempts` attempts to the items `versions`; all arrays have a row an answer.

    `versions` int64[items]: the caller's own number of each item version; its place is the
    index that `item` uses. `attempt` int32[n] 0..attempts-1, `item` int32[n], `score` int16[n]
    in thousandths of a mark 0..1000, `option` int32[n] a bit mask of the chosen options (bit k
    is the version's own option k), `OMITTED` or `UNKNOWN`; `seconds` int32[n] and `position`
    int16[n] where known. Build it with `from_arrays` or `from_packed`, which check.
    """

    attempts: int
    versions: NDArray[np.int64]
    attempt: NDArray[np.int32]
    item: NDArray[np.int32]
    score: NDArray[np.int16]
    option: NDArray[np.int32]
    seconds: NDArray[np.int32] | None = None
    position: NDArray[np.int16] | None = None

    @property
    def items(self) -> int:
        """How many item versions there are, answered or not."""
        return int(self.versions.size)

    @property
    def longest(self) -> int:
        """How many items the longest attempt shows; 0 without answers."""
        return int(np.bincount(self.attempt, minlength=1).max())

    def of_attempts(self, chosen: NDArray[np.bool_]) -> Responses:
        """The answers of the chosen attempts (bool[attempts]) alone, attempts numbered anew."""
        rows = chosen[self.attempt]
        number = (np.cumsum(chosen) - 1).astype(np.int32)
        return Responses(
            int(chosen.sum()),
            self.versions,
            number[self.attempt[rows]],
            self.item[rows],
            self.score[rows],
            self.option[rows],
            None if self.seconds is None else self.seconds[rows],
            None if self.position is None else self.position[rows],
        )


def from_arrays(
    attempt: ArrayLike,
    item: ArrayLike,
    score: ArrayLike,
    option: ArrayLike | None = None,
    *,
    versions: ArrayLike | None = None,
    attempts: int | None = None,
    seconds: ArrayLike | None = None,
    position: ArrayLike | None = None,
) -> Responses:
    """Answers from equally long columns; `item` holds indices into `versions`.

    Without `versions` the items are 0..max(item); without `attempts` there are max(attempt)+1.
    Raises ValueError, saying what and where, for columns of unequal length, numbers out of
    range, and an item that stands twice in one attempt.
    """
    attempt_ = np.asarray(attempt, dtype=np.int32)
    item_ = np.asarray(item, dtype=np.int32)
    score_ = np.asarray(score, dtype=np.int32)
    option_ = np.full(item_.shape, UNKNOWN) if option is None else np.asarray(option)
    seconds_ = None if seconds is None else np.asarray(seconds, dtype=np.int32)
    position_ = None if position is None else np.asarray(position, dtype=np.int16)
    columns = {"item": item_, "score": score_, "option": option_, "seconds": seconds_}
    columns["position"] = position_
    for name, column in columns.items():
        if column is not None and column.shape != attempt_.shape:
            raise ValueError(f"{name} has {column.size} rows, attempt has {attempt_.size}")
    numbers = (
        np.arange(int(item_.max(initial=-1)) + 1, dtype=np.int64)
        if versions is None
        else np.asarray(versions, dtype=np.int64)
    )
    count = int(attempt_.max(initial=-1)) + 1 if attempts is None else attempts
    _within("attempt", attempt_, 0, count - 1)
    _within("item", item_, 0, numbers.size - 1)
    _within("score", score_, 0, FULL)
    _within("option", option_, UNKNOWN, (1 << MOST_OPTIONS) - 1)
    pair = np.sort(attempt_.astype(np.int64) * max(numbers.size, 1) + item_)
    twice = np.flatnonzero(pair[1:] == pair[:-1])
    if twice.size:
        where, which = divmod(int(pair[twice[0]]), numbers.size)
        raise ValueError(f"attempt {where} has item {int(numbers[which])} twice")
    if attempt_.size and int(np.bincount(attempt_).max()) > LONGEST_FORM:
        raise ValueError(f"an attempt shows more than {LONGEST_FORM} items")
    return Responses(
        count,
        numbers,
        attempt_,
        item_,
        score_.astype(np.int16),
        option_.astype(np.int32),
        seconds_,
        position_,
    )


def from_packed(rows: Iterable[PackedRow], versions: Sequence[int] | None = None) -> Responses:
    """Answers from one packed row an attempt: (item versions, options, scores, seconds, positions).

    `options` are bit masks (0 omitted, -1 unknown), `scores` whole thousandths; seconds and
    positions may be None in every row. `versions` fixes the order of the items and may name
    versions nobody was shown; without it they are those that occur, in ascending order. Raises
    ValueError for arrays of unequal length, a version not in `versions`, and as `from_arrays`.
    """
    packed = list(rows)
    lengths = np.fromiter((len(row[0]) for row in packed), np.int64, len(packed))
    number = _column(packed, 0, lengths)
    shown = np.unique(number)
    listed = shown if versions is None else np.asarray(versions, dtype=np.int64)
    order = np.argsort(listed, kind="stable")
    place = np.searchsorted(listed, shown, sorter=order).clip(max=max(listed.size - 1, 0))
    known = order[place] if listed.size else np.zeros(0, np.int64)
    if shown.size and not (listed.size and np.array_equal(listed[known], shown)):
        strange = np.setdiff1d(shown, listed)
        raise ValueError(f"item version {int(strange[0])} is answered but not listed")
    return from_arrays(
        np.repeat(np.arange(len(packed)), lengths),
        known[np.searchsorted(shown, number)],
        _column(packed, 2, lengths),
        _column(packed, 1, lengths),
        versions=listed,
        attempts=len(packed),
        seconds=_optional(packed, 3, lengths),
        position=_optional(packed, 4, lengths),
    )


def _column(packed: list[PackedRow], place: int, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    parts = [row[place] for row in packed]
    for attempt, (part, length) in enumerate(zip(parts, lengths.tolist(), strict=True)):
        if part is None or len(part) != length:
            raise ValueError(f"attempt {attempt}: the packed arrays are not equally long")
    filled = (part for part in parts if part is not None)
    return np.fromiter(chain.from_iterable(filled), np.int64, int(lengths.sum()))


def _optional(
    packed: list[PackedRow], place: int, lengths: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    if any(row[place] is None for row in packed):
        return None
    return _column(packed, place, lengths)


def _within(name: str, values: NDArray[np.integer], least: int, most: int) -> None:
    wrong = np.flatnonzero((values < least) | (values > most))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(f"row {row}: {name} {int(values[row])} is not in {least}..{most}")
