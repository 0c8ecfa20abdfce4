"""Pages are tested in a small world on SQLite; what they rest on, and the journeys, on both."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from assess.settings import Settings
from tests import worlds
from tests.builders import World
from tests.web.candidate_builders import Browser, Player, started
from tests.worlds import app, applications, built, copies, database_url, original

__all__ = ["app", "applications", "built", "copies", "database_url", "original"]


@pytest.fixture
def database_kind() -> str:
    """One database is enough for what a page says."""
    return "sqlite"


@pytest.fixture
def make() -> Callable[[Settings], Flask]:
    """All of the application."""
    return worlds.pages


@pytest.fixture
def player(built: World) -> Player:
    """A candidate with an open attempt whose form is fetched."""
    browser = Browser(built, "candidate")
    made = Player(built, browser, started(built, browser))
    made.fetch()
    return made
