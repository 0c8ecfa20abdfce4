"""Who may come in? Every route names its audience; one that names none is a fault at start-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess.reasons import Code, Helper, Refused
from assess.roles import Role
from assess.web import problems

View = TypeVar("View", bound=Callable[..., Any])

ANYONE = frozenset({"anyone"})
SIGNED_IN = frozenset({"signed-in"})
FIRST_PASSWORD = "account.password"  # noqa: S105 - an address, no secret
WITH_FIRST_PASSWORD = frozenset(
    {FIRST_PASSWORD, "account.log_out", "account.session_left", "account.stay", "static"}
)


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
