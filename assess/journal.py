"""What may be recorded of a deed, and how the record is chained so that a change shows.

An entry hashes codes, identifiers and a salted digest of its personal details; the details lie in
a side table and may be erased with their salt, and the chain stays valid. Seals put entries in
one order: seal n hashes seal n-1 and its entry. Pure: the store reads and writes the rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

Fact = str | int | bool | None
GENESIS = hashlib.sha256(b"assess-journal/1").hexdigest()


class Event(StrEnum):
    """Everything that can be recorded, as subject:verb."""

    CENTRE_CREATED = "centre:create"
    CENTRE_CHANGED = "centre:change"
    PERSON_ADDED = "person:add"
    PERSON_CHANGED = "person:change"
    PEOPLE_IMPORTED = "people:import"
    PERSON_DEACTIVATED = "person:deactivate"
    PERSON_ACTIVATED = "person:activate"
    ROLE_GIVEN = "role:give"
    ROLE_TAKEN = "role:take"
    ROLE_ASKED = "role:ask"
    ROLE_DECIDED = "role:decide"
    PASSWORD_CHANGED = "password:change"  # noqa: S105 - an event, no secret
    PASSWORD_RESET = "password:reset"  # noqa: S105
    SESSION_STARTED = "session:start"
    SESSION_ENDED = "session:end"
    LOGIN_FAILED = "login:fail"
    LOGIN_LOCKED = "login:lock"
    FRAMEWORK_LOADED = "framework:load"
    PROGRAMME_CREATED = "programme:create"
    PROGRAMME_CHANGED = "programme:change"
    REGISTERED = "registration:add"
    REGISTRATION_CHANGED = "registration:change"
    ARRANGED = "arrangement:add"
    ARRANGEMENT_ENDED = "arrangement:end"
    STATEMENT_PUBLISHED = "statement:publish"
    STATEMENT_SIGNED = "statement:sign"
    BANK_CREATED = "bank:create"
    BANK_IMPORTED = "bank:import"
    SIGNPOSTS_SET = "signposts:set"
    ITEM_DRAFTED = "item:draft"
    ITEM_DISCARDED = "item:discard"
    ITEM_SUBMITTED = "item:submit"
    ITEM_WITHDRAWN = "item:withdraw"
    ITEM_RETURNED = "item:return"
    ITEM_APPROVED = "item:approve"
    ITEM_COMMENTED = "item:comment"
    ITEM_SUSPENDED = "item:suspend"
    ITEM_RESUMED = "item:resume"
    ITEM_RETIRED = "item:retire"
    SPECIFICATION_PUBLISHED = "specification:publish"
    POOL_MADE = "pool:make"
    SEED_COMMITTED = "seed:commit"
    SEED_TOLD = "seed:tell"
    EPOCH_CLOSED = "epoch:close"
    CALIBRATION_ASKED = "test:ask-calibration"
    CALIBRATED = "test:calibrate"
    APPROVAL_ASKED = "approval:ask"
    APPROVAL_GIVEN = "approval:give"
    APPROVAL_WITHDRAWN = "approval:withdraw"
    NOT_YET_ADVISED = "approval:advise"
    NOTE_WRITTEN = "note:write"
    MESSAGE_WRITTEN = "message:write"
    ANSWER_OVERDUE = "answer:overdue"
    MAIL_SENT = "mail:send"
    MAIL_GIVEN_UP = "mail:give-up"
    MAIL_RETRIED = "mail:retry"
    MAIL_FORGOTTEN = "mail:forget"
    DATE_AGREED = "date:agree"
    ALLOWED = "allowance:give"
    ATTEMPT_STARTED = "attempt:start"
    ATTEMPT_OPENED = "attempt:open"
    ATTEMPT_TAKEN_OVER = "attempt:take-over"
    ATTEMPT_PAUSED = "attempt:pause"
    ATTEMPT_RESUMED = "attempt:resume"
    REST_BEGUN = "attempt:rest"
    REST_ENDED = "attempt:end-rest"
    TIME_CREDITED = "attempt:credit"
    ATTEMPT_STOPPED = "attempt:stop"
    ATTEMPT_VOIDED = "attempt:void"
    LATE_DECIDED = "attempt:decide-late"
    HOLD_PLACED = "hold:place"
    HOLD_LIFTED = "hold:lift"
    ATTEMPT_CLOSED = "attempt:close"
    ATTEMPT_MARKED = "attempt:mark"
    REVIEW_ASKED = "review:ask"
    RESULT_STATED = "result:state"
    MARKED_AGAIN = "attempt:mark-again"
    ATTEMPT_CANCELLED = "attempt:cancel"
    SITTING_OPENED = "sitting:open"
    SITTING_RELEASED = "sitting:release"
    SITTING_CLOSED = "sitting:close"
    ROSTER_ADDED = "roster:add"
    ROSTER_TAKEN_OFF = "roster:take-off"
    ATTENDANCE_RECORDED = "attendance:record"
    DRAW_REPLAYED = "draw:replay"
    DEED_REFUSED = "deed:refuse"
    DEMO_FILLED = "demo:fill"
    BACKUP_BEGUN = "backup:begin"
    BACKUP_TAKEN = "backup:take"


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed as it is chained: who (by number), what, when, on what, with which facts."""

    id: int
    at: datetime
    event: str
    centre: int | None
    actor: int | None
    facts: Mapping[str, Fact]
    details_digest: str | None

    def hash(self) -> str:
        """SHA-256 of the entry's canonical JSON, hexadecimal."""
        return hashlib.sha256(
            canonical(
                {
                    "id": self.id,
                    "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
                    "event": self.event,
                    "centre": self.centre,
                    "actor": self.actor,
                    "facts": dict(self.facts),
                    "details": self.details_digest,
                }
            )
        ).hexdigest()


