"""Who is behind this request? The session cookie, the server's session, and the deed's context."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request, session
from flask_login import AnonymousUserMixin, LoginManager, current_user, login_user, logout_user

from assess import store
from assess.actions import refusals, sessions
from assess.actions.context import Context
from assess.clock import Clock
from assess.reasons import Refused
from assess.roles import Role
from assess.settings import Settings
from assess.store import sessions as session_rows
from assess.store.sessions import SignedIn
from assess.web import cookies

ASKING = "account.session_left"
"""The one request that is no use of a session: it asks how long the session lasts without any."""


class User:
    """The signed-in person as flask-login wants one: known by the token of their session."""

    is_authenticated = True
    is_anonymous = False
    is_active = True

    def __init__(self, token: str, signed_in: SignedIn) -> None:
        self._token = token
        self.signed_in = signed_in
        self.person_id = signed_in.person_id
        self.session_id = signed_in.session_id
        self.centre_id = signed_in.centre_id
        self.name = signed_in.name
        self.username = signed_in.username
        self.roles = signed_in.roles
        self.must_change_password = signed_in.must_change_password

    def get_id(self) -> str:
        """What the cookie holds: the token of the server-side session."""
        return self._token

    def holds(self, *roles: str) -> bool:
        """Whether the person holds one of these roles."""
        return any(Role(r) in self.roles for r in roles)


class Nobody(AnonymousUserMixin):  # type: ignore[misc]
    """Somebody who is not signed in."""

    roles: frozenset[Role] = frozenset()
    must_change_password = False

    def holds(self, *_roles: str) -> bool:
        """No role at all."""
        return False


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["assess.settings"]
    return found


def now() -> datetime:
    """The moment of this request: one for all that it does."""
    if "now" not in g:
        clock: Clock = current_app.extensions["assess.clock"]
        g.now = clock.now()
    moment: datetime = g.now
    return moment


def context() -> Context:
    """What the deeds of this request are told: who, when, where."""
    return Context(
        now=now(),
        settings=settings(),
        centre=current_user.centre_id,
        actor=current_user.person_id,
        session_id=current_user.session_id,
        roles=current_user.roles,
        gates=current_app.extensions["assess.gates"],
    )


def begin(token: str) -> None:
    """Put a new session's token into a fresh cookie: nothing of the one before stays."""
    session.clear()
    go_on(token)


def go_on(token: str) -> None:
    """Put another token of the same session into the cookie; its form tokens stay good."""
    user = _load(token)
    if user is not None:
        login_user(user)
        session[cookies.PERSON] = user.person_id


def end() -> None:
    """Forget the session in the browser."""
    logout_user()
    session.clear()


def _load(token: str) -> User | None:
    with store.look() as read:
        found = session_rows.signed_in(read, sessions.hash_token(token), now())
        if found is None:
            return None
        if sessions.expired(found, settings(), now()):
            sits_since = sessions.sits_since(read, found.person_id, settings(), now())
            if sessions.expired(found, settings(), now(), sits_since):
                return None
    if request.endpoint != ASKING:
        found = sessions.seen(found, now())
    g.zone = found.zone
    g.centre_name = found.centre_name
    g.note_refusal = _note
    return User(token, found)


def ask_nobody() -> None:
    """Let the page that says what went wrong do without the person, unless they are known already.

    To find out who it is takes the database, which may be what went wrong.
    """
    if "_login_user" not in g:  # where flask-login keeps it for the length of a request
        g._login_user = Nobody()


def _note(refused: Refused) -> None:
    refusals.note(context(), refused)


def zone() -> ZoneInfo:
    """The time zone of the person's centre."""
    return ZoneInfo(getattr(g, "zone", settings().timezone))


def session_left() -> int:
    """In how many seconds the session ends by itself, if it is used no more."""
    end = sessions.ends(current_user.signed_in, settings())
    return max(0, int((end - now()).total_seconds()))


def register(app: Flask) -> None:
    """Teach flask-login to load people by the token of their session."""
    manager = LoginManager()
    manager.session_protection = None  # the server's session decides, not the address or browser
    manager.anonymous_user = Nobody
    manager.user_loader(_load)
    manager.init_app(app)
    app.context_processor(_for_templates)


def _for_templates() -> dict[str, Any]:
    # The person themselves: each look through the proxy would cost some calls.
    return {
        "user": current_user._get_current_object(),
        "session_left": session_left,
        "centre_name": getattr(g, "centre_name", ""),
    }
