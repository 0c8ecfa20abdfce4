"""What runs with nobody watching? Duties in a table; each is safe to run twice, or late.

A loop and no queue: what a request hands over stands in a table (the outbox of mails), and a duty
looks into it. A duty that may take long has a thread of its own: the others go on meanwhile.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from assess import store
from assess.actions import (
    attempts,
    backups,
    calibrations,
    journal,
    mail,
    messages,
    resting,
    sessions,
)
from assess.actions.context import Context
from assess.settings import Settings
from assess.store import attempts as rows
from assess.store.backups import BackupError
from assess.store.engines import locked

log = logging.getLogger("assess.worker")
REST = 0.25  # seconds between two looks at the table
PATIENCE = 10.0  # seconds for a long duty to end when the worker is told to stop
STOPPING = "assess.stopping"


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to be done every so many seconds."""

    name: str
    every: float
    do: Callable[[Flask, datetime], int]
    apart: bool = False  # it may take long: in a thread of its own


def seal_journal(_app: Flask, now: datetime) -> int:
    """Put what was written since into the chain."""
    return journal.seal(now)


def seal_whole_journal(_app: Flask, now: datetime) -> int:
    """Look for entries of slow transactions that the quick look near the end has missed."""
    return journal.seal(now, everywhere=True)


def end_rests(_app: Flask, now: datetime) -> int:
    """End the rest breaks whose minutes are used up, so that whoever looks on sees it."""
    with store.read() as session:
        due = [(row.candidate_id, row.id) for row in rows.resting(session)]
    ended = 0
    for candidate, attempt in due:
        with _passing_over(attempt):
            ended += resting.end_over(now, candidate, attempt)
    return ended


def close_attempts(app: Flask, now: datetime) -> int:
    """Close and mark attempts whose time is up, also when nobody is connected."""
    settings: Settings = app.extensions["assess.settings"]
    with store.read() as session:
        due = rows.expired(session, now - settings.grace)
    closed = 0
    for candidate, attempt, centre in due:
        context = Context(now, settings, centre)
        try:
            with _passing_over(attempt):
                closed += attempts.time_up(context, attempt, candidate) is not None
        except (KeyError, ValueError):  # what marking says of a record that is broken
            # It must not keep all others open, nor end the worker; it stays as it is, to be seen.
            log.exception("attempt %d could not be closed", attempt)
    return closed


@contextmanager
def _passing_over(attempt: int) -> Iterator[None]:
    """Leave an attempt that somebody else holds to the next turn: others wait for theirs too."""
    try:
        yield
    except DBAPIError as error:
        if not locked(error):
            raise
        log.warning("attempt %d is held by somebody else", attempt)


def send_mail(app: Flask, now: datetime) -> int:
    """Send the mails that are due."""
    return mail.send(Context(now, app.extensions["assess.settings"], 0))


def tell_overdue(app: Flask, now: datetime) -> int:
    """Tell the quality team of candidates who have waited too long for their tutor."""
    return messages.tell_overdue(Context(now, app.extensions["assess.settings"], 0))


def back_up(app: Flask, now: datetime) -> int:
    """Take the night's backup, where a folder for backups is set and no host has taken it yet."""
    settings = app.extensions["assess.settings"]
    stopping = app.extensions.get(STOPPING, threading.Event())

    def show(_what: str, _done: int, _of: int | None) -> None:
        if stopping.is_set():
            raise BackupError("the worker was told to stop; the next one takes it")

    context = Context(now, settings, 0)
    if settings.backups is None or not backups.claim(context):
        return 0
    try:
        taken = backups.take(context, settings.backups, show, nightly=True)
    except BackupError as error:
        log.error("no backup was taken: %s", error)
        return 0
    log.info("backup %s, manifest %s", taken.path, taken.sha256)
    return 1


def calibrate(app: Flask, now: datetime) -> int:
    """Estimate how hard a test's questions are, where an author has asked for it by the page."""
    clock = app.extensions["assess.clock"]
    return calibrations.work(Context(now, app.extensions["assess.settings"], 0), clock.now)


def forget_log_ins(app: Flask, now: datetime) -> int:
    """Delete failed log-ins that can lock nobody any more: they were kept for nothing else."""
    return sessions.forget(Context(now, app.extensions["assess.settings"], 0))


DUTIES = (
    Duty("seal the journal", 1.0, seal_journal),
    Duty("seal the whole journal", 600.0, seal_whole_journal),
    Duty("end rest breaks", 5.0, end_rests),
    Duty("close attempts", 5.0, close_attempts),
    Duty("send mail", 2.0, send_mail, apart=True),  # a server may let us wait
    Duty("tell of overdue answers", 60.0, tell_overdue),
    Duty("forget failed log-ins", 3600.0, forget_log_ins),
    Duty("back up", 60.0, back_up, apart=True),
    Duty("calibrate", 2.0, calibrate, apart=True),
)


def run(app: Flask, stop: threading.Event | None = None) -> None:
    """Do the duties in turn until told to stop (SIGTERM, SIGINT, or the event)."""
    told = stop or threading.Event()
    if stop is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: told.set())
    app.extensions[STOPPING] = told
    due = dict.fromkeys(DUTIES, 0.0)
    apart: dict[Duty, threading.Thread] = {}
    while not told.is_set():
        for duty in DUTIES:
            if time.monotonic() < due[duty]:
                continue
            due[duty] = time.monotonic() + duty.every
            if not duty.apart:
                once(app, duty)
            elif duty not in apart or not apart[duty].is_alive():
                # A daemon: a disk that hangs must not keep the worker from ending.
                apart[duty] = threading.Thread(target=once, args=(app, duty), daemon=True)
                apart[duty].start()
        told.wait(REST)
    for thread in apart.values():
        thread.join(PATIENCE)


def once(app: Flask, duty: Duty) -> int:
    """Do a duty once; a database that does not answer is asked again at the next turn."""
    try:
        with app.app_context():
            return duty.do(app, app.extensions["assess.clock"].now())
    except SQLAlchemyError as error:
        log.error("%s: %s", duty.name, error)
        return 0
