"""A small world for each test: built once by the deeds themselves, then copied whole."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from assess.app import GATES, create_app
from assess.clock import HeldClock
from assess.settings import Settings
from assess.store import db
from assess.store.base import engine_options, prepared
from tests.builders import Apart, World, world
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
            app, clock = create_app(Settings.for_tests(database_url=url)), HeldClock(START)
            with world(app, clock) as built:
                db.engine.dispose()
            if kind == "postgresql":
                # No test outlives a power cut, and without waiting for the disk a database is
                # copied ten times as fast.
                _execute(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
            if kind == "sqlite":
                with contextlib.closing(sqlite3.connect(_path(url))) as connection:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            kept[kind] = Original(url, built)
        return kept[kind]

    yield of
    for one in kept.values():
        services.drop(one.url)


@pytest.fixture
def database_url(
    database_kind: str, services: Services, original: Callable[[str], Original], tmp_path: Path
) -> Iterator[str]:
    """The address of a copy of the world, on SQLite and again on PostgreSQL."""
    source = original(database_kind).url
    if database_kind == "sqlite":
        copy = tmp_path / "world.sqlite"
        shutil.copyfile(_path(source), copy)
        yield f"sqlite:///{copy}"
        return
    name = f"t{uuid.uuid4().hex}"
    template = _name(source)
    _execute(source, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    url = source.replace(f"/{template}?", f"/{name}?")
    yield url
    services.drop(url)


@pytest.fixture
def app(database_url: str, clock: HeldClock, tmp_path: Path) -> Iterator[Flask]:
    """The floors below the pages, on the copy: to make the pages too takes longer than a test."""
    settings = Settings.for_tests(database_url=database_url, instance=tmp_path / "instance")
    floors = Flask("assess.app")
    floors.config["SQLALCHEMY_DATABASE_URI"] = database_url
    floors.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(database_url)
    db.init_app(floors)
    floors.extensions["assess.settings"] = settings
    floors.extensions["assess.clock"] = clock
    floors.extensions["assess.gates"] = GATES
    with floors.app_context():
        prepared(db.engine)
    yield floors
    with floors.app_context():
        db.engine.dispose()


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


def _execute(url: str, *statements: str) -> None:
    """Say something to the server of this database."""
    server = create_engine(
        url.replace(f"/{_name(url)}?", "/postgres?"), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    server.dispose()


def _path(url: str) -> str:
    return url.removeprefix("sqlite:///")
