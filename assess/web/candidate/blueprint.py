"""Where do all pages for candidates hang?"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort

bp = Blueprint("candidate", __name__)

HIGHEST = (1 << 63) - 1  # of a key in the database; nothing has a number above it


@bp.url_value_preprocessor
def _no_such_number(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A number that no row can bear is not found: no database is asked for it."""
    if any(isinstance(value, int) and value > HIGHEST for value in (values or {}).values()):
        abort(404)
