"""How does a report become tables for a spreadsheet: a row an item, a row an option?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assess.cli.spreadsheets import cell

Row = dict[str, Any]
Columns = Mapping[str, Sequence[Any]]  # equally long
ENDS = ("low", "high")
APART = {"options", "flags", "watch", "reasons", "dif"}  # not columns by themselves

BLOCKS = {
    "irt",
    "drift",
    "exposure",
    "time",
    "effort",
}  # null, or columns of their own such as irt_a
UNSAID = {"focal", "unpurified", "flagged"}  # in the document, not in the table


def items(document: Mapping[str, Any]) -> list[Row]:
    """A row an item, in the order of the report; nested values are columns such as irt_a.

    Every row has every column; None stands where a value is null. Intervals are two columns,
    flags one with the codes and one with the sentences.
    """
    rows = [_item(entry) for entry in document["items"]]
    names = dict.fromkeys(name for row in rows for name in row)
    for block in BLOCKS & names.keys():
        # No column of its own where it is null throughout.
        del names[block]
    return [{name: row.get(name) for name in names} for row in rows]


def options(document: Mapping[str, Any]) -> list[Row]:
    """A row an option of each item that has any."""
    rows = [
        {"item": entry["item"], **_flat(option, "")}
        for entry in document["items"]
        for option in entry["options"]
    ]
    # A column of numbers and words is one of words.
    return [{**row, "option": str(row["option"])} for row in rows]


def columns(rows: Sequence[Row]) -> Columns:
    """The same table by column; all rows have the same columns."""
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def csv_text(table: Columns) -> str:
    """The table as CSV with a heading; empty cells for None, numbers with a point."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    if table:
        writer.writerow(map(cell, table))
        writer.writerows(zip(*(_cells(values) for values in table.values()), strict=True))
    return file.getvalue()


def _item(entry: Mapping[str, Any]) -> Row:
    row = _flat({name: value for name, value in entry.items() if name not in APART}, "")
    for one in entry["dif"]:
        name = "dif" if len(entry["dif"]) == 1 else f"dif_{one['focal']}"
        row |= _flat({k: v for k, v in one.items() if k not in UNSAID}, f"{name}_")
    row["flags"] = " ".join(flag["code"] for flag in entry["flags"])
    row["watch"] = " ".join(flag["code"] for flag in entry["watch"])
    row["sentences"] = " ".join(flag["sentence"] for flag in entry["flags"])
    return row


def _flat(values: Mapping[str, Any], prefix: str) -> Row:
    row: Row = {}
    for name, value in values.items():
        if name == "reasons":
            continue
        if isinstance(value, Mapping):
            row |= _flat(value, f"{prefix}{name}_")
        elif name.endswith("interval"):
            ends: Iterable[Any] = value or (None, None)
            row |= {
                f"{prefix}{name.removesuffix('interval')}{end}": v
                for end, v in zip(ENDS, ends, strict=True)
            }
        elif isinstance(value, list):
            row |= {f"{prefix}{name}_{k}": element for k, element in enumerate(value, start=1)}
        else:
            row[f"{prefix}{name}"] = value
    return row


def _cells(values: Sequence[Any]) -> Sequence[Any]:
    return [cell(value) for value in values] if any(map(_is_text, values)) else values


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
