"""What runs with nobody watching? Duties in a table; each is safe to run twice, or late.

A loop and no queue: there are recurring duties, and nothing that a request hands over yet.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from assess import store
from assess.actions import attempts, journal
from assess.actions.context import Context
from assess.delivery import timing
from assess.store import attempts as rows

log = logging.getLogger("assess.worker")
REST = 0.25  # seconds between two looks at the table


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to be done every so many seconds."""

    name: str
    every: float
    do: Callable[[Flask, datetime], int]


def seal_journal(_app: Flask, now: datetime) -> int:
    """Put what was written since into the chain."""
    return journal.seal(now)


def seal_whole_journal(_app: Flask, now: datetime) -> int:
    """Look for entries of slow transactions that the quick look near the end has missed."""
    return journal.seal(now, everywhere=True)


def close_attempts(app: Flask, now: datetime) -> int:
    """Close and mark attempts whose time is up, also when nobody is connected."""
    with store.read() as session:
        due = rows.expired(session, now - timing.GRACE)
    closed = 0
    for candidate, attempt, centre in due:
        context = Context(now, app.extensions["assess.settings"], centre)
        try:
            closed += attempts.time_up(context, attempt, candidate) is not None
        except (KeyError, ValueError):  # what marking says of a record that is broken
            # It must not keep all others open, nor end the worker; it stays as it is, to be seen.
            log.exception("attempt %d could not be closed", attempt)
    return closed


DUTIES = (
    Duty("seal the journal", 1.0, seal_journal),
    Duty("seal the whole journal", 600.0, seal_whole_journal),
    Duty("close attempts", 5.0, close_attempts),
)


def run(app: Flask, stop: threading.Event | None = None) -> None:
    """Do the duties in turn until told to stop (SIGTERM, SIGINT, or the event)."""
    told = stop or threading.Event()
    if stop is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: told.set())
    due = dict.fromkeys(DUTIES, 0.0)
    while not told.is_set():
        for duty in DUTIES:
            if time.monotonic() >= due[duty]:
                once(app, duty)
                due[duty] = time.monotonic() + duty.every
        told.wait(REST)


def once(app: Flask, duty: Duty) -> int:
    """Do a duty once; a database that does not answer is asked again at the next turn."""
    try:
        with app.app_context():
            return duty.do(app, app.extensions["assess.clock"].now())
    except SQLAlchemyError as error:
        log.error("%s: %s", duty.name, error)
        return 0
