"""Do two copies of a database hold the same? A count and a digest of each table, and its guards.

Digests compare copies on one kind of database with each other, never SQLite with PostgreSQL: each
writes its rows in its own way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, String, inspect

AT_ONCE = 2000  # rows between two looks at the clock of whoever waits
Show = Callable[[str, int, int | None], None]
"""Told what is being done, how far it is, and of how much; it may raise to have it stopped."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How many rows a table has, and the SHA-256 of all of them in order of their key."""

    rows: int
    sha256: str


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """One moment of a database, for as long as it takes to read it; writers are not kept waiting.

    SQLite: a read transaction of the write-ahead log. PostgreSQL: REPEATABLE READ, read only.
    """
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        # The moment is that of the first reading, not of BEGIN.
        inspect(connection).get_table_names()
        yield connection


def of_tables(connection: Connection, show: Show) -> dict[str, Fingerprint]:
    """The fingerprint of every table that is there, by name.

    SQLite: each row as Python's `ascii` of the tuple, a line feed after each. PostgreSQL: what
    COPY writes as text, with the session's manner of writing set to fixed values.
    """
    statements = _in_order(connection)
    quote = connection.dialect.identifier_preparer.quote
    total = sum(
        connection.exec_driver_sql(f"SELECT count(*) FROM {quote(name)}").scalar_one()  # noqa: S608
        for name in statements
    )
    if connection.dialect.name == "postgresql":
        blocks = _of_postgresql
        for setting in ("TimeZone = 'UTC'", "DateStyle = 'ISO'", "bytea_output = 'hex'"):
            connection.exec_driver_sql(f"SET LOCAL {setting}")
    else:
        blocks = _of_sqlite
    found, before = {}, 0
    for name, statement in statements.items():
        hashed, rows = hashlib.sha256(), 0
        for count, block in blocks(connection, statement):
            hashed.update(block)
            rows += count
            show(f"Reading {name}", before + rows, total)
        before += rows
        found[name] = Fingerprint(rows, hashed.hexdigest())
    return found


def guards(connection: Connection) -> list[str]:
    """What keeps rows as they are, in order: triggers, indexes, constraints; name and digest.

    SQLite: of the words in which each was made, a table's with its constraints. PostgreSQL: of the
    name alone, as each version writes definitions in its own words, but for functions.
    """
    rows = connection.exec_driver_sql(_GUARDS[connection.dialect.name])
    return sorted(f"{name} {hashlib.sha256(sql.encode()).hexdigest()[:16]}" for name, sql in rows)


def server(connection: Connection) -> str:
    """The version of the database itself."""
    ask = {"sqlite": "SELECT sqlite_version()", "postgresql": "SHOW server_version"}
    return str(connection.exec_driver_sql(ask[connection.dialect.name]).scalar_one())


_GUARDS = {
    "sqlite": """
        SELECT type || ' ' || name, sql
        FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
    """,
    # Constraints that only say NOT NULL have a name from version 18 on, and none before.
    "postgresql": """
        SELECT name, name FROM (
        SELECT 'trigger ' || c.relname || '.' || t.tgname AS name
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND t.tgenabled = 'O'
          AND c.relnamespace = current_schema()::regnamespace
        UNION ALL
        SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = current_schema()
        UNION ALL
        SELECT 'constraint ' || c.relname || '.' || k.conname
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE k.contype <> 'n' AND k.connamespace = current_schema()::regnamespace
        ) AS named
        UNION ALL
        SELECT 'function ' || proname, prosrc FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace
    """,
}


def _in_order(connection: Connection) -> dict[str, str]:
    """For each table, the statement that reads it in the order of its key, the same everywhere."""
    inspector = inspect(connection)
    quote = connection.dialect.identifier_preparer.quote
    # The order of letters is a choice of the database; of bytes, there is one.
    bytewise = ' COLLATE "C"' if connection.dialect.name == "postgresql" else ""
    # All at once: to ask of each table by itself takes longer than to read what small ones hold.
    told, keys = inspector.get_multi_columns(), inspector.get_multi_pk_constraint()
    found = {}
    for table in sorted(inspector.get_table_names()):
        columns = {column["name"]: column["type"] for column in told[None, table]}
        key = keys[None, table]["constrained_columns"] or list(columns)
        order = (quote(k) + (bytewise if isinstance(columns[k], String) else "") for k in key)
        found[table] = (
            f"SELECT {', '.join(quote(name) for name in columns)} "  # noqa: S608 - names, quoted
            f"FROM {quote(table)} ORDER BY {', '.join(order)}"
        )
    return found


def _of_sqlite(connection: Connection, statement: str) -> Iterator[tuple[int, bytes]]:
    cursor = _driver(connection).execute(statement)
    while rows := cursor.fetchmany(AT_ONCE):
        yield len(rows), "".join(f"{row!a}\n" for row in rows).encode("ascii")


def _of_postgresql(connection: Connection, statement: str) -> Iterator[tuple[int, bytes]]:
    with (
        _driver(connection).cursor() as cursor,
        cursor.copy(f"COPY ({statement}) TO STDOUT (ENCODING 'UTF8')") as copy,
    ):
        for some in _together(copy):
            block = b"".join(some)
            # COPY writes a line feed inside a value as two other characters.
            yield block.count(b"\n"), block


def _together(blocks: Iterable[Any]) -> Iterator[list[bytes]]:
    held: list[bytes] = []
    for block in blocks:
        held.append(bytes(block))
        if len(held) == AT_ONCE:
            yield held
            held = []
    if held:
        yield held


def _driver(connection: Connection) -> Any:
    """The driver's own connection: for what SQLAlchemy does not say."""
    return connection.connection.driver_connection
