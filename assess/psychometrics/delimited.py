"""What stands in the columns of this text file? Delimited text, gzipped or not, read in blocks.

A block that holds numbers alone is parsed by numpy in one go; any other goes through the csv
module. Either way a column comes out as one array of whole numbers, of numbers, or of text.
"""

from __future__ import annotations

import csv
import gzip
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 22  # bytes read at once
PACKED = b"\x1f\x8b"  # how gzip begins (RFC 1952, 2.3.1)
MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "."})
_NUMBERS = b"0123456789,-.\n"
_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")  # so data frames write 1 beside an empty cell
_PADDED = re.compile(rb"(?<![0-9.])0[0-9]")  # 007 is a name, not a number

Column = NDArray[Any]  # integers, float64, or str objects


class FileError(ValueError):
    """What is wrong with a file, where in it, and what to do: one sentence each."""

    def __init__(self, path: Path, what: str, line: int | None = None) -> None:
        where = path.name if line is None else f"{path.name}, line {line}"
        super().__init__(f"{where}: {what}")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of a file by name, in the file's order: int64, float64 or str objects, [rows].

    A column with anything but numbers in it, an empty cell too, is text: its cells as written,
    without the space around them; 1.0 is 1 there too where all cells are such numbers or empty.
    """

    path: Path
    columns: dict[str, Column]

    @property
    def rows(self) -> int:
        """How many rows of data there are."""
        return next(iter(self.columns.values())).size if self.columns else 0

    def line(self, row: int) -> int:
        """The line of the file on which a row of data (from 0) ends; the header is line 1."""
        if self.path.suffix == ".parquet":
            return row + 2
        with _opened(self.path) as stream:
            reader = csv.reader(
                StringIO(stream.read().decode("utf-8-sig")), delimiter=_delimiter(self.path)
            )
            seen = -1
            for cells in reader:
                seen += bool(cells)
                if seen > row:
                    return reader.line_num
        return row + 2

    def refuse(self, row: int, what: str) -> FileError:
        """The error that names the line of this row."""
        return FileError(self.path, what, self.line(row))


def read(path: Path) -> Table:
    """All columns of a delimited file (comma, semicolon or tab; gzip is unpacked).

    Raises FileError for what is no such file: unreadable, not UTF-8, no header, a column named
    twice, a row of another length than the header.
    """
    names: list[str] = []
    parts: list[list[Column]] = []
    for block in blocks(path):
        names = list(block)
        parts.append(list(block.values()))
    columns = list(zip(*parts, strict=True))
    return Table(
        path, {name: _joined(list(cells)) for name, cells in zip(names, columns, strict=True)}
    )


def blocks(path: Path) -> Iterator[dict[str, Column]]:
    """The columns of a delimited file, a block of rows at a time; one block at least.

    Raises as `read`. A column may be numbers in one block and text in another.
    """
    try:
        delimiter = _delimiter(path)
        with _opened(path) as stream:
            names = _header(path, stream, delimiter)
            yield {name: np.array([], dtype=object) for name in names}
            for block in _blocks(path, stream, delimiter, len(names)):
                yield dict(zip(names, block, strict=True))
    except (OSError, EOFError) as error:
        raise FileError(path, f"cannot be read: {_cause(error)}.") from error
    except UnicodeDecodeError as error:
        what = "is not UTF-8 text. Save it as CSV in UTF-8."
        raise FileError(path, what) from error
    except csv.Error as error:
        raise FileError(path, f"is no delimited text: {error}.") from error


def objects(texts: Iterable[str]) -> NDArray[np.object_]:
    """These texts as an array of str objects (numpy alone would cut or widen them)."""
    return np.array([*texts, None], dtype=object)[:-1]


def _cause(error: OSError | EOFError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).lower() or "it ends too early"


def _opened(path: Path) -> BinaryIO:
    """By its content: a name may lack its end, or keep it when the file is unpacked."""
    with path.open("rb") as file:
        packed = file.read(len(PACKED)) == PACKED
    return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")


def _delimiter(path: Path) -> str:
    with _opened(path) as stream:
        head = stream.readline()
    return max(",;\t", key=lambda mark: head.count(mark.encode()))


def _header(path: Path, stream: BinaryIO, delimiter: str) -> list[str]:
    text = stream.readline().decode("utf-8-sig")
    if "\r" in text.rstrip("\r\n"):
        what = "its lines end as on old Macs, by CR alone. Save it as CSV in UTF-8."
        raise FileError(path, what)
    if "\0" in text:
        raise FileError(path, "a NUL character stands here: this is no plain text.", 1)
    names = [name.strip() for name in next(csv.reader([text], delimiter=delimiter), [])]
    if not any(names):
        raise FileError(path, "has no header: the first line must name the columns.")
    for name in names:
        if not name:
            raise FileError(path, "a column has no name. Name every column.", 1)
        if names.count(name) > 1:
            raise FileError(path, f"two columns are called {name!r}. Rename one.", 1)
    return names


def _blocks(path: Path, stream: BinaryIO, delimiter: str, width: int) -> Iterator[list[Column]]:
    line = 2  # of the file, at the beginning of the block
    left = b""
    while True:
        data = stream.read(BLOCK)
        block = left + data
        if b'"' in block:
            # A quoted cell may hold line ends: the rest is read by the csv module alone.
            yield from _quoted(path, BytesIO(block + stream.read()), delimiter, width, line)
            return
        cut = block.rfind(b"\n") + 1 if data else len(block)
        block, left = block[:cut], block[cut:]
        if b"\0" in block:
            at = line + block[: block.index(b"\0")].count(b"\n")
            raise FileError(path, "a NUL character stands here: this is no plain text.", at)
        if block.strip():
            plain = block.replace(b"\r\n", b"\n")
            yield _numbers(plain, delimiter, width) or _cells(
                path, plain.decode("utf-8"), delimiter, width, line
            )
        line += block.count(b"\n")
        if not data:
            return


def _quoted(
    path: Path, stream: BytesIO, delimiter: str, width: int, line: int
) -> Iterator[list[Column]]:
    yield _cells(path, stream.read().decode("utf-8"), delimiter, width, line)


def _numbers(block: bytes, delimiter: str, width: int) -> list[Column] | None:
    """The columns of a block of numbers alone; None for any other block."""
    text = block.strip(b"\n") if delimiter == "," else block.replace(delimiter.encode(), b",")
    text = text.strip(b"\n")
    rows = text.count(b"\n") + 1
    if text.translate(None, _NUMBERS) or _PADDED.search(text):
        return None
    if text.count(b",") != rows * (width - 1) or b",," in text or b",\n" in text:
        return None
    if b"\n," in text or b"\n\n" in text or text[:1] == b"," or text[-1:] == b",":
        return None
    kind = np.float64 if b"." in text else np.int64
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of "1-2": the count below tells
        try:
            flat = np.fromstring(text.replace(b"\n", b",").decode("ascii"), dtype=kind, sep=",")
        except ValueError:
            return None
    # One short row and one long one would pass the count of commas; each line is checked.
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    commas = np.cumsum(np.frombuffer(text, np.uint8) == ord(","), dtype=np.int64)[ends]
    even = np.array_equal(commas, np.arange(1, rows) * (width - 1))
    if flat.size != rows * width or not even:
        return None
    # Numbers too long to be held exactly, such as identities of 20 digits, are text.
    most = 2.0**53 if kind is np.float64 else 2.0**63 - 1024
    if flat.size and max(flat.max(), -flat.min()) >= most:
        return None
    return [narrow(column) for column in flat.reshape(rows, width).T]


def _cells(path: Path, text: str, delimiter: str, width: int, line: int) -> list[Column]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    rows = []
    for cells in reader:
        if len(cells) == width:
            rows.append(cells)
        elif cells:
            raise FileError(
                path,
                f"{len(cells)} cells where the header names {width} columns. "
                "Check the delimiters, and quote cells that hold one.",
                line + reader.line_num - 1,
            )
    return [_parsed([cell.strip() for cell in cells]) for cells in zip(*rows, strict=True)]


def _parsed(cells: list[str]) -> Column:
    """A column of these cells: whole numbers in their narrowest type, or text."""
    if all(cell in MISSING or _WHOLE.fullmatch(cell) for cell in cells):
        cells = [_WHOLE.sub(r"\1", cell) for cell in cells]
    return narrow(_integers(cells))


def _integers(cells: list[str]) -> Column:
    try:
        whole = np.array([int(cell) for cell in cells], dtype=np.int64)
    except (ValueError, OverflowError):
        return objects(cells)
    # Written otherwise than a number is: 007, +1, 1_000.
    plain = all(str(number) == cell for number, cell in zip(whole.tolist(), cells, strict=True))
    return whole if plain else objects(cells)


def narrow(column: Column) -> Column:
    """Whole numbers as integers, in their narrowest type; text as it is."""
    if column.dtype.kind == "f":
        whole = np.rint(column)
        if not (whole == column).all():
            return column.copy()
        column = whole.astype(np.int64)
    if column.dtype.kind == "i" and column.size:
        low, high = int(column.min()), int(column.max())
        for kind in (np.int8, np.int16, np.int32, np.int64):
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                return column.astype(kind)
    return column


def _joined(parts: list[Column]) -> Column:
    """One array of the blocks' parts: text as soon as one of them is text."""
    parts = [part for part in parts if part.size] or parts[:1]
    if len({part.dtype.kind for part in parts} - {"f", "i"}):
        parts = [text(part) for part in parts]
    return np.concatenate(parts)


def text(column: Column) -> NDArray[np.object_]:
    """A column as text, numbers as Python writes them."""
    return column if column.dtype.kind == "O" else objects(map(str, column.tolist()))
