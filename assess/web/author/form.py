"""What does the specification form hold, and which document does it make?

The form keeps the texts as they were typed, so that what is refused is shown again as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from assess.bank import resources
from assess.bank.kinds import Kind
from assess.bank.specification import INVIGILATED, SCHEMA, Feedback, Quota, Specification, Window
from assess.bank.specification_file import MAX_QUOTAS
from assess.web.author import narrower
from assess.web.author.narrower import Narrower

LONGEST = 2_000  # characters of a field that are looked at: more than any may hold
LONGEST_RESOURCES = 400_000  # characters of all of them together
LONGEST_ENEMIES = 200_000
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
    "questions",
    "band",
    "enemies",
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
    cells: list[Narrower] = field(default_factory=list)

    @property
    def quotas(self) -> list[int]:
        """The places (from 0) of the rows that become quotas, in order."""
        return [place for place, row in enumerate(self.rows) if row.asked]

    @property
    def places(self) -> list[tuple[str, str]]:
        """The outcomes that a narrower quota may choose, with their titles; what was sent too."""
        known = [(row.path, row.title) for row in self.rows]
        paths = {path for path, _ in known}
        sent = {cell.outcome for cell in self.cells} - paths - {""}
        return known + [(path, path) for path in sorted(sent)]

    @staticmethod
    def kinds(kinds: Mapping[str, Kind]) -> list[tuple[str, str]]:
        """The kinds of questions with what they are called."""
        return [(name, gettext(kind.title)) for name, kind in kinds.items()]

    @property
    def narrowed(self) -> list[int]:
        """The places (from 0) of the narrower rows that become quotas, after all others."""
        return [place for place, row in enumerate(self.cells) if row.asked]

    @property
    def total(self) -> int:
        """How many questions a test would have, counting what is a number."""
        counts = (
            _number(text) for text in [r.count for r in self.rows] + [c.count for c in self.cells]
        )
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
            "cool_down_hours": _steps(texts["cool_down_hours"]),
            "feedback": texts["feedback"],
            "feedback_reason": texts["feedback_reason"],
            **self.ticks,
            "quotas": [
                *(self._quota(self.rows[place]) for place in self.quotas),
                *(self.cells[place].document() for place in self.narrowed),
            ],
            **narrower.balance(texts),
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
    texts |= narrower.texts_of(None)
    return Form(texts, {name: name != INVIGILATED for name in TICKS}, list(rows))


def of(specification: Specification, rows: Sequence[Row]) -> Form:
    """The form that would make this specification."""
    rows_of = {row.path for row in rows}
    quotas: dict[str, Quota] = {}
    cells = []
    for quota in specification.quotas:
        if quota.narrowing or quota.outcome not in rows_of:
            cells.append(narrower.of(quota))
        else:
            quotas[quota.outcome] = quota
    filled = list(rows)
    for row in filled:
        row.apart = row.path in specification.not_assessed
        if (asked := quotas.get(row.path)) is not None:
            row.count, row.minimum = str(asked.count), str(asked.minimum)
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
    return Form(texts | narrower.texts_of(specification), ticks, filled, cells)


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
    texts["enemies"] = values.get("enemies", "").strip()[:LONGEST_ENEMIES]
    if "band" not in values:
        texts["band"] = narrower.texts_of(None)["band"]
    kept = filled[: max(MAX_QUOTAS, len(rows)) + 1]
    return Form(texts, ticks, kept, narrower.sent(values))


def _steps(text: str) -> list[int | str | None]:
    """The steps that were typed, a comma at the end left out; None for a gap between two."""
    text = text.strip().removesuffix(",")
    return [_number(step) for step in text.split(",")] if text else []


def _number(text: str) -> int | str | None:
    """The whole number that was typed, what was typed instead of one, or None for nothing."""
    text = text.strip()
    if not text:
        return None
    return int(text) if WHOLE.fullmatch(text) else text
