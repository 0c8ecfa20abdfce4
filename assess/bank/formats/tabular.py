"""Which questions does a table hold? CSV or JSON lines, either packed with gzip.

The columns are documented in `docs/formats.md`. Reading is streaming: a row at a time. A bad row
is a `Row` with its problems; a file that is no table at all raises `FileRefused`, at once or when
the reading comes to the place from which nothing more can be told apart.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, zip_longest
from typing import BinaryIO, Final, NoReturn

from assess.bank.formats import rows
from assess.bank.formats.lines import MAX_LINE, FileRefused, Line, delimiter, lines
from assess.bank.formats.rows import Cells, Row
from assess.bank.items import LETTERS
from assess.bank.problems import problem, shown

__all__ = ["FORMATS", "FileRefused", "Row", "read"]

FORMATS: Final = ("auto", "csv", "jsonl")
MAX_FIELD = 131_072  # characters of a CSV field: far beyond every text a question may hold
NEEDED = ("id", "stem", "key", "A", "B")
SHARED = (
    "id",
    "kind",
    "outcome",
    "category",
    "stem",
    "key",
    "level",
    "expected_facility",
    "revise",
    "shuffle",
    "scoring",
    "set",
    "stimulus",
    "enemies",
)
CSV_COLUMNS = {
    name.casefold(): name for name in (*SHARED, *LETTERS, *(f"rationale_{one}" for one in LETTERS))
}
JSON_KEYS = (*SHARED, "options", "rationales")
CSV_ALLOWED = (*SHARED, "A–Z", "rationale_A–rationale_Z")
JSON_NAMES = re.compile(r"\.(?:jsonl|ndjson|jsonlines)(?:\.gz)?$", re.IGNORECASE)


def read(stream: BinaryIO, name: str, format: str = "auto") -> Iterator[Row]:
    """The rows of a file, in its order. `name` is the file's name, for "auto" and for messages.

    Raises FileRefused for a file that is no table, ValueError for an unknown format.
    """
    if format not in FORMATS:
        raise ValueError(f"format {format!r} is none of {FORMATS}")
    text = lines(stream)
    leading: list[Line] = []
    for line in text:
        leading.append(line)
        if line.text is None or line.text.strip():
            break
    else:
        raise FileRefused(problem("file_empty"))
    as_json = _is_json(leading[-1], name) if format == "auto" else format == "jsonl"
    whole = chain(leading, text)
    return _json_rows(whole) if as_json else _csv_rows(whole, delimiter(leading[-1].text or ""))


def _is_json(first: Line, name: str) -> bool:
    """Is a file JSON lines, by its first line and its name? Other known formats are refused."""
    start = (first.text or "").lstrip()
    if start.startswith(("<", "%PDF", "::", "$CATEGORY")):
        raise FileRefused(problem("file_format_unknown", name=shown(name)))
    if start.startswith("["):
        raise FileRefused(problem("json_no_lines"))
    return start.startswith("{") or JSON_NAMES.search(name) is not None


def _json_rows(text: Iterator[Line]) -> Iterator[Row]:
    for line in text:
        where = f"line {line.number}"
        if line.text is None:
            yield rows.refused(where, problem("line_too_long", allowed=MAX_LINE))
        elif line.text.strip():
            yield _json_row(where, line.text)


class _KeyRepeatedError(ValueError):
    """An object names a key twice; most readers would keep the last in silence."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _KeyRepeatedError(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number, parse_float=Decimal)


def _json_row(where: str, text: str) -> Row:
    try:
        found = _DECODER.decode(text.strip())
    except _KeyRepeatedError as error:
        return rows.refused(where, problem("json_key_repeated", column=shown(str(error))))
    except json.JSONDecodeError as error:
        return rows.refused(where, problem("json_broken", column=error.colno))
    except (ValueError, ArithmeticError, RecursionError):
        # NaN, a number of thousands of digits, brackets without end.
        return rows.refused(where, problem("json_broken", column=1))
    if not isinstance(found, dict):
        return rows.refused(where, problem("json_no_object", found=shown(found)))
    return rows.from_cells(where, _json_cells(rows.without_notes(found)))


def _json_cells(found: Mapping[str, object]) -> Cells:
    cells = Cells()
    unknown = [key for key in found if key not in JSON_KEYS]
    if unknown:
        said, allowed = shown(", ".join(unknown[:10])), ", ".join(JSON_KEYS)
        cells.problems.append(problem("column_unknown", column=said, allowed=allowed))
    cells.identifier = _json_text(found, "id", cells, number=True)
    cells.kind = _json_text(found, "kind", cells)
    cells.outcome = _json_text(found, "outcome", cells)
    category = found.get("category")
    if isinstance(category, str):
        cells.category = rows.categories(category)
    else:
        names = _json_texts(found, "category", cells)
        cells.category = tuple(name for one in names if (name := one.strip()))
    cells.stem = _json_text(found, "stem", cells)
    cells.options = _json_texts(found, "options", cells)
    cells.rationales = _json_texts(found, "rationales", cells)
    key = found.get("key")
    cells.key = "" if key is None else key
    cells.level = _json_text(found, "level", cells)
    cells.facility = _json_text(found, "expected_facility", cells, number=True)
    cells.revise = _json_text(found, "revise", cells)
    shuffle = found.get("shuffle")
    cells.shuffle = "" if shuffle is None else shuffle
    cells.scoring = _json_text(found, "scoring", cells)
    cells.set = _json_text(found, "set", cells, number=True)
    cells.stimulus = _json_text(found, "stimulus", cells)
    enemies = found.get("enemies")
    listed = isinstance(enemies, list)
    cells.enemies = (
        ";".join(_json_texts(found, "enemies", cells))
        if listed
        else _json_text(found, "enemies", cells)
    )
    return cells


