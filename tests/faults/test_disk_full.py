"""What does the site do when the disk is full? It says so, keeps what it had, writes nothing half.

In full on a disk as small as that, where whoever runs the tests may mount one (ENOSPC); in CI no
file of the site may grow (RLIMIT_FSIZE), which takes no rights and stops it in the same places.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import processes
from benchmarks.client import Browser
from tests.faults.broken import fill
from tests.faults.players import Record
from tests.services import Services

MANY = 2000  # saves: what a disk that is full to the last page still takes is far less
SIZE = "24m"
BLOCK = bytes(1 << 16)

KINDS = ("limit", "disk") if "ASSESS_FAULTS" in os.environ else ("limit",)
Switch = Callable[[int, bool], None]  # the site's process, whether its disk is full


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Switch]]:
    """A place for the database, and what makes it full or gives it room again."""
    if request.param == "limit":
        yield tmp_path, _limit
        return
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(place)]
    if subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("who runs this may not mount a disk")

    def ballast(_pid: int, full: bool) -> None:
        (place / "ballast").unlink(missing_ok=True)
        if full:
            with contextlib.suppress(OSError), (place / "ballast").open("wb", 0) as file:
                while file.write(BLOCK):
                    pass

    yield place, ballast
    subprocess.run(["umount", str(place)], check=True)


def _limit(pid: int, full: bool) -> None:
    most = 0 if full else resource.RLIM_INFINITY
    for one in processes.children(pid):
        resource.prlimit(one, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def test_a_full_disk_is_said_and_nothing_is_half_written(
    services: Services, disk: tuple[Path, Switch], tmp_path: Path
) -> None:
    place, full = disk
    url = services.migrated("sqlite", place)
    path = url.removeprefix("sqlite:///")
    env = {"ASSESS_DATABASE_URL": url, "ASSESS_INSTANCE": str(tmp_path)}
    world, record, port = fill(env, 1), Record(), processes.free_port()

    async def sit(pid: int) -> int:
        browser = Browser(port)
        await browser.log_in(world.names[0])
        await browser.start(world.test)
        for sequence in range(1, 6):
            await browser.save(1, sequence, 1)
        full(pid, True)
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
        assert _sequences(path) == list(range(1, sequence))
        assert _one(path, "SELECT state FROM attempts") == "open"
        full(pid, False)
        await browser.save(1, sequence, 1)
        await browser.hand_in()
        await browser.close()
        return sequence

    with processes.gunicorn("assess.app:wsgi()", env, port, workers=1) as pid:
        last = asyncio.run(sit(pid))
    assert _sequences(path) == list(range(1, last + 1))
    assert _one(path, "SELECT count(*) FROM marks") == 1
    assert _one(path, "PRAGMA integrity_check") == "ok"
    command = [str(Path(sys.executable).with_name("assess")), "journal", "verify"]
    subprocess.run(command, check=True, env={**os.environ, **env}, stdout=subprocess.DEVNULL)


def _sequences(path: str) -> list[int]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [n for (n,) in connection.execute("SELECT sequence FROM answers ORDER BY sequence")]


def _one(path: str, query: str) -> object:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchone()[0]