@dataclass(frozen=True, slots=True)
class Seal:
    """The place of an entry in the chain: hash = SHA-256(previous seal's hash, entry's hash)."""

    place: int
    entry: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: how far the chain is good, and the first bad entry.

    `lost`: of the heads that were written down before, those that the chain does not pass through.
    """

    sealed: int
    unsealed: int
    head: str
    bad_entry: int | None = None
    problem: str | None = None
    lost: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self.bad_entry is None and not self.lost


def canonical(document: object) -> bytes:
    """One byte string for one value: JSON with sorted keys, no white space, UTF-8."""
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def details_digest(salt: bytes, body: str) -> str:
    """The salted digest of personal details that an entry is chained with."""
    return hashlib.sha256(salt + body.encode()).hexdigest()


def link(previous: str, entry: Entry) -> str:
    """The hash of the seal that puts an entry after the seal whose hash is `previous`."""
    return hashlib.sha256(f"{previous}:{entry.hash()}".encode()).hexdigest()


def verify(
    chain: Iterable[tuple[Seal, Entry | None, tuple[bytes, str] | None]],
    unsealed: int,
    known: Iterable[str] = (),
) -> Verdict:
    """Walk the chain in order of place and name the first bad entry.

    Each element holds a seal, its entry (None when it is gone) and the entry's details as
    (salt, body), None where there are none or where they were erased. `known`: heads of this chain
    at earlier times, or how they begin. A chain that was cut or written anew has none of them.
    """
    head, expected, lost = GENESIS, 1, {one for one in known if not GENESIS.startswith(one)}
    for seal, entry, details in chain:
        problem = None
        if seal.place != expected:
            problem = f"seal {expected} is missing"
        elif entry is None:
            problem = "the entry is missing"
        elif link(head, entry) != seal.hash:
            problem = "the entry does not match its seal"
        elif details is not None and details_digest(*details) != entry.details_digest:
            problem = "the entry's details were changed"
        if problem is not None:
            return Verdict(expected - 1, unsealed, head, seal.entry, problem)
        head, expected = seal.hash, expected + 1
        lost = {one for one in lost if not head.startswith(one)} if lost else lost
    return Verdict(expected - 1, unsealed, head, lost=tuple(sorted(lost)))
