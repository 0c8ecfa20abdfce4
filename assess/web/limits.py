"""How many requests may one browser make? Against floods only; log-ins are counted elsewhere.

A room of candidates may share one address, and each of their pages asks every two seconds: so
whoever has logged in is counted by their session, everybody else by address, with room for five
hundred who open the log-in page in the same minute. Of log-ins only those that failed are counted.
Of IPv6 the network of 64 bits is what counts: whoever has one has all of its addresses. Statements
as PDF files, dearer than any page, are counted by person.

Addresses are counted in Redis, over all hosts; when Redis is lost each process counts by itself.
Sessions are always counted so: whoever floods with one is known by name, and to ask Redis about
every request of everybody else was a tenth of a page (`docs/performance.md`).
"""

from __future__ import annotations

import time
from http.client import BAD_REQUEST
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any

from flask import Flask, Response, request, session
from flask_limiter import Limiter
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from assess.settings import Settings

MOST = 1200  # requests a minute of one session
MOST_OF_ADDRESS = 12_000  # of all who have not logged in, behind one address
FAILED = "60 per minute"  # log-ins of one address that failed; by name they are counted elsewhere
CHECK = "30 per minute"  # of statements and receipts: a person checks a handful, a guesser many
CHECKED = ("public.verify", "public.receipt")
DRAWN = "10 per minute"  # statements as PDF files, for one person: each costs about a second
DRAWING = "candidate.statement_pdf"
LOGGED_IN_TOO = ("account.log_in", *CHECKED, DRAWING)  # counted here, whoever asks
NETWORK = 64  # bits of an IPv6 address that a network has; the rest its owner chooses (RFC 4291)
PATIENCE = 1  # seconds to wait for Redis


def token() -> str | None:
    """The session that the signed cookie names, if there is one."""
    named = session.get("_user_id")  # where flask-login keeps it; nobody else can sign one
    return named if isinstance(named, str) else None


def network(address: str) -> str:
    """What is counted of an address: of IPv6 its network of 64 bits, of anything else all of it."""
    try:
        known = ip_address(address)
    except ValueError:
        return address  # a socket of this machine, or a proxy that says "unknown"
    if isinstance(known, IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(IPv6Network((int(known), NETWORK), strict=False))


def _network() -> str:
    return network(request.remote_addr or "127.0.0.1")


def _person() -> str:
    """Whoever has logged in, on whatever device; strangers, who get no file, by address."""
    return f"person {current_user.person_id}" if current_user.is_authenticated else _network()


def failed(answer: Response) -> bool:
    """Whether a log-in was refused: who comes in is sent on."""
    return answer.status_code >= BAD_REQUEST


class Counter:
    """How much each session has asked in this minute, in this process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._minute = -1
        self._counts: dict[str, int] = {}

    def count(self, who: str) -> None:
        """Count one more. Raises TooManyRequests when it is one too many."""
        minute = int(time.monotonic()) // 60
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        count = self._counts[who] = self._counts.get(who, 0) + 1
        if count > self._most:
            raise TooManyRequests


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
    limiter = Limiter(_network, app=app, default_limits=[f"{MOST_OF_ADDRESS} per minute"])
    limiter.request_filter(lambda: token() is not None and request.endpoint not in LOGGED_IN_TOO)
    counter = Counter(MOST) if settings.floods else None
    app.extensions["assess.counter"] = counter
    app.extensions["assess.limiter"] = limiter  # the decorated route holds it only weakly

    @app.before_request
    def _count() -> None:
        who = token()
        if counter is not None and who is not None and request.endpoint != "static":
            counter.count(who)

    log_in: Any = app.view_functions["account.log_in"]
    by_address = limiter.limit(FAILED, key_func=_network, methods=["POST"], deduct_when=failed)
    app.view_functions["account.log_in"] = by_address(log_in)
    checks = limiter.shared_limit(CHECK, "checks", key_func=_network, methods=["POST"])
    for endpoint in CHECKED:
        view: Any = app.view_functions[endpoint]
        app.view_functions[endpoint] = checks(view)
    drawing: Any = app.view_functions[DRAWING]
    app.view_functions[DRAWING] = limiter.limit(DRAWN, key_func=_person)(drawing)
