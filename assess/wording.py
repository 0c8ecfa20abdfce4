"""What does a reason say to a person? The words of each code, from the gettext catalogues.

Rules return codes and values; pages and the command line look the words up here. A reason with a
value `what` may have words of its own, under `CODE.what` or, for a problem of a file, under `what`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_timezone
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from assess.reasons import Helper, Reason, Refused, Value

CATALOGUES = ("reasons", "problems", "mail")
FIRST_LANGUAGE = "en"
MOMENT = "EEEE d MMMM y 'at' HH:mm"
DAY = "d MMMM y"
COUNTED = ("need", "weeks")  # values of which one may have a sentence of its own, named `:one`


@dataclass(frozen=True, slots=True)
class Words:
    """A reason as a person reads it. `help` says who can help, empty when nobody can."""

    code: str
    what: str
    do: str
    help: str
    until: str


def words(reason: Reason, zone: str = "UTC", language: str = FIRST_LANGUAGE) -> Words:
    """The words of a reason, its moments in the zone of the centre."""
    values = {name: _shown(value, zone, language) for name, value in reason.values.items()}
    what = str(reason.values.get("what", ""))
    keys = [reason.code.value]
    if what:
        keys = [f"{reason.code.value}.{what}", what, reason.code.value]
    if 1 in map(reason.values.get, COUNTED):  # "1 question is needed", where a sentence has it
        keys = [*(f"{key}:one" for key in keys), *keys]
    return Words(
        code=reason.code.value,
        what=_said(keys, values, language) or reason.code.value,
        do=_said([f"{key}:do" for key in keys], values, language),
        help="" if reason.who is Helper.NOBODY else _said([f"who:{reason.who}"], {}, language),
        until="" if reason.until is None else moment(in_time(reason.until), zone, language),
    )


def title(refused: Refused, language: str = FIRST_LANGUAGE) -> str:
    """The heading of a refusal."""
    code = refused.code.value
    what = refused.reasons[0].values.get("what", "") if refused.reasons else ""
    keys = [f"{code}.{what}:title", f"{code}:title", "any:title"]
    return _said(keys, {}, language)


def mail(
    kind: str, values: Mapping[str, Value], zone: str = "UTC", language: str = FIRST_LANGUAGE
) -> tuple[str, str]:
    """The subject, on one line, and the text of a mail of this kind."""
    shown = {name: _shown(value, zone, language) for name, value in values.items()}
    subject = " ".join(_said([f"mail:{kind}:subject"], shown, language).split())
    body = _said([f"mail:{kind}:body"], shown, language)
    frame = _said(["mail:frame"], shown | {"body": body}, language)
    if not (subject and body and frame):
        raise KeyError(f"no words for a mail of the kind {kind}")
    return subject, frame


def moment(at: datetime, zone: str = "UTC", language: str = FIRST_LANGUAGE) -> str:
    """A moment in full: day, date and time in the zone of the centre."""
    shown = at.astimezone(ZoneInfo(zone))
    return str(format_datetime(shown, MOMENT, tzinfo=get_timezone(zone), locale=language))


def in_time(at: datetime) -> datetime:
    """The whole minute at which it is sure to be so far: who comes as they were told is let in."""
    begun = at.astimezone(UTC).replace(second=0, microsecond=0)
    return begun if begun == at else begun + timedelta(minutes=1)


def day(day: date, language: str = FIRST_LANGUAGE) -> str:
    """A day in full, without a time."""
    return str(format_date(day, DAY, locale=language))


def codes(language: str = FIRST_LANGUAGE) -> frozenset[str]:
    """The message identifiers that a language has words for."""
    return frozenset(_catalogue(language))


def _shown(value: Value, zone: str, language: str) -> str | int:
    if isinstance(value, datetime):
        return moment(value, zone, language)
    return day(value, language) if isinstance(value, date) else value


def _said(keys: list[str], values: Mapping[str, str | int], language: str) -> str:
    for tongue in dict.fromkeys((language, FIRST_LANGUAGE)):
        catalogue = _catalogue(tongue)
        for key in keys:
            if (sentence := catalogue.get(key)) is None:
                continue
            try:
                return sentence % values
            except KeyError:  # the sentence needs a value that this reason does not carry
                continue
    return ""


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    """All words of a language: the catalogues are read as they are, nothing is compiled before."""
    found: dict[str, str] = {}
    for name in CATALOGUES:
        path = files("assess") / "translations" / language / "LC_MESSAGES" / f"{name}.po"
        if path.is_file():
            compiled = io.BytesIO()
            write_mo(compiled, read_po(io.BytesIO(path.read_bytes()), locale=language))
            compiled.seek(0)
            translations = Translations(compiled)
            found |= {k: v for k, v in translations._catalog.items() if isinstance(k, str) and k}
    return found
