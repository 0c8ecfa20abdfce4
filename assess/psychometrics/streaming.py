"""How are more answers analysed than should be held in memory at once?

A long file is read part by part, several at a time, and coded as cells: two or four bytes an answer
instead of fourteen and more. Classical statistics need nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import cells, coding, delimited, expected, options, responses, tallies
from assess.psychometrics.cells import Cells
from assess.psychometrics.delimited import Column, FileError
from assess.psychometrics.exact import Ints
from assess.psychometrics.reading import Answers
from assess.psychometrics.responses import (
    FULL,
    LONGEST_FORM,
    MOST_OPTIONS,
    OMITTED,
    UNKNOWN,
    Responses,
)

COLUMNS = ("attempt", "item", "option", "score")
LARGE = 5_000_000  # answers, which read whole take half a gigabyte
BYTES, PACKED = 16, 5  # of a row of text, about; of text in one byte of a .gz file

Block = dict[str, Column]
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """The answers of a long file as cells.

    `items`: labels; `attempts` int64[attempts]: their numbers; `options`: the most of an item.
    """

    cells: Cells
    items: tuple[str, ...]
    attempts: Ints
    options: int

    def answers(self) -> Answers:
        """The same row by row, as `reading.read` gives them: fourteen bytes an answer."""
        data = self.cells
        return self._named(
            np.repeat(np.arange(data.attempts, dtype=np.int32), data.length), data.cell
        )

    def kinds(self) -> Answers:
        """What the items and options are called: of every cell one answer, as if of one attempt."""
        data = self.cells
        return self._named(np.zeros(data.item.size, np.int32), np.arange(data.item.size))

    def _named(self, attempt: NDArray[np.int32], cell: NDArray[Any]) -> Answers:
        data = self.cells
        used = int(np.bitwise_or.reduce(np.maximum(data.option, 0), initial=0))
        values = [k for k in range(MOST_OPTIONS) if used >> k & 1]
        # Options are numbered by those that occur.
        option = np.minimum(data.option, 0)
        for place, value in enumerate(values):
            option |= np.where(data.option > 0, data.option >> value & 1, 0) << place
        rows = Responses(
            data.attempts,
            np.arange(data.items, dtype=np.int64),
            attempt,
            tallies.looked_up(data.item, cell),
            tallies.looked_up(data.points.astype(np.int16), cell),
            tallies.looked_up(option.astype(np.int32), cell),
        )
        known = bool(option.size and option.max() > UNKNOWN)
        keys = options.earned(rows) if known else np.zeros(data.items, np.int32)
        labels = tuple(map(str, values)) if known else ()
        widths = options.widths(rows, keys)
        return Answers(rows, self.items, self.attempts, labels, keys, widths, {})


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Rows of a file that follow each other, as cells.

    `attempt` [attempts]: numbers of the attempts, `length` int32[attempts]: their rows. `cell`
    uint16 or int32[n]. Of the cells: `item` int64[cells], the file's own number, `option`
    int64[cells], a mask, and `points` int64[cells].
    """

    attempt: Column
    length: NDArray[np.int32]
    cell: NDArray[Any]
    item: Ints
    option: Ints
    points: Ints


def read(path: Path, progress: Progress | None = None) -> Coded:
    """The answers of a long file of whole numbers: attempt, item, option (optional), score.

    CSV (.gz too) or Parquet. Rows of an attempt stand together, attempts ascend; `option` counts
    from 0, a negative one is omitted; `score` is 0 or 1, or a part of one mark. `progress` is told
    how many parts are read, and of how many (None: not known). Raises FileError for anything else:
    `reading.read` takes it, in more memory.
    """
    found = list(_pieces(path, progress))
    if not found:
        raise FileError(path, "has no answers.")
    attempts, length = _attempts(path, found)
    item, numbers = options.codes(np.concatenate([piece.item for piece in found]))
    coded = coding.joined(
        [piece.cell for piece in found],
        item.astype(np.int64),
        np.concatenate([piece.option for piece in found]),
        np.concatenate([piece.points for piece in found]),
        length,
        numbers.size,
    )
    most = int(coded.option.max(initial=0)).bit_length()
    return Coded(coded, tuple(map(str, numbers.tolist())), attempts, most)


