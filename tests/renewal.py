"""How is a database of PostgreSQL put back as it was, while whoever is connected stays so?

To drop it and copy it again takes a tenth of a second, and all that was connected begins anew:
catalogues are read, and statements planned, for every test again. Here only the tables that a test
wrote to are filled again. What shows that one was written to is the transactions that its rows come
from: whatever is written comes from a later one than all that was there, so the number of the rows
and the sum of their transactions cannot both stay what they were. Catalogues are tables too, and
where one of those was written to, or anything else is not as it should be, nothing is put back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

# In the two long ones PostgreSQL's own rows are left out.
CATALOGUES = (
    "pg_attrdef",
    "pg_attribute WHERE attrelid >= 16384",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_default_acl",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_index",
    "pg_largeobject_metadata",
    "pg_namespace",
    "pg_policy",
    "pg_proc WHERE oid >= 16384",
    "pg_rewrite",
    "pg_sequence",
    "pg_statistic",
    "pg_statistic_ext",
    "pg_trigger",
    "pg_type",
)
# Of all databases together: what is said of this one there, and who was ended in it. Those may lie
# dead in a pool.
OUTSIDE = (
    "SELECT 'settings', count(*), coalesce(sum(xmin::text::bigint), 0) FROM pg_db_role_setting"
    " WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
    "SELECT 'itself', 1, xmin::text::bigint FROM pg_database WHERE datname = current_database()",
    "SELECT 'ended', 0, sessions_killed + sessions_fatal + sessions_abandoned"
    " FROM pg_stat_database WHERE datname = current_database()",
)
# Who has something under way or holds a lock; and more than a few of the hundred there may be.
AT_WORK = (
    "SELECT count(*) > 20 OR bool_or(pid <> pg_backend_pid() AND state <> 'idle')"
    " OR EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database"
    " WHERE datname = current_database() AND pid IS DISTINCT FROM pg_backend_pid())"
    " FROM pg_stat_activity WHERE datname = current_database()"
)
NAMED = (
    "SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_class"
    " JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = %s"
    " AND nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema' ORDER BY 1"
)
# Neither triggers nor foreign keys; and who waits for somebody's lock gives up.
ALONE = "SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '2s'"

Mark = tuple[int, int]  # of rows and of their transactions; of a sequence, its number and state


@dataclass(frozen=True, slots=True)
class Content:
    """What a database holds: the rows of each table, as COPY gives them, and its sequences."""

    rows: Mapping[str, bytes]
    numbers: Mapping[str, Mark]


class Renewal:
    """A database that nobody else has written to yet, and a connection to put it back by."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self._tables = self._named("r")
        self._sequences = self._named("S")
        self._shape = self._look(*map(_marked, CATALOGUES), *OUTSIDE)
        self._marks = self._look_inside()
        self.holds = self.content()

    def content(self) -> Content:
        """What the database holds now."""
        marks = self._look_inside()
        rows = {table: self._copied(table) if marks[table][0] else b"" for table in self._tables}
        return Content(rows, {name: marks[name] for name in self._sequences})

    def put_back(self, content: Content) -> bool:
        """Let it hold this again; whether that could be done. If not, it is to be made anew."""
        try:
            with self._connection.transaction():
                return self._put_back(content)
        except psycopg.Error:
            return False

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _put_back(self, content: Content) -> bool:
        at_work = self._ask(AT_WORK) != [(False,)]
        if at_work or self._look(*map(_marked, CATALOGUES), *OUTSIDE) != self._shape:
            return False
        before, marks = self._marks, self._look_inside()
        written = [
            table
            for table in self._tables
            if marks[table] != before[table] or self.holds.rows[table] != content.rows[table]
        ]
        counted = [name for name in self._sequences if marks[name] != content.numbers[name]]
        if written:
            self._do("; ".join([ALONE, *(f"DELETE FROM {table}" for table in written)]))
        for table in written:
            if content.rows[table]:
                with self._connection.cursor().copy(f"COPY {table} FROM STDIN BINARY") as to:
                    to.write(content.rows[table])
        for name in counted:
            called, number = content.numbers[name]
            self._do(f"SELECT setval('{name}', {number}, {bool(called)})")
        if written or counted:
            marks = self._look_inside()
        self._marks, self.holds = marks, content
        return True

    def _look_inside(self) -> dict[str, Mark]:
        numbers = (f"SELECT '{s}', is_called::int, last_value FROM {s}" for s in self._sequences)
        return self._look(*map(_marked, self._tables), *numbers)

    def _look(self, *statements: str) -> dict[str, Mark]:
        rows = self._ask(" UNION ALL ".join(statements))
        return {name: (int(one), int(other)) for name, one, other in rows}

    def _named(self, kind: str) -> list[str]:
        return [name for (name,) in self._ask(NAMED, kind)]

    def _copied(self, table: str) -> bytes:
        with self._connection.cursor().copy(f"COPY {table} TO STDOUT BINARY") as rows:
            return b"".join(rows)

    def _ask(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values or None, prepare=True).fetchall()

    def _do(self, statements: str) -> None:
        self._connection.execute(statements)


def _marked(table: str) -> str:
    return f"SELECT '{table}', count(*), coalesce(sum(xmin::text::bigint), 0) FROM {table}"
