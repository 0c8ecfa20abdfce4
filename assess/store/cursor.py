"""How is a statement of every start run with the least ado? Written out, by the driver's cursor.

Parameters are named as SQLite names them; values are written, and columns read, as SQLAlchemy's
types do it, so that it does not matter to a row by which way it came.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import JSON, Boolean, Column, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, class_mapper
from sqlalchemy.orm.attributes import set_committed_value

from assess.store import glance
from assess.store.base import Base, connection_of, db
from assess.store.columns import Moment, Packed, packed, unpacked
from assess.store.driver import Row, run

POSTGRESQL = glance.POSTGRESQL
Values = Mapping[str, Any]
Writers = dict[str, Callable[[Any], Any]]
Readers = Sequence[tuple[str, Callable[[Any], Any]]]  # columns, and how each is read
Kind = TypeVar("Kind", bound=Base)
Beside = tuple[Table, Values, str]  # a row, and the column that names what it belongs to
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


def ask(session: Session, statement: str, values: Values) -> list[Row]:
    """Run one statement, whose `:names` stand for values, and give its rows.

    Values are what the driver takes: moments as `moment` gives them. Columns of JSON come as
    `document` reads them, moments as `when` does.
    """
    if glance.suits(session):
        return glance.rows(statement, values)
    session.flush()  # what the deed has changed is seen, as by a query of the session's own
    connection = connection_of(session)
    if connection.dialect.name == POSTGRESQL:
        statement = glance.for_psycopg(statement)
    return run(connection, statement, values)


def insert(session: Session, table: Table, values: Values) -> int:
    """Insert one row into a table whose key the database gives; says the key.

    `values` name every other column, as SQLAlchemy would take them.
    """
    statement, writers = _insertion(table, dialect(session))
    ((key,),) = ask(session, statement, _written(values, writers))
    return int(key)


def put(row: Base, **values: Any) -> None:
    """Set columns of a row that `keep` is to write: the session takes no note of it."""
    for name, value in values.items():
        set_committed_value(row, name, value)


def keep(session: Session, row: Base, *names: str) -> None:
    """Write these columns of a row of the session now, as they stand in it.

    SQLAlchemy's own account of what was set, and its flush, take several times the statement;
    neither has anything to do where they were `put`.
    """
    table = row.metadata.tables[row.__tablename__]
    statement, writers = _change(table, names, dialect(session))
    values = {name: getattr(row, name) for name in names}
    put(row, **values)
    ask(session, statement, {**_written(values, writers), "its_key": getattr(row, _key(table))})


def insert_told(
    session: Session,
    made: tuple[Table, Values],
    told: tuple[Table, Values],
    named: tuple[str, str],
    beside: Sequence[Beside] = (),
) -> int:
    """Insert a row as `insert` does, and another one that tells of it; says the first one's key.

    `named`: the column of the other one, a document, that takes the key in, and the name for it
    there. `beside`: more rows, and the column of each that takes the key in. One statement on
    PostgreSQL, where each is a round trip.
    """
    (table, values), (other, said), (facts, name) = made, told, named
    if dialect(session) != POSTGRESQL:
        key = insert(session, table, values)
        for third, more, column in beside:
            insert(session, third, {**more, column: key})
        insert(session, other, {**said, facts: {name: key, **said[facts]}})
        return key
    statement, writers = _told(table, other, facts, tuple((t, c) for t, _, c in beside))
    written: dict[str, Any] = {"named": name}
    rows = (values, said, *(more for _, more, _ in beside))
    for number, (row, its) in enumerate(zip(rows, writers, strict=True)):
        written |= {f"{_prefix(number)}{key}": write(row[key]) for key, write in its.items()}
    ((key,),) = ask(session, statement, written)
    return int(key)


def seen(kind: type[Kind], columns: Readers, row: Row) -> Kind:
    """A row as an object to look at: no session knows it, what is changed in it is not stored.

    Made as the ORM makes what it loads, which takes a tenth of setting each attribute.
    """
    made: Kind = class_mapper(kind).class_manager.new_instance()
    made.__dict__.update(
        {name: read(value) for (name, read), value in zip(columns, row, strict=True)}
    )
    return made


def _written(values: Values, writers: Writers) -> dict[str, Any]:
    return {key: write(values[key]) for key, write in writers.items()}


def moment(session: Session, at: datetime) -> Any:
    """A moment as the columns of the session's database keep it."""
    return _writer(Moment(), dialect(session))(at)


def dialect(session: Session) -> str:
    """The name of the kind of database that a session asks."""
    if glance.suits(session):
        return db.engine.dialect.name
    return connection_of(session).dialect.name


def among(session: Session, wanted: Sequence[int] | Sequence[str]) -> tuple[str, Any]:
    """How a statement says that a column is one of many values, called `wanted`, and with what."""
    if dialect(session) != POSTGRESQL:
        return "IN (SELECT value FROM json_each(:wanted))", json.dumps(list(wanted))
    if wanted and all(
        isinstance(one, int) for one in wanted
    ):  # a text: the driver is slow with lists
        return "= ANY(CAST(:wanted AS bigint[]))", f"{{{','.join(map(str, wanted))}}}"
    return "= ANY(:wanted)", list(wanted)


