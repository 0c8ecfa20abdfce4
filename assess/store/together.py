"""Which writes go to SQLite's disk together? Those that waited while it took the ones before.

SQLite has one writer, and what a small write takes is nearly all the disk's: so whoever has the
turn takes along what other threads of this process have waiting. Each is told only when the
disk has it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from assess.store import wires
from assess.store.base import turn
from assess.store.driver import named
from assess.store.sqlite import File

Work = Callable[[File], Any]


def _held() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Waiting:
    """A write of one thread; `done` when it is on the disk, with what it gave.

    `sleeps` is let go when it is done, or when its thread is to lead.
    """

    work: Work
    done: bool = False
    gave: Any = None
    sleeps: threading.Lock = field(default_factory=_held)


@dataclass(slots=True, eq=False)
class Line:
    """Who waits for the writer of a database, first come first; `led`: one of them is at work."""

    guard: threading.Lock = field(default_factory=threading.Lock)
    waiting: deque[_Waiting] = field(default_factory=deque)
    led: bool = False


lines: defaultdict[str, Line] = defaultdict(Line)


def together(engine: Engine, work: Work) -> Any:
    """What `work` gives with a connection in a transaction of its own or one that it shares.

    It may be done more than once, each time from nothing: a transaction that fails is undone, and
    each of those who shared it tries again by itself. Errors have SQLAlchemy's names.
    """
    line, mine = lines[engine.url.database or ""], _Waiting(work)
    with line.guard:
        line.waiting.append(mine)
        leads, line.led = not line.led, True
    if not leads:
        mine.sleeps.acquire()
    if not mine.done:
        try:
            with turn(engine):
                _first(engine, mine, line)
        except sqlite3.Error as error:
            raise named(engine.dialect, "a save", {}, error) from error
        finally:
            _next(line)
    return mine.gave


def _first(engine: Engine, mine: _Waiting, line: Line) -> None:
    """Put this one on the disk, and others that wait if nothing is wrong with them."""
    with line.guard:
        others = [one for one in line.waiting if one is not mine]
        line.waiting.clear()
    try:
        _written(engine, [mine, *others])
    except sqlite3.Error:
        if not others:
            raise
        _written(engine, [mine])
    finally:  # whatever went wrong, nobody is forgotten
        with line.guard:
            line.waiting.extendleft(one for one in reversed(others) if not one.done)
        for one in others:
            if one.done:
                one.sleeps.release()


def _written(engine: Engine, company: Sequence[_Waiting]) -> None:
    with wires.of(engine).writing(engine) as file:
        gave = [one.work(file) for one in company]
    for one, given in zip(company, gave, strict=True):
        one.gave, one.done = given, True


def _next(line: Line) -> None:
    """Let the one that has waited longest lead; nobody, where none waits."""
    with line.guard:
        line.led = bool(line.waiting)
        if line.waiting:
            line.waiting[0].sleeps.release()
