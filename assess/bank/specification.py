"""Of what is a test made, what passes it, and can it be published?

A specification is what an author asks for: how many questions for each outcome, how long, which
cut score, how often. It is read from YAML (`docs/specification-file.md`) or built by a page; it
is published only when the bank can fill it and nothing of the content is left untested in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assess.bank import canonical, resources
from assess.bank.fields import Fields
from assess.bank.formats import documents
from assess.bank.items import FACILITY_SCALE, Level
from assess.bank.kinds import KINDS, MAX_OUTCOME
from assess.bank.problems import problem, shown
from assess.bank.resources import Resource
from assess.reasons import Reason, Refused

SCHEMA = "specification/1"
MAX_DOCUMENT = 500_000  # characters
MAX_MINUTES = 24 * 60
MAX_COUNT = 500  # questions of one outcome
MAX_QUOTAS = 1_000
MAX_ATTEMPTS = 1_000
MAX_HOURS = 366 * 24
MAX_STEPS = 50
MAX_DAYS = 366
MAX_WEEKS = 104
MAX_ENEMIES = 10_000  # groups of items that may not meet, and items in one group
BAND = 5  # thousandths of the full marks: half a percentage point of expected score
MAX_BAND = 100
UNBALANCED = "none"  # how a document says that forms are not to be balanced
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
KEYS = (
    "schema",
    "name",
    "title",
    "bank",
    "programme",
    "minutes",
    "cut",
    "attempts",
    "cool_down_hours",
    "approval",
    "approval_days",
    "feedback",
    "feedback_reason",
    "shuffle_questions",
    "quotas",
    "not_assessed",
    "window",
    "invigilated",
    "resources",
    "questions",
    "band",
    "enemies",
)
SHORT_KEYS = ("bank", "cut", "band", "quotas", "questions", "enemies", "not_assessed")
QUOTA_KEYS = ("outcome", "count", "minimum", "kind", "level", "difficulty", "set")
WINDOW_KEYS = ("opens", "closes", "weeks")
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

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Specification:
        """The specification that `as_document` wrote.

        Raises ValueError where the document is none; documents from outside go through `read`.
        """
        found = read(document)
        if isinstance(found, Refused):
            raise ValueError(f"no specification: {[dict(r.values) for r in found.reasons]}")
        return found

    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the document."""
        return canonical.digest(self.as_document())


def read_specification(text: str) -> Specification | Refused:
    """The specification of a YAML text. Refused [E-FILE] with every problem and where it is."""
    document = documents.load(text, MAX_DOCUMENT)
    return document if isinstance(document, Refused) else read(document)


def read_blueprint(text: str) -> Specification | Refused:
    """The specification of a YAML text for trying a draw: a whole file, or only what a draw needs.

    The short form has no `schema` and none but the keys of SHORT_KEYS; its name and title are "-".
    """
    document = documents.load(text, MAX_DOCUMENT)
    if isinstance(document, Refused):
        return document
    if "schema" in document:
        return read(document)
    problems: list[Reason] = []
    Fields(document, "", problems).only(SHORT_KEYS)
    whole = read({**document, "schema": SCHEMA, "name": "x", "title": "-", "minutes": MAX_MINUTES})
    if isinstance(whole, Refused):
        return documents.refuse(*problems, *whole.reasons)
    return documents.refuse(*problems) if problems else whole


