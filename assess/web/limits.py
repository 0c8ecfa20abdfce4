"""How many requests may one address make? Against floods only; log-ins are counted elsewhere.

With Redis the counts hold over all hosts; when Redis is lost each process counts by itself.
"""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from assess.settings import Settings

EVERYTHING = "1200 per minute"  # a room of candidates may share one address
LOGIN = "60 per minute"

limiter = Limiter(get_remote_address, default_limits=[EVERYTHING], headers_enabled=True)


def register(app: Flask, settings: Settings) -> None:
    """Count requests, in Redis if there is one."""
    app.config.update(
        RATELIMIT_ENABLED=settings.floods,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 1, "socket_timeout": 1}
        if settings.redis_url
        else {},
        RATELIMIT_STRATEGY="fixed-window",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_IN_MEMORY_FALLBACK=[EVERYTHING],
    )
    limiter.init_app(app)
