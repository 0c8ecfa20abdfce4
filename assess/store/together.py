"""Which writes go to SQLite's disk together? Those that waited while it took the ones before.

SQLite has one writer, and what a small write takes is nearly all the disk's: so whoever has the
turn takes along what other threads of this process have waiting. Each is told only when the
disk has it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from assess.store.base import turn, writer

Work = Callable[[Connection], Any]


@dataclass(slots=True, eq=False)
class _Waiting:
    """A write of one thread; `done` when it is on the disk, with what it gave."""

    work: Work
    done: bool = False
    gave: Any = None


lines: defaultdict[str, deque[_Waiting]] = defaultdict(deque)
"""Who waits for the writer of each database, first come first."""


def together(engine: Engine, work: Work) -> Any:
    """What `work` gives with a connection in a transaction of its own or one that it shares.

    It may be done more than once, each time from nothing: a transaction that fails is undone, and
    each of those who shared it tries again by itself.
    """
    mine = _Waiting(work)
    line = lines[engine.url.database or ""]
    line.append(mine)
    with turn(engine):
        if not mine.done:
            _first(engine, mine, line)
    return mine.gave


def _first(engine: Engine, mine: _Waiting, line: deque[_Waiting]) -> None:
    """Put this one on the disk, and others that wait if nothing is wrong with them."""
    # Only who has the turn takes from the line, and threads that come meanwhile stand at its end.
    others = [line.popleft() for _ in range(len(line))]
    company = [mine, *(one for one in others if one is not mine)]
    try:
        _written(engine, company)
    except DBAPIError:
        if len(company) == 1:
            raise
        _written(engine, [mine])


def _written(engine: Engine, company: Sequence[_Waiting]) -> None:
    with writer(engine).begin() as connection:
        gave = [one.work(connection) for one in company]
    for one, given in zip(company, gave, strict=True):
        one.gave, one.done = given, True
