"""May somebody be called this, and log in under this name?"""

from __future__ import annotations

from assess.reasons import Code, Helper, Reason, Value

LONGEST_NAME = 200  # characters


def plain(name: str) -> str:
    """A name as it is kept: without white space around it, one space between its words."""
    return " ".join(name.split())


def why_not_call(name: str) -> tuple[Reason, ...]:
    """Every reason why this cannot be a person's name."""
    if not name:
        return (Reason(Code.FIELD, {"field": "name", "what": "empty"}, who=Helper.YOU),)
    if len(name) > LONGEST_NAME:
        long: dict[str, Value] = {"field": "name", "what": "long", "allowed": LONGEST_NAME}
        return (Reason(Code.FIELD, long, who=Helper.YOU),)
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
    return tuple(found)
