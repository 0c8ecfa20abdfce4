"""Do two texts look the same to whoever reads them, and is there anything to be seen?

Word processors leave characters that nobody sees, spaces that do not break, and typographic marks
where a keyboard writes plain ones. They make two texts of what a reader takes for one.
"""

from __future__ import annotations

import unicodedata

UNSEEN = "\u00ad\u200b\u200e\u200f\u2060\ufeff"
"""Characters without a picture. The joiners U+200C and U+200D are none: they shape letters."""
WITHOUT_INK = frozenset(UNSEEN + "\u200c\u200d\u2800\u3164")  # as a whole text they show nothing
TYPOGRAPHIC = {
    "'": "\u2018\u2019\u02bc\u2032",
    '"': "\u201c\u201d\u2033",
    "-": "\u2010\u2011\u2012\u2013\u2212",
}
"""By what a keyboard writes: what a word processor makes of it."""
_MARKS = dict.fromkeys(map(ord, UNSEEN), "") | {
    ord(one): plain for plain, marks in TYPOGRAPHIC.items() for one in marks
}


def look(text: str) -> str:
    """The text as a reader sees it: equal for two texts that look the same.

    Case counts, and how far a line is indented: code says something else there.
    """
    lines = unicodedata.normalize("NFC", text).translate(_MARKS).strip().split("\n")
    return "\n".join(_indent(line) + " ".join(line.split()) for line in lines)


def in_line(text: str) -> str:
    """The same where it makes no difference how many blanks and line breaks stand in a text."""
    return " ".join(look(text).split())


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] if line.strip() else ""


def is_blank(text: str) -> bool:
    """Whether there is nothing to be seen in a text."""
    return all(character in WITHOUT_INK or character.isspace() for character in text)


def spelled(text: str) -> str:
    """The text with each character that nobody sees by its number, such as ‹U+200B›."""
    return "".join(
        one if one.isprintable() or one in " \t\n" else f"‹U+{ord(one):04X}›" for one in text
    )
