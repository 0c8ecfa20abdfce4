"""How do many tests begin in the middle of something, that is done once and then put back?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from tests.builders import World
from tests.worlds import Copies

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Begun:
    """What deeds came to beside the database: the time then, and what they gave."""

    at: datetime
    gave: Any


class Begin(Protocol):
    """Do deeds in the world, which is as new; the next time, put back what they came to."""

    def __call__(self, name: str, deeds: Callable[[], T]) -> T:
        """What the deeds give: numbers and surroundings, nothing that belongs to one test."""


@pytest.fixture(scope="session")
def beginnings() -> dict[tuple[str, str], Begun]:
    """What was begun in this worker, by the kind of database and the name."""
    return {}


@pytest.fixture
def begin(
    built: World,
    database_kind: str,
    copies: Callable[[str], Copies],
    beginnings: dict[tuple[str, str], Begun],
) -> Begin:
    """A function that lets a test begin in the middle of what its deeds come to."""

    def do(name: str, deeds: Callable[[], T]) -> T:
        key = (database_kind, name)

        def fill() -> None:
            gave = deeds()
            beginnings[key] = Begun(built.clock.now(), gave)

        here = copies(database_kind)
        assert not _written(here.url), "a test begins with this, or what it did before is lost"
        here.filled(name, fill)
        begun = beginnings[key]
        built.clock.set(begun.at)
        found: T = begun.gave
        return found

    return do


def _written(url: str) -> bool:
    """Whether a test wrote to its copy already; on SQLite, which says enough for both."""
    log = Path(f"{url.removeprefix('sqlite:///')}-wal")
    return log.exists() and log.stat().st_size > 0
