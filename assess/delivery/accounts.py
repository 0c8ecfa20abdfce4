"""May somebody be called this, and log in under this name?"""

from __future__ import annotations

import unicodedata

from assess.reasons import Code, Helper, Reason, Value

LONGEST_NAME = 200  # characters
UNSEEN = frozenset("\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters without a shape, or that turn what stands beside them: no name is written with them.

The joiners U+200C and U+200D are none of them: Persian and Sinhala names are.
"""


def plain(name: str) -> str:
    """A name as it is kept: composed, one space between its words and none around them."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def log_in_name(typed: str) -> str:
    """A log-in name as it is kept and looked for, whatever its case and however it was typed.

    A keyboard may send an accented letter as one character or as two: both are the same name.
    """
    return unicodedata.normalize("NFC", typed.strip().lower())


def is_unseen(name: str) -> bool:
    """Whether a name holds what nobody sees: another one that looks the same is another name."""
    return any(c in UNSEEN or unicodedata.category(c) == "Cc" for c in name)


def why_not_call(name: str) -> tuple[Reason, ...]:
    """Every reason why this cannot be a person's name."""
    if not name:
        return (Reason(Code.FIELD, {"field": "name", "what": "empty"}, who=Helper.YOU),)
    if len(name) > LONGEST_NAME:
        long: dict[str, Value] = {"field": "name", "what": "long", "allowed": LONGEST_NAME}
        return (Reason(Code.FIELD, long, who=Helper.YOU),)
    if is_unseen(name):
        return (Reason(Code.FIELD, {"field": "name", "what": "unseen"}, who=Helper.YOU),)
    if not any(c.isalnum() for c in name):
        return (Reason(Code.FIELD, {"field": "name", "what": "no_letter"}, who=Helper.YOU),)
    return ()


def why_not_log_in_as(username: str) -> tuple[Reason, ...]:
    """Every reason why this cannot be a log-in name, apart from its being in use."""
    found = []
    if not username:
        found.append(Reason(Code.FIELD, {"field": "username", "what": "empty"}, who=Helper.YOU))
    elif len(username) > LONGEST_NAME:
        long: dict[str, Value] = {"field": "username", "what": "long", "allowed": LONGEST_NAME}
        found.append(Reason(Code.FIELD, long, who=Helper.YOU))
    if any(c.isspace() for c in username):
        found.append(Reason(Code.FIELD, {"field": "username", "what": "space"}, who=Helper.YOU))
    elif not username.isprintable():
        found.append(Reason(Code.FIELD, {"field": "username", "what": "unseen"}, who=Helper.YOU))
    return tuple(found)
