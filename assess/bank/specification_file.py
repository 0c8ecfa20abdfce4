"""What does a document say of a specification, and what is wrong with it?

The document is YAML from an author (`docs/specification-file.md`), what a page made of its fields,
or what was stored. All that is wrong is told at once, with its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from assess.bank import resources
from assess.bank.fields import Fields
from assess.bank.formats import documents
from assess.bank.items import FACILITY_SCALE, Level
from assess.bank.kinds import KINDS, MAX_OUTCOME
from assess.bank.problems import problem, shown
from assess.bank.specification import (
    BAND,
    INVIGILATED,
    SCHEMA,
    UNBALANCED,
    Feedback,
    Quota,
    Sets,
    Specification,
    Window,
)
from assess.reasons import Reason, Refused

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
MAX_BAND = 100
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
        problems.append(problem("schema_unknown", found=found, allowed=SCHEMA))
        if "schema" in document:  # of what another asks for nothing is known
            return documents.refuse(*problems)
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


def stored(document: Mapping[str, object]) -> Specification:
    """The specification that `as_document` wrote.

    Raises ValueError where the document is none; documents from outside go through `read`.
    """
    found = read(document)
    if isinstance(found, Refused):
        raise ValueError(f"no specification: {[dict(r.values) for r in found.reasons]}")
    return found


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
