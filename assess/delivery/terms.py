"""Under which terms is a test sat: how long, how often, from when until when, in which zone?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from assess.bank.specification import Specification, Window


@dataclass(frozen=True, slots=True)
class Terms:
    """What a centre's test asks of a candidate before and during an attempt.

    `attempts` None: no limit. The k-th failed attempt is followed by a wait of the k-th of
    `cool_down_hours`, the last step repeats, no steps mean no wait. The window is from `opens`
    (inclusive) to `closes` (exclusive), each None for no bound. `timezone` is the centre's, by its
    IANA name. `weeks` is the length of a window that counts from a date agreed with the candidate;
    until that date is there the bounds are None. `practice`: the test asks for no signature and no
    approval, and a pass ends nothing. ValueError for an unknown zone, a moment without
    a zone, an empty window.
    """

    test: str
    minutes: int
    attempts: int | None
    cool_down_hours: tuple[int, ...]
    approval: bool
    opens: datetime | None
    closes: datetime | None
    timezone: str
    weeks: int | None = None
    practice: bool = False

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, OSError, ValueError) as problem:
            raise ValueError(f"no time zone {self.timezone!r}") from problem
        for moment in (self.opens, self.closes):
            if moment is not None and moment.utcoffset() is None:
                raise ValueError(f"the window's {moment} says no time zone")
        if self.opens is not None and self.closes is not None and self.closes <= self.opens:
            raise ValueError(f"the window closes at {self.closes}, before it opens")
        if any(hours < 0 for hours in self.cool_down_hours):
            raise ValueError(f"cool-down steps {self.cool_down_hours}")

    @property
    def zone(self) -> ZoneInfo:
        """The centre's time zone."""
        return ZoneInfo(self.timezone)

    @classmethod
    def of(
        cls,
        specification: Specification,
        *,
        timezone: str,
        agreed: date | None = None,
        practice: bool = False,
    ) -> Terms:
        """The terms of a test by this specification, in a centre's zone.

        `agreed` is the first day of a window that counts from a date agreed with the candidate.
        """
        opens, closes = bounds(specification.window, ZoneInfo(timezone), agreed)
        return cls(
            test=specification.name,
            minutes=specification.minutes,
            attempts=specification.attempts,
            cool_down_hours=specification.cool_down_hours,
            approval=specification.approval,
            opens=opens,
            closes=closes,
            timezone=timezone,
            weeks=None if specification.window is None else specification.window.weeks,
            practice=practice,
        )


def bounds(
    window: Window | None, zone: ZoneInfo, agreed: date | None
) -> tuple[datetime | None, datetime | None]:
    """The first moment of a window and the first after it, in the centre's zone.

    A window of weeks runs from the midnight that begins the agreed day to the midnight after as
    many weeks of the calendar: six weeks over a change of the clocks are an hour longer or shorter.
    """
    if window is None:
        return None, None
    if window.weeks is None:
        opens, closes = (at and at.replace(tzinfo=zone) for at in (window.opens, window.closes))
        return opens, closes
    if agreed is None:
        return None, None
    last = agreed + timedelta(weeks=window.weeks)
    return datetime.combine(agreed, time(), zone), datetime.combine(last, time(), zone)
