"""How hard is each item, by a file of two columns? CSV, the identifier and one figure a row.

The name of the second column says what the figure is (`docs/draw-simulation.md`): `facility` (or
`expected_facility`, `chance`, `p`), the share of right answers; `difficulty`, the same as a share
or in whole thousandths; `b`, a difficulty in logits, of which a higher one is harder.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping
from itertools import islice

from assess.bank.formats import documents
from assess.bank.formats.lines import delimiter
from assess.bank.items import FACILITY_SCALE
from assess.bank.problems import problem, shown
from assess.reasons import Reason, Refused

NAMES = ("id", "item", "identifier")
FIGURES = ("difficulty", "facility", "expected_facility", "chance", "p", "b")
MAX_ROWS = 4_000_000
MAX_REASONS = 50  # bad rows that are named
MAX_LOGIT = 20.0


def read_difficulties(text: str) -> Mapping[str, int] | Refused:
    """The share of right answers of each item in whole thousandths, by its identifier.

    Refused [E-FILE] where a column lacks, a figure is none, or an item stands twice.
    """
    if "\0" in text:
        return documents.refuse(problem("nul", column="-"))
    between = delimiter(text.partition("\n")[0])
    # Where cells are not separated by commas, spreadsheets write one for the point.
    point = "." if between == "," else ","
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=between)
    try:
        header = [name.strip().casefold() for name in rows.fieldnames or ()]
    except csv.Error:
        return documents.refuse(problem("header_broken", line=1))
    name = next((one for one in NAMES if one in header), None)
    figure = next((one for one in FIGURES if one in header), None)
    if name is None or figure is None:
        lacking = [" / ".join(NAMES)] if name is None else []
        lacking += [" / ".join(FIGURES)] if figure is None else []
        return documents.refuse(
            problem("header_missing", columns=", ".join(lacking), found=shown(", ".join(header)))
        )
    rows.fieldnames = header
    raw: dict[str, float] = {}
    reasons: list[Reason] = []
    try:
        for row in islice(rows, MAX_ROWS):
            if len(reasons) >= MAX_REASONS:
                break
            where = f"line {rows.line_num}"
            identifier, value = (row.get(name) or "").strip(), _number(row.get(figure), point)
            if not identifier or value is None:
                found = shown(row.get(figure) or "") if identifier else "-"
                reasons.append(problem("difficulty_not_read", where=where, found=found))
            elif identifier in raw:
                reasons.append(problem("value_repeated", where=where, found=shown(identifier)))
            else:
                raw[identifier] = value
    except csv.Error:
        return documents.refuse(problem("csv_broken"))
    if reasons:
        return documents.refuse(*reasons)
    if not raw:
        return documents.refuse(problem("file_empty"))
    reading = _reading(figure, raw)
    if reading is None:
        low, high = min(raw.values()), max(raw.values())
        said = f"{low:g} – {high:g}"
        return documents.refuse(problem("difficulty_not_read", where=figure, found=said))
    return {identifier: reading(value) for identifier, value in raw.items()}


def _number(text: str | None, point: str) -> float | None:
    try:
        value = float((text or "").strip().replace(point, "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _reading(figure: str, raw: Mapping[str, float]) -> Callable[[float], int] | None:
    """How figures become thousandths; None where they are not what their column says."""
    low, high = min(raw.values()), max(raw.values())
    whole = all(value == int(value) for value in raw.values())
    if figure == "b":
        return _of_logit if low >= -MAX_LOGIT and high <= MAX_LOGIT else None
    if low >= 0 and high <= 1:
        return lambda value: round(value * FACILITY_SCALE)
    if figure == "difficulty" and whole and low >= 0 and high <= FACILITY_SCALE:
        return round
    return None


def _of_logit(value: float) -> int:
    return round(FACILITY_SCALE / (1 + math.exp(value)))
