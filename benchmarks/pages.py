"""What does each request of an attempt cost, in the process itself and behind gunicorn?

`python -m benchmarks.pages [--json] [--kind sqlite|postgresql] [--attempts N] [--profile FILE]`
plays attempts one after another, as `benchmarks/delivery.py` does, and prints for each request of
one the processor milliseconds of the site and of the database server, and how often the database
was asked. First in this process, without any server, then over HTTP. Beside them the floor's save
(`benchmarks/floor.py`) by both ways. `--profile` writes what cProfile saw of the first way.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import io
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from assess.store.libpq import Connection
from benchmarks import processes, world
from benchmarks.client import Answer, Browser, expect, reading
from tests.services import Folder, Services

QUESTIONS = 20
WARM = 12
SAVES = 200  # of the floor

Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


@dataclass(slots=True)
class Cost:
    """What requests of one name took so far: how many, seconds of site and database, asked."""

    requests: int = 0
    site: float = 0.0
    database: float = 0.0
    asked: int = 0


@dataclass(slots=True)
class Meter:
    """Whose processor time is read before and after each request."""

    site: Callable[[], float]
    database: Callable[[], float]
    costs: defaultdict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))
    asked: int = 0

    @contextlib.contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Count what happens inside to requests of this name."""
        database, asked = self.database(), self.asked
        site = self.site()  # last and first: to read the other takes time too
        yield
        cost = self.costs[name]
        cost.site += self.site() - site
        cost.database += self.database() - database
        cost.requests += 1
        cost.asked += self.asked - asked


@dataclass(slots=True)
class Measured(Browser):
    """A browser whose requests are counted, each by its name; `app`: without any server."""

    meter: Meter | None = None
    app: Application | None = None

    async def send(
        self, method: str, path: str, body: bytes = b"", kind: str = "", accept: str = "text/html"
    ) -> Answer:
        """One request."""
        assert self.meter is not None  # noqa: S101
        with self.meter.of(name(method, path)):
            # Not by way of super(): a class with slots is made anew, and super() knows the old one.
            return await Browser.send(self, method, path, body, kind, accept)

    async def _once(self, raw: bytes) -> Answer:
        if self.app is None:
            return await Browser._once(self, raw)
        self.requests += 1
        head, body = called(self.app, raw)
        answer = reading(head, self.cookies)
        answer.body = body
        return answer


def name(method: str, path: str) -> str:
    """What a request is called here: its address without numbers."""
    parts = ["N" if part.isdigit() else part for part in path.partition("?")[0].split("/")]
    return f"{method} {'/'.join(parts)}"


def called(app: Application, raw: bytes) -> tuple[bytes, bytes]:
    """Head and body of an application's answer to the bytes of a request."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, address, _ = first.split(" ")
    path, _, query = address.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "wsgi.multithread": True,
        "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip
    for line in lines:
        key, _, value = line.partition(": ")
        plain = key.upper().replace("-", "_")
        environ[plain if plain.startswith("CONTENT_") else f"HTTP_{plain}"] = value
    said: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], _info: object = None) -> None:
        said.extend([f"HTTP/1.1 {status}", *(f"{k}: {v}" for k, v in headers)])

    answer = app(environ, start)
    content = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    return "\r\n".join([*said, "", ""]).encode("latin-1"), content


async def play(browser: Browser, made: world.World, who: str) -> None:
    """One attempt from the log-in to the result."""
    await browser.log_in(who)
    await browser.start(made.test)
    for place in range(1, QUESTIONS + 1):
        await browser.save(place, 1, place % 4)
    await browser.hand_in()
    await browser.close()


async def floor(browser: Browser) -> None:
    """The floor's save, many times."""
    kind = "application/json"
    await browser.send("POST", "/enter", json.dumps({"sitting": 1}).encode(), kind, kind)
    for sequence in range(1, SAVES + 1):
        said = {"place": sequence % QUESTIONS + 1, "sequence": sequence, "answer": [1]}
        body = json.dumps(said).encode()
        expect(await browser.send("POST", "/save", body, kind, kind), 200)
    await browser.close()


@contextlib.contextmanager
def counted(meter: Meter) -> Iterator[None]:
    """While this lasts, each statement sent to PostgreSQL is counted."""
    ways = ((psycopg.Cursor, "execute"), (Connection, "ask"))
    plain = [getattr(*way) for way in ways]

    def counting(asks: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **more: Any) -> Any:
            meter.asked += 1
            return asks(*args, **more)

        return ask

    for way, asks in zip(ways, plain, strict=True):
        setattr(*way, counting(asks))
    try:
        yield
    finally:
        for way, asks in zip(ways, plain, strict=True):
            setattr(*way, asks)


