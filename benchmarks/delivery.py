"""How fast is delivery, on what processor time, and how near is a save to the least it can cost?

`python -m benchmarks.delivery [--json] [--kind sqlite|postgresql] [--short] [--soak] [--count]`
plays candidates over HTTP against gunicorn (2 workers of 8 threads) on SQLite and on PostgreSQL
with Redis: log in, start, answer 20 of 1,000 questions one by one, hand in, see the result. Beside
them, in the same run, the floor (`benchmarks/floor.py`). `--soak` lets 500 candidates answer every
five seconds for ten minutes, then every second for one; `--count` counts instructions (valgrind).
Everything stays on this machine; servers come from the test services, and end with the run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import hashed, instructions, load, processes, world
from benchmarks.client import Browser, expect
from tests.services import Folder, Services

QUESTIONS = 20
CONCURRENT = 8
FLEET = 100  # devices that save as fast as they can, in turns
# Played before anything is measured: each worker learns its templates and statements once.
WARM = 64
FIRST = 1000  # the number of a save that no attempt has come to
SPREAD = 1  # seeds the pauses of candidates

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is played."""

    attempts: int
    save_seconds: float
    candidates: int
    every: float
    paced_seconds: float


SHORT = Size(attempts=8, save_seconds=3, candidates=40, every=2, paced_seconds=6)
USUAL = Size(attempts=60, save_seconds=10, candidates=500, every=5, paced_seconds=30)
SOAK = Size(attempts=60, save_seconds=10, candidates=500, every=5, paced_seconds=600)


@dataclass(frozen=True, slots=True)
class Servers:
    """Whose processor time is counted: gunicorn's, and the database server's if there is one."""

    site: int
    database: int | None

    def cpu(self) -> tuple[float, float]:
        """Seconds so far of both."""
        return processes.cpu(self.site), processes.cpu(self.database) if self.database else 0.0


def spread(seconds: Sequence[float]) -> Figures:
    """Median, p95, p99 and worst, in milliseconds."""
    ordered = sorted(seconds)
    cut = statistics.quantiles(ordered, n=100, method="inclusive")
    named = {"p50": cut[49], "p95": cut[94], "p99": cut[98], "max": ordered[-1]}
    return {name: round(value * 1000, 2) for name, value in named.items()}


def cost(servers: Servers, before: tuple[float, float], count: int) -> Figures:
    """Milliseconds of processor time for one of `count`, of site and database apart."""
    site, database = (now - then for now, then in zip(servers.cpu(), before, strict=True))
    return {
        "site_cpu_ms": round(site * 1000 / count, 3),
        "database_cpu_ms": round(database * 1000 / count, 3),
    }


async def workers(count: int, do: Callable[[int], Awaitable[None]]) -> None:
    """Do it `count` times, `CONCURRENT` at once."""
    waiting = iter(range(count))

    async def one() -> None:
        for number in waiting:
            await do(number)

    await asyncio.gather(*[one() for _ in range(CONCURRENT)])


async def attempts(
    port: int, made: world.World, servers: Servers, size: Size, hashes: Path
) -> Figures:
    """Whole attempts, as fast as eight at once are played; the password's hash apart."""
    requests: list[int] = []

    async def play(number: int) -> None:
        browser = Browser(port)
        await browser.log_in(made.names[number])
        await browser.start(made.test)
        for place in range(1, QUESTIONS + 1):
            await browser.save(place, 1, place % 4)
        await browser.hand_in()
        requests.append(browser.requests)
        await browser.close()

    await workers(WARM, play)
    requests.clear()
    known = hashed.seconds(hashes)
    before, began = servers.cpu(), time.perf_counter()
    await workers(size.attempts, lambda number: play(WARM + number))
    took = time.perf_counter() - began
    spent = cost(servers, before, size.attempts)
    password = (hashed.seconds(hashes) - known) * 1000 / size.attempts
    return {
        "attempts": size.attempts,
        "attempts_per_second": round(size.attempts / took, 2),
        "requests_per_attempt": statistics.mean(requests),
        **spent,
        "password_cpu_ms": round(password, 1),
        "site_cpu_ms_beside_the_password": round(spent["site_cpu_ms"] - password, 1),
    }


async def enter(
    port: int, made: world.World, names: Sequence[str], servers: Servers
) -> tuple[list[Browser], Figures]:
    """These candidates, each with an open attempt; what their starts took, all at once."""
    browsers = [Browser(port) for _ in names]
    gate = asyncio.Semaphore(CONCURRENT * 2)

    async def log_in(browser: Browser, name: str) -> None:
        async with gate:
            await browser.log_in(name)
            page = await browser.get(f"/tests/{made.test}/start")
            expect(page, 200)

    await asyncio.gather(*[log_in(b, n) for b, n in zip(browsers, names, strict=True)])
    before, own, began = servers.cpu(), time.process_time(), time.perf_counter()
    await asyncio.gather(*[browser.begin(made.test) for browser in browsers])
    took, own = time.perf_counter() - began, time.process_time() - own
    figures = {
        "candidates": len(names),
        "seconds": round(took, 2),
        **cost(servers, before, len(names)),
        "client_cpu_ms": round(own * 1000 / len(names), 3),
    }
    await asyncio.gather(*[browser.fetch() for browser in browsers])
    return browsers, figures


