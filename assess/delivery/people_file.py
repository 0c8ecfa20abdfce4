"""What does each line of a file of people say, whatever the file holds?

CSV in UTF-8 with a header; commas, semicolons or tabs between the cells, as spreadsheets write
them. The columns are in `docs/people-file.md`. An empty cell says nothing.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import BinaryIO

from assess.bank.formats.lines import MEGABYTE, FileRefused, delimiter, lines
from assess.bank.problems import problem, shown
from assess.delivery import accounts
from assess.reasons import Reason

COLUMNS = (
    "username",
    "name",
    "roles",
    "born_on",
    "email",
    "programme",
    "group",
    "tutor",
    "language",
    "starts",
    "ends",
    "needs",
)
"""Every column; only the first has to be there."""

OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "log-in name": "username",
        "login": "username",
        "role": "roles",
        "date of birth": "born_on",
        "e-mail": "email",
        "first day": "starts",
        "last day": "ends",
    }
)
"""What people call some of them."""

LARGEST = 16 * MEGABYTE  # bytes, unpacked
MOST_LINES = 20_000
LONGEST_CELL = 10_000  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file: its number (from 1), its cells by column, what is wrong with it."""

    number: int
    cells: Mapping[str, str]
    problems: tuple[Reason, ...] = ()

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read(stream: BinaryIO) -> tuple[Row, ...]:
    """The lines of a file of people. Raises FileRefused for a file that is no such table."""
    text = "".join(_texts(stream))
    head = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(head), strict=True)
    columns: list[str] = []
    rows: list[Row] = []
    while True:
        before = reader.line_num
        try:
            cells = [accounts.plain(cell) for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error:
            raise FileRefused(problem("csv_unclosed", line=before + 1)) from None
        if not any(cells):
            continue
        if not columns:
            columns = _header(cells)
            continue
        if len(rows) == MOST_LINES:
            raise FileRefused(problem("file_too_many_lines", allowed=MOST_LINES))
        rows.append(_row(before + 1, columns, cells))
    if not columns:
        raise FileRefused(problem("file_empty"))
    return tuple(rows)


def _texts(stream: BinaryIO) -> Iterator[str]:
    for line in lines(stream, LARGEST):
        if line.text is None or len(line.text) > LONGEST_CELL * len(COLUMNS):
            raise FileRefused(problem("field_too_large", line=line.number, allowed=LONGEST_CELL))
        if "\0" in line.text:
            raise FileRefused(problem("header_broken", line=line.number))
        yield line.text


def _header(cells: Sequence[str]) -> list[str]:
    names = list(cells)
    while names and not names[-1]:
        names.pop()  # the empty columns at the end that spreadsheets leave
    plain = [name.casefold().replace("_", " ") for name in names]
    known = {column.replace("_", " "): column for column in COLUMNS} | dict(OTHER_NAMES)
    columns = [known.get(name, "") for name in plain]
    reasons = []
    if "username" not in columns:
        found = shown(", ".join(names))
        reasons.append(problem("header_missing", columns="username", found=found))
    unknown = [shown(n) or "–" for n, c in zip(names, columns, strict=True) if not c]
    if unknown:
        allowed = ", ".join(COLUMNS)
        said = shown(", ".join(unknown))
        reasons.append(problem("header_unknown", columns=said, allowed=allowed))
    repeated = [name for name, times in Counter(c for c in columns if c).items() if times > 1]
    if repeated:
        reasons.append(problem("header_repeated", columns=", ".join(repeated)))
    if reasons:
        raise FileRefused(*reasons)
    return columns


def _row(number: int, columns: Sequence[str], cells: Sequence[str]) -> Row:
    # Spreadsheets leave out the empty cells at the end of a row, for some of the rows.
    if "username" in columns[len(cells) :] or any(cells[len(columns) :]):
        differ = problem("fields_differ", found=len(cells), allowed=len(columns))
        return Row(number, MappingProxyType({}), (differ,))
    filled = zip_longest(columns, cells[: len(columns)], fillvalue="")
    return Row(number, MappingProxyType(dict(filled)))