def table(meter: Meter, attempts: int) -> dict[str, dict[str, float]]:
    """For each name of a request, how many an attempt makes and what all of them cost it."""
    return {
        name: {
            "requests": round(cost.requests / attempts, 2),
            "site_ms": round(cost.site * 1000 / attempts, 2),
            "database_ms": round(cost.database * 1000 / attempts, 2),
            "asked": round(cost.asked / attempts, 1),
        }
        for name, cost in meter.costs.items()
    }


def inside(
    made: world.World, names: tuple[str, ...], database: Callable[[], float], profile: str | None
) -> dict[str, Any]:
    """Attempts in this process, whose environment names the database; and the floor."""
    from assess.app import create_app
    from assess.settings import from_environment
    from benchmarks import floor as bare

    meter = Meter(time.thread_time, database)
    app = create_app(from_environment())

    async def all_of(some: tuple[str, ...]) -> None:
        for who in some:
            await play(Measured(0, meter=meter, app=app), made, who)

    with counted(meter):
        asyncio.run(all_of(names[:WARM]))
        meter.costs.clear()
        with cProfile.Profile() if profile else contextlib.nullcontext() as seen:
            asyncio.run(all_of(names[WARM:]))
        if profile and seen is not None:
            seen.dump_stats(profile)
    least = Meter(time.thread_time, database)
    asyncio.run(floor(Measured(0, meter=least, app=bare.wsgi())))
    return {
        "attempt": table(meter, len(names) - WARM),
        "floor": table(least, SAVES)["POST /save"],
    }


def served(
    made: world.World, names: tuple[str, ...], database: Callable[[], float]
) -> dict[str, Any]:
    """The same over HTTP, one request at a time."""
    port = processes.free_port()
    with processes.gunicorn("assess.app:wsgi()", os.environ, port) as pid:
        meter = Meter(lambda: processes.ran(pid), database)

        async def all_of(some: tuple[str, ...]) -> None:
            for who in some:
                await play(Measured(port, meter=meter), made, who)

        asyncio.run(all_of(names[: 2 * WARM]))
        meter.costs.clear()
        asyncio.run(all_of(names[2 * WARM :]))
    port = processes.free_port()
    with processes.gunicorn("benchmarks.floor:wsgi()", os.environ, port) as pid:
        least = Meter(lambda: processes.ran(pid), database)
        asyncio.run(floor(Measured(port, meter=least)))
    return {
        "attempt": table(meter, len(names) - 2 * WARM),
        "floor": table(least, SAVES)["POST /save"],
    }


def measure(
    kind: str, attempts: int, services: Services, folder: Path, profile: str | None
) -> dict[str, Any]:
    """Both ways on one database."""
    url = services.migrated(kind, folder)
    instance = folder / f"pages-{kind}"
    instance.mkdir()
    made = world.build(url, instance, 2 * attempts + 3 * WARM)
    os.environ |= {"ASSESS_DATABASE_URL": url, "ASSESS_INSTANCE": str(instance)}
    os.environ.pop("ASSESS_REDIS_URL", None)

    def database() -> float:
        return 0.0

    if kind == "postgresql":
        first = int((folder / "postgresql" / "postmaster.pid").read_text().split()[0])
        os.environ["ASSESS_REDIS_URL"] = services.redis()

        def database() -> float:
            return processes.ran(first)

    middle = attempts + WARM
    return {
        "kind": kind,
        "in the process": inside(made, made.names[:middle], database, profile),
        "behind gunicorn": served(made, made.names[middle:], database),
    }


def show(found: dict[str, Any]) -> None:
    """One line for each request of an attempt."""
    for way in ("in the process", "behind gunicorn"):
        print(f"\n{found['kind']}, {way}{'site':>26}{'database':>10}{'asked':>7}")
        lines = found[way]["attempt"]
        total = {
            key: sum(line[key] for line in lines.values())
            for key in ("requests", "site_ms", "database_ms", "asked")
        }
        for name, line in [*lines.items(), ("an attempt", total), ("floor", found[way]["floor"])]:
            print(
                f"  {line['requests']:>5g} {name:<36}{line['site_ms']:>9.2f}"
                f"{line['database_ms']:>10.2f}{line['asked']:>7g}"
            )


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--kind", choices=("sqlite", "postgresql"), help="this database only")
    parser.add_argument("--attempts", type=int, default=20, help="by each way")
    parser.add_argument("--profile", help="where cProfile's figures of the first way are put")
    asked = parser.parse_args()
    folder, results = Folder(), []
    try:
        services = Services(folder.path)
        for kind in [asked.kind] if asked.kind else ["sqlite", "postgresql"]:
            found = measure(kind, asked.attempts, services, folder.path, asked.profile)
            results.append(found)
            if not asked.json:
                show(found)
    finally:
        folder.close()
    if asked.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
