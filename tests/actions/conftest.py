"""The tests of this floor begin in a small world."""

from tests.beginnings import begin, beginnings
from tests.worlds import app, applications, built, copies, database_url, make, original

__all__ = [
    "app",
    "applications",
    "begin",
    "beginnings",
    "built",
    "copies",
    "database_url",
    "make",
    "original",
]
