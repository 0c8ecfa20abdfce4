"""Which page numbers stand under a long table, and which rows are on this page?"""

from __future__ import annotations

from typing import Any

from flask import request, url_for

AROUND = 1  # page numbers shown on each side of this one


def last_page(total: int, per_page: int) -> int:
    """The number of the last page; an empty table has one page."""
    return max(1, -(-total // per_page))


def pagination(page: int, total: int, per_page: int) -> dict[str, Any] | None:
    """What the pagination component needs, the search kept; None where all is on one page."""
    last = last_page(total, per_page)
    if last == 1:
        return None
    shown = {1, last, *range(max(1, page - AROUND), min(last, page + AROUND) + 1)}
    items: list[dict[str, Any]] = []
    before = 0
    for number in sorted(shown):
        if number > before + 1:
            items.append({"ellipsis": True})
        items.append({"number": number, "href": _address(number), "current": number == page})
        before = number
    found: dict[str, Any] = {"items": items}
    if page > 1:
        found["previous"] = {"href": _address(page - 1)}
    if page < last:
        found["next"] = {"href": _address(page + 1)}
    return found


def _address(page: int) -> str:
    """This page's own address with another page number.

    Names that url_for would take for its own (`_external` and the like) are left behind.
    """
    values: dict[str, Any] = {
        name: value
        for name, value in request.args.items()
        if value and not name.startswith("_") and name != "endpoint"
    }
    return url_for(str(request.endpoint), **(values | (request.view_args or {}) | {"page": page}))
