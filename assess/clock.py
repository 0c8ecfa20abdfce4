"""What time is it? The database's time, carried on by the monotonic clock.

Every host reads the same database, so hosts agree; between readings only the monotonic clock
counts, so a jump of the machine's clock changes nothing. Nobody else in the project asks for the
time: deeds take a moment from the clock once and hand it down.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

log = logging.getLogger("assess.clock")
REREAD_AFTER = 30.0  # seconds between two readings of the database's time
BACK = timedelta(seconds=2)  # before it is said that time stands still


class Clock(Protocol):
    """Anything that can say what time it is: an aware datetime in UTC."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class DatabaseClock:
    """The database's time, read at first use and every 30 seconds, never going backwards."""

    def __init__(
        self,
        read: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._base: datetime | None = None
        self._at = 0.0
        self._latest: datetime | None = None

    def now(self) -> datetime:
        """The database's present moment, aware, in UTC."""
        with self._lock:
            if self._base is None or self._monotonic() - self._at >= REREAD_AFTER:
                before = self._monotonic()
                self._base = self._read().astimezone(UTC)
                # The reading took a while; its middle is the best guess of when it was true.
                self._at = (before + self._monotonic()) / 2
                if self._latest is not None and self._latest - self._base > BACK:
                    behind = (self._latest - self._base).total_seconds()
                    log.error("the database's clock was set back: time stands still %d s", behind)
            moment = self._base + timedelta(seconds=self._monotonic() - self._at)
            if self._latest is not None and moment < self._latest:
                moment = self._latest
            self._latest = moment
            return moment


class HeldClock:
    """A clock that stands still until it is moved: for tests and for simulated history."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it was last set to."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Put it at a moment, earlier or later."""
        self._moment = moment.astimezone(UTC)

    def advance(self, step: timedelta) -> datetime:
        """Move it on by a step and say the new moment."""
        self._moment += step
        return self._moment
