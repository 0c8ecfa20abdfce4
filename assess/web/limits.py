"""How many requests may one browser make? Against floods only; log-ins are counted elsewhere.

A room of candidates may share one address, and each of their pages asks every two seconds: so
whoever has logged in is counted by their session, everybody else by address, with room for five
hundred who open the log-in page in the same minute. Of log-ins only those that failed are counted.
With Redis the counts hold over all hosts; when Redis is lost each process counts by itself.
"""

from __future__ import annotations

import hashlib
import time
from http.client import BAD_REQUEST
from typing import Any

from flask import Flask, Response, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from assess.settings import Settings

MOST = 1200  # requests a minute of one session
MOST_OF_ADDRESS = 12_000  # of all who have not logged in, behind one address
FAILED = "60 per minute"  # log-ins of one address that failed; by name they are counted elsewhere
CHECK = "30 per minute"  # of statements and receipts: a person checks a handful, a guesser many
CHECKED = ("public.verify", "public.receipt")
PATIENCE = 1  # seconds to wait for Redis


def token() -> str | None:
    """The session that the signed cookie names, if there is one."""
    named = session.get("_user_id")  # where flask-login keeps it; nobody else can sign one
    return named if isinstance(named, str) else None


def browser() -> str:
    """Who is counted: a session, without one the address."""
    named = token()
    if named is None:
        return str(get_remote_address())
    return "session " + hashlib.sha256(named.encode()).hexdigest()[:32]


def allowed() -> str:
    """How much whoever is counted may ask."""
    return f"{MOST_OF_ADDRESS if token() is None else MOST} per minute"


def failed(answer: Response) -> bool:
    """Whether a log-in was refused: who comes in is sent on."""
    return answer.status_code >= BAD_REQUEST


class Counter:
    """How often each session has saved in this minute, in this process.

    A save by a token asks neither the database nor Redis who it is; to count it anywhere else
    would be dearer than the save.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._minute = -1
        self._counts: dict[str, int] = {}

    def too_many(self, who: str) -> bool:
        """Count one more; whether it is too many."""
        minute = int(time.monotonic()) // 60
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        count = self._counts[who] = self._counts.get(who, 0) + 1
        return count > self._most


def register(app: Flask, settings: Settings) -> None:
    """Count requests, in Redis if there is one. The routes are there when this is called."""
    app.config.update(
        RATELIMIT_ENABLED=settings.floods,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
        if settings.redis_url
        else {},
        RATELIMIT_STRATEGY="fixed-window",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
    )
    limiter = Limiter(browser, app=app, default_limits=[allowed])
    app.extensions["assess.saves"] = Counter(MOST) if settings.floods else None
    app.extensions["assess.limiter"] = limiter  # the decorated route holds it only weakly
    log_in: Any = app.view_functions["account.log_in"]
    by_address = limiter.limit(
        FAILED, key_func=get_remote_address, methods=["POST"], deduct_when=failed
    )
    app.view_functions["account.log_in"] = by_address(log_in)
    checks = limiter.shared_limit(CHECK, "checks", key_func=get_remote_address, methods=["POST"])
    for endpoint in CHECKED:
        view: Any = app.view_functions[endpoint]
        app.view_functions[endpoint] = checks(view)
