"""Does Redis answer? The only room that speaks to it; nothing that counts lives there alone."""

from __future__ import annotations

import redis

PATIENCE = 2.0  # seconds


def why_no_answer(url: str) -> str | None:
    """What Redis at this address says is wrong; None when it answers."""
    try:
        with redis.Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        ) as client:
            client.ping()
    except redis.RedisError as error:
        return str(error)
    return None