def large(path: Path) -> bool:
    """Whether a file should rather be read part by part, and has only the columns that can be."""
    if path.suffix == ".parquet":
        try:
            with import_module("pyarrow.parquet").ParquetFile(path) as file:
                names, rows = file.schema_arrow.names, file.metadata.num_rows
        except (ImportError, OSError, ValueError):
            return False  # `reading` says what is wrong
        return rows >= LARGE and set(names) <= set(COLUMNS)
    size = path.stat().st_size * (PACKED if path.suffix == ".gz" else 1)
    if size < LARGE * BYTES:
        return False
    return set(next(delimited.blocks(path))) <= set(COLUMNS)


def _pieces(path: Path, progress: Progress | None) -> Iterator[Piece]:
    if path.suffix == ".parquet":
        parts, of = _groups(path)
    else:
        parts, of = (_taken(path, block) for block in delimited.blocks(path)), None
    for done, part in enumerate(parts, start=1):
        if part is not None:
            yield part
        if progress is not None:
            progress(done, of)


def _groups(path: Path) -> tuple[Iterator[Piece | None], int]:
    """The row groups of a Parquet file, a thread for each processor, and how many there are."""
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        what = "is Parquet, which needs pyarrow: pip install 'assess[parquet]', or use CSV."
        raise FileError(path, what) from error
    opened = threading.local()

    def part(group: int) -> Piece | None:
        # A file is read by one thread at a time: each has its own.
        if not hasattr(opened, "file"):
            opened.file = parquet.ParquetFile(path)
        table = opened.file.read_row_group(group, columns=taken, use_threads=False)
        names, columns = table.column_names, table.columns
        block = {name: column.to_numpy() for name, column in zip(names, columns, strict=True)}
        return _taken(path, block)

    def parts() -> Iterator[Piece | None]:
        with ThreadPoolExecutor(expected.processors()) as threads:
            try:
                yield from threads.map(part, range(count))
            except (OSError, ValueError) as error:
                if isinstance(error, FileError):
                    raise
                raise FileError(path, f"cannot be read as Parquet: {error}.") from error

    try:
        with parquet.ParquetFile(path) as file:
            names, count = file.schema_arrow.names, file.num_row_groups
    except (OSError, ValueError) as error:
        raise FileError(path, f"cannot be read as Parquet: {error}.") from error
    _complete(path, names)
    taken = [name for name in COLUMNS if name in names]
    return parts(), count


def _complete(path: Path, names: Sequence[str]) -> None:
    for name in COLUMNS:
        if name not in names and name != "option":
            what = f"has no column {name!r}. It has: {', '.join(list(names)[:12])}."
            raise FileError(path, what, 1)


def _taken(path: Path, block: Block) -> Piece | None:
    """A block of rows as cells; None for one without rows."""
    _complete(path, list(block))
    taken = {name: block[name] for name in COLUMNS if name in block}
    if not taken["attempt"].size:
        return None
    for name, column in taken.items():
        if column.dtype.kind not in ("iub" if name != "score" else "iubf"):
            what = f"has other things than numbers in {name!r}: it must be read whole."
            raise FileError(path, what)
    attempt, length = _runs(path, taken["attempt"], taken["item"])
    kind, chosen, points = _kinds(path, taken.get("option"), taken["score"])
    item = taken["item"]
    low, of = int(item.min()), chosen.size * points.size
    numbers: Column = np.arange(low, int(item.max()) + 1, dtype=np.int64)
    if numbers.size * of > cells.ROOM:
        item, numbers = options.codes(item)
        low = 0

    def key(rows: slice, out: Ints) -> None:
        np.subtract(item[rows], low, out=out)
        out *= of
        out += kind(rows)

    cell, kept = coding.numbered(numbers.size * of, item.size, key)
    which, pair = np.divmod(kept, of)
    option, score = np.divmod(pair, points.size)
    return Piece(
        attempt, length, cell, numbers[which].astype(np.int64), chosen[option], points[score]
    )


