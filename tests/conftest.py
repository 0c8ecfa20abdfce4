"""What every test may ask for: real databases, Redis, the application, a browser."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assess.clock import HeldClock
from tests.compiled import Templates, folder
from tests.services import KINDS, Folder, Services
from tools import find_chromium

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser, BrowserContext, Page

# OpenBLAS is not imported yet. Its threads wait for work by turning round: with no core free, that
# is half of what a figure costs.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A Monday in term, an hour before noon, some weeks before the clocks change.
START = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)

FOLDER = pytest.StashKey[Path]()
OPENED = pytest.StashKey[Folder]()


def pytest_configure(config: pytest.Config) -> None:
    """Open the folder of this run, unless this is a worker, which is told where it is."""
    gc.disable()  # what is imported and collected now stays: see below
    if (told := getattr(config, "workerinput", None)) is not None:
        config.stash[FOLDER] = Path(told["folder"])
    else:
        config.stash[OPENED] = Folder()
        config.stash[FOLDER] = config.stash[OPENED].path
    cache: pytest.Cache | None = getattr(config, "cache", None)  # not with -p no:cacheprovider
    kept = cache.mkdir("templates") if cache else config.stash[FOLDER] / "templates"
    Templates.folder = folder(kept)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the folder of this run is."""
    node.workerinput["folder"] = str(node.config.stash[FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop every server of this run."""
    if OPENED in config.stash:
        config.stash[OPENED].close()


def pytest_collection_finish() -> None:
    """Look for garbage among what the tests leave, not time and again among all that is here."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Look for garbage a last time; pytest would look twice among all that is still here."""
    gc.collect()
    gc.freeze()


LONG = ("tests/journeys", "tests/cli", "tests/actions/test_races")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let each worker look at the folders from another one on: what one compiles, all find."""
    report = yield
    if isinstance(collector, pytest.Directory):
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        first = len(report.result) * _worker() // workers
        report.result = report.result[first:] + report.result[:first]
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: (not item.nodeid.startswith(LONG), item.path))


@pytest.fixture(scope="session")
def services(pytestconfig: pytest.Config) -> Services:
    """The servers of this run, for tests that need databases of their own making."""
    return Services(pytestconfig.stash[FOLDER])


@pytest.fixture
def postgres_url(services: Services, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """A function that gives the address of a new PostgreSQL database without tables."""
    urls: list[str] = []

    def fresh() -> str:
        urls.append(services.empty("postgresql", tmp_path))
        return urls[-1]

    yield fresh
    for url in urls:
        services.drop(url)


@pytest.fixture
def redis_url(services: Services, worker: int) -> str:
    """The address of a real Redis, emptied; each worker has a database of its own in it."""
    import redis

    url = f"{services.redis().rpartition('/')[0]}/{worker}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def worker() -> int:
    """Which of the parallel workers this is, from 0."""
    return _worker()


def _worker() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite`, then `postgresql`: whoever asks for it is tested on both."""
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, services: Services, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database, on SQLite and again on PostgreSQL."""
    url = services.migrated(database_kind, tmp_path)
    yield url
    services.drop(url)


@pytest.fixture
def clock() -> HeldClock:
    """The clock of `app`: it stands at START until the test moves it."""
    return HeldClock(START)


@pytest.fixture
def app(database_url: str, clock: HeldClock, tmp_path: Path) -> Iterator[Flask]:
    """The whole application on a fresh database, on SQLite and again on PostgreSQL."""
    from assess.app import create_app
    from assess.settings import Settings

    settings = Settings.for_tests(
        database_url=database_url, redis_url=None, instance=tmp_path / "instance"
    )
    application = create_app(settings, clock=clock)
    application.jinja_env.bytecode_cache = Templates()
    yield application
    with application.app_context():
        for engine in application.extensions["sqlalchemy"].engines.values():
            engine.dispose()


@dataclass(frozen=True, slots=True)
class Served:
    """The application behind a real port: its address without a slash at the end, and its parts."""

    url: str
    app: Flask
    clock: HeldClock


@pytest.fixture
def served(app: Flask, clock: HeldClock) -> Iterator[Served]:
    """The application behind a real port of this machine, for journeys."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Served(f"http://127.0.0.1:{server.server_port}", app, clock)
    server.shutdown()
    thread.join()
    server.server_close()


CHROMIUM = (
    "--no-sandbox",  # it will not start as root otherwise
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-dev-shm-usage",  # containers give it little of that
    # No document lives long enough to be paid back for what V8 would compile a second time.
    "--js-flags=--no-opt --no-maglev",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, one for each worker."""
    from playwright.sync_api import expect, sync_playwright

    # A busy machine needs patience; what is never true still fails.
    expect.set_options(timeout=20_000)
    path = find_chromium.find()
    assert path is not None, "no Chromium: run `make test`, or python tools/find_chromium.py"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM))
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile: no cookies, no storage, English, the centre's time zone."""
    profile = browser.new_context(
        viewport={"width": 1280, "height": 900},
        locale="en-GB",
        timezone_id="Europe/London",
        reduced_motion="reduce",
    )
    profile.set_default_timeout(20_000)
    yield profile
    profile.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab of it. Fails its test when a script breaks or the content policy blocks something."""
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(f"{tab.url}: {error}"))
    tab.on(
        "console",
        lambda said: (
            wrong.append(f"{tab.url}: {said.text}") if "Content Security" in said.text else None
        ),
    )
    yield tab
    assert wrong == []