def saves(
    lines: Sequence[load.Line], servers: Servers, seconds: float, every: float = 0
) -> Figures:
    """Saves of these devices: each every so many seconds, or by turns, sixteen at once.

    By turns, because a device that is answered sooner than others would soon be a flood.
    `client_cpu_ms` is what asking for one costs on this side, which has its share of the machine.
    """
    before, began = servers.cpu(), time.perf_counter()
    most = None if every else CONCURRENT * 2
    played = load.play(lines, every, seconds, SPREAD, most=most)
    passed, count = time.perf_counter() - began, len(played.took)
    errors = played.errors
    return {
        "devices": len(lines),
        **({"every_seconds": every, "seconds": seconds} if every else {}),
        "saves": count,
        "saves_per_second": round(count / passed, 1),
        "errors": len(errors),
        **({"first_error": errors[0]} if errors else {}),
        **cost(servers, before, count),
        "client_cpu_ms": round(played.cpu * 1000 / count, 3),
        **spread(played.took),
    }


async def entered(port: int) -> list[load.Line]:
    """As many devices at the floor as there are in the saves."""
    browsers = [Browser(port) for _ in range(FLEET)]
    for number, browser in enumerate(browsers):
        body = json.dumps({"sitting": number}).encode()
        await browser.send("POST", "/enter", body, "application/json", "application/json")
        await browser.close()
    return [load.of_floor(browser) for browser in browsers]


def measure(kind: str, size: Size, services: Services, folder: Path) -> Figures:
    """All figures of one kind of database."""
    url = services.empty(kind, folder)
    instance = folder / f"instance-{kind}"
    instance.mkdir()
    made = world.build(url, instance, WARM + size.attempts + size.candidates)
    database = None
    hashes = folder / f"hashes-{kind}"
    hashes.mkdir()
    env = {"ASSESS_DATABASE_URL": url, "ASSESS_INSTANCE": str(instance)}
    env[hashed.FOLDER] = str(hashes)
    if kind == "postgresql":
        first = (folder / "postgresql" / "postmaster.pid").read_text().split()[0]
        database, env["ASSESS_REDIS_URL"] = int(first), services.redis()
    found: Figures = {"kind": kind, "python": sys.version}
    port = processes.free_port()
    with processes.gunicorn("benchmarks.hashed:wsgi()", env, port) as pid:
        servers = Servers(pid, database)

        async def play() -> list[load.Line]:
            found["attempts"] = await attempts(port, made, servers, size, hashes)
            names = made.names[WARM + size.attempts :]
            browsers, found["starts"] = await enter(port, made, names, servers)
            for browser in browsers:
                await browser.close()
            return [load.of_attempt(browser, FIRST) for browser in browsers]

        lines = asyncio.run(play())
        found["saves"] = saves(lines[:FLEET], servers, size.save_seconds)
        found["paced"] = saves(lines, servers, size.paced_seconds, size.every)
        found["every_second"] = saves(lines, servers, min(60, size.paced_seconds), 1)
    port = processes.free_port()
    with processes.gunicorn("benchmarks.floor:wsgi()", env, port) as pid:
        servers = Servers(pid, database)
        found["floor"] = saves(asyncio.run(entered(port)), servers, size.save_seconds)
    found["save_cpu_to_floor"] = round(
        found["saves"]["site_cpu_ms"] / found["floor"]["site_cpu_ms"], 2
    )
    return found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--kind", choices=("sqlite", "postgresql"), help="this database only")
    parser.add_argument("--short", action="store_true", help="small numbers, to see that it works")
    parser.add_argument("--soak", action="store_true", help="ten minutes of 500 candidates")
    parser.add_argument("--count", action="store_true", help="count instructions under callgrind")
    asked = parser.parse_args()
    size = SHORT if asked.short else SOAK if asked.soak else USUAL
    folder = Folder()
    results = []
    try:
        services = Services(folder.path)
        for kind in [asked.kind] if asked.kind else ["sqlite", "postgresql"]:
            found = measure(kind, size, services, folder.path)
            if asked.count:
                found["instructions"] = instructions.on(kind, services, folder.path)
            results.append(found)
            if not asked.json:
                show(found)
    finally:
        folder.close()
    if asked.json:
        print(json.dumps(results, indent=2))


def show(found: Figures) -> None:
    """One line for each figure."""
    print(f"\n{found['kind']}")
    for name, value in found.items():
        if isinstance(value, dict):
            print(f"  {name}: " + ", ".join(f"{key} {one}" for key, one in value.items()))
        elif name != "kind":
            print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