def _json_text(found: Mapping[str, object], key: str, cells: Cells, number: bool = False) -> str:
    value = found.get(key)
    if value is None:
        return ""
    if number and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        cells.problems.append(problem("text_needed", column=key, found=shown(value)))
        return ""
    return value.strip()


def _json_texts(found: Mapping[str, object], key: str, cells: Cells) -> list[str]:
    value = found.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        cells.problems.append(problem("list_needed", column=key, found=shown(value)))
        return []
    for place, one in enumerate(value, start=1):
        if not isinstance(one, str):
            column = f"{key}[{place}]"
            cells.problems.append(problem("text_needed", column=column, found=shown(one)))
            return []
    return value


class _CsvLines:
    """The lines of a CSV file as the csv module wants them, with the number of the last one."""

    def __init__(self, text: Iterator[Line]) -> None:
        self._text = text
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self.number = line.number
            if line.text is None:
                # Quotation marks in it were not seen, so where the next row begins is unknown.
                raise FileRefused(problem("field_too_large", line=line.number, allowed=MAX_FIELD))
            # A CR on its own ends a line too: old spreadsheets write no other.
            yield from io.StringIO(line.text, newline="")


def _csv_rows(text: Iterator[Line], between: str) -> Iterator[Row]:
    source = _CsvLines(text)
    # The limit is the process's, not the reader's: it is set where it is needed.
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(source, delimiter=between, strict=True)
    columns: list[str] = []
    while True:
        first = source.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            # The module has one exception for all; only its words tell them apart.
            if "field larger" in str(error):
                raise FileRefused(
                    problem("field_too_large", line=first, allowed=MAX_FIELD)
                ) from None
            if "end of data" in str(error):
                raise FileRefused(problem("csv_unclosed", line=first)) from None
            if not columns:
                raise FileRefused(problem("header_broken", line=first)) from None
            yield rows.refused(f"line {first}", problem("csv_broken"))
            continue
        if not any(cell.strip() for cell in cells):
            continue  # an empty line, or the commas that spreadsheets write for one
        if not columns:
            columns = _header(cells)
        else:
            yield _csv_row(f"line {first}", columns, cells)


def _header(cells: Sequence[str]) -> list[str]:
    """The names of the columns, in their documented spelling. Raises FileRefused."""
    names = [cell.strip() for cell in cells]
    # Spreadsheets leave empty columns at the end; a row may hold nothing in them.
    while names and not names[-1]:
        names.pop()
    columns = [
        name if name.startswith("_") else CSV_COLUMNS.get(name.casefold(), "") for name in names
    ]
    known = [name for name in columns if name]
    if not known:  # of no column at all: it is another format, or a title stands above the names
        needed = ", ".join(NEEDED)
        raise FileRefused(problem("header_none", found=shown(", ".join(names)), columns=needed))
    offered = [one for one in LETTERS if one in known]
    gap = [one for one in LETTERS[: len(offered)] if one not in offered]
    missing = [one for one in NEEDED if one not in known and one not in gap] + gap
    reasons = []
    if missing:
        reasons.append(
            problem("header_missing", columns=", ".join(missing), found=shown(", ".join(names)))
        )
    unknown = [shown(n) or "–" for n, c in zip(names, columns, strict=True) if not c]
    if unknown:
        said = shown(", ".join(unknown))
        reasons.append(problem("header_unknown", columns=said, allowed=", ".join(CSV_ALLOWED)))
    repeated = [name for name, times in Counter(known).items() if times > 1]
    if repeated:
        reasons.append(problem("header_repeated", columns=shown(", ".join(repeated))))
    if reasons:
        raise FileRefused(*reasons)
    return known


def _csv_row(where: str, columns: list[str], values: list[str]) -> Row:
    # Spreadsheets leave out the empty cells at the end of a row, for some of the rows.
    left_out, extra = columns[len(values) :], values[len(columns) :]
    if any(one in NEEDED for one in left_out) or any(value.strip() for value in extra):
        return rows.refused(
            where, problem("fields_differ", found=len(values), allowed=len(columns))
        )
    found = dict(zip_longest(columns, values[: len(columns)], fillvalue=""))
    options = [found[one] for one in LETTERS if one in found]
    while options and not options[-1].strip():
        options.pop()  # the row has fewer options than the table has columns
    cells = Cells(
        options=options,
        rationales=[
            found.get(f"rationale_{one}", "")
            for one in LETTERS
            if one in found or f"rationale_{one}" in found
        ],
    )
    cells.identifier = found["id"].strip()
    cells.kind = found.get("kind", "").strip()
    cells.outcome = found.get("outcome", "").strip()
    cells.category = rows.categories(found.get("category", ""))
    cells.stem = found["stem"]
    cells.key = found["key"]
    cells.level = found.get("level", "").strip()
    cells.facility = found.get("expected_facility", "").strip()
    cells.revise = found.get("revise", "")
    cells.shuffle = found.get("shuffle", "").strip()
    cells.scoring = found.get("scoring", "").strip()
    cells.set = found.get("set", "").strip()
    cells.stimulus = found.get("stimulus", "")
    cells.enemies = found.get("enemies", "")
    return rows.from_cells(where, cells)
