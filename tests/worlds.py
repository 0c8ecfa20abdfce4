"""A small world for each test: built once by the deeds themselves, then copied whole."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from assess import floors, store
from assess.clock import HeldClock
from assess.settings import Settings
from tests.builders import Apart, World, world
from tests.compiled import Templates
from tests.conftest import START
from tests.services import Services


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
            if kind == "postgresql":
                # No test outlives a power cut, and without waiting for the disk a database is
                # copied ten times as fast.
                with _server(url) as server:
                    server.execute("ALTER SYSTEM SET fsync = off")
                    server.execute("SELECT pg_reload_conf()")
            if kind == "sqlite":
                _checkpoint(url)
            kept[kind] = Original(url, built)
        return kept[kind]

    yield of
    for one in kept.values():
        services.drop(one.url)


class Copies:
    """The one database of this worker and kind in which its tests begin: made the world anew."""

    def __init__(self, services: Services, source: str, kind: str, folder: Path) -> None:
        self._services, self._source, self._kind = services, source, kind
        self._name = f"t{uuid.uuid4().hex}"
        self._filled: dict[str, str] = {}
        # To connect anew for each copy takes a quarter of it.
        self._server = _server(source) if kind == "postgresql" else None
        self.url = (
            f"sqlite:///{folder / self._name}.sqlite"
            if kind == "sqlite"
            else source.replace(f"/{_name(source)}?", f"/{self._name}?")
        )

    def renew(self) -> None:
        """Put the world back as it was, whatever the last test did to it."""
        self._copy(self._source, self.url)

    def filled(self, name: str, fill: Callable[[], object]) -> None:
        """Fill the database, which is as new; the next time, copy what this came to.

        Nobody may be connected to it but through the application's own pool.
        """
        if (kept := self._filled.get(name)) is not None:
            store.dispose()
            self._copy(kept, self.url)
            return
        fill()
        store.dispose()
        if self._kind == "sqlite":
            _checkpoint(self.url)
        kept = self.url.replace(self._name, f"{self._name}{name}")
        self._copy(self.url, kept)
        self._filled[name] = kept

    def _copy(self, source: str, to: str) -> None:
        if self._server is None:
            copy = Path(_path(to))
            for left in (f"{copy}-wal", f"{copy}-shm"):
                Path(left).unlink(missing_ok=True)
            shutil.copyfile(_path(source), copy)
            return
        there, here = _name(source), _name(to)
        self._server.execute(f'DROP DATABASE IF EXISTS "{here}" WITH (FORCE)'.encode())
        self._server.execute(
            f'CREATE DATABASE "{here}" TEMPLATE "{there}" STRATEGY FILE_COPY'.encode()
        )

    def drop(self) -> None:
        """Remove the database, and what was kept of it."""
        for url in (self.url, *self._filled.values()):
            self._services.drop(url)
        if self._server is not None:
            self._server.close()


@pytest.fixture(scope="session")
def copies(
    services: Services,
    original: Callable[[str], Original],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Copies]]:
    """A function that gives this worker's copies of the world of a kind of database."""
    kept: dict[str, Copies] = {}

    def of(kind: str) -> Copies:
        if kind not in kept:
            folder = tmp_path_factory.mktemp("copies")
            kept[kind] = Copies(services, original(kind).url, kind, folder)
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
def applications() -> dict[tuple[Callable[[Settings], Flask], str], Flask]:
    """The applications of this worker, kept: statements and templates are compiled once."""
    return {}


@pytest.fixture
def app(
    database_url: str,
    clock: HeldClock,
    make: Callable[[Settings], Flask],
    applications: dict[tuple[Callable[[Settings], Flask], str], Flask],
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
        yield World(app, clock, dict(made.centres), dict(made.persons), made.programme, made.test)


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
