"""How is PostgreSQL asked with the least ado? By the calls of its own library.

What psycopg does around a statement (generators, cursors, what to prepare) is two thirds of its
cost, for the few rows that pages, saves and deeds ask for. So its connection learns a shorter way
here, beside its own: values are still written, and rows read, by psycopg, and transactions are as
they were (`docs/decisions/0098-deeds-by-libpq.md`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import IsolationLevel, OperationalError, errors
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

MOST_PREPARED = 200  # statements of one connection
Row = tuple[Any, ...]
Key = tuple[bytes, tuple[int, ...]]  # a statement, and the types of its values


class Connection(psycopg.Connection[Row]):
    """psycopg's connection, which can be asked by libpq's own calls as well."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._transformer: Any = None  # made when it is first asked
        self._ours: dict[Key, bytes] = {}  # what is prepared, the oldest first
        self._number = 0

    def ask(self, statement: str, values: Mapping[str, Any]) -> list[Row]:
        """The rows of a statement in psycopg's words, none where it gives none; begins as it would.

        Raises psycopg's errors. It waits without the interpreter's lock, and no longer than
        `engines.CONNECT` says for a host that is gone.
        """
        text, order = numbered(statement)
        transformer = self._transformer
        if transformer is None:
            transformer = self._transformer = Transformer(self)
        sent: Sequence[Any] = transformer.dump_sequence(
            [values[name] for name in order], [PyFormat.AUTO] * len(order)
        )
        if not self.autocommit and self.pgconn.transaction_status == TransactionStatus.IDLE:
            self._do(begin(self.isolation_level, self.read_only))
        key = (text, transformer.types or ())
        name = self._ours.get(key) or self._prepare(key)
        result = self.pgconn.exec_prepared(name, sent, transformer.formats)
        if result.status == ExecStatus.COMMAND_OK:
            return []
        self._check(result, ExecStatus.TUPLES_OK)
        transformer.set_pgresult(result)
        found: list[Row] = transformer.load_rows(0, result.ntuples, tuple)
        return found

    def commit(self) -> None:
        """Commit; whatever is not plainly a transaction under way is psycopg's to say."""
        if self.pgconn.transaction_status == TransactionStatus.INTRANS:
            self._do(b"COMMIT")
        else:
            super().commit()

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        """End what psycopg has prepared by this name, or all that is prepared, which is ours too.

        It ends all at a ROLLBACK, also to a savepoint, and after a DROP or an ALTER.
        """
        if name is None:
            self._ours.clear()
        return super()._deallocate(name)

    def _prepare(self, key: Key) -> bytes:
        if len(self._ours) >= MOST_PREPARED:
            oldest = next(iter(self._ours))
            self._do(b"DEALLOCATE " + self._ours.pop(oldest))
        self._number += 1
        name = b"of_ours_%d" % self._number
        self._check(self.pgconn.prepare(name, *key), ExecStatus.COMMAND_OK)
        self._ours[key] = name
        return name

    def _do(self, command: bytes) -> None:
        self._check(self.pgconn.exec_(command), ExecStatus.COMMAND_OK)

    def _check(self, result: Any, expected: ExecStatus) -> None:
        if result.status == expected:
            return
        if self.pgconn.status == ConnStatus.BAD:
            raise OperationalError(result.get_error_message(self.info.encoding))
        raise errors.error_from_result(result, encoding=self.info.encoding)


@lru_cache(maxsize=16)
def begin(level: IsolationLevel | None, read_only: bool | None) -> bytes:
    """How a transaction begins, as psycopg would say it."""
    said = "BEGIN"
    if level is not None:
        said += f" ISOLATION LEVEL {level.name.replace('_', ' ')}"
    if read_only is not None:
        said += f" READ {'ONLY' if read_only else 'WRITE'}"
    return said.encode()


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
