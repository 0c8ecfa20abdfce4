"""How is a SQLite database copied while others write to it, and put back?"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url

from assess.store import backups
from assess.store.backups import BackupError
from assess.store.fingerprints import Show

PAGES = 2048  # copied in one step: 8 MiB with pages of 4 KiB


def file_of(url: str) -> Path:
    """The file of a SQLite database. Raises BackupError for one that lives in memory."""
    name = make_url(url).database
    if not name or name == ":memory:":
        raise BackupError("A database in memory has no backup.")
    return Path(name)


def copy(connection: Connection, target: Path, show: Show) -> None:
    """Copy the moment that this connection sees into a new file, page by page.

    The connection is inside a read transaction: without one SQLite would begin anew whenever
    somebody else writes, and in a busy hour never end.
    """
    source: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    with contextlib.closing(sqlite3.connect(target)) as made:
        # Nobody reads it before it is whole: it is brought to the disk at the end, once.
        made.execute("PRAGMA synchronous = OFF")
        source.backup(
            made,
            pages=PAGES,
            progress=lambda _status, left, of: show("Copying pages", of - left, of),
        )
        made.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it


def restore(backup: Path, target: Path, show: Show) -> None:
    """Put the database of a backup where no file is yet; wholly or not at all."""
    refuse_existing(target)
    target.parent.mkdir(mode=backups.PRIVATE, parents=True, exist_ok=True)
    with backups.becoming(target.parent) as part:
        copied = part / target.name
        backups.copy_file(backup, copied, show)
        refuse_existing(target)
        copied.rename(target)


def refuse_existing(target: Path) -> None:
    """Raises BackupError where a database, or the log of one, is already."""
    for path in (target, Path(f"{target}-wal")):
        if path.exists():
            raise BackupError(f"{path} is already there; a backup is restored to a new place.")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Engine]:
    """An engine that can only read this database."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool
    )
    try:
        yield engine
    finally:
        engine.dispose()


def damage(connection: Connection) -> list[str]:
    """What SQLite finds wrong with pages, indexes and foreign keys."""
    said = connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars().all()
    found = [] if list(said) == ["ok"] else [str(line) for line in said]
    loose = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return found + [f"{row[0]}, row {row[1]}: refers to nothing in {row[2]}" for row in loose[:10]]
