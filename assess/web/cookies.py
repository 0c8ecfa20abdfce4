"""What does the session's cookie hold, if it was signed here?"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadSignature

PERSON = "person"
"""Where it holds the number of whoever is logged in, by which floods are counted."""


def whose(held: Mapping[str, Any]) -> str | None:
    """Whom a cookie names: a person, whatever their device; None for nobody."""
    person, token = held.get(PERSON), held.get("_user_id")  # where flask-login keeps the token
    if isinstance(person, int):
        return of(person)
    return token if isinstance(token, str) else None


def of(person_id: int) -> str:
    """What somebody is counted under."""
    return f"person {person_id}"


class Cookies(SecureCookieSessionInterface):
    """Signed cookies of any age: how long a session lasts is kept and decided on the server.

    Flask's own way asks this host's wall clock, and takes a cookie for forged that another host, or
    this one before its clock was put back, signed a second from now: everybody is logged out.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie holds, if it was signed here."""
        try:
            cookie = request.cookies[self.get_cookie_name(app)]
            held, flat = signed(app, cookie)
            return self.session_class(held if flat else deepcopy(held))
        except (KeyError, BadSignature):
            return self.session_class()


@lru_cache(maxsize=4096)  # cookies that were signed here: the others raise
def signed(app: Flask, cookie: str) -> tuple[dict[str, Any], bool]:
    """What a cookie holds, and whether nothing in it can be changed but itself.

    A device sends the same one with every save. Raises BadSignature for whatever else.
    """
    signer = Cookies().get_signing_serializer(app)
    assert signer is not None  # noqa: S101 - there is a secret key: the settings see to it
    held: dict[str, Any] = signer.loads(cookie)
    return held, not any(isinstance(one, (list, dict)) for one in held.values())
