"""Beside which field of the specification form does each reason stand, and in which words?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from flask_babel import gettext as _

from assess import wording
from assess.bank import specification_file as rules
from assess.bank.specification import SCHEMA, Quota
from assess.reasons import Reason, Refused, Value
from assess.web.author import narrowing
from assess.web.author.complaint import Complaint
from assess.web.author.form import Form

QUOTA = re.compile(r"quotas\[([0-9]+)\](?:\.([a-z]+)(?:\[[12]\])?)?")
ENEMIES = re.compile(r"enemies\[([0-9]+)\]")
STEP = re.compile(r"cool_down_hours\[([0-9]+)\]")
APART = re.compile(r"not_assessed(?:\[([0-9]+)\])?")
RESOURCE = re.compile(r"resources\[([0-9]+)\](?:\.[a-z]+)?")
FIRST_ROW = "count-0"
COLUMN = {"minimum_above_count": "minimum", "quota_not_assessed": "apart"}
FIELD = {
    "cut_above_length": "cut",
    "cut_below_one": "cut",
    "feedback_reason_missing": "feedback_reason",
    "programme_unknown": "programme",
    "no_quotas": FIRST_ROW,
    "questions_differ": "questions",
    "conflict_enemies": "enemies",
    "undecided": "enemies",
    "hardly_found": "enemies",
    "enemy_unknown": "enemies",
}


OF_A_CELL = ("outcome", "narrowed")
IN_PER_CENT = {
    "share_range": "per_cent_range",
    "share_too_fine": "per_cent_too_fine",
    "value_share_needed": "per_cent_needed",
}
"""What a document holds as a share is typed in per cent, and is spoken of so."""


def complaints(reasons: Iterable[Reason], form: Form, zone: str) -> tuple[Complaint, ...]:
    """Each reason, in the order of the rules, as the form shows it."""

    @cache  # read when a reason needs them, once for all reasons
    def narrower() -> list[tuple[int, Quota]]:
        return _narrower(form)

    return tuple(_complaint(reason, form, zone, narrower) for reason in reasons)


def labels() -> dict[str, str]:
    """What the form calls its fields."""
    return {
        "name": _("Name"),
        "title": _("Title"),
        "programme": _("Programme"),
        "minutes": _("Minutes"),
        "cut": _("Cut score"),
        "attempts": _("Attempts allowed"),
        "cool_down_hours": _("Hours to wait after a failed attempt"),
        "approval_days": _("Days an approval is valid"),
        "opens": _("Opens"),
        "closes": _("Closes"),
        "weeks": _("Weeks from an agreed day"),
        "feedback": _("Feedback"),
        "feedback_reason": _("Reason for showing less"),
        "quotas": _("Questions for each outcome"),
        "not_assessed": _("Not assessed by test"),
        "questions": _("Questions in all"),
        "band": _("Band of difficulty"),
        "enemies": _("Enemies"),
        "resources": _("Open-book resources"),
    }


def _complaint(
    reason: Reason, form: Form, zone: str, narrower: Callable[[], list[tuple[int, Quota]]]
) -> Complaint:
    values: dict[str, Value] = dict(reason.values)
    where = str(values.get("where", ""))
    if where:
        field, values["where"] = _place(where, form)
    elif "outcome" in values:
        field, values["outcome"] = _row(reason, form)
        if "narrowed" in values:
            values["narrowed"] = _("not narrowed")
            for place, quota in narrower():
                if (quota.outcome, quota.narrowed) == tuple(map(reason.values.get, OF_A_CELL)):
                    field, values["narrowed"] = f"cell-{place}-count", narrowing.words(quota)
    else:
        what = str(values.get("what", ""))
        field = FIELD.get(what, str(values.get("field", "")) or "form")
    if (what := str(values.get("what", ""))) in IN_PER_CENT:
        values["what"] = IN_PER_CENT[what]
        if what != "value_share_needed":  # else it is no number
            shares = values.keys() & {"found", "least", "most"}
            values |= {key: f"{100 * float(str(values[key])):g}" for key in shares}
    words = wording.words(replace(reason, values=values), zone)
    return Complaint(field, words.code, words.what)


def _place(where: str, form: Form) -> tuple[str, str]:
    """The id and the label of the field that a path in the document came from."""
    names = labels()
    if found := QUOTA.fullmatch(where):
        place = int(found[1]) - 1 - len(form.quotas)
        if place >= 0:
            return _cell(form.narrowed[place], found[2] or "")
        row = form.quotas[int(found[1]) - 1]
        column = "minimum" if found[2] == "minimum" else "count"
        heading = _("At least right") if column == "minimum" else _("Questions")
        return f"{column}-{row}", f"{form.rows[row].title}: {heading}"
    if found := STEP.fullmatch(where):
        label = _("Hours to wait after failed attempt %(number)s", number=found[1])
        return "cool_down_hours", label
    if found := APART.fullmatch(where):
        apart = [place for place, row in enumerate(form.rows) if row.apart]
        row = apart[int(found[1]) - 1] if found[1] else apart[0]
        return f"apart-{row}", f"{form.rows[row].title}: {names['not_assessed']}"
    if found := RESOURCE.fullmatch(where):
        return "resources", _("open-book resource %(number)s", number=found[1])
    where = where.removeprefix("window.")
    if found := ENEMIES.match(where):
        return "enemies", _("group of enemies %(number)s", number=found[1])
    if where == "quotas":
        return FIRST_ROW, names["quotas"]
    return (where if where in names else "form"), names.get(where, where)


def _cell(place: int, key: str) -> tuple[str, str]:
    """The id and the label of a field of a narrower quota."""
    column = {"difficulty": "low", "": "outcome"}.get(key, key)
    said = _("Narrower quota %(number)s", number=place + 1)
    return f"cell-{place}-{column}", f"{said}: {narrowing.headings().get(column, column)}"


def _narrower(form: Form) -> list[tuple[int, Quota]]:
    """The narrower quotas, each with its place in the form; none where one cannot be read."""
    quotas = form.document("-")["quotas"]
    least = {"schema": SCHEMA, "name": "x", "title": "-", "bank": "-", "minutes": 1}
    read = rules.read({**least, "cut": 1, "quotas": quotas})
    if isinstance(read, Refused):
        return []
    return list(zip(form.narrowed, read.quotas[len(form.quotas) :], strict=True))


def _row(reason: Reason, form: Form) -> tuple[str, str]:
    path = str(reason.values["outcome"])
    column = COLUMN.get(str(reason.values.get("what", "")), "count")
    for place, row in enumerate(form.rows):
        if row.path == path:
            return f"{column}-{place}", row.title
    return "form", path
