"""Of what is a test made, what passes it, and can it be published?

A specification is what an author asks for: how many questions for each outcome, how long, which
cut score, how often. A document says it (`specification_file.py`), from YAML or from a page; it
is published only when the bank can fill it and nothing of the content is left untested in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assess.bank import canonical
from assess.bank.items import FACILITY_SCALE, Level
from assess.bank.resources import Resource

SCHEMA = "specification/1"
BAND = 5  # thousandths of the full marks: half a percentage point of expected score
UNBALANCED = "none"  # how a document says that forms are not to be balanced
INVIGILATED = "invigilated"  # the key, and the name of the door that such a test has


class Feedback(StrEnum):
    """What a candidate is shown after hand-in, from least to most."""

    OUTCOME = "outcome"
    TOPIC = "topic"
    WRONG = "wrong"
    KEYS = "keys"

    @property
    def rank(self) -> int:
        """0 for the least; a level shows all that the levels below it show."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Feedback)}


class Sets(StrEnum):
    """Which questions on a shared case a quota takes: cases as a whole, or none of them."""

    WHOLE = "whole"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class Quota:
    """So many questions of one outcome, and how many marks of the outcome a pass needs at least.

    It may be narrowed to a kind, a level, a band of difficulty (expected facility in thousandths,
    from the first to the second, both included), and to shared cases: WHOLE takes only questions
    on shared cases, each case with all its questions or not at all; ALONE takes only questions
    without one. None narrows nothing. Which items then belong to it: `assess/bank/cells.py`.
    """

    outcome: str
    count: int
    minimum: int = 0
    kind: str | None = None
    level: Level | None = None
    difficulty: tuple[int, int] | None = None
    set: Sets | None = None

    @property
    def narrowing(self) -> dict[str, object]:
        """What narrows it, as a document holds it: only what is set."""
        share = self.difficulty
        found = {
            "kind": self.kind,
            "level": None if self.level is None else self.level.value,
            "difficulty": None if share is None else [one / FACILITY_SCALE for one in share],
            "set": None if self.set is None else self.set.value,
        }
        return {key: value for key, value in found.items() if value is not None}

    @property
    def narrowed(self) -> str:
        """The narrowing in one short text, such as `level=apply difficulty=0.4-0.7`, or empty."""
        shown = {
            key: "-".join(map(str, value)) if isinstance(value, list) else value
            for key, value in self.narrowing.items()
        }
        return " ".join(f"{key}={value}" for key, value in shown.items())

    @property
    def label(self) -> str:
        """The name of its cell, unlike any other of the specification: the outcome, narrowed."""
        return f"{self.outcome} [{self.narrowed}]" if self.narrowed else self.outcome

    def as_document(self) -> dict[str, object]:
        """What a YAML file holds of it."""
        plain = {"outcome": self.outcome, "count": self.count, "minimum": self.minimum}
        return plain | self.narrowing


@dataclass(frozen=True, slots=True)
class Window:
    """When the test may be started: between two moments, or for weeks from a date agreed.

    `opens` (inclusive) and `closes` (exclusive) are wall-clock times in the centre's zone, each
    None for no bound. `weeks` counts from a date that candidate and tutor agree on; with it the
    bounds are None.
    """

    opens: datetime | None = None
    closes: datetime | None = None
    weeks: int | None = None

    def as_document(self) -> dict[str, object]:
        """What a YAML file holds of it: only what is set."""
        moments = {"opens": self.opens, "closes": self.closes}
        document: dict[str, object] = {
            key: at.isoformat(" ", "minutes") for key, at in moments.items() if at is not None
        }
        return document if self.weeks is None else {"weeks": self.weeks}


@dataclass(frozen=True, slots=True)
class Specification:
    """What a test is drawn to, sat under and passed by.

    `minutes` is the time before any arrangement; `cut` is in marks, one mark a question.
    `attempts` is None for no limit. The k-th failed attempt is followed by a wait of the k-th of
    `cool_down_hours`; the last step repeats, and no steps mean no wait. `programme` names the
    programme that the test belongs to, None for none. `not_assessed` holds the paths that are
    declared "not assessed by test". `resources` may be kept open beside the questions.

    `questions` is the overall length asked for, None where the quotas say it. `band` is how far
    the expected score of a form may lie from the target, in thousandths of the full marks, None
    for forms that are not balanced. `enemies` are groups of items, by their identifiers, of which
    at most one stands in a form.
    """

    name: str
    title: str
    bank: str
    minutes: int
    cut: int
    quotas: tuple[Quota, ...]
    attempts: int | None
    cool_down_hours: tuple[int, ...]
    approval: bool = True
    approval_days: int = 14
    feedback: Feedback = Feedback.WRONG
    feedback_reason: str = ""
    programme: str | None = None
    not_assessed: tuple[str, ...] = ()
    shuffle_questions: bool = True
    window: Window | None = None
    invigilated: bool = False
    resources: tuple[Resource, ...] = ()
    questions: int | None = None
    band: int | None = BAND
    enemies: tuple[tuple[str, ...], ...] = ()

    @property
    def length(self) -> int:
        """The number of questions in every form."""
        return sum(quota.count for quota in self.quotas)

    @property
    def has_minima(self) -> bool:
        """Whether a pass asks more than the cut score: a least number of marks in an outcome."""
        return any(quota.minimum for quota in self.quotas)

    @property
    def outcomes(self) -> tuple[Quota, ...]:
        """What is asked of each outcome over all its cells: counts and minima add up."""
        found: dict[str, Quota] = {}
        for quota in self.quotas:
            one = found.get(quota.outcome, Quota(quota.outcome, 0))
            count, minimum = one.count + quota.count, one.minimum + quota.minimum
            found[quota.outcome] = Quota(quota.outcome, count, minimum)
        return tuple(found.values())

    def as_document(self) -> dict[str, object]:
        """The specification in plain JSON types: what a YAML file of it holds."""
        return {
            "schema": SCHEMA,
            "name": self.name,
            "title": self.title,
            "bank": self.bank,
            "programme": self.programme,
            "minutes": self.minutes,
            "cut": self.cut,
            "attempts": self.attempts,
            "cool_down_hours": list(self.cool_down_hours),
            "approval": self.approval,
            "approval_days": self.approval_days,
            "feedback": self.feedback.value,
            "feedback_reason": self.feedback_reason,
            "shuffle_questions": self.shuffle_questions,
            "quotas": [quota.as_document() for quota in self.quotas],
            "not_assessed": list(self.not_assessed),
            # Only where it is set, so that the digests of earlier documents stay true.
            **({} if self.window is None else {"window": self.window.as_document()}),
            **({INVIGILATED: True} if self.invigilated else {}),
            **({"resources": [r.as_document() for r in self.resources]} if self.resources else {}),
            **({} if self.questions is None else {"questions": self.questions}),
            **({} if self.band == BAND else {"band": _as_share(self.band)}),
            **({"enemies": [list(group) for group in self.enemies]} if self.enemies else {}),
        }

    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the document."""
        return canonical.digest(self.as_document())


def _as_share(band: int | None) -> float | str:
    return UNBALANCED if band is None else band / FACILITY_SCALE
