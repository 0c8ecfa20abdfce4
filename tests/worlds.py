"""A small world for each test: built once by the deeds themselves, then copied whole."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
import pytest
from flask import Flask

from assess import floors, store
from assess.clock import HeldClock
from assess.settings import Settings
from tests.builders import Apart, World, world
from tests.compiled import Templates
from tests.conftest import START
from tests.renewal import Content, Renewal
from tests.services import Services

Applications = dict[tuple[Callable[[Settings], Flask], str], Flask]
WORLD = ""  # the name of what a database holds at first
OFTEN = 60  # so often a database is put back; what was deleted in it is never swept out


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


class Copies(Protocol):
    """The one database of this worker and kind in which its tests begin: made the world anew."""

    url: str

    def renew(self) -> None:
        """Put the world back as it was, whatever the last test did to it."""

    def filled(self, name: str, fill: Callable[[], object]) -> None:
        """Fill the database, which is as new; the next time, put back what this came to.

        Nobody may be connected to it but through the application's own pool.
        """

    def drop(self) -> None:
        """Remove the database, and what was kept of it."""


class Files:
    """On SQLite: its file is copied."""

    def __init__(self, source: str, folder: Path) -> None:
        self._source, self._folder = _path(source), folder
        self._filled: dict[str, Path] = {}
        self._here = folder / f"t{uuid.uuid4().hex}.sqlite"
        self.url = f"sqlite:///{self._here}"

    def renew(self) -> None:
        """Copy the world."""
        self._copy(Path(self._source))

    def filled(self, name: str, fill: Callable[[], object]) -> None:
        """Copy what was filled."""
        if name in self._filled:
            store.dispose()
            self._copy(self._filled[name])
            return
        fill()
        store.dispose()
        _checkpoint(self.url)
        self._filled[name] = self._here.with_suffix(f".{name}")
        shutil.copyfile(self._here, self._filled[name])

    def _copy(self, source: Path) -> None:
        for left in ("-wal", "-shm"):
            Path(f"{self._here}{left}").unlink(missing_ok=True)
        shutil.copyfile(source, self._here)

    def drop(self) -> None:
        """The folder goes with all that is in it."""


class Databases:
    """On PostgreSQL: what was written is taken back, or where that cannot be, all is copied."""

    def __init__(self, source: str, connected: Callable[[str], Iterable[Flask]]) -> None:
        self._source, self._connected = _name(source), connected
        self._name = f"t{uuid.uuid4().hex}"
        self.url = source.replace(f"/{self._source}?", f"/{self._name}?")
        self._server = _server(source)  # to connect anew for each copy takes a quarter of it
        self._renewal: Renewal | None = None
        self._contents: dict[str, Content] = {}
        self._times = 0

    def renew(self) -> None:
        """Take back what was written, or copy the world."""
        if not self._put_back(WORLD):
            self._make()

    def filled(self, name: str, fill: Callable[[], object]) -> None:
        """Write what was filled."""
        if not self._put_back(name):
            fill()
            assert self._renewal is not None
            self._contents[name] = self._renewal.content()

    def _put_back(self, name: str) -> bool:
        if self._renewal is None or name not in self._contents or self._times == OFTEN:
            return False
        self._times += 1
        return self._renewal.put_back(self._contents[name])

    def _make(self) -> None:
        self._leave()
        self._drop()
        copy = f'CREATE DATABASE "{self._name}" TEMPLATE "{self._source}" STRATEGY FILE_COPY'
        self._server.execute(copy.encode())
        self._renewal, self._times = Renewal(self.url), 0
        self._contents[WORLD] = self._renewal.holds

    def _leave(self) -> None:
        for app in self._connected(self.url):
            with app.app_context():
                store.dispose()
        if self._renewal is not None:
            self._renewal.close()

    def _drop(self) -> None:
        self._server.execute(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)'.encode())

    def drop(self) -> None:
        """Remove it."""
        self._leave()
        self._drop()
        self._server.close()


@pytest.fixture(scope="session")
def copies(
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
            folder = tmp_path_factory.mktemp("copies")
            source = original(kind).url
            made = Files(source, folder) if kind == "sqlite" else Databases(source, connected)
            kept[kind] = made
        return kept[kind]

    yield of
    for one in kept.values():
        one.drop()


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
    if database_url.startswith("sqlite"):  # its file is written anew
        with kept.app_context():
            store.dispose()


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
