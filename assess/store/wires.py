"""Which connections ask PostgreSQL the statements that stand alone?

Pages and saves ask a few dozen statements, each for a few rows, and each commits by itself. What
SQLAlchemy's pool does around one costs as much as the driver. So there are some connections here
that were made by the engine, with all that it promises of them, and are asked by libpq's own calls
without it (`docs/decisions/0087-statements-by-libpq.md`).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event

from assess.store.libpq import Connection, Row

MOST_IDLE = 16  # connections that are kept; each thread asks by one at a time


def opened(engine: Engine) -> Connection:
    """A new connection of the engine's, which the pool knows no more."""
    pooled = engine.raw_connection()
    connection = pooled.driver_connection
    pooled.detach()  # it is nobody's but ours
    assert isinstance(connection, Connection)  # noqa: S101
    return connection


class Wires:
    """The idle connections of one engine, the one that was used last on top."""

    def __init__(self) -> None:
        self._idle: deque[Connection] = deque()

    def ask(self, engine: Engine, statement: str, values: Mapping[str, Any]) -> list[Row]:
        """The rows of a statement by one of them, or a new one; one that fails is ended."""
        try:
            wire = self._idle.pop()
        except IndexError:
            wire = opened(engine)
        try:
            found = wire.ask(statement, values)
        except BaseException:
            wire.close()
            raise
        if len(self._idle) < MOST_IDLE:
            self._idle.append(wire)
        else:
            wire.close()
        return found

    def close(self, _engine: Engine) -> None:
        """End those that are idle."""
        while self._idle:
            self._idle.pop().close()

    def forget(self) -> None:
        """In a process that was forked: leave them to the one it comes from."""
        _of_the_parent.extend(self._idle)
        self._idle.clear()


_wires: WeakKeyDictionary[Engine, Wires] = WeakKeyDictionary()
_of_the_parent: list[
    Connection
] = []  # never ended here: the server would end them for the parent too


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