def when(value: Any) -> datetime | None:
    """A column of moments as it came, in UTC; SQLite keeps its text."""
    if value is None:
        return None
    at = datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value
    moment: datetime = at.astimezone(UTC)
    return moment


def moment_of(value: Any) -> datetime:
    """The same of a column that is never empty."""
    at = when(value)
    assert at is not None  # noqa: S101 - the table holds it
    return at


def document(value: Any) -> Any:
    """A column of JSON as it came; SQLite keeps its text."""
    return json.loads(value) if isinstance(value, str) else value


@lru_cache(maxsize=16)
def _insertion(table: Table, dialect: str) -> tuple[str, Writers]:
    """The statement that inserts a row, and how a value of each column is written."""
    names, places, written = _columns(table, dialect)
    return (
        f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(places.values())}) "  # noqa: S608
        f"RETURNING {_key(table)}",
        written,
    )


@lru_cache(maxsize=16)
def _change(table: Table, names: tuple[str, ...], dialect: str) -> tuple[str, Writers]:
    """The statement that changes these columns of a row, and how a value of each is written."""
    columns = [table.columns[name] for name in names]
    places = _places(columns, dialect)
    said = ", ".join(f'"{name}" = {place}' for name, place in places.items())
    key = _key(table)
    return (
        f"UPDATE {table.name} SET {said} WHERE {key} = :its_key RETURNING {key}",  # noqa: S608
        {column.key: _writer(column.type, dialect) for column in columns},
    )


@lru_cache(maxsize=16)
def _told(
    made: Table, told: Table, facts: str, beside: tuple[tuple[Table, str], ...]
) -> tuple[str, tuple[Writers, ...]]:
    """PostgreSQL's statement that inserts a row, and others that name its key.

    Of the one that tells of it, a document does; of those beside it, a column.
    """
    first, written = _insertion(made, POSTGRESQL)
    parts, writers, key = [f"made AS ({first})"], [written], f"made.{_key(made)}"
    for number, (table, column) in enumerate(((told, facts), *beside), 1):
        names, places, its = _columns(table, POSTGRESQL, _prefix(number))
        if number == 1:
            named = f"jsonb_build_object(CAST(:named AS text), {key})"
            places[column] = f"{named} || {places[column]}"
        else:
            places[column] = key
            del its[column]
        parts.append(
            f"{_prefix(number)}row AS (INSERT INTO {table.name} ({names}) "  # noqa: S608
            f"SELECT {', '.join(places.values())} FROM made)"
        )
        writers.append(its)
    return f"WITH {', '.join(parts)} SELECT {key} FROM made", tuple(writers)  # noqa: S608


def _prefix(number: int) -> str:
    """What stands before the names of the values of one of several rows: "", "x_", "xx_", ..."""
    return "x" * number + "_" if number else ""


def _key(table: Table) -> str:
    (key,) = table.primary_key
    return key.name


def _columns(table: Table, dialect: str, prefix: str = "") -> tuple[str, dict[str, str], Writers]:
    """All columns but the key: their names, the place of each value, and how it is written."""
    columns = [column for column in table.columns if not column.primary_key]
    return (
        ", ".join(f'"{column.name}"' for column in columns),
        _places(columns, dialect, prefix),
        {column.key: _writer(column.type, dialect) for column in columns},
    )


def _places(columns: Sequence[Column[Any]], dialect: str, prefix: str = "") -> dict[str, str]:
    """Where a value of each column goes; PostgreSQL is told of what type it is."""
    places = {column.key: f":{prefix}{column.key}" for column in columns}
    if dialect != POSTGRESQL:
        return places
    kinds = {column.key: column.type.compile(_POSTGRESQL) for column in columns}
    return {key: f"CAST({place} AS {kinds[key]})" for key, place in places.items()}


def reader(kind: Any) -> Callable[[Any], Any]:
    """How a column of this type is read, as SQLAlchemy would."""
    if isinstance(kind, JSON):
        return document
    if isinstance(kind, Moment):
        return when
    if isinstance(kind, Boolean):
        return lambda value: None if value is None else bool(value)
    if isinstance(kind, Packed):
        return unpacked
    return lambda value: value


def _writer(kind: Any, dialect: str) -> Callable[[Any], Any]:
    if isinstance(kind, JSON):
        return json.dumps
    if isinstance(kind, Moment):
        return _zoned if dialect == POSTGRESQL else in_sqlite
    if isinstance(kind, Packed):
        return packed
    return lambda value: value


def _zoned(at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {at!r}")
    return at


def in_sqlite(at: datetime | None) -> str | None:
    """A moment as SQLAlchemy writes it into SQLite. ValueError when it says no time zone."""
    if _zoned(at) is None or at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
