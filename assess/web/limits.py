"""How many requests may one address make? Against floods only; log-ins are counted elsewhere.

With Redis the counts hold over all hosts; when Redis is lost each process counts by itself.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from assess.settings import Settings

EVERYTHING = "1200 per minute"  # a room of candidates may share one address
LOGIN = "60 per minute"
PATIENCE = 1  # seconds to wait for Redis


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
        RATELIMIT_IN_MEMORY_FALLBACK=EVERYTHING,
    )
    limiter = Limiter(get_remote_address, app=app, default_limits=[EVERYTHING])
    app.extensions["assess.limiter"] = limiter  # the decorated route holds it only weakly
    log_in: Any = app.view_functions["account.log_in"]
    app.view_functions["account.log_in"] = limiter.limit(LOGIN, methods=["POST"])(log_in)
