"""Which access arrangements are there, may this one be recorded, and what do they change?

An arrangement belongs to the person and applies to every test by itself while it is in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from assess.delivery.registration import LANGUAGES, amiss
from assess.reasons import Code, Helper, Reason, Value

LEAST_EVIDENCE = 10
"""Characters, without spaces around: enough that it says what was seen and where it is kept."""

LONGEST = 2000  # characters of what is arranged, and of the evidence
MOST_PERCENT = 100
"""More than twice the time is not an arrangement of one sitting, and needs another assessment."""
MOST_REST = 120
"""Minutes of rest breaks in one attempt; whoever needs more sits on two days, in another way."""


class Kind(StrEnum):
    """What can be arranged."""

    EXTRA_TIME = "extra_time"
    REST_BREAKS = "rest_breaks"
    COLOURS = "colours"
    TEXT_SIZE = "text_size"
    SPACING = "spacing"
    READER = "reader"
    SEPARATE_ROOM = "separate_room"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Form:
    """How an arrangement of a kind is said: its title, and the values to choose from.

    `values` is empty where there is nothing to choose (a number for extra time and rest breaks).
    """

    title: str
    values: Mapping[str, str] = field(default_factory=dict)


FORMS: Mapping[Kind, Form] = MappingProxyType(
    {
        Kind.EXTRA_TIME: Form("Extra time"),
        Kind.REST_BREAKS: Form("Rest breaks"),
        Kind.COLOURS: Form(
            "Colours",
            MappingProxyType(
                {
                    "cream": "Dark text on cream",
                    "blue": "Dark text on pale blue",
                    "yellow": "Dark text on yellow",
                    "green": "Dark text on pale green",
                    "pink": "Dark text on pale pink",
                    "dark": "Light text on a dark ground",
                }
            ),
        ),
        Kind.TEXT_SIZE: Form(
            "Text size",
            MappingProxyType(
                {
                    "large": "Large (a quarter larger)",
                    "larger": "Larger (half as large again)",
                    "largest": "Largest (twice as large)",
                }
            ),
        ),
        Kind.SPACING: Form(
            "Spacing",
            MappingProxyType(
                {
                    "wide": "Wide (more room between lines and letters)",
                    "wider": "Wider (twice the room between lines)",
                }
            ),
        ),
        Kind.READER: Form("Reader"),
        Kind.SEPARATE_ROOM: Form("Separate room"),
        Kind.LANGUAGE: Form(
            "Language",
            MappingProxyType(
                dict(LANGUAGES)
                | {"bfi": "British Sign Language", "isg": "Irish Sign Language"}  # ISO 639-3
            ),
        ),
    }
)
"""Every kind, in the order in which they are offered; English, translated where it is shown."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """An arrangement that is in force: its kind, and the value chosen for it."""

    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """An arrangement to be recorded, as it was typed. `starts` None: today. `ends`: last day."""

    kind: str
    value: str
    words: str
    evidence: str
    starts: date | None = None
    ends: date | None = None


def why_not_record(
    proposal: Proposal, person_id: int, approver_id: int | None, today: date
) -> tuple[Reason, ...]:
    """Every reason why an arrangement cannot be recorded for this person by this approver.

    E-SELF for one's own. E-FIELD, with the field it is about: the kind, its value, what exactly is
    arranged where the kind does not say it, the evidence, the dates.
    """
    found = []
    if person_id == approver_id:
        values: dict[str, Value] = {"what": "own_arrangement", "field": "kind"}
        found.append(Reason(Code.SELF, values, who=Helper.ADMINISTRATOR))
    kind = next((k for k in Kind if k.value == proposal.kind), None)
    if kind is None:
        found.append(amiss("kind", "empty" if not proposal.kind else "unknown"))
    else:
        found += _why_not_value(kind, proposal)
    for column, text in (("words", proposal.words), ("evidence", proposal.evidence)):
        if len(text) > LONGEST:
            found.append(amiss(column, "long", allowed=LONGEST))
    if len(proposal.evidence.strip()) < LEAST_EVIDENCE:
        found.append(amiss("evidence", "short", need=LEAST_EVIDENCE))
    if proposal.ends is not None and proposal.ends < (proposal.starts or today):
        found.append(amiss("ends", "before_start"))
    return tuple(found)


def _why_not_value(kind: Kind, proposal: Proposal) -> list[Reason]:
    form = FORMS[kind]
    if kind is Kind.EXTRA_TIME:
        if percent(proposal.value) is None:
            return [amiss("percent", "range", least=1, most=MOST_PERCENT)]
    elif kind is Kind.REST_BREAKS:
        if rest_minutes(proposal.value) is None:
            return [amiss("minutes", "range", least=1, most=MOST_REST)]
    elif form.values and proposal.value not in form.values:
        return [amiss(kind.value, "empty" if not proposal.value else "unknown")]
    return []


def percent(text: str) -> int | None:
    """Extra time in whole per cent, from 1 to 100; None where the text says no such number."""
    return _number(text.strip().removesuffix("%").strip(), MOST_PERCENT)


def rest_minutes(text: str) -> int | None:
    """Whole minutes of rest breaks in each attempt, from 1 to 120; None where there are none.

    An arrangement from before minutes were recorded has none: it is a fact for the room.
    """
    return _number(text.strip(), MOST_REST)


def _number(text: str, most: int) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= 3):
        return None
    return int(text) if 1 <= int(text) <= most else None


def extra_percent(in_force: Iterable[Arranged]) -> int:
    """Extra time in per cent that arrangements in force give together; 0 for none."""
    return max((percent(a.value) or 0 for a in in_force if a.kind is Kind.EXTRA_TIME), default=0)


def rest_seconds(in_force: Iterable[Arranged]) -> int:
    """Seconds of rest breaks that arrangements in force give each attempt; 0 for none."""
    found = (rest_minutes(a.value) or 0 for a in in_force if a.kind is Kind.REST_BREAKS)
    return 60 * max(found, default=0)


def why_no_rest(given: int, left: int) -> tuple[Reason, ...]:
    """Why a candidate cannot begin a rest break alone: E-REST, none is arranged, or all is used.

    `given` and `left` are whole seconds of rest breaks for the attempt.
    """
    if left > 0:
        return ()
    if given > 0:
        return (Reason(Code.REST, {"what": "used", "minutes": given // 60}, who=Helper.NOBODY),)
    return (Reason(Code.REST, {"what": "none"}, who=Helper.ADMINISTRATOR),)
