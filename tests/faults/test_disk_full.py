"""What does the site do when the disk is full? It says so, keeps what it had, writes nothing half.

In full on a disk as small as that, where whoever runs the tests may mount one (ENOSPC); in CI no
file of the site may grow (RLIMIT_FSIZE), which takes no rights and stops it in the same places.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from benchmarks import processes
from benchmarks.client import Browser
from tests.faults.broken import fill
from tests.faults.players import Record
from tests.services import Folder, Services

MANY = 2000  # saves: what a disk that is full to the last page still takes is far less
SIZES = {"sqlite": "24m", "postgresql": "160m"}
BLOCKS = (bytes(1 << 16), bytes(1 << 12))

KINDS = ("limit", "sqlite", "postgresql") if "ASSESS_FAULTS" in os.environ else ("limit",)
Switch = Callable[[int, bool], None]  # the site's process, whether its disk is full


@dataclass(frozen=True, slots=True)
class Disk:
    """A database, and what makes its disk full or gives it room again."""

    url: str
    full: Switch

    def ask(self, query: str) -> list[Any]:
        """The first column of what a query finds."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = list(connection.execute(text(query)).scalars())
        engine.dispose()
        return found


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, services: Services, tmp_path: Path) -> Iterator[Disk]:
    """A migrated database whose disk can be full."""
    if request.param == "limit":
        yield Disk(services.migrated("sqlite", tmp_path), _limit)
        return
    with _mounted(SIZES[request.param]) as place:

        def ballast(_pid: int, full: bool) -> None:
            (place / "ballast").unlink(missing_ok=True)
            with (place / "ballast").open("wb", 0) as file:
                for block in BLOCKS if full else ():
                    with contextlib.suppress(OSError):
                        while file.write(block) == len(block):
                            pass

        folder = Folder(place)
        try:
            yield Disk(Services(folder.path).migrated(request.param, folder.path), ballast)
        finally:
            folder.close()


@contextlib.contextmanager
def _mounted(size: str) -> Iterator[Path]:
    """A disk of its own, where PostgreSQL gets through."""
    place = Path(tempfile.mkdtemp(prefix="assess-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "none", str(place)]
    if subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode:
        place.rmdir()
        pytest.skip("who runs this may not mount a disk")
    place.chmod(0o755)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


def _limit(pid: int, full: bool) -> None:
    most = 0 if full else resource.RLIM_INFINITY
    for one in processes.children(pid):
        resource.prlimit(one, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def test_a_full_disk_is_said_and_nothing_is_half_written(disk: Disk, tmp_path: Path) -> None:
    env = {"ASSESS_DATABASE_URL": disk.url, "ASSESS_INSTANCE": str(tmp_path)}
    world, record, port = fill(env, 1), Record(), processes.free_port()
    sequences = "SELECT sequence FROM answers ORDER BY sequence"

    async def sit(pid: int) -> int:
        browser = Browser(port)
        await browser.log_in(world.names[0])
        await browser.start(world.test)
        for sequence in range(1, 6):
            await browser.save(1, sequence, 1)
        disk.full(pid, True)
        while sequence < MANY:
            sequence += 1
            answer = await browser.tell("answers", place=1, sequence=sequence, answer=[1])
            if answer.status != 200:
                break
        record.busy(answer)
        record.busy(await browser.tell("hand-in"))
        page = await browser.post(f"/attempts/{browser.attempt}/hand-in")
        assert (page.status, page.headers["retry-after"]) == (503, "5"), page.body
        assert b'data-code="E-BUSY"' in page.body
        # All that was acknowledged is there, and nothing of what was not.
        assert disk.ask(sequences) == list(range(1, sequence))
        assert disk.ask("SELECT state FROM attempts") == ["open"]
        disk.full(pid, False)
        await browser.save(1, sequence, 1)
        await browser.hand_in()
        await browser.close()
        return sequence

    with processes.gunicorn("assess.app:wsgi()", env, port, workers=1) as pid:
        last = asyncio.run(sit(pid))
    assert disk.ask(sequences) == list(range(1, last + 1))
    assert disk.ask("SELECT count(*) FROM marks") == [1]
    if disk.url.startswith("sqlite"):
        assert disk.ask("PRAGMA integrity_check") == ["ok"]
    command = [str(Path(sys.executable).with_name("assess")), "journal", "verify"]
    subprocess.run(command, check=True, env={**os.environ, **env}, stdout=subprocess.DEVNULL)
