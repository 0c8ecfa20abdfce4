"""What was typed into a form: texts of a bounded length, days, numbers, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from flask import request
from flask_babel import gettext as _

from assess import wording
from assess.delivery import calendar
from assess.delivery.registration import amiss
from assess.reasons import Code, Reason, Refused
from assess.web import pages

LONGEST = 1000  # characters of a field of one line that are looked at: beyond any that are taken
DAYS = frozenset({"born_on", "last_registration"})  # fields of which each holds a day
LONGEST_TEXT = 25_000  # characters of a field of many lines


def line(name: str) -> str:
    """A field of one line, without white space around it."""
    return request.form.get(name, "")[:LONGEST].strip()


def text(name: str) -> str:
    """A field of many lines, with line ends as they are kept."""
    return request.form.get(name, "").replace("\r\n", "\n")[:LONGEST_TEXT]


def day(name: str, problems: list[Reason]) -> date | None:
    """A day, None where nothing was typed; what is no day is added to the problems."""
    said = line(name)
    found = calendar.read_day(said) if said else None
    if said and found is None:
        problems.append(amiss(name, "no_date"))
    return found


def number(name: str, problems: list[Reason]) -> int | None:
    """A whole number, None where nothing was typed; what is none is added to the problems."""
    said = line(name)
    if said and not (said.isascii() and said.isdecimal() and len(said) < 9):
        problems.append(amiss(name, "no_number"))
        return None
    return int(said) if said else None


def key(name: str) -> int:
    """The number of a row that was chosen; 0, which no row has, where none was."""
    said = line(name)
    plain = said.isascii() and said.isdecimal() and len(said) < 19
    return int(said) if plain else 0


def beside(refused: Refused | None, elsewhere: str = "") -> dict[str, wording.Words]:
    """The words of each reason by its field, which the words call by its label.

    A reason that is about no field of the form stands beside the field `elsewhere`.
    """
    named = labels()
    found: dict[str, wording.Words] = {}
    for reason in () if refused is None else refused.reasons:
        field = str(reason.values.get("field", elsewhere))
        label = named.get(field) or named.get(field.partition("-")[0], field)
        called = replace(reason, values={**reason.values, "field": label})
        found.setdefault(field, wording.words(called, pages.zone()))
    return found


def stands(refused: Refused | None, now: Mapping[str, str]) -> list[tuple[str, str]]:
    """How it stands now, by what each field is called, for whom a change by others has stopped."""
    if refused is None or refused.code is not Code.CHANGED:
        return []
    named = labels()
    days = {field: calendar.read_day(text) for field, text in now.items() if field in DAYS}
    return [
        (named[field], wording.day(found) if (found := days.get(field)) else text)
        for field, text in now.items()
    ]


def words(reason: Reason) -> wording.Words:
    """The words of a reason about a line of a file, which calls columns by their names."""
    return wording.words(reason, pages.zone())


def labels() -> Mapping[str, str]:
    """What the fields of the administrator's forms are called."""
    return {
        "name": _("Name"),
        "username": _("Log-in name"),
        "roles": _("Roles"),
        "role": _("Role"),
        "until": _("Last day"),
        "born_on": _("Date of birth"),
        "email": _("E-mail"),
        "programme": _("Programme"),
        "framework": _("Framework"),
        "tutor": _("Tutor"),
        "candidate": _("Candidate"),
        "group": _("Group"),
        "language": _("Language of assessment"),
        "starts": _("First day"),
        "ends": _("Last day"),
        "needs": _("What they need"),
        "asked": _("Needs"),
        "minimum_age": _("Minimum age"),
        "last_registration": _("Last day for registering"),
        "months": _("Months"),
        "words": _("In words"),
        "kind": _("Kind of arrangement"),
        "percent": _("Extra time in per cent"),
        "colours": _("Colours"),
        "text_size": _("Text size"),
        "spacing": _("Spacing"),
        "evidence": _("Evidence"),
        "file": _("File"),
    }
