"""Which moment is meant by day, month, year and time, typed by the clock of the centre?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])", re.ASCII)


def read(typed: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    """The moment in UTC; None when there is none, as in the hour that spring leaves out.

    The hour that autumn has twice is meant the first time.
    """
    time = TIME.fullmatch(typed["time"].strip())
    parts = [typed[name].strip() for name in ("year", "month", "day")]
    if time is None or not all(p.isascii() and p.isdecimal() and len(p) <= 4 for p in parts):
        return None
    year, month, day = (int(part) for part in parts)
    try:
        wall = datetime(year, month, day, int(time[1]), int(time[2]), tzinfo=zone)
        moment = wall.astimezone(UTC)
        back = moment.astimezone(zone)
    except (ValueError, OverflowError):
        return None
    return moment if back.replace(tzinfo=None) == wall.replace(tzinfo=None) else None


def typed(now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """What a form offers: today, the next full hour by the clock of the centre."""
    wall = (now + timedelta(hours=1)).astimezone(zone).replace(minute=0)
    return {
        "day": str(wall.day),
        "month": str(wall.month),
        "year": str(wall.year),
        "time": f"{wall:%H:%M}",
    }
