"""How is a running site broken? Workers, site and servers killed, the host's clock moved."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from assess import store
from assess.app import create_app
from assess.settings import from_environment
from benchmarks import processes, world
from tests.services import Folder, Services, wait_until

HOUR = 3600
LEAPS = (0, -30 * HOUR, 30 * HOUR)  # seconds: to and fro, farther than any test is long
COMPILER = shutil.which("cc")

Fault = Callable[[], Awaitable[None]]


class Site:
    """The site behind gunicorn on servers of its own; each fault is a method named for it."""

    def __init__(self, kind: str, folder: Folder, candidates: int, chance: random.Random) -> None:
        self.kind, self.folder, self.chance = kind, folder.path, chance
        self.services = Services(folder.path)
        self.url = self.services.migrated(kind, self.folder)
        self.instance = self.folder / "instance"
        self.instance.mkdir()
        env = {"ASSESS_DATABASE_URL": self.url, "ASSESS_INSTANCE": str(self.instance)}
        self.world = fill(env, candidates)
        self.env = {**os.environ, **env, "ASSESS_REDIS_URL": self.services.redis()}
        if kind == "postgresql":
            self.services.promise()
            # On SQLite the host's clock is the database's, which is by definition right.
            self.env |= self._movable()
        self.port = processes.free_port()
        self.met: Counter[str] = Counter()
        self.process = self._start()

    def _movable(self) -> dict[str, str]:
        if COMPILER is None:
            return {}
        self.skew, shim = self.folder / "skew", self.folder / "skew.so"
        self._move(0)
        source = Path(__file__).with_name("skew.c")
        command = [COMPILER, "-O1", "-shared", "-fPIC", "-o", str(shim), str(source)]
        subprocess.run(command, check=True)
        return {"LD_PRELOAD": str(shim), "SKEW": str(self.skew)}

    def _move(self, seconds: int) -> None:
        """Written over, never anew: the site has this very file before its eyes."""
        with self.skew.open("r+b" if self.skew.exists() else "wb") as file:
            file.write(seconds.to_bytes(8, "little", signed=True))

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            # Loaded once and forked: a worker that was killed is there again at once.
            processes.command("assess.app:wsgi()", self.port, 2, 8, "--preload"),
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        ready = lambda: processes.listens(self.port, process.pid, 2)  # noqa: E731
        wait_until(ready, "the site does not answer")
        return process

    def faults(self) -> dict[str, Fault]:
        """What can happen to this site, by name."""
        found: dict[str, Fault] = {"worker": self.worker, "site": self.site, "redis": self.redis}
        if self.kind == "postgresql":
            found["postgresql"] = self.postgresql
            if COMPILER is not None:
                found["clock"] = self.clock
        return found

    async def worker(self) -> None:
        """Kill one worker; gunicorn starts another."""
        with contextlib.suppress(IndexError, ProcessLookupError):
            os.kill(self.chance.choice(processes.children(self.process.pid)), signal.SIGKILL)

    async def site(self) -> None:
        """Kill all of the site at once, and start it again."""
        self.stop()
        self.process = await asyncio.to_thread(self._start)

    async def redis(self) -> None:
        """Kill Redis where it is there, else start it: the site is without it half the time."""
        if self.met["redis"] % 2:
            await asyncio.to_thread(self.services.restart_redis)
        else:
            self.services.stop_redis()

    async def postgresql(self) -> None:
        """Kill PostgreSQL, let the site ask for it a moment, and start it on the same data."""
        await asyncio.to_thread(self.services.stop_postgresql)
        await self.during_outage()
        await asyncio.to_thread(self.services.restart_postgresql)

    async def during_outage(self) -> None:
        """What is looked at while the database is away; the test puts something here."""

    async def clock(self) -> None:
        """Move the wall clock of the host on which the site runs."""
        self._move(LEAPS[(self.met["clock"] + 1) % len(LEAPS)])

    async def strike(self, name: str) -> None:
        """Let one fault happen, and note that it did."""
        await self.faults()[name]()
        self.met[name] += 1

    def close(self) -> None:
        """Stop the site and its database, which nobody needs to shut down in good order."""
        self.stop()
        if self.kind == "postgresql":
            self.services.stop_postgresql()

    def stop(self) -> None:
        """Kill gunicorn and its workers."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def fill(env: Mapping[str, str], candidates: int) -> world.World:
    """The benchmarks' world with a small bank, made in this process, which is there already."""
    cheap = {"ASSESS_ARGON2_MEMORY_KIB": "256", "ASSESS_ARGON2_TIME": "1"}
    app = create_app(from_environment({**env, **cheap}))
    with app.app_context():
        made = world.fill(candidates, each=6)
        store.dispose()
    return made
