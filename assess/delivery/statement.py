"""May this name be signed under the statement of authenticity, and what exactly was signed?

The statement belongs to the programme. It is signed once, in its current version, and affirmed
again at each attempt; a new text is a new version and is signed anew.
"""

from __future__ import annotations

import hashlib
import unicodedata

from assess.reasons import Code, Helper, Reason, Value

LONGEST = 20_000  # characters of a statement: nobody signs a book

# Telephones write typographic marks where a keyboard writes plain ones: the same name is meant.
PLAIN = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc\u0060\u00b4", "'") | dict.fromkeys("\u2010\u2011\u2013", "-")
)


def text_hash(text: str) -> str:
    """SHA-256 of the statement's text in UTF-8, exactly as it was shown, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def why_not_publish(text: str) -> tuple[Reason, ...]:
    """Every reason why this cannot be the text of a statement; empty means it can."""
    if not text.strip():
        return (Reason(Code.FIELD, {"field": "words", "what": "empty"}, who=Helper.YOU),)
    if len(text) > LONGEST:
        values: dict[str, Value] = {"field": "words", "what": "long", "allowed": LONGEST}
        return (Reason(Code.FIELD, values, who=Helper.YOU),)
    return ()


def why_not_sign(typed: str, name: str, version: int, current: int) -> tuple[Reason, ...]:
    """Every reason why `typed` does not sign `version` for the person called `name`.

    E-SIGN-NAME when the typed name is not theirs (capitals, spaces and the shape of apostrophes and
    hyphens do not count). E-SIGN-VERSION when the version signed is not the `current` one: the text
    changed while it was read (values `version` and `current`). No name stands in a reason.
    """
    found = []
    if not same(typed) or same(typed) != same(name):
        found.append(Reason(Code.SIGN_NAME, {}, who=Helper.YOU))
    if version != current:
        values = {"version": version, "current": current}
        found.append(Reason(Code.SIGN_VERSION, values, who=Helper.YOU))
    return tuple(found)


def why_not_affirm(affirmed: bool) -> tuple[Reason, ...]:
    """E-AFFIRM when the statement is not affirmed again for the attempt about to start."""
    return () if affirmed else (Reason(Code.AFFIRM, {}, who=Helper.YOU),)


def same(name: str) -> str:
    """A name as it is compared: one form for whatever a person or a telephone makes of it."""
    plain = unicodedata.normalize("NFKC", name.translate(PLAIN))
    return " ".join(unicodedata.normalize("NFKC", plain.casefold()).split())
