"""What does the specification form hold of narrower quotas, the rules of balance, and enemies?

Rows of fields `cell-K-name`, texts as they were typed, and the parts of the document they make.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from assess.bank.specification import BAND, UNBALANCED, Quota, Specification

FIELDS = ("outcome", "count", "minimum", "kind", "level", "low", "high", "set")
MOST = 200  # rows
LONGEST = 500  # characters of a field
NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,6})?")


@dataclass(slots=True)
class Narrower:
    """One narrower quota, as typed; `low` and `high` in per cent."""

    outcome: str = ""
    count: str = ""
    minimum: str = ""
    kind: str = ""
    level: str = ""
    low: str = ""
    high: str = ""
    set: str = ""

    @property
    def asked(self) -> bool:
        """Whether anything was typed."""
        return any(getattr(self, name).strip() for name in FIELDS)

    def document(self) -> dict[str, object]:
        """What a quota of a document holds of it."""
        found: dict[str, object] = {"outcome": self.outcome, "count": whole(self.count) or 0}
        if self.minimum.strip():
            found["minimum"] = whole(self.minimum)
        for name in ("kind", "level", "set"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        if self.low.strip() or self.high.strip():
            found["difficulty"] = [share(self.low or "0"), share(self.high or "100")]
        return found


def of(quota: Quota) -> Narrower:
    """The row that would make this quota."""
    low, high = ("", "")
    if quota.difficulty is not None:
        low, high = (f"{one / 10:g}" for one in quota.difficulty)
    return Narrower(
        quota.outcome,
        str(quota.count),
        str(quota.minimum) if quota.minimum else "",
        quota.kind or "",
        "" if quota.level is None else quota.level.value,
        low,
        high,
        "" if quota.set is None else quota.set.value,
    )


def sent(values: MultiDict[str, str]) -> list[Narrower]:
    """The rows as they were sent, with what the pressed button adds or takes away."""
    text = values.get("cells", "")
    count = min(int(text), MOST) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    rows = [
        Narrower(**{name: values.get(f"cell-{k}-{name}", "").strip()[:LONGEST] for name in FIELDS})
        for k in range(count)
    ]
    go, _, which = values.get("go", "").partition(":")
    if go == "add" and len(rows) < MOST:
        rows.append(Narrower())
    if go == "remove" and which.isascii() and which.isdecimal() and len(which) < 9:
        rows = [row for k, row in enumerate(rows) if k != int(which)]
    return rows


def balance(texts: dict[str, str]) -> dict[str, object]:
    """The overall length, the band and the enemies of a document, where they were typed."""
    found: dict[str, object] = {}
    if texts["questions"].strip():
        found["questions"] = whole(texts["questions"])
    band = texts["band"].strip().removesuffix("%").strip()
    found["band"] = share(band) if band else UNBALANCED
    lines = [line for line in texts["enemies"].splitlines() if line.strip()]
    if lines:
        found["enemies"] = [_names(line) for line in lines]
    return found


def _names(line: str) -> list[str]:
    """The identifiers of a group; commas may stand between them where no semicolon does."""
    parts = line.split(";" if ";" in line else ",")
    return [name for part in parts if (name := part.strip())]


def texts_of(specification: Specification | None) -> dict[str, str]:
    """The texts of these fields for a specification, or for a new one."""
    if specification is None:
        return {"questions": "", "band": f"{BAND / 10:g}", "enemies": ""}
    return {
        "questions": "" if specification.questions is None else str(specification.questions),
        "band": "" if specification.band is None else f"{specification.band / 10:g}",
        "enemies": "\n".join("; ".join(group) for group in specification.enemies),
    }


def whole(text: str) -> int | str | None:
    """The whole number that was typed, or what was typed instead of one."""
    text = text.strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else text


def share(text: str) -> float | str:
    """The share that a percentage means, or what was typed instead of one."""
    text = text.strip().removesuffix("%").strip()
    return float(text.replace(",", ".")) / 100 if NUMBER.fullmatch(text) else text
