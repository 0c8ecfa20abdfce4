"""How is a PostgreSQL database copied while others write to it, and put back?

By PostgreSQL's own programs: `pg_dump` and `pg_restore`, and for a copy that needs no server
`initdb` and `pg_ctl`. They are taken from ASSESS_PG_BIN, then from PATH, then from where Debian
keeps those of each version.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Connection, Engine, create_engine, inspect, make_url

from assess.store import backups
from assess.store.backups import BackupError
from assess.store.fingerprints import Show

DEBIAN = Path("/usr/lib/postgresql")
CLUSTER = "postgresql"  # the folder of a copy that needs no server
NAME = "assess"  # of user and database in it
VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
PATIENCE = "60"  # seconds for a server to start or stop
DONE = "pg_restore: processing data for table"


def program(name: str, folder: Path | None) -> str:
    """The path of one of PostgreSQL's programs. Raises BackupError where there is none."""
    places = sorted(DEBIAN.glob("[0-9]*/bin"), key=lambda p: float(p.parent.name), reverse=True)
    found = (
        shutil.which(name, path=str(folder))
        if folder is not None
        else shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, places)))
    )
    if found is None:
        where = f"in {folder} (ASSESS_PG_BIN)" if folder else "on this machine"
        raise BackupError(
            f"{name} is not to be found {where}. Install the client programs of PostgreSQL (and "
            "its server for a copy without one), or name their folder in ASSESS_PG_BIN."
        )
    return found


