"""What every journey begins with: the demonstration behind a real port, and people to walk it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assess import store
from assess.actions import demo
from assess.actions.context import Context
from assess.app import create_app
from assess.clock import HeldClock
from assess.settings import Settings
from tests.conftest import START, Served
from tests.entering import enter
from tests.journeys import looking
from tests.services import KINDS, Services

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PASSWORD = "a-lantern-for-every-lane"
CANDIDATES = 130  # enough for every item's facility to be shown: about thirty answers each


@dataclass(slots=True)
class Stage:
    """The demonstration, served."""

    served: Served

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return self.served.url


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """The database on which the journey is walked this time: see `walked`."""
    kind: str = request.param
    return kind


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Walk each journey on its databases."""
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", walked(metafunc.definition), indirect=True)


def walked(journey: pytest.Item) -> tuple[str, ...]:
    """Both databases, or the one that `one_database` names, which is SQLite if it names none."""
    mark = journey.get_closest_marker("one_database")
    return KINDS if mark is None else mark.args or KINDS[:1]


@pytest.fixture
def database_url(
    database_kind: str, services: Services, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    """The demonstration; with a short simulated history where a test is marked `history`."""
    past = request.node.get_closest_marker("history") is not None

    def fill(url: str) -> None:
        settings = Settings.for_tests(database_url=url, instance=tmp_path / "filling")
        app = create_app(settings, clock=HeldClock(START))
        with app.app_context():
            demo.fill(
                Context(START, settings, 0),
                PASSWORD,
                CANDIDATES if past else 0,
                modules=[demo.TEST],
                neighbours=app.extensions["assess.demonstrations"],
            )
            store.dispose()

    url = services.copied(database_kind, tmp_path, "past" if past else "demonstration", fill)
    yield url
    services.drop(url)


@pytest.fixture
def stage(served: Served) -> Stage:
    """The demonstration behind a real port."""
    return Stage(served)


@pytest.fixture
def look(database_kind: str, request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Looks at a page; the same pages come from both databases, so they are looked at once."""
    first = walked(request.node)[0]
    return looking.look if database_kind == first else lambda page, name: None


@pytest.fixture
def person(browser: Browser, stage: Stage) -> Iterator[Callable[..., Page]]:
    """A function that gives an empty tab of somebody's own browser, logged in."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def come(who: str, *, width: int = 1280, scripts: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale="en-GB",
            timezone_id="America/New_York",  # never the centre's: dates come from the server
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: (
                wrong.append(f"{page.url}: {said.text}")
                if "Content Security" in said.text
                else None
            ),
        )
        enter(context, stage.url, who, PASSWORD)
        return page

    yield come
    for context in contexts:
        context.close()
    assert wrong == []
