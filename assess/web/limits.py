"""How many requests may one browser make? Against floods only; log-ins are counted elsewhere.

A room of candidates may share one address, and each of their pages asks every two seconds: so
whoever has logged in is counted by person, on all their devices together, everybody else by
address, with room for five hundred who open the log-in page in the same minute. By address only
those log-ins are counted that failed, by name all: each costs a password's hash. Of IPv6 the
network of 64 bits is what counts: whoever has one has all of its addresses. Statements as PDF
files, dearer than any page, are counted by person.

Of an attempt its answers are counted too, however many come in one request: all of them are read
for each of its pages, and when it is handed in.

Addresses are counted in Redis, over all hosts; when Redis is lost each process counts by itself.
People are always counted so: whoever floods is known by name, and to ask Redis about every request
of everybody else was a tenth of a page (`docs/performance.md`).
"""

from __future__ import annotations

import hashlib
import time
from http.client import BAD_REQUEST
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any

from flask import Flask, Response, request, session
from flask_limiter import Limiter
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from assess.delivery import accounts
from assess.settings import Settings
from assess.web import cookies

MOST = 1200  # requests a minute of one person
MOST_ANSWERS = 6_000  # an hour of one attempt: one and a half a second, all the time
MOST_OF_ADDRESS = 12_000  # of all who have not logged in, behind one address
FAILED = "60 per minute"  # log-ins of one address that failed
HASHED = "20 per minute"  # passwords of one name or person, right or wrong, that are looked at
LONGEST_NAME = 300  # characters of a log-in name that are looked at
CHECK = "30 per minute"  # of statements and receipts: a person checks a handful, a guesser many
CHECKED = ("public.verify", "public.receipt")
DRAWN = "10 per minute"  # statements as PDF files, for one person: each costs about a second
DRAWING = "candidate.statement_pdf"
CHANGING = "account.password"
LOGGED_IN_TOO = ("account.log_in", CHANGING, *CHECKED, DRAWING)  # counted here, whoever asks
NETWORK = 64  # bits of an IPv6 address that a network has; the rest its owner chooses (RFC 4291)
HOUR = 3_600  # seconds
PATIENCE = 1  # seconds to wait for Redis


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


def _name() -> str:
    """The log-in name that was typed, whatever its case; no text of any length is kept."""
    typed = accounts.log_in_name(request.form.get("username", "")[:LONGEST_NAME])
    return f"name {hashlib.sha256(typed.encode()).hexdigest()}"


def failed(answer: Response) -> bool:
    """Whether a log-in was refused: who comes in is sent on."""
    return answer.status_code >= BAD_REQUEST


class Counter:
    """How much each has asked in this minute (or `every` so many seconds), in this process."""

    def __init__(self, most: int, every: int = 60) -> None:
        self._most, self._every = most, every
        self._turn = -1
        self._counts: dict[object, int] = {}

    def count(self, who: object, many: int = 1) -> None:
        """Count one more, or so many. Raises TooManyRequests when it is one too many."""
        turn = int(time.monotonic()) // self._every
        if turn != self._turn:
            self._turn, self._counts = turn, {}
        count = self._counts[who] = self._counts.get(who, 0) + many
        if count > self._most:
            raise TooManyRequests


def count_answers(app: Flask, person_id: int, attempt_id: int, many: int = 1) -> None:
    """Count answers that somebody sends to an attempt. Raises TooManyRequests at too many.

    Each is a transaction: many in one request are as many requests.
    """
    answers: Counter | None = app.extensions["assess.answers"]
    requests: Counter | None = app.extensions["assess.counter"]
    if answers is not None:
        answers.count((person_id, attempt_id), many)
    if requests is not None and many > 1:
        requests.count(cookies.of(person_id), many - 1)


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
    limiter.request_filter(
        lambda: cookies.whose(session) is not None and request.endpoint not in LOGGED_IN_TOO
    )
    counter = Counter(MOST) if settings.floods else None
    app.extensions["assess.counter"] = counter
    app.extensions["assess.answers"] = Counter(MOST_ANSWERS, HOUR) if settings.floods else None
    app.extensions["assess.limiter"] = limiter  # the decorated route holds it only weakly

    @app.before_request
    def _count() -> None:
        who = cookies.whose(session)
        if counter is not None and who is not None and request.endpoint != "static":
            counter.count(who)

    log_in: Any = app.view_functions["account.log_in"]
    by_address = limiter.limit(FAILED, key_func=_network, methods=["POST"], deduct_when=failed)
    by_name = limiter.limit(HASHED, key_func=_name, methods=["POST"])
    app.view_functions["account.log_in"] = by_name(by_address(log_in))
    changing: Any = app.view_functions[CHANGING]
    by_person = limiter.limit(HASHED, key_func=_person, methods=["POST"])
    app.view_functions[CHANGING] = by_person(changing)
    checks = limiter.shared_limit(CHECK, "checks", key_func=_network, methods=["POST"])
    for endpoint in CHECKED:
        view: Any = app.view_functions[endpoint]
        app.view_functions[endpoint] = checks(view)
    drawing: Any = app.view_functions[DRAWING]
    app.view_functions[DRAWING] = limiter.limit(DRAWN, key_func=_person)(drawing)