def version(path: str) -> int:
    """The major version of one of PostgreSQL's programs."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = VERSION.search(said)
    if found is None:
        raise BackupError(f"{path}: does not say its version.")
    return int(found[1])


def copy(connection: Connection, target: Path, folder: Path | None, show: Show) -> None:
    """Dump the very moment that this connection sees into a new file.

    `folder`: where PostgreSQL's programs are. What pg_dump writes comes through us: should we be
    killed, it ends too.
    """
    pg_dump = program("pg_dump", folder)
    server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    if (ours := version(pg_dump)) < server:
        raise BackupError(
            f"{pg_dump} is of version {ours} and the server of {server}: name the folder of "
            f"programs of version {server} or later in ASSESS_PG_BIN."
        )
    moment = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
    to, env = whereabouts(connection.engine.url)
    command = [
        pg_dump,
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--snapshot={moment}",
        f"--dbname={to}",
    ]
    with (
        tempfile.TemporaryFile("w+") as said,
        target.open("xb") as file,
        _ended(
            subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
            )
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - it was asked for
        done = 0
        while block := process.stdout.read(backups.BLOCK):
            file.write(block)
            done += len(block)
            show("Copying bytes", done, None)
        if process.wait():
            raise BackupError(_last_words(pg_dump, said))


def restore(dump: Path, url: URL, folder: Path | None, show: Show, of: int) -> None:
    """Put a dump of so many tables into an empty database, in one transaction: all or nothing."""
    engine = create_engine(url)
    try:
        if inspect(engine).get_table_names():
            raise BackupError(
                f"The database {url.database} is not empty; a backup is restored to a new place."
            )
    finally:
        engine.dispose()
    pg_restore = program("pg_restore", folder)
    to, env = whereabouts(url)
    command = [
        pg_restore,
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        "--no-privileges",
        "--verbose",
        f"--dbname={to}",
        str(dump),
    ]
    with (
        tempfile.TemporaryFile("w+") as said,
        _ended(
            subprocess.Popen(
                command,
                env=env | {"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        ) as process,
    ):
        assert process.stderr is not None  # noqa: S101 - it was asked for
        done = 0
        for line in process.stderr:
            said.write(line)
            if line.startswith(DONE):
                done += 1
                show("Restoring tables", done, of)
        if process.wait():
            raise BackupError(_last_words(pg_restore, said))


def restore_apart(dump: Path, into: Path, folder: Path | None, show: Show, of: int) -> Path:
    """Make a cluster of its own in a folder and put a dump there; where the cluster lies.

    No server has to be there, and none that is there notices.
    """
    target = into / CLUSTER
    refuse_existing(target)
    owner = _owner(into)
    with backups.becoming(into) as part:
        if owner:
            os.chown(part, owner["user"], owner["group"])
        data = part / CLUSTER
        show("Making a cluster", 0, None)
        _run(
            [
                program("initdb", folder),
                f"--pgdata={data}",
                f"--username={NAME}",
                "--encoding=UTF8",
                "--no-locale",
                "--auth-local=trust",
                "--auth-host=reject",
            ],
            owner,
        )
        with _running(data, folder) as server:
            plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(plain, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {NAME}")
            restore(dump, server.set(database=NAME), folder, show, of)
        data.rename(target)
    return target


def refuse_existing(target: Path) -> None:
    """Raises BackupError where a cluster is already."""
    if target.exists():
        raise BackupError(f"{target} is already there; a backup is restored to a new place.")


@contextlib.contextmanager
def opened(cluster: Path, folder: Path | None) -> Iterator[Engine]:
    """An engine on the database of a cluster that `restore_apart` made, while it runs for us."""
    with _running(cluster, folder) as server:
        engine = create_engine(server.set(database=NAME))
        try:
            yield engine
        finally:
            engine.dispose()


@contextlib.contextmanager
def _running(data: Path, folder: Path | None) -> Iterator[URL]:
    """Run the server of a cluster, reachable through a private socket and by no network."""
    owner = _owner(data)
    # Not beside the data: the path of a socket may have 107 bytes and no more.
    with tempfile.TemporaryDirectory(prefix="assess-", ignore_cleanup_errors=True) as socket:
        if owner:
            os.chown(socket, owner["user"], owner["group"])
        pg_ctl = program("pg_ctl", folder)
        options = f"-c listen_addresses= -c unix_socket_directories={shlex.quote(socket)}"
        ours = [pg_ctl, f"--pgdata={data}", f"--timeout={PATIENCE}", "--wait"]
        log = data / "server.log"
        _run([*ours, "start", f"--log={log}", f"--options={options}"], owner)
        try:
            yield URL.create(
                "postgresql+psycopg", username=NAME, database="postgres", query={"host": socket}
            )
        finally:
            _run([*ours, "stop", "--mode=fast"], owner)


def _owner(folder: Path) -> dict[str, Any]:
    """As whom the programs run: PostgreSQL refuses to run as root, so as the folder's owner."""
    if os.geteuid() != 0:
        return {}
    there = folder.stat()
    if there.st_uid == 0:
        raise BackupError(
            f"PostgreSQL does not run as root. Do this as another user, or give {folder} to one: "
            f"chown assess {folder}"
        )
    return {"user": there.st_uid, "group": there.st_gid, "extra_groups": []}


def _run(command: Sequence[str], owner: dict[str, Any]) -> None:
    """Run one of PostgreSQL's programs to its end; BackupError with its last words if it fails."""
    # Files, not pipes: a server that is left running would hold a pipe open for ever.
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd="/",
            check=False,
            **owner,
        )
        if done.returncode:
            raise BackupError(_last_words(command[0], said))


@contextlib.contextmanager
def _ended(process: subprocess.Popen[Any]) -> Iterator[subprocess.Popen[Any]]:
    """A process that does not outlive the block, however that ends."""
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def _last_words(path: str, said: Any) -> str:
    said.seek(0)
    lines = [line for line in said.read().strip().splitlines() if line]
    return f"{path}: {' '.join(lines[-3:]) or 'ended without a word'}"


def whereabouts(url: URL) -> tuple[str, dict[str, str]]:
    """How a program reaches a database, and its environment: a password is in no command line."""
    parts = dict(make_url(url).translate_connect_args(username="user", database="dbname"))
    parts |= {name: str(value) for name, value in url.query.items()}
    env = dict(os.environ)
    if password := parts.pop("password", None):
        env["PGPASSWORD"] = str(password)
    return make_conninfo(**parts), env
