"""What may stand in a cell of a file that somebody opens with a spreadsheet?"""

from __future__ import annotations

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take the rest of a cell for


def cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in FORMULA:
        return f"'{value}"
    return value