def _runs(path: Path, attempt: Column, item: Column) -> tuple[Column, NDArray[np.int32]]:
    """The attempts, and how many rows each has."""
    fresh = attempt[1:] != attempt[:-1]
    starts = np.concatenate(([0], np.flatnonzero(fresh) + 1))
    order = attempt[starts]
    if (order[1:] < order[:-1]).any():
        raise _unordered(path)
    length = np.diff(starts, append=attempt.size).astype(np.int32)
    rising = item[1:] > item[:-1]
    rising |= fresh
    if not rising.all():
        place = np.repeat(np.arange(length.size, dtype=np.int32), length)
        again = responses.first_repeated(place, options.codes(item)[0])
        if again is not None:
            raise _twice(path, int(attempt[again]), int(item[again]))
    return order, length


def _kinds(
    path: Path, option: Column | None, score: Column
) -> tuple[Callable[[slice], Column], Ints, Ints]:
    """What gives each row's place among all pairs of option and score, and what these are.

    Options as masks, scores in points.
    """
    if not (score.min() >= 0 and score.max() <= 1):
        raise FileError(path, "has scores outside 0 to 1: it must be read whole.")
    points = np.array([0, FULL], np.int64)
    if score.dtype.kind == "f":
        score, different = options.codes(np.rint(score * FULL).astype(np.int16))
        points = different.astype(np.int64)
    if option is None:
        return lambda rows: score[rows], np.array([UNKNOWN], np.int64), points
    least, most = int(option.min()), int(option.max())
    if most >= MOST_OPTIONS:
        what = f"has option {most}; at most {MOST_OPTIONS} are possible, from 0."
        raise FileError(path, what)

    def kind(rows: slice) -> Column:
        chosen = option[rows].astype(np.int16) if least >= -1 else np.maximum(option[rows], -1)
        return (chosen + 1) * points.size + score[rows]

    return kind, np.array([OMITTED, *(1 << k for k in range(most + 1))], np.int64), points


def _attempts(path: Path, pieces: Sequence[Piece]) -> tuple[Ints, NDArray[np.int32]]:
    """The attempts of the file and their rows; one may go on from a piece to the next."""
    attempts: list[Column] = []
    lengths: list[NDArray[np.int32]] = []
    last, tail = None, np.zeros(0, np.int64)
    for piece in pieces:
        attempt, length, first = piece.attempt, piece.length, int(piece.attempt[0])
        if last is not None and first < last:
            raise _unordered(path)
        if first == last:
            tail = np.concatenate((tail, piece.item[piece.cell[: length[0]]]))
            numbers, n = np.unique(tail, return_counts=True)
            if (n > 1).any():
                raise _twice(path, first, int(numbers[n > 1][0]))
            lengths[-1][-1] += length[0]
            attempt, length = attempt[1:], length[1:]
        if length.size:
            attempts.append(attempt)
            lengths.append(length)
            tail = piece.item[piece.cell[-length[-1] :]]
        last = int(piece.attempt[-1])
    every = np.concatenate(lengths)
    if every.max() > LONGEST_FORM:
        raise FileError(path, f"an attempt shows more than {LONGEST_FORM} items.")
    return np.concatenate(attempts).astype(np.int64), every


def _unordered(path: Path) -> FileError:
    return FileError(path, "is not in ascending order of attempts. Sort it, or read it whole.")


def _twice(path: Path, attempt: int, item: int) -> FileError:
    return FileError(path, f"attempt {attempt} has item {item} twice. Keep one row of the two.")
