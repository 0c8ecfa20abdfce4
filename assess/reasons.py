"""How every rule says no: a reason with its code, its values, until when, and who can help.

A rule returns reasons, never words. The words for each code stand in the gettext catalogues
(`assess/translations/*/LC_MESSAGES/reasons.po`) and are looked up by `wording.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

Value = str | int | date
"""A moment is a `datetime`, which is a date too; both are shown in full."""


class Code(StrEnum):
    """Every message code. Codes are added, never renamed; tests and journals rely on them."""

    # The refusal that carries all reasons why an attempt cannot start.
    GATE = "E-GATE"
    # One cause each, carried by E-GATE.
    INACTIVE = "E-INACTIVE"
    NOT_REGISTERED = "E-NOT-REGISTERED"
    NOT_OPEN = "E-NOT-OPEN"
    WINDOW = "E-WINDOW"
    SIGN = "E-SIGN"
    APPROVAL = "E-APPROVAL"
    COOL = "E-COOL"
    ATTEMPTS = "E-ATTEMPTS"
    OPEN_ATTEMPT = "E-OPEN-ATTEMPT"
    UNKNOWN_GATE = "E-UNKNOWN-GATE"
    ADMIT = "E-ADMIT"
    HELD = "E-HELD"
    RESULT_HELD = "I-HELD"
    # Registration, and what a file of people would do.
    AGE = "E-AGE"
    GROUP = "W-GROUP"
    WILL = "I-WILL"
    # Statement, approval, affirmation.
    SIGN_NAME = "E-SIGN-NAME"
    SIGN_VERSION = "E-SIGN-VERSION"
    AFFIRM = "E-AFFIRM"
    BASIS = "E-BASIS"
    SELF = "E-SELF"
    ASKED = "E-ASKED"
    DECIDED = "E-DECIDED"
    STARTED = "E-STARTED"
    REASON = "E-REASON"
    NOT_NEEDED = "E-NOT-NEEDED"
    # What others may check.
    NO_STATEMENT = "E-NO-STATEMENT"
    RECEIPT = "E-RECEIPT"
    # The attempt.
    CLOSED = "E-CLOSED"
    STATE = "E-STATE"
    ANSWER = "E-ANSWER"
    PLACE = "E-PLACE"
    CONFLICT = "E-SAVE-CONFLICT"
    WRITER = "E-WRITER"
    LATE = "E-LATE"
    REST = "E-REST"
    TAKEOVER = "W-TAKEOVER"
    OFFLINE = "I-OFFLINE"
    # The room.
    ROSTER = "E-ROSTER"
    IDENTITY = "E-IDENTITY"
    VERY_LATE = "W-VERYLATE"
    OPEN = "E-OPEN"
    # Banks and specifications.
    BLUEPRINT = "E-BLUEPRINT"
    EPOCH = "E-EPOCH"
    FEW = "E-FEW"
    FOUR_EYES = "E-FOUREYES"
    EDITED = "E-EDITED"
    MALFORMED = "E-MALFORMED"
    DUPLICATE = "E-DUPLICATE"
    PURPOSE = "E-PURPOSE"
    UNKNOWN_OUTCOME = "E-UNKNOWN-OUTCOME"
    FILE = "E-FILE"
    # People and the door.
    LOGIN = "E-LOGIN"
    LOGIN_LOCK = "E-LOGIN-LOCK"
    PASSWORD = "E-PASSWORD"  # noqa: S105 - a message code, no secret
    PASSWORD_WEAK = "E-PASSWORD-WEAK"  # noqa: S105
    SIGNED_OUT = "E-SIGNED-OUT"
    ROLE = "E-ROLE"
    NOT_FOUND = "E-NOT-FOUND"
    TAKEN = "E-TAKEN"
    FIELD = "E-FIELD"
    CHANGED = "E-CHANGED"
    CSRF = "E-CSRF"
    FLOOD = "E-FLOOD"
    PDF = "E-PDF"
    TOO_LARGE = "E-TOO-LARGE"
    NUL = "E-NUL"
    METHOD = "E-METHOD"
    BROKEN = "E-BROKEN"
    BUSY = "E-BUSY"


class Helper(StrEnum):
    """Who can help the person who was refused."""

    YOU = "you"
    TUTOR = "tutor"
    AUTHOR = "author"
    QUALITY = "quality"
    INVIGILATOR = "invigilator"
    ADMINISTRATOR = "administrator"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of a refusal: what (`code`), its `values`, when it clears, who can help."""

    code: Code
    values: Mapping[str, Value] = field(default_factory=dict)
    until: datetime | None = None
    who: Helper = Helper.NOBODY


@dataclass(frozen=True, slots=True)
class Refused:
    """A deed that was not done. Nothing was changed; `reasons` holds every cause, at least one.

    `status` is the HTTP status a page answers with: 403, 404, 409, 422, 423 or 429.
    """

    code: Code
    reasons: tuple[Reason, ...]
    status: int = 409

    @classmethod
    def of(
        cls,
        code: Code,
        *,
        status: int = 409,
        until: datetime | None = None,
        who: Helper = Helper.NOBODY,
        **values: Value,
    ) -> Refused:
        """A refusal with one cause, which is its own code."""
        return cls(code, (Reason(code, values, until, who),), status)
