"""Pages are tested in a small world on SQLite; what they rest on, and the journeys, on both."""

from __future__ import annotations

import pytest

from tests.worlds import built, database_url, original

__all__ = ["built", "database_url", "original"]


@pytest.fixture
def database_kind() -> str:
    """One database is enough for what a page says."""
    return "sqlite"
