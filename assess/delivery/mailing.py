"""May a mail go to this address, when is it tried again, and when is it given up?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from assess.reasons import Code, Helper, Reason, Value


class Kind(StrEnum):
    """What a mail is about; its words are in the catalogue `mail`."""

    APPROVAL_ASKED = "approval-asked"
    APPROVAL_GIVEN = "approval-given"
    NOT_YET = "not-yet"
    APPROVAL_WITHDRAWN = "approval-withdrawn"
    MESSAGE_ASKED = "message-asked"
    MESSAGE_ANSWERED = "message-answered"
    OVERDUE = "overdue"
    RESULT = "result"
    PASSWORD_RESET = "password-reset"  # noqa: S105 - a kind of mail
    ADDRESS_CHANGED = "address-changed"
    CHECKER_RESET = "checker-reset"
    CHECKER_GIVEN = "checker-given"
    CHECKER_TAKEN = "checker-taken"


PATHS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.APPROVAL_ASKED: "/readiness/{number}",
        Kind.APPROVAL_GIVEN: "/assessments",
        Kind.NOT_YET: "/assessments",
        Kind.APPROVAL_WITHDRAWN: "/assessments",
        Kind.MESSAGE_ASKED: "/cohort/messages/{number}",
        Kind.MESSAGE_ANSWERED: "/registrations/{number}/messages",
        Kind.OVERDUE: "/overdue",
        Kind.RESULT: "/attempts/{number}/result",
        Kind.PASSWORD_RESET: "/account",
        Kind.ADDRESS_CHANGED: "/account",
        Kind.CHECKER_RESET: "/",
        Kind.CHECKER_GIVEN: "/",
        Kind.CHECKER_TAKEN: "/",
    }
)
"""Where a mail leads: what it is about is read on the page, behind the log-in, not in the mail."""

EVEN_CLOSED = frozenset({Kind.PASSWORD_RESET, Kind.ADDRESS_CHANGED})
"""Mails that people get though their account is closed: open again, it has the new way in."""

LONGEST_ADDRESS = 254  # characters: RFC 5321, 4.5.3.1.3, without the brackets
ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
"""What mail servers everywhere take: no quotes, no comments, no other letters (RFC 5321, 4.1.2)."""

WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""After the first, second, ... try in vain. The last is 41 hours after the first: a server that is
away for a night and a day is waited for (RFC 5321, 4.5.4.1 would wait for four days)."""


def plain_address(typed: str) -> str | None:
    """An address as it is kept; None where nothing was typed."""
    return typed.strip() or None


def why_not_write_to(address: str | None) -> tuple[Reason, ...]:
    """E-FIELD where no mail can go to this; none at all is fine."""
    if address is None:
        return ()
    if len(address) > LONGEST_ADDRESS:
        long: dict[str, Value] = {"field": "email", "what": "long", "allowed": LONGEST_ADDRESS}
        return (Reason(Code.FIELD, long, who=Helper.YOU),)
    if not ADDRESS.fullmatch(address) or ".." in address or address.startswith("."):
        return (Reason(Code.FIELD, {"field": "email", "what": "no_address"}, who=Helper.YOU),)
    return ()


def next_try(tries: int, now: datetime) -> datetime | None:
    """When a mail is tried again that has been tried so often in vain; None: it is given up."""
    return now + WAITS[tries - 1] if tries <= len(WAITS) else None
