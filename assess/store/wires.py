"""Which connections ask the statements that stand alone, and write saves on SQLite?

Pages and saves ask a few dozen statements, each for a few rows. What SQLAlchemy's pool does around
one costs as much as the driver, and more than SQLite. So there are some connections here that were
made by the engine, with all that it promises of them, and are asked without it
(`docs/decisions/0087-statements-by-libpq.md`, `0099-statements-of-sqlite-past-the-pool.md`).
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event

from assess.store.driver import Row
from assess.store.libpq import Connection
from assess.store.sqlite import AT_ONCE, File, begin

MOST_IDLE = 16  # connections that are kept; each thread asks by one at a time
Wire = Connection | File
Kind = TypeVar("Kind", bound=Wire)


def opened(engine: Engine) -> Wire:
    """A new connection of the engine's, which the pool knows no more."""
    pooled = engine.raw_connection()
    connection = pooled.driver_connection
    pooled.detach()  # it is nobody's but ours
    if isinstance(connection, sqlite3.Connection):
        return File(connection)
    assert isinstance(connection, Connection)  # noqa: S101
    return connection


def writer(engine: Engine) -> File:
    """A new connection to SQLite that looks for itself whether the file is free (`begin`).

    It is told so once: to tell it at each save takes a seventh of what SQLite does for one.
    """
    wire = opened(engine)
    assert isinstance(wire, File)  # noqa: S101
    wire.ask(AT_ONCE)
    return wire


class Wires:
    """The idle connections of one engine, the one that was used last on top; writers apart."""

    def __init__(self) -> None:
        self._idle: deque[Wire] = deque()
        self._writers: deque[File] = deque()

    def ask(self, engine: Engine, statement: str, values: Mapping[str, Any]) -> list[Row]:
        """The rows of a statement by one of them, or a new one; one that fails is ended."""
        wire = _taken(self._idle, opened, engine)
        try:
            found = wire.ask(statement, values)
        except BaseException:
            wire.close()
            raise
        _back(self._idle, wire)
        return found

    @contextmanager
    def writing(self, engine: Engine) -> Iterator[File]:
        """A connection to SQLite in a transaction; nothing is kept of it when anything is raised.

        Raises what the driver does.
        """
        wire = _taken(self._writers, writer, engine)
        try:
            begin(wire.ask)
            yield wire
            wire.ask("COMMIT")
        except BaseException:
            wire.close()
            raise
        _back(self._writers, wire)

    def close(self, _engine: Engine) -> None:
        """End those that are idle."""
        for idle in (self._idle, self._writers):
            while idle:
                idle.pop().close()

    def forget(self) -> None:
        """In a process that was forked: leave them to the one it comes from."""
        for idle in (self._idle, self._writers):
            _of_the_parent.extend(idle)
            idle.clear()


def _taken(idle: deque[Kind], made: Callable[[Engine], Kind], engine: Engine) -> Kind:
    try:
        return idle.pop()
    except IndexError:
        return made(engine)


def _back(idle: deque[Kind], wire: Kind) -> None:
    if len(idle) < MOST_IDLE:
        idle.append(wire)
    else:
        wire.close()


_wires: WeakKeyDictionary[Engine, Wires] = WeakKeyDictionary()
_of_the_parent: list[Wire] = []  # never ended here: they would be ended for the parent too


def of(engine: Engine) -> Wires:
    """The idle connections of this engine; they end when it is disposed of."""
    found = _wires.get(engine)
    if found is None:
        found = _wires.setdefault(engine, Wires())
        event.listen(engine, "engine_disposed", found.close)
    return found


def _forked() -> None:
    for one in _wires.values():
        one.forget()


os.register_at_fork(after_in_child=_forked)
