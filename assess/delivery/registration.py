"""May this candidate be registered on this programme, in which group, and for which period?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from assess.delivery import accounts, calendar
from assess.reasons import Code, Helper, Reason, Value

LARGEST_GROUP = 20
"""Candidates of one group whom a tutor can follow well; more is a warning, never a refusal."""

LONGEST_GROUP = 100  # characters
LONGEST_NEEDS = 2000  # characters
OLDEST_MINIMUM = 100  # years
MOST_MONTHS = 120

LANGUAGES: Mapping[str, str] = MappingProxyType(
    {"en": "English", "cy": "Welsh", "ga": "Irish", "gd": "Scottish Gaelic"}
)
"""In which language a candidate may ask to be assessed, by tag; English, translated where shown."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a programme asks of a registration; None where it asks for nothing.

    `minimum_age` in years, `last_registration` the last day on which candidates are registered,
    `months` how long a registration lasts that names no last day.
    """

    minimum_age: int | None = None
    last_registration: date | None = None
    months: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a registration says. `starts` None: today. `ends` is the last day, None: by the months.

    `needs` is what the candidate needs, "" when they were asked and need nothing, None when nobody
    asked.
    """

    group: str
    language: str = "en"
    starts: date | None = None
    ends: date | None = None
    needs: str | None = None


def last_day(conditions: Conditions, entry: Entry, today: date) -> date | None:
    """The last day of a registration, None for one without end."""
    if entry.ends is not None or conditions.months is None:
        return entry.ends
    return calendar.months_after(entry.starts or today, conditions.months)


def why_not_register(
    conditions: Conditions, entry: Entry, born_on: date | None, today: date, zone: str
) -> tuple[Reason, ...]:
    """Every reason why a candidate cannot be registered today; empty means they can.

    E-AGE with `what`: `young` (on the first day of the registration; `until` their birthday),
    `unborn` (the date of birth is not known), `late` (after the last registration date). The
    others are those of `why_not_say`.
    """
    found = list(why_not_say(entry, today))
    found += _why_not_of_age(conditions, born_on, entry.starts or today, zone)
    last = conditions.last_registration
    if last is not None and today > last:
        late: dict[str, Value] = {
            "field": "programme",
            "what": "late",
            "last": calendar.begins(last, zone),
        }
        found.append(Reason(Code.AGE, late, who=Helper.ADMINISTRATOR))
    return tuple(found)


def why_not_change(
    conditions: Conditions,
    before: Entry,
    entry: Entry,
    born_on: date | None,
    registered: date,
    zone: str,
) -> tuple[Reason, ...]:
    """Every reason why a registration of the day `registered` cannot say this in place of `before`.

    The reasons of `why_not_say`; where it is to begin earlier than it did, also `young` and
    `unborn` of `why_not_register`. Nothing else that a programme asks by now is asked again.
    """
    first = entry.starts or registered
    earlier = first < (before.starts or registered)
    young = _why_not_of_age(conditions, born_on, first, zone) if earlier else ()
    return (*why_not_say(entry, registered), *young)


def _why_not_of_age(
    conditions: Conditions, born_on: date | None, first: date, zone: str
) -> tuple[Reason, ...]:
    """E-AGE for who is not old enough on the first day of a registration, or may not be."""
    least = conditions.minimum_age
    if least is None:
        return ()
    if born_on is None:
        unborn: dict[str, Value] = {"field": "born_on", "what": "unborn", "least": least}
        return (Reason(Code.AGE, unborn, who=Helper.YOU),)
    if calendar.years_old(born_on, first) >= least:
        return ()
    until = calendar.begins(calendar.birthday(born_on, least), zone)
    young: dict[str, Value] = {"field": "born_on", "what": "young", "least": least}
    return (Reason(Code.AGE, young, until, Helper.NOBODY),)


def why_not_say(entry: Entry, registered: date) -> tuple[Reason, ...]:
    """Every reason why a registration of this day cannot say this, whoever it is for."""
    found = []
    if not entry.group:
        found.append(amiss("group", "empty"))
    elif len(entry.group) > LONGEST_GROUP:
        found.append(amiss("group", "long", allowed=LONGEST_GROUP))
    elif accounts.is_unseen(entry.group):
        found.append(amiss("group", "unseen"))
    if entry.language not in LANGUAGES:
        allowed = ", ".join(LANGUAGES)
        found.append(amiss("language", "unknown", found=entry.language, allowed=allowed))
    if entry.ends is not None and entry.ends < (entry.starts or registered):
        found.append(amiss("ends", "before_start"))
    if entry.needs is not None and len(entry.needs) > LONGEST_NEEDS:
        found.append(amiss("needs", "long", allowed=LONGEST_NEEDS))
    return tuple(found)


def why_not_ask(name: str, conditions: Conditions) -> tuple[Reason, ...]:
    """Every reason why a programme cannot be called this, or ask this of registrations."""
    found = []
    if not name:
        found.append(amiss("name", "empty"))
    elif len(name) > 200:  # as the column holds
        found.append(amiss("name", "long", allowed=200))
    elif accounts.is_unseen(name):
        found.append(amiss("name", "unseen"))
    for field, number, most in (
        ("minimum_age", conditions.minimum_age, OLDEST_MINIMUM),
        ("months", conditions.months, MOST_MONTHS),
    ):
        if number is not None and not 1 <= number <= most:
            found.append(amiss(field, "range", least=1, most=most))
    return tuple(found)


def why_not_born(born_on: date | None, today: date) -> tuple[Reason, ...]:
    """Why nobody was born on this day; empty when it is not known, or could be so."""
    if born_on is None or 0 <= calendar.years_old(born_on, today) <= 120:
        return ()
    return (amiss("born_on", "implausible"),)


def warnings(group: str, size: int) -> tuple[Reason, ...]:
    """W-GROUP when a group has more candidates than a tutor can follow well."""
    if size <= LARGEST_GROUP:
        return ()
    values: dict[str, Value] = {"group": group, "size": size, "most": LARGEST_GROUP}
    return (Reason(Code.GROUP, values, who=Helper.ADMINISTRATOR),)


def amiss(field: str, what: str, **values: Value) -> Reason:
    """What is wrong with a field of a form or a column of a file [E-FIELD]."""
    return Reason(Code.FIELD, {"field": field, "what": what, **values}, who=Helper.YOU)
