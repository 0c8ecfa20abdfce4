"""Where do backups lie, and what does each say about itself? A folder each, with a manifest.

    DIR/assess-20260302T020000Z/manifest.json
    DIR/assess-20260302T020000Z/assess.sqlite3      (or assess.pgdump)

A backup is written under another name, brought to the disk, and only then given its own: what has
the name of a backup is whole, whatever was interrupted.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from assess.store.fingerprints import Fingerprint, Show

SCHEMA = "backup/1"
MANIFEST = "manifest.json"
FILES = {"sqlite": "assess.sqlite3", "postgresql": "assess.pgdump"}
PART = ".part-"  # how the names of unfinished folders begin
STAMP = "assess-%Y%m%dT%H%M%SZ"
NAME = re.compile(r"(assess-\d{8}T\d{6}Z)(?:-(\d+))?")
BLOCK = 1 << 20  # bytes
PRIVATE = 0o700


class BackupError(Exception):
    """A backup cannot be taken or restored; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says about itself: enough to prove that a restored copy is the same."""

    taken_at: datetime
    assess: str  # the version that took it
    database: str  # sqlite or postgresql
    server: str  # its version
    migration: str
    file: str
    bytes: int
    sha256: str  # of the file
    sealed: int  # entries of the journal that have their place in the chain
    unsealed: int
    head: str  # the hash of the last seal
    tables: Mapping[str, Fingerprint]
    guards: tuple[str, ...]  # names of triggers, indexes and constraints

    def document(self) -> dict[str, Any]:
        """The manifest as JSON has it."""
        fields = asdict(self) | {"taken_at": self.taken_at.isoformat(), "guards": [*self.guards]}
        return {"schema": SCHEMA, **fields}

    @property
    def rows(self) -> int:
        """How many rows all tables have together."""
        return sum(table.rows for table in self.tables.values())


def find(folder: Path) -> list[Path]:
    """The whole backups in a folder, oldest first."""
    if not folder.is_dir():
        return []
    named = ((NAME.fullmatch(path.name), path) for path in folder.iterdir())
    dated = [(m[1], int(m[2] or 1), path) for m, path in named if m and (path / MANIFEST).exists()]
    return [path for _, _, path in sorted(dated)]


def read(backup: Path) -> Manifest:
    """What a backup says about itself. Raises BackupError when that cannot be read."""
    path = backup / MANIFEST
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("schema") != SCHEMA:
            raise BackupError(f"{path}: not of the schema {SCHEMA}.")
        manifest = Manifest(
            **document
            | {
                "taken_at": datetime.fromisoformat(document["taken_at"]),
                "tables": {n: Fingerprint(**f) for n, f in document["tables"].items()},
                "guards": tuple(document["guards"]),
            }
        )
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{path}: not a manifest of a backup.") from error
    if manifest.file != FILES.get(manifest.database):
        raise BackupError(f"{path}: not a manifest of a backup.")
    return manifest


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def prove(backup: Path, manifest: Manifest) -> None:
    """Raises BackupError unless the file of a backup is the one that its manifest describes."""
    path = backup / manifest.file
    try:
        digest = digest_of(path)
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}.") from error
    if digest != manifest.sha256:
        raise BackupError(
            f"{path}: changed or damaged: its SHA-256 is {digest}, and the manifest says "
            f"{manifest.sha256}. Take another backup."
        )


@dataclass(slots=True)
class Place:
    """Where a backup is written, and afterwards where it lies."""

    part: Path
    path: Path


@contextlib.contextmanager
def writing(folder: Path, at: datetime) -> Iterator[Place]:
    """A folder to write into that becomes a backup when the block ends well, and else is gone.

    Raises BackupError where somebody else is writing a backup into the same folder. What an
    earlier one that was interrupted has left is cleared away.
    """
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"{folder}: another backup is being written here.") from None
        for left in folder.glob(f"{PART}*"):
            shutil.rmtree(left, ignore_errors=True)
        with becoming(folder) as part:
            place = Place(part, folder)
            yield place
            for path in part.iterdir():
                path.chmod(0o600)
                _to_disk(path)
            place.path = _finish(part, folder, at.strftime(STAMP))


@contextlib.contextmanager
def becoming(folder: Path) -> Iterator[Path]:
    """An unfinished folder inside a folder, gone at the end unless it was given another name."""
    part = Path(tempfile.mkdtemp(prefix=PART, dir=folder))
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def put(part: Path, manifest: Manifest) -> str:
    """Write the manifest of a backup; its SHA-256, by which others can hold us to it."""
    text = json.dumps(manifest.document(), ensure_ascii=False, indent=2) + "\n"
    (part / MANIFEST).write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def prune(folder: Path, kept: int) -> list[str]:
    """Remove the oldest backups beyond a number; the names of those removed."""
    surplus = find(folder)[: -max(kept, 1)]
    for backup in surplus:
        gone = folder / f"{PART}{backup.name}"
        backup.rename(gone)  # half a backup must not bear the name of one
        shutil.rmtree(gone, ignore_errors=True)
    return [backup.name for backup in surplus]


def copy_file(source: Path, target: Path, show: Show) -> None:
    """Copy a file, readable by its owner only, and bring it to the disk."""
    size, done = source.stat().st_size, 0
    with source.open("rb") as reading, target.open("xb") as writing_:
        target.chmod(0o600)
        while block := reading.read(BLOCK):
            writing_.write(block)
            done += len(block)
            show(f"Copying {source.name}", done, size)
        writing_.flush()
        os.fsync(writing_.fileno())


def _finish(part: Path, folder: Path, stamp: str) -> Path:
    """Give a finished folder its name; the next one where others have been given this second."""
    _to_disk(part)
    taken = [m for path in folder.iterdir() if (m := NAME.fullmatch(path.name)) and m[1] == stamp]
    number = max((int(m[2] or 1) for m in taken), default=0) + 1
    target = folder / (stamp if number == 1 else f"{stamp}-{number}")
    part.rename(target)
    _to_disk(folder)
    return target


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
