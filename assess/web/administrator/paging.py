"""Which pages of a long list are near this one, and at which addresses?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def links(number: int, last: int, at: Callable[[int], str]) -> dict[str, Any]:
    """First, last and neighbouring pages as the design system takes them; `at`: an address."""
    near = [n for n in range(1, last + 1) if n in (1, last) or abs(n - number) <= 1]
    items: list[dict[str, Any]] = []
    before = 0
    for n in near:
        if n - before > 1:
            items.append({"ellipsis": True})
        items.append({"number": n, "href": at(n), "current": n == number})
        before = n
    return {
        "items": items,
        "previous": {"href": at(number - 1)} if number > 1 else None,
        "next": {"href": at(number + 1)} if number < last else None,
    }
