"""How is a database of SQLite put back as it was, while whoever is connected stays so?

To connect anew takes two milliseconds, nearly all of them for the definitions of the tables, which
every connection reads and parses. Here SQLite itself writes all pages back. It would let everybody
read the definitions again; where nobody has changed one they are still those that all know.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

VERSION = "PRAGMA schema_version"
WRITTEN = "PRAGMA data_version"  # another one for a connection when another one has written
ALONE = b"\x01\x01"  # in a file's header: no log lies beside it, which memory has no place for


class Pages:
    """A file that nobody else has written to yet, and a connection to put it back by."""

    def __init__(self, path: Path) -> None:
        self._path, self._inode = path, path.stat().st_ino
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._version, self._written = self._asked(VERSION), self._asked(WRITTEN)
        self.holds = self._there = self.content()

    def content(self) -> bytes:
        """What the file holds now."""
        with closing(sqlite3.connect(":memory:")) as held:
            self._connection.backup(held)
            pages = held.serialize()
        return pages[:18] + ALONE + pages[20:]

    def put_back(self, content: bytes) -> bool:
        """Let it hold this again; whether that could be done. If not, it is to be made anew."""
        try:
            return self._is_ours() and self._put_back(content)
        except (OSError, sqlite3.Error):
            return False

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _is_ours(self) -> bool:
        """Whether it is the same file, and other processes can tell that somebody is here.

        When a process closes a file that it has opened as a file, all its locks on it are gone, and
        the next process that leaves the database removes what lies beside it.
        """
        held = f" {os.getpid()} "
        locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
        return self._path.stat().st_ino == self._inode and any(
            held in line and f":{self._inode} " in line for line in locks
        )

    def _put_back(self, content: bytes) -> bool:
        if self._asked(VERSION) != self._version:
            return False
        self._connection.execute("BEGIN IMMEDIATE")  # it fails; what follows would wait for ever
        self._connection.execute("ROLLBACK")
        if content is self._there and self._asked(WRITTEN) == self._written:
            return True
        with closing(sqlite3.connect(":memory:")) as held:
            held.deserialize(content)
            held.backup(self._connection)
        self._connection.execute(f"{VERSION} = {self._version}")
        busy, *_ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._there, self._written = content, self._asked(WRITTEN)
        return not busy

    def _asked(self, pragma: str) -> int:
        return int(self._connection.execute(pragma).fetchone()[0])
