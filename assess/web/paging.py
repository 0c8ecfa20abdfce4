"""Which pages of a long list are near this one, and at which addresses?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

AROUND = 1  # page numbers shown on each side of this one


def links(number: int, last: int, at: Callable[[int], str]) -> dict[str, Any]:
    """First, last and neighbouring pages as the design system takes them; `at`: an address."""
    near = {1, last, *range(max(1, number - AROUND), min(last, number + AROUND) + 1)}
    items: list[dict[str, Any]] = []
    before = 0
    for n in sorted(near):
        if n - before > 1:
            items.append({"ellipsis": True})
        said = _("Page %(number)s", number=n)
        items.append(
            {"number": n, "href": at(n), "current": n == number, "visuallyHiddenText": said}
        )
        before = n
    return {
        "items": items,
        "landmarkLabel": _("Pages"),
        "previous": {"href": at(number - 1), "text": _("Previous page")} if number > 1 else None,
        "next": {"href": at(number + 1), "text": _("Next page")} if number < last else None,
    }
