"""What does the specification form hold, and which document does it make?

The form keeps the texts as they were typed, so that what is refused is shown again as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from assess.bank import resources
from assess.bank.specification import (
    INVIGILATED,
    MAX_QUOTAS,
    SCHEMA,
    Feedback,
    Specification,
    Window,
)

LONGEST = 2_000  # characters of a field that are looked at: more than any may hold
LONGEST_RESOURCES = 400_000  # characters of all of them together
WHOLE = re.compile(r"-?[0-9]{1,18}")
TEXTS = (
    "name",
    "title",
    "programme",
    "minutes",
    "cut",
    "attempts",
    "cool_down_hours",
    "approval_days",
    "opens",
    "closes",
    "weeks",
    "feedback",
    "feedback_reason",
    "resources",
)
TICKS = ("approval", "shuffle_questions", INVIGILATED)
COUNT, MINIMUM, APART = "count:", "minimum:", "not_assessed"


@dataclass(slots=True)
class Row:
    """One outcome of the bank: its live items, and what the author asks of it."""

    path: str
    title: str
    live: int
    count: str = ""
    minimum: str = ""
    apart: bool = False  # declared not assessed by test

    @property
    def asked(self) -> bool:
        """Whether anything is asked of it that a quota would hold."""
        return self.count not in ("", "0") or self.minimum not in ("", "0")


@dataclass(slots=True)
class Form:
    """The whole form, as typed."""

    texts: dict[str, str]
    ticks: dict[str, bool]
    rows: list[Row] = field(default_factory=list)

    @property
    def quotas(self) -> list[int]:
        """The places (from 0) of the rows that become quotas, in order."""
        return [place for place, row in enumerate(self.rows) if row.asked]

    @property
    def total(self) -> int:
        """How many questions a test would have, counting what is a number."""
        counts = (_number(row.count) for row in self.rows)
        return sum(count for count in counts if isinstance(count, int) and count > 0)

    def document(self, bank: str) -> dict[str, object]:
        """The specification document of the form, for the bank with this name."""
        texts = self.texts
        document: dict[str, object] = {
            "schema": SCHEMA,
            "name": texts["name"],
            "title": texts["title"],
            "bank": bank,
            "programme": texts["programme"] or None,
            "attempts": _number(texts["attempts"]),
            "cool_down_hours": [
                _number(step) for step in texts["cool_down_hours"].split(",") if step.strip()
            ],
            "feedback": texts["feedback"],
            "feedback_reason": texts["feedback_reason"],
            **self.ticks,
            "quotas": [self._quota(self.rows[place]) for place in self.quotas],
            "not_assessed": [row.path for row in self.rows if row.apart],
        }
        moments = {name: texts[name] for name in ("opens", "closes") if texts[name]}
        weeks = {"weeks": _number(texts["weeks"])} if texts["weeks"] else {}
        if moments or weeks:
            document["window"] = {**moments, **weeks}
        if found := resources.typed(texts["resources"]):
            document["resources"] = found
        # A number that was not typed is missing, not null.
        for name in ("minutes", "cut", "approval_days"):
            if texts[name]:
                document[name] = _number(texts[name])
        return document

    @staticmethod
    def _quota(row: Row) -> dict[str, object]:
        count, minimum = _number(row.count), _number(row.minimum)
        return {
            "outcome": row.path,
            "count": 0 if count is None else count,
            "minimum": 0 if minimum is None else minimum,
        }


def blank(rows: Sequence[Row]) -> Form:
    """The form of a new specification, with what most tests want."""
    texts = dict.fromkeys(TEXTS, "") | {"approval_days": "14", "feedback": Feedback.WRONG.value}
    return Form(texts, {name: name != INVIGILATED for name in TICKS}, list(rows))


def of(specification: Specification, rows: Sequence[Row]) -> Form:
    """The form that would make this specification."""
    quotas = {quota.outcome: quota for quota in specification.quotas}
    filled = list(rows)
    for row in filled:
        row.apart = row.path in specification.not_assessed
        if (quota := quotas.get(row.path)) is not None:
            row.count, row.minimum = str(quota.count), str(quota.minimum)
    window = specification.window or Window()
    texts = {
        "name": specification.name,
        "title": specification.title,
        "programme": specification.programme or "",
        "minutes": str(specification.minutes),
        "cut": str(specification.cut),
        "attempts": "" if specification.attempts is None else str(specification.attempts),
        "cool_down_hours": ", ".join(map(str, specification.cool_down_hours)),
        "approval_days": str(specification.approval_days),
        "opens": "" if window.opens is None else window.opens.isoformat("T", "minutes"),
        "closes": "" if window.closes is None else window.closes.isoformat("T", "minutes"),
        "weeks": "" if window.weeks is None else str(window.weeks),
        "feedback": specification.feedback.value,
        "feedback_reason": specification.feedback_reason,
        "resources": resources.as_typed(specification.resources),
    }
    ticks = {
        "approval": specification.approval,
        "shuffle_questions": specification.shuffle_questions,
        INVIGILATED: specification.invigilated,
    }
    return Form(texts, ticks, filled)


def sent(values: MultiDict[str, str], rows: Sequence[Row], fixed: Mapping[str, str]) -> Form:
    """The form as it was sent; of a repeated field the first counts, `fixed` fields never change.

    An outcome that was in the form and has left the bank since keeps its row: what was asked of
    it is refused by name, not forgotten.
    """
    texts = {name: values.get(name, "").strip()[:LONGEST] for name in TEXTS} | dict(fixed)
    texts["resources"] = values.get("resources", "").strip()[:LONGEST_RESOURCES]
    ticks = {name: name in values for name in TICKS}
    apart = set(values.getlist(APART))
    known = {row.path for row in rows}
    strangers = {
        name.removeprefix(COUNT)
        for name, value in values.items()
        if name.startswith(COUNT) and value.strip() not in ("", "0")
    } | apart
    filled = [*rows, *(Row(path, path, 0) for path in sorted(strangers - known - {""}))]
    for row in filled:
        row.count = values.get(COUNT + row.path, "").strip()[:LONGEST]
        row.minimum = values.get(MINIMUM + row.path, "").strip()[:LONGEST]
        row.apart = row.path in apart
    return Form(texts, ticks, filled[: max(MAX_QUOTAS, len(rows)) + 1])


def _number(text: str) -> int | str | None:
    """The whole number that was typed, what was typed instead of one, or None for nothing."""
    text = text.strip()
    if not text:
        return None
    return int(text) if WHOLE.fullmatch(text) else text