def read(document: Mapping[str, object]) -> Specification | Refused:
    """The specification of a document from outside, whatever it holds.

    Types, sizes and unknown keys are refused here; whether the numbers make sense together is
    asked at publishing (`publishing.py`), so that an author may keep a half-done one.
    """
    problems: list[Reason] = []
    fields = Fields(document, "", problems)
    if document.get("schema") != SCHEMA:
        found = shown(document.get("schema", ""))
        return documents.refuse(problem("schema_unknown", found=found, allowed=SCHEMA))
    fields.only(KEYS)
    name = fields.text("name", limit=60)
    if name and not NAME.fullmatch(name):
        problems.append(problem("name_not_plain", where="name", found=shown(name)))
    specification = Specification(
        name=name,
        title=fields.text("title", limit=200),
        bank=fields.text("bank", limit=200),
        minutes=fields.number("minutes", 1, MAX_MINUTES),
        cut=fields.number("cut", 0, MAX_COUNT * MAX_QUOTAS),
        quotas=_quotas(fields),
        attempts=fields.number("attempts", 1, MAX_ATTEMPTS) if fields.has("attempts") else None,
        cool_down_hours=fields.numbers("cool_down_hours", 0, MAX_HOURS, MAX_STEPS),
        approval=fields.truth("approval", True),
        approval_days=fields.number("approval_days", 1, MAX_DAYS, 14),
        feedback=Feedback(fields.choice("feedback", tuple(Feedback), Feedback.WRONG)),
        feedback_reason=fields.text("feedback_reason", "", limit=1_000),
        programme=fields.text("programme", "", limit=100) or None,
        not_assessed=fields.texts("not_assessed", MAX_QUOTAS),
        shuffle_questions=fields.truth("shuffle_questions", True),
        window=_window(fields),
        invigilated=fields.truth(INVIGILATED, False),
        resources=resources.read(fields),
        questions=fields.number("questions", 1, MAX_COUNT * MAX_QUOTAS)
        if fields.has("questions")
        else None,
        band=_band(fields),
        enemies=_enemies(fields),
    )
    return documents.refuse(*problems) if problems else specification


def _window(fields: Fields) -> Window | None:
    if not fields.has("window"):
        return None
    sound = len(fields.problems)
    row = fields.mapping("window")
    row.only(WINDOW_KEYS)
    weeks = row.number("weeks", 1, MAX_WEEKS) if row.has("weeks") else None
    opens, closes = row.wall_clock("opens"), row.wall_clock("closes")
    nothing = weeks is None and opens is None and closes is None
    if nothing and len(row.problems) == sound:  # else something was meant
        row.problems.append(problem("window_empty", where=row.at("weeks")))
    if weeks is not None and (opens is not None or closes is not None):
        row.problems.append(problem("window_of_two_kinds", where=row.at("weeks")))
    if opens is not None and closes is not None and closes <= opens:
        row.problems.append(problem("window_closes_first", where=row.at("closes")))
    return Window(opens, closes, weeks)


def _band(fields: Fields) -> int | None:
    if fields.raw("band") == UNBALANCED:
        return None
    return fields.share("band", 1, MAX_BAND, BAND)


def _as_share(band: int | None) -> float | str:
    return UNBALANCED if band is None else band / FACILITY_SCALE


def _enemies(fields: Fields) -> tuple[tuple[str, ...], ...]:
    return tuple(
        group.texts(key, MAX_ENEMIES, least=2)
        for key, group in fields.lists("enemies", MAX_ENEMIES)
    )


def _quotas(fields: Fields) -> tuple[Quota, ...]:
    quotas: list[Quota] = []
    labels: set[str] = set()
    for row in fields.mappings("quotas", MAX_QUOTAS):
        row.only(QUOTA_KEYS)
        quota = Quota(
            outcome=row.text("outcome", limit=MAX_OUTCOME),
            count=row.number("count", 1, MAX_COUNT),
            minimum=row.number("minimum", 0, MAX_COUNT, 0),
            kind=row.choice("kind", tuple(KINDS), "") or None if row.has("kind") else None,
            level=_level(row),
            difficulty=_difficulty(row),
            set=_set(row),
        )
        label = quota.label
        if quota.outcome and label in labels:
            row.problems.append(
                problem("value_repeated", where=row.at("outcome"), found=shown(label))
            )
        labels.add(label)
        quotas.append(quota)
    return tuple(quotas)


def _level(row: Fields) -> Level | None:
    word = row.choice("level", tuple(Level), "") if row.has("level") else ""
    return Level(word) if word else None


def _set(row: Fields) -> Sets | None:
    word = row.choice("set", tuple(Sets), "") if row.has("set") else ""
    return Sets(word) if word else None


def _difficulty(row: Fields) -> tuple[int, int] | None:
    if not row.has("difficulty"):
        return None
    sound = len(row.problems)
    low, high = row.shares("difficulty", 2, 0, FACILITY_SCALE) or (0, FACILITY_SCALE)
    if low > high and len(row.problems) == sound:  # else it is not what was written
        row.problems.append(problem("band_upside_down", where=row.at("difficulty")))
    return low, high
