"""Who may come in? Every route names its audience; one that names none is a fault at start-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Request, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess.reasons import Code, Helper, Refused
from assess.roles import Role
from assess.settings import Settings
from assess.web import limits, problems, tokens

View = TypeVar("View", bound=Callable[..., Any])

ANYONE = frozenset({"anyone"})
SIGNED_IN = frozenset({"signed-in"})
FIRST_PASSWORD = "account.password"  # noqa: S105 - an address, no secret
WITH_FIRST_PASSWORD = frozenset({FIRST_PASSWORD, "account.log_out", "static"})


def anyone(view: View) -> View:
    """Open to everybody, signed in or not."""
    view.audience = ANYONE  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Open to everybody who is signed in."""
    view.audience = SIGNED_IN  # type: ignore[attr-defined]
    return view


def only(*roles: Role) -> Callable[[View], View]:
    """Open to people who hold one of these roles at their centre."""

    def name(view: View) -> View:
        view.audience = frozenset(roles)  # type: ignore[attr-defined]
        return view

    return name


def by_token(view: View) -> View:
    """Open to a device at work by its sealed token alone, without a look at the database.

    Whoever has none is asked who they are, as everywhere. For views whose deed looks at the
    session itself: nothing else would notice that it has ended.
    """
    view.by_token = True  # type: ignore[attr-defined]
    return view


def audience(app: Flask, endpoint: str) -> frozenset[str] | frozenset[Role] | None:
    """Who may come in at an endpoint; None when it names nobody."""
    if endpoint == "static":
        return ANYONE
    return getattr(app.view_functions[endpoint], "audience", None)


def unnamed(app: Flask) -> list[str]:
    """The endpoints that name no audience; there must be none."""
    return [e for e in sorted(app.view_functions) if audience(app, e) is None]


def first_page() -> str | None:
    """Where whoever is signed in begins, if not at the page of all their roles."""
    if current_user.must_change_password:
        return url_for(FIRST_PASSWORD)
    if current_user.roles == {Role.CANDIDATE}:
        return url_for("candidate.assessments")  # one page is all they come for
    return None


def guard() -> ResponseReturnValue | None:
    """Before each request: let in whoever the route names, refuse everybody else."""
    if request.endpoint is None:
        return None
    let_in = audience(current_app, request.endpoint)
    if let_in == ANYONE:
        return None
    if not current_user.is_authenticated:
        if request.method == "GET" and not problems.wants_json():
            return redirect(url_for("account.log_in", next=request.full_path.rstrip("?")))
        return problems.answer(Refused.of(Code.SIGNED_OUT, status=403, who=Helper.YOU))
    if current_user.must_change_password and request.endpoint not in WITH_FIRST_PASSWORD:
        return redirect(url_for(FIRST_PASSWORD))
    if let_in == SIGNED_IN:
        return None
    if let_in is None or current_user.roles.isdisjoint(let_in):
        refused = Refused.of(Code.ROLE, status=403, who=Helper.ADMINISTRATOR)
        return problems.answer(refused, journalled=False)
    return None


def recognise(app: Flask, asked: Request) -> ResponseReturnValue | None:
    """Before all else: know a device at work by its token, and count it; refuse floods."""
    found = app.view_functions.get(asked.endpoint or "")
    if found is None or not getattr(found, "by_token", False):
        return None
    cookie = session.get("_user_id")  # where flask-login keeps it
    sent = asked.get_json(force=True, silent=True)
    if not isinstance(cookie, str) or not isinstance(sent, dict):
        return None
    settings: Settings = app.extensions["assess.settings"]
    sitting = tokens.unseal(settings.secret_key, cookie, sent.get("token"))
    if sitting is None:
        return None
    g.sitting, g.zone = sitting, settings.timezone
    counter: limits.Counter | None = app.extensions["assess.saves"]
    if counter is not None and counter.too_many(cookie):
        return problems.answer(Refused.of(Code.FLOOD, status=429, who=Helper.NOBODY))
    return None


def recognised() -> bool:
    """Whether a device at work was recognised: its deed looks at the rest."""
    return "sitting" in g
