"""How much of an item's statistics may a page show, and what does it say instead of the rest?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _

from assess.bank.items import Content, letter
from assess.psychometrics import guards
from assess.psychometrics.flags import number, percent
from assess.psychometrics.guards import Shows
from assess.psychometrics.report import OMITTED
from assess.web.author.blueprint import bp

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of the option table; `letter` is empty for those who chose nothing."""

    letter: str
    text: str
    key: bool
    n: int
    share: float | None
    r: float | None
    conditional_r: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What a page may say of one item version; None and () for what it may not, or cannot.

    `too_few` says what more answers would show, empty when there are enough; `why` says why a
    value that the answers would suffice for is missing.
    """

    n: int
    facility: float | None
    facility_interval: Interval | None
    r: float | None
    r_interval: Interval | None
    upper_lower: float | None
    choices: tuple[Choice, ...]
    flags: tuple[Mapping[str, Any], ...]
    watch: tuple[Mapping[str, Any], ...]
    too_few: str
    why: tuple[str, ...]


def figures(entry: Mapping[str, Any], content: Content | None = None) -> Figures:
    """What may be shown of an entry of a report's "items"; the option table needs the content."""
    step = Shows(entry["shows"])
    may_facility = step is not Shows.COUNT
    may_r = step in (Shows.DISCRIMINATION, Shows.ALL)
    everything = step is Shows.ALL
    return Figures(
        n=entry["n"],
        facility=entry["facility"] if may_facility else None,
        facility_interval=_interval(entry["facility_interval"]) if may_facility else None,
        r=entry["discrimination"] if may_r else None,
        r_interval=_interval(entry["discrimination_interval"]) if may_r else None,
        upper_lower=entry["upper_lower"] if everything else None,
        choices=_choices(entry, content) if everything and content is not None else (),
        flags=tuple(entry["flags"]),
        watch=tuple(entry["watch"]),
        too_few=too_few(entry["n"]),
        why=tuple(entry["reasons"].values()) if may_r else (),
    )


def too_few(n: int) -> str:
    """What n answers are too few for, in words; empty when they suffice for everything."""
    needed = next((limit for limit, _step in guards.STEPS if n < limit), None)
    if needed is None:
        return ""
    values = {"n": format_decimal(n), "needed": format_decimal(needed)}
    if needed == guards.FACILITY_FROM:
        said = _("Too few answers yet to say how hard it is: %(n)s of %(needed)s needed.", **values)
    elif needed == guards.DISCRIMINATION_FROM:
        said = _("Too few answers yet for discrimination: %(n)s of %(needed)s needed.", **values)
    else:
        said = _("Too few answers yet for flags and options: %(n)s of %(needed)s needed.", **values)
    return str(said)


bp.add_app_template_filter(number, "statistic")


@bp.app_template_filter()
def share(value: float | None, decimals: int | None = None) -> str:
    """A share in per cent, in one piece; a dash where there is none."""
    told = "–" if value is None else percent(value, decimals)
    return told.replace(" ", "\N{NO-BREAK SPACE}")


def _choices(entry: Mapping[str, Any], content: Content) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            letter="" if row["option"] == OMITTED else letter(row["option"]),
            text="" if row["option"] == OMITTED else content.options[row["option"]].text,
            key=row["key"],
            n=row["n"],
            share=row["share"],
            r=row["r"],
            conditional_r=row["conditional_r"],
        )
        for row in entry["options"]
    )


def _interval(ends: list[float] | None) -> Interval | None:
    return None if ends is None else (ends[0], ends[1])
