"""Which whole number did a form send, if it sent one?"""

from __future__ import annotations

LONGEST = 10  # digits: more than any number a form of ours sends


def whole(text: str) -> int:
    """A whole number of plain digits, or 0, which none of our numbers is."""
    plain = text.isascii() and text.isdecimal() and len(text) <= LONGEST
    return int(text) if plain else 0
