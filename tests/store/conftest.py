"""The tests of this floor begin in a small world."""

from tests.worlds import built, database_url, original

__all__ = ["built", "database_url", "original"]
