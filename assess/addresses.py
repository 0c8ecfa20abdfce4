"""Can these addresses be used? What is wrong, in sentences that hold no password."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg", "postgres": ""}
_SITE = re.compile(r"https?://[^\s/?#@]+/?", re.ASCII)


def of_database(url: str) -> list[str]:
    """What is wrong with the address of a database; its password is in no sentence."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    scheme, apart, _ = url.partition("://")
    kind, _, driver = scheme.partition("+")
    if not apart or kind not in _DRIVERS or driver not in {"", _DRIVERS[kind]}:
        told = f", not {scheme}://" if apart else ""
        return [f"ASSESS_DATABASE_URL must begin with postgresql:// or sqlite:///{told}."]
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return [
            "ASSESS_DATABASE_URL cannot be read: it is written as "
            "postgresql://user:password@host:port/name or sqlite:////folder/file.sqlite3, and %, "
            "@, / or : in a password as %25, %40, %2F, %3A."
        ]
    if kind != "sqlite":
        return []
    if parts.host:
        return ["ASSESS_DATABASE_URL: SQLite is a file here: sqlite:////folder/file.sqlite3."]
    if parts.database in {None, "", ":memory:"} or parts.query.get("mode") == "memory":
        return [
            "ASSESS_DATABASE_URL names a database in memory, which every process would have for "
            "itself: name a file, such as sqlite:////var/lib/assess/assess.sqlite3."
        ]
    return []


def of_redis(url: str) -> list[str]:
    """What is wrong with the address of Redis; its password is in no sentence."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # ValueError where it is none
    except ValueError:
        return ["ASSESS_REDIS_URL cannot be read: it is written as redis://host:6379/0."]
    if parts.scheme not in {"redis", "rediss"}:
        return ["ASSESS_REDIS_URL must begin with redis:// or rediss://."]
    return []


def of_site(url: str) -> list[str]:
    """What is wrong with the address that people write to come here: addresses begin with it."""
    if _SITE.fullmatch(url):
        return []
    return [
        "ASSESS_PUBLIC_ORIGIN must be an address without a path, such as "
        "https://assess.example.org."
    ]
