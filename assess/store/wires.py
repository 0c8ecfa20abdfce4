"""How is PostgreSQL asked a statement that stands alone? By the calls of its own library.

Pages and saves ask a few dozen statements, each for a few rows, and each commits by itself. What
psycopg does around one (generators, transactions, what to prepare) and what SQLAlchemy's pool does
are two thirds of its cost then. So there are some connections here that were made by the engine,
with all that it promises of them, and are asked without either; values and rows are still written
and read by psycopg (`docs/decisions/0087-statements-by-libpq.md`).
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus
from sqlalchemy import Engine, event

from assess.store.driver import Row

MOST_IDLE = 16  # connections that are kept; each thread asks by one at a time
MOST_PREPARED = 200  # statements of one connection
Key = tuple[bytes, tuple[int, ...]]  # a statement, and the types of its values


class Wire:
    """One connection that commits each statement by itself, and what is prepared on it."""

    def __init__(self, engine: Engine) -> None:
        pooled = engine.raw_connection()
        connection = pooled.driver_connection
        pooled.detach()  # it is nobody's but ours
        assert isinstance(connection, Connection)  # noqa: S101
        self._connection = connection
        self._library = connection.pgconn
        self._transformer = Transformer(connection)
        self._names: dict[Key, bytes] = {}

    def ask(self, statement: str, values: Mapping[str, Any]) -> list[Row]:
        """The rows of a statement in psycopg's words. Raises psycopg's errors.

        It waits without the interpreter's lock, and no longer than `engines.CONNECT` says for a
        host that is gone.
        """
        text, order = numbered(statement)
        transformer = self._transformer
        sent: Sequence[Any] = transformer.dump_sequence(
            [values[name] for name in order], [PyFormat.AUTO] * len(order)
        )
        key = (text, transformer.types or ())
        name = self._names.get(key) or self._prepare(key)
        result = self._library.exec_prepared(name, sent, transformer.formats)
        if result.status == ExecStatus.COMMAND_OK:
            return []
        self._check(result, ExecStatus.TUPLES_OK)
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, tuple)

    def close(self) -> None:
        """End it."""
        self._connection.close()

    def _prepare(self, key: Key) -> bytes:
        if len(self._names) >= MOST_PREPARED:
            self._check(self._library.exec_(b"DEALLOCATE ALL"), ExecStatus.COMMAND_OK)
            self._names.clear()
        name = b"of_ours_%d" % len(self._names)
        self._check(self._library.prepare(name, *key), ExecStatus.COMMAND_OK)
        self._names[key] = name
        return name

    def _check(self, result: Any, expected: ExecStatus) -> None:
        if result.status != expected:
            raise errors.error_from_result(result, encoding=self._connection.info.encoding)


class Wires:
    """The idle connections of one engine, the one that was used last on top."""

    def __init__(self) -> None:
        self._idle: deque[Wire] = deque()

    def ask(self, engine: Engine, statement: str, values: Mapping[str, Any]) -> list[Row]:
        """The rows of a statement by one of them, or a new one; one that fails is ended."""
        try:
            wire = self._idle.pop()
        except IndexError:
            wire = Wire(engine)
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
_of_the_parent: list[Wire] = []  # never ended here: the server would end them for the parent too


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


@lru_cache(maxsize=256)
def numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement in psycopg's words as PostgreSQL wants it, and the names of $1, $2 and so on."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return re.sub(r"%%|%\((\w+)\)s", number, statement).encode(), tuple(names)
