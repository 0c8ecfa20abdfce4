"""Which page numbers stand under a long table, and which rows are on this page?"""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from assess.web import paging


def last_page(total: int, per_page: int) -> int:
    """The number of the last page; an empty table has one page."""
    return max(1, -(-total // per_page))


def pagination(page: int, total: int, per_page: int) -> dict[str, Any] | None:
    """What the pagination component needs, the search kept; None where all is on one page."""
    last = last_page(total, per_page)
    if last == 1:
        return None
    return paging.links(page, last, _address)


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
