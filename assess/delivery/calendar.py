"""When does a day begin and end at a centre, and which day did somebody write?

A day is a whole day in the centre's time zone, also where the clocks change in it. Periods are
stored as moments: from the beginning of the first day up to, not including, the end of the last.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
"""Between these lies every date that anybody means."""

ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
BRITISH = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", re.ASCII)


def begins(day: date, zone: str) -> datetime:
    """The first moment of a day in a zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def ends(day: date, zone: str) -> datetime:
    """The first moment after a day in a zone, in UTC."""
    return begins(day + timedelta(days=1), zone)


def day_of(at: datetime, zone: str) -> date:
    """The day in a zone on which a moment lies."""
    return at.astimezone(ZoneInfo(zone)).date()


def last_day(ends_at: datetime, zone: str) -> date:
    """The last day of a period that ends before a moment."""
    return day_of(ends_at - timedelta(microseconds=1), zone)


def months_after(day: date, months: int) -> date:
    """The same day of the month some months later, or the last day of a month that is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def years_old(born_on: date, day: date) -> int:
    """Completed years of age on a day. Who was born on 29 February turns on 1 March otherwise."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def birthday(born_on: date, years: int) -> date:
    """The day on which somebody completes these years."""
    try:
        return born_on.replace(year=born_on.year + years)
    except ValueError:  # 29 February of a year that has none
        return date(born_on.year + years, 3, 1)


def read_day(text: str) -> date | None:
    """The date that a text says: 2026-03-02, 2/3/2026 or 2.3.2026 (day first); None for no date."""
    text = text.strip()
    if found := ISO.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := BRITISH.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
    else:
        return None
    try:
        said = date(year, month, day)
    except ValueError:
        return None
    return said if EARLIEST <= said <= LATEST else None
