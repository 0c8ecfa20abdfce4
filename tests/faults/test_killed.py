"""Is every acknowledged answer in the record, whatever is killed, sent twice or out of order?

Candidates answer over HTTP while workers, the whole site and Redis are killed with SIGKILL and
all but Redis come back. What is checked is a record of every acknowledgement, not the last values:
those would hide a loss. `make faults` does it with 10,000 answers; here a few hundred do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, create_engine, text

from benchmarks import processes, world
from benchmarks.client import Answer, Browser
from tests.services import Folder, Services, wait_until

ANSWERS = int(os.environ.get("ASSESS_FAULTS", "160"))
CANDIDATES = 4
QUESTIONS = 20
LOST = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
PATIENCE = 600  # tries of one request; each waits for the site to answer again

CHANCE = random.Random(7)  # noqa: S311 - whom it hits is no secret

Key = tuple[int, int, int, int]  # attempt, place, writer, sequence


class Site:
    """The site and its servers, of which all but the database can be killed."""

    def __init__(self, kind: str, folder: Folder) -> None:
        self.folder, self.services = folder.path, Services(folder.path)
        self.url = self.services.empty(kind, self.folder)
        instance = self.folder / "instance"
        instance.mkdir()
        self.world = world.build(self.url, instance, CANDIDATES, each=6)
        self.env = {
            **os.environ,
            "ASSESS_DATABASE_URL": self.url,
            "ASSESS_INSTANCE": str(instance),
            "ASSESS_REDIS_URL": self.services.redis(),
        }
        self.port = processes.free_port()
        self.killed: list[str] = []
        self.process = self._start()

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

    def kill_worker(self) -> None:
        """Kill one worker; gunicorn starts another."""
        with contextlib.suppress(IndexError, ProcessLookupError):
            os.kill(CHANCE.choice(processes.children(self.process.pid)), signal.SIGKILL)
            self.killed.append("worker")

    def kill_all(self) -> None:
        """Kill all of the site at once, and start it again."""
        self.stop()
        self.killed.append("site")
        self.process = self._start()

    def kill_redis(self) -> None:
        """Kill Redis for good: nothing that counts is there."""
        os.kill(int((self.folder / "redis.pid").read_text()), signal.SIGKILL)
        self.killed.append("redis")

    def stop(self) -> None:
        """Kill gunicorn and its workers."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


# In CI on the database that many hosts share; in full on both.
KINDS = ("sqlite", "postgresql") if "ASSESS_FAULTS" in os.environ else ("postgresql",)


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The site on servers of its own, which nobody else needs."""
    folder = Folder()
    made = Site(request.param, folder)
    yield made
    made.stop()
    folder.close()


async def until_answered(browser: Browser, what: str, **content: object) -> Answer:
    """Ask again until somebody answers, as the player does; a server that is away is no answer."""
    for _ in range(PATIENCE):
        try:
            answer = await browser.tell(what, **content)
        except LOST:
            await browser.close()
            await asyncio.sleep(0.02)  # to let the site come back; nothing is measured by it
            continue
        if answer.status < 500:
            return answer
        await asyncio.sleep(0.02)
    raise TimeoutError(what)


async def play(site: Site, answers: int) -> tuple[dict[Key, list[int]], list[Browser]]:
    """Everybody answers until so many are acknowledged; the record of every acknowledgement."""
    record: dict[Key, list[int]] = {}
    chance = CHANCE
    browsers = []
    for name in site.world.names:
        browser = Browser(site.port)
        await browser.log_in(name)
        await browser.start(site.world.test)
        browsers.append(browser)
    faults = iter(_faults(site, answers))
    due: tuple[int, Callable[[], None]] | None = next(faults)

    async def one(browser: Browser) -> None:
        nonlocal due
        sequence = 0
        while len(record) < answers:
            sequence += 1
            key = (browser.attempt, sequence % QUESTIONS + 1, browser.writer, sequence)
            chosen = [chance.randrange(4)]
            sent = {"place": key[1], "sequence": sequence, "answer": chosen}
            answer = await until_answered(browser, "answers", **sent)
            assert answer.status == 200, answer.body
            record[key] = chosen
            if chance.random() < 0.1:  # a packet that comes twice, and one that comes late
                old = chance.choice([k for k in record if k[0] == browser.attempt])
                again = {"place": old[1], "sequence": old[3], "answer": record[old]}
                told = await until_answered(browser, "answers", **again)
                assert told.status == 200, told.body
            if due is not None and len(record) >= due[0]:
                fault, due = due[1], next(faults, None)
                await asyncio.to_thread(fault)

    await asyncio.gather(*[one(browser) for browser in browsers])
    return record, browsers


def _faults(site: Site, answers: int) -> list[tuple[int, Callable[[], None]]]:
    """After how many acknowledgements what is killed."""
    kills: list[tuple[int, Callable[[], None]]] = [
        (answers * n // 8, site.kill_worker) for n in (1, 2, 4, 5, 7)
    ]
    kills += [(answers * 3 // 8, site.kill_redis), (answers * 6 // 8, site.kill_all)]
    return sorted(kills, key=lambda kill: kill[0])


async def finish(site: Site, browsers: list[Browser]) -> None:
    """A device is taken over and goes on; then everybody hands in, twice."""
    stale = browsers[0]
    second = Browser(site.port)
    await second.log_in(site.world.names[0])
    second.attempt = stale.attempt
    taken = (await second.send("POST", f"/api/attempts/{stale.attempt}/takeover")).json()
    second.token, second.writer = taken["token"], taken["writer"]
    refused = await until_answered(stale, "answers", place=1, sequence=10**6, answer=[1])
    assert (refused.status, refused.json()["code"]) == (409, "W-TAKEOVER")
    for browser in (second, *browsers[1:]):
        assert (await until_answered(browser, "hand-in")).status == 200
        assert (await until_answered(browser, "hand-in")).json()["code"] == "E-CLOSED"
    for browser in (stale, second, *browsers[1:]):
        await browser.close()


def test_no_acknowledged_answer_is_lost_whatever_is_killed(site: Site) -> None:
    async def all_of_it() -> dict[Key, list[int]]:
        record, browsers = await play(site, ANSWERS)
        await finish(site, browsers)
        return record

    record = asyncio.run(all_of_it())
    assert len(record) >= ANSWERS
    assert set(site.killed) == {"worker", "site", "redis"}
    engine = create_engine(site.url)
    with engine.connect() as connection:
        forms = {
            row.id: _list(row.form)
            for row in connection.execute(text("SELECT id, form FROM attempts"))
        }
        stored = {
            (row.attempt_id, row.place, row.writer, row.sequence): sorted(
                forms[row.attempt_id][row.place - 1][2].index(own) for own in _list(row.options)
            )
            for row in connection.execute(text("SELECT * FROM answers"))
        }
        figures = [_count(connection, table) for table in ("attempts", "marks", "answers")]
        stale = _count(connection, "answers WHERE sequence = 1000000")
    engine.dispose()
    lost = {key for key, chosen in record.items() if stored.get(key) != chosen}
    assert lost == set()
    # One attempt and one mark for each candidate, no answer twice, none of a stale writer.
    assert figures == [CANDIDATES, CANDIDATES, len(stored)]
    assert stale == 0


def _count(connection: Connection, what: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())


def _list(value: object) -> list[object]:
    """A column of JSON, which SQLite gives as text."""
    found = json.loads(value) if isinstance(value, str) else value
    assert isinstance(found, list)
    return found
