"""How are more answers analysed than should be held in memory at once?

A long file is read part by part, each of whole attempts, and coded as cells: two or four bytes an
answer instead of fourteen and more. Classical statistics need nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import numpy as np

from assess.psychometrics import cells, delimited, options, responses
from assess.psychometrics.cells import Cells
from assess.psychometrics.delimited import Column, FileError
from assess.psychometrics.responses import FULL, MOST_OPTIONS, OMITTED, Responses

ROWS = 1 << 21  # answers of one part, or a few more

Block = dict[str, Column]


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """The answers of a long file as cells; `items`: labels; `options`: the most of an item."""

    cells: Cells
    items: tuple[str, ...]
    options: int


def read(path: Path) -> Coded:
    """The answers of a long file of whole numbers: attempt, item, option (optional), score.

    CSV (.gz too) or Parquet. Rows of an attempt stand together, attempts ascend; `option` counts
    from 0, a negative one is omitted; `score` is 0 or 1, or a part of one mark. Raises FileError
    for anything else: `reading.read` takes it, in more memory.
    """
    found, numbers = [], np.empty(0, np.int64)
    for part in parts(path):
        found.append((cells.coded(part), part.versions))
        numbers = np.union1d(numbers, part.versions)
    if not found:
        raise FileError(path, "has no answers.")
    one = np.ones(numbers.size, np.int64)
    coded = cells.joined(
        [
            replace(
                part,
                items=numbers.size,
                item=np.searchsorted(numbers, versions)[part.item].astype(np.int32),
                maximum=one,
            )
            for part, versions in found
        ]
    )
    most = int(coded.option.max(initial=0)).bit_length()
    return Coded(coded, tuple(map(str, numbers.tolist())), most)


def parts(path: Path, rows: int | None = None) -> Iterator[Responses]:
    """The answers as Responses of about `rows` (2**21) rows, each of whole attempts, numbered anew.

    The `versions` of each are the numbers of the items that occur in it.
    """
    kept: list[Block] = []
    size, last = 0, None
    for block in _blocks(path, ("attempt", "item", "option", "score")):
        kept.append(block)
        size += block["attempt"].size
        if size < (rows or ROWS):
            continue
        whole = {name: np.concatenate([part[name] for part in kept]) for name in block}
        # The last attempt may go on in the next block.
        attempt = whole["attempt"]
        cut = int(np.searchsorted(attempt, attempt[-1]))
        if cut:
            yield _responses(path, {name: c[:cut] for name, c in whole.items()}, last)
            last = int(attempt[cut - 1])
        kept = [{name: column[cut:] for name, column in whole.items()}]
        size = attempt.size - cut
    if size:
        whole = {name: np.concatenate([part[name] for part in kept]) for name in kept[0]}
        yield _responses(path, whole, last)


def _responses(path: Path, block: Block, last: int | None) -> Responses:
    attempt = block["attempt"]
    new = np.flatnonzero(attempt[1:] != attempt[:-1])
    if (attempt[1:] < attempt[:-1]).any() or (last is not None and attempt[0] <= last):
        raise FileError(path, "is not in ascending order of attempts. Sort it, or read it whole.")
    lengths = np.diff(np.concatenate([[-1], new, [attempt.size - 1]]))
    item, numbers = options.codes(block["item"])
    option = None
    if "option" in block:
        chosen = block["option"]
        if int(chosen.max()) >= MOST_OPTIONS:
            what = f"has option {int(chosen.max())}; at most {MOST_OPTIONS} are possible, from 0."
            raise FileError(path, what)
        mask = np.array([OMITTED, *(1 << k for k in range(MOST_OPTIONS))], np.int32)
        option = mask[np.maximum(chosen, -1) + 1]
    score = block["score"]
    if score.size and not (score.min() >= 0 and score.max() <= 1):
        raise FileError(path, "has scores outside 0 to 1: it must be read whole.")
    thousandths = (
        score.astype(np.int16) * np.int16(FULL)
        if score.dtype.kind in "iub"
        else np.rint(score * FULL)
    )
    try:
        return responses.from_arrays(
            np.repeat(np.arange(lengths.size, dtype=np.int32), lengths),
            item,
            thousandths,
            option,
            versions=numbers,
            attempts=lengths.size,
        )
    except ValueError as error:
        raise FileError(path, f"{error}.") from error


def _blocks(path: Path, wanted: tuple[str, ...]) -> Iterator[Block]:
    """The wanted columns (option may be missing) in blocks of numbers, none of them empty."""
    for block in _parquet(path, wanted) if path.suffix == ".parquet" else delimited.blocks(path):
        for name in wanted:
            if name not in block and name != "option":
                what = f"has no column {name!r}. It has: {', '.join(list(block)[:12])}."
                raise FileError(path, what, 1)
        taken = {name: block[name] for name in wanted if name in block}
        if not next(iter(taken.values())).size:
            continue
        for name, column in taken.items():
            if column.dtype.kind not in ("iub" if name != "score" else "iubf"):
                what = f"has other things than numbers in {name!r}: it must be read whole."
                raise FileError(path, what)
        yield taken


def _parquet(path: Path, wanted: tuple[str, ...]) -> Iterator[Block]:
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        what = "is Parquet, which needs pyarrow: pip install 'assess[parquet]', or use CSV."
        raise FileError(path, what) from error
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            yield {name: np.empty(0, np.int64) for name in names}
            taken = [name for name in wanted if name in names]
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=taken)
                yield {
                    name: column.to_numpy()
                    for name, column in zip(table.column_names, table.columns, strict=True)
                }
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(path, f"cannot be read as Parquet: {error}.") from error
