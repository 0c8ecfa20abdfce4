"""A small world for each test: built once by the deeds themselves, then put back."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from flask import Flask

from assess import floors, store
from assess.clock import HeldClock
from assess.settings import Settings
from tests.builders import Apart, World, world
from tests.compiled import Templates
from tests.conftest import START
from tests.pages import Pages
from tests.renewal import Renewal
from tests.services import Services

Applications = dict[tuple[Callable[[Settings], Flask], str], Flask]
WORLD = ""  # the name of what a database holds at first
OFTEN = 60  # so often one is put back; PostgreSQL sweeps out nothing of what was deleted


@dataclass(frozen=True, slots=True)
class Original:
    """A database that holds a world, and the numbers of what is in it."""

    url: str
    world: World


@pytest.fixture(scope="session")
def original(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Original]]:
    """A function that gives the world of this kind of database, built when first asked for."""
    kept: dict[str, Original] = {}

    def of(kind: str) -> Original:
        if kind not in kept:
            url = services.migrated(kind, tmp_path_factory.mktemp("world"))
            app, clock = floors.bare(Settings.for_tests(database_url=url)), HeldClock(START)
            with world(app, clock) as built:
                store.dispose()
            if kind == "sqlite":
                _checkpoint(url)
            else:  # a test that finds other statistics than the last one may find another order
                with _server(url) as server:
                    server.execute("ALTER SYSTEM SET autovacuum = off")
                    server.execute("SELECT pg_reload_conf()")
            kept[kind] = Original(url, built)
        return kept[kind]

    yield of
    for one in kept.values():
        services.drop(one.url)


class Kept(Protocol):
    """A database as it was copied, which can be put back with all who are connected to it."""

    holds: Any

    def content(self) -> Any:
        """What it holds now."""

    def put_back(self, content: Any) -> bool:
        """Let it hold this again; whether that could be done."""

    def close(self) -> None:
        """Let go of it."""


class Copies:
    """The one database of this worker and kind in which its tests begin: made the world anew."""

    def __init__(
        self, url: str, copy: Callable[[str], Kept], connected: Callable[[str], Iterable[Flask]]
    ) -> None:
        self.url, self._copy, self._connected = url, copy, connected
        self._kept: Kept | None = None
        self._contents: dict[str, Any] = {}
        self._times = 0

    def renew(self) -> None:
        """Put the world back as it was, whatever the last test did to it, or copy it anew."""
        if not self._put_back(WORLD):
            self.leave()
            self._kept, self._times = self._copy(self.url), 0
            self._contents[WORLD] = self._kept.holds

    def filled(self, name: str, fill: Callable[[], object]) -> None:
        """Fill the database, which is as new; the next time, put back what this came to."""
        assert self._kept is not None
        if not self._put_back(name):
            self.renew()  # what was put back in part is no beginning either
            fill()
            self._contents[name] = self._kept.content()

    def _put_back(self, name: str) -> bool:
        if self._kept is None or name not in self._contents or self._times == OFTEN:
            return False
        self._times += 1
        return self._kept.put_back(self._contents[name])

    def leave(self) -> None:
        """Let nobody be connected."""
        for app in self._connected(self.url):
            with app.app_context():
                store.dispose()
        if self._kept is not None:
            self._kept.close()


@pytest.fixture(scope="session")
def copies(
    services: Services,
    original: Callable[[str], Original],
    applications: Applications,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Copies]]:
    """A function that gives this worker's copies of the world of a kind of database."""
    kept: dict[str, Copies] = {}

    def connected(url: str) -> list[Flask]:
        return [app for (_, its), app in applications.items() if its == url]

    def of(kind: str) -> Copies:
        if kind not in kept:
            source, name = original(kind).url, f"t{uuid.uuid4().hex}"
            if kind == "sqlite":
                url = f"sqlite:///{tmp_path_factory.mktemp('copies') / name}.sqlite"
                kept[kind] = Copies(url, partial(_file, source), connected)
            else:
                url = source.replace(f"/{_name(source)}?", f"/{name}?")
                kept[kind] = Copies(url, partial(_database, source), connected)
        return kept[kind]

    yield of
    for one in kept.values():
        one.leave()
        services.drop(one.url)


def _file(source: str, url: str) -> Pages:
    """A copy of a SQLite database."""
    here = Path(_path(url))
    for left in ("", "-wal", "-shm"):
        Path(f"{here}{left}").unlink(missing_ok=True)
    shutil.copyfile(_path(source), here)
    return Pages(here)


def _database(source: str, url: str) -> Renewal:
    """A copy of a database of PostgreSQL."""
    here, there = _name(url), _name(source)
    with _server(source) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{here}" WITH (FORCE)'.encode())
        server.execute(f'CREATE DATABASE "{here}" TEMPLATE "{there}" STRATEGY FILE_COPY'.encode())
    return Renewal(url)


@pytest.fixture
def database_url(database_kind: str, copies: Callable[[str], Copies]) -> str:
    """The address of a copy of the world, on SQLite and again on PostgreSQL."""
    copy = copies(database_kind)
    copy.renew()
    return copy.url


def pages(settings: Settings) -> Flask:
    """The whole application."""
    from assess.app import create_app

    app = create_app(settings, HeldClock(START))
    app.jinja_env.bytecode_cache = Templates()
    return app


@pytest.fixture
def make() -> Callable[[Settings], Flask]:
    """How much of the application a test of this folder needs; pages take longer than a test."""
    return floors.bare


@pytest.fixture(scope="session")
def applications() -> Applications:
    """The applications of this worker, kept: statements and templates are compiled once."""
    return {}


@pytest.fixture
def app(
    database_url: str,
    clock: HeldClock,
    make: Callable[[Settings], Flask],
    applications: Applications,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flask]:
    """The application on the copy, as new: what a test set in it is taken back after the test."""
    kept = applications.get((make, database_url))
    if kept is None:
        folder = tmp_path_factory.mktemp("instance")
        kept = make(Settings.for_tests(database_url=database_url, instance=folder))
        applications[make, database_url] = kept
    kept.extensions["assess.clock"] = clock
    config, extensions = dict(kept.config), dict(kept.extensions)
    yield kept
    for now, before in ((kept.config, config), (kept.extensions, extensions)):
        now.clear()
        now.update(before)


@pytest.fixture
def built(
    app: Flask, clock: HeldClock, database_kind: str, original: Callable[[str], Original]
) -> Iterator[World]:
    """The world of `tests.builders`, fresh, on SQLite and again on PostgreSQL."""
    made = original(database_kind).world
    app.test_client_class = Apart
    with app.app_context():
        homes = dict(made.homes)
        test = made.test
        yield World(app, clock, dict(made.centres), dict(made.persons), made.programme, test, homes)


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _server(url: str) -> psycopg.Connection:
    """A connection to the server of this database, but not to the database."""
    address = url.replace(f"/{_name(url)}?", "/postgres?").replace("+psycopg", "")
    return psycopg.connect(address, autocommit=True)


def _checkpoint(url: str) -> None:
    """Put all of a SQLite database into its one file."""
    with contextlib.closing(sqlite3.connect(_path(url))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _path(url: str) -> str:
    return url.removeprefix("sqlite:///")
