"""Does Redis answer, and count? Only here it is spoken to; nothing that counts is there alone."""

from __future__ import annotations

import redis

PATIENCE = 2.0  # seconds


def why_no_answer(url: str) -> str | None:
    """What Redis at this address says is wrong; None when it takes a count, as it has to.

    One that is full, or follows another, answers all the same.
    """
    try:
        with redis.Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        ) as client:
            client.set("assess:check", 1, px=1)
    except redis.RedisError as error:
        return str(error)
    return None
