"""The start page, the accessibility statement, the way of appeal, the health check."""

from __future__ import annotations

from flask import jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store
from assess.roles import Role
from assess.web import access, signing
from assess.web.public import checking, waiting
from assess.web.public.blueprint import bp

__all__ = ["bp", "checking"]


@bp.get("/")
@access.anyone
def home() -> ResponseReturnValue:
    """The page to begin at: the log-in, or what one's roles are for."""
    if not current_user.is_authenticated:
        return redirect(url_for("account.log_in"))
    if (first := access.first_page()) is not None:
        return redirect(first)
    held = [role for role in Role if role in current_user.roles]
    with store.read() as session:
        waits = waiting.counts(session, current_user)
    return render_template("public/home.html", held=held, waits=waits, most=waiting.MOST)


@bp.get("/accessibility")
@access.anyone
def accessibility() -> str:
    """The accessibility statement."""
    return render_template("public/accessibility.html")


@bp.get("/appeals")
@access.anyone
def appeals() -> str:
    """What to do about a result or a decision that one disagrees with."""
    return render_template("public/appeals.html")


@bp.get("/health")
@access.anyone
def health() -> ResponseReturnValue:
    """Whether the application and its database answer; for machines."""
    store.time()  # asked now: the clock of this process asks it twice a minute, and knows the rest
    return jsonify({"status": "ok", "time": signing.now().isoformat()})
