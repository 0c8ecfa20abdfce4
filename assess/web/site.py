"""Flask itself, with one door in place of many for a device at work on an attempt.

Saves are most of what the service does. A page passes hooks for its zone, floods, sessions, roles
and tokens; a save that brings its sealed token passes `recognise`, the edge and the form token,
and its deed looks at the rest. Whoever brings none comes in by the pages' way.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from typing import Any

from apiflask import APIFlask
from flask import Flask, Request, Response, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature

from assess.web import access, edge, files, headers, packing, templating, tokens


class Cookies(SecureCookieSessionInterface):
    """Signed cookies of any age: how long a session lasts is kept and decided on the server.

    Flask's own way asks this host's wall clock, and takes a cookie for forged that another host, or
    this one before its clock was put back, signed a second from now: everybody is logged out.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie holds, if it was signed here."""
        try:
            cookie = request.cookies[self.get_cookie_name(app)]
            held, flat = _signed(app, cookie)
            return self.session_class(held if flat else deepcopy(held))
        except (KeyError, BadSignature):
            return self.session_class()


@lru_cache(maxsize=4096)  # cookies that were signed here: the others raise
def _signed(app: Flask, cookie: str) -> tuple[dict[str, Any], bool]:
    """What a cookie holds, and whether nothing in it can be changed but itself.

    A device sends the same one with every save.
    """
    signer = Cookies().get_signing_serializer(app)
    assert signer is not None  # noqa: S101 - there is a secret key: the settings see to it
    held: dict[str, Any] = signer.loads(cookie)
    return held, not any(isinstance(one, (list, dict)) for one in held.values())


class Site(APIFlask):
    """The application."""

    session_interface = Cookies()
    jinja_environment = templating.Pages

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: no view of ours is asynchronous, so nobody needs to ask a dozen times."""
        return func

    def send_static_file(self, filename: str) -> Response:
        """A file, packed if the browser takes it so."""
        ours = files.answer(str(self.static_folder), filename, request)
        return ours or super().send_static_file(filename)

    def preprocess_request(self) -> ResponseReturnValue | None:
        """By the one door, or by all of them."""
        # The request itself: each look through Flask's proxy would cost some calls.
        asked: Request = request._get_current_object()  # type: ignore[attr-defined]
        refused = access.recognise(self, asked)
        if refused is not None:
            return refused
        if not access.recognised():
            return super().preprocess_request()
        refused = edge.check(asked)
        if refused is None and self.config["WTF_CSRF_ENABLED"]:
            sent, kept = asked.headers.get("X-CSRFToken", ""), session.get("csrf_token", "")
            if not tokens.known_csrf(sent, kept):
                self.extensions["csrf"].protect()  # says no
        return refused

    def process_response(self, response: Response) -> Response:
        """With the headers of data; a save changes nothing in the session."""
        if not access.recognised():
            response = super().process_response(response)
            packing.pack(self, request, response)
            return response
        headers.of_data(response, secure=self.extensions["assess.settings"].secure)
        return response
