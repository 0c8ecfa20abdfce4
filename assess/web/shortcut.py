"""Is this a device at work that saves an answer, and all as it should be? Then the shortest way.

Saves are most of what the service does, and what Flask does around a request is dearer than a save.
So this stands in front of it: the same checks, the same deed, the same answer, without a request's
context. It says nothing but "saved". Whatever else there is to say it leaves to the ordinary way
(`api/saving.py`), which passes all doors and does the same deed once more: a save that comes twice
is one save.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from flask import Flask
from itsdangerous import BadSignature
from pydantic import ValidationError
from werkzeug.exceptions import TooManyRequests

from assess.actions import saving as deeds
from assess.actions.saving import Entry, Saved, Sitting
from assess.clock import Clock
from assess.settings import Settings
from assess.web import cookies, headers, limits, tokens
from assess.web.api import shapes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ADDRESS = re.compile(r"/api/attempts/([1-9][0-9]{0,17})/answers").fullmatch
LENGTH = re.compile(r"[0-9]{1,5}").fullmatch
JSON = "application/json"
LARGEST = 32_768  # bytes of a save; its token has up to `tokens.LONGEST`
FAILED = "assess.failed"
"""Where in a request's environment stands what went wrong here: the ordinary way says it."""


def saved(
    app: Flask, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes] | None:
    """The answer to a save that is on the disk now; None for everything else, still unread."""
    if environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING"):
        return None
    address = ADDRESS(environ.get("PATH_INFO", ""))
    body = None if address is None else _body(environ)
    if address is None or body is None:
        return None
    try:
        told = shapes.AnswerIn.model_validate_json(body)
        device = _device(app, environ, told.token)
    except (ValidationError, BadSignature):
        return None
    except TooManyRequests as error:
        environ[FAILED] = error
        return None
    if device is None or (device.attempt_id, device.writer) != (int(address[1]), told.writer):
        return None
    clock: Clock = app.extensions["assess.clock"]
    settings: Settings = app.extensions["assess.settings"]
    entry = Entry(told.place, told.sequence, [str(position) for position in told.answer])
    try:
        with app.app_context():
            done = deeds.keep(device, entry, clock.now(), settings.grace)
    except Exception as error:
        environ[FAILED] = error
        return None
    if not isinstance(done, Saved):
        return None
    said = (
        f'{{"saved": true, "place": {done.place}, "sequence": {done.sequence},'
        f' "seconds_left": {done.seconds_left}}}'
    ).encode()
    secure = app.extensions["assess.settings"].secure
    start_response(
        "200 OK",
        [
            ("Content-Type", JSON),
            ("Content-Length", str(len(said))),
            *headers.OF_DATA,
            *(headers.HSTS if secure else headers.LASTING),
        ],
    )
    return [said]


def _body(environ: WSGIEnvironment) -> bytes | None:
    """What was sent, and put back for whoever comes after; None for what no player sends."""
    said = environ.get("CONTENT_LENGTH", "")
    if environ.get("CONTENT_TYPE") != JSON or not LENGTH(said) or int(said) > LARGEST:
        return None
    body: bytes = environ["wsgi.input"].read(int(said))
    environ["wsgi.input"] = BytesIO(body)
    # What the edge refuses is for the edge to refuse.
    return None if len(body) != int(said) or b"\\u0000" in body else body


def _device(app: Flask, environ: WSGIEnvironment, token: str) -> Sitting | None:
    """The device that sent this, if its cookie, its form token and its sealed token are good."""
    name = app.config["SESSION_COOKIE_NAME"] + "="
    crumbs = environ.get("HTTP_COOKIE", "")
    sent = [one for one in crumbs.split("; ") if one.startswith(name)]
    if len(sent) != 1 or crumbs.count(name) != 1 or not _from_here(environ):
        return None
    held, _ = cookies.signed(app, sent[0][len(name) :])
    who, kept = held.get("_user_id"), held.get("csrf_token")  # named by flask-login, Flask-WTF
    if not isinstance(who, str):
        return None
    settings: Settings = app.extensions["assess.settings"]
    if app.config["WTF_CSRF_ENABLED"] and not tokens.known_csrf(
        settings.secret_key, environ.get("HTTP_X_CSRFTOKEN", ""), kept
    ):
        return None
    device = tokens.unseal(settings.secret_key, who, token)
    counter: limits.Counter | None = app.extensions["assess.counter"]
    if device is not None and counter is not None:
        counter.count(cookies.whose(held))
        limits.count_answers(app, device.person_id, device.attempt_id)
    return device


def _from_here(environ: WSGIEnvironment) -> bool:
    """Whether a page of this host sent it: over https, Flask-WTF takes a form from no other."""
    if environ["wsgi.url_scheme"] != "https":
        return True
    host, page = environ.get("HTTP_HOST", ""), environ.get("HTTP_REFERER", "")
    return bool(host) and page.startswith(f"https://{host}/")
