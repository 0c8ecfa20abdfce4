"""The tests of this floor begin in a small world."""

from tests.worlds import app, built, database_url, original

__all__ = ["app", "built", "database_url", "original"]
