"""Where everything meets: the one place that wires floors, neighbours and settings together."""

from __future__ import annotations

import gc

from flask import Flask, Request, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from gunicorn.errors import AppImportError  # type: ignore[import-untyped]
from sqlalchemy.orm import configure_mappers
from werkzeug.middleware.proxy_fix import ProxyFix

from assess import floors
from assess.clock import Clock
from assess.settings import Settings, SettingsError, from_environment
from assess.store import migrate
from assess.web import access, edge, headers, limits, pages, problems, signing
from assess.web.account import routes as account
from assess.web.administrator import routes as administrator
from assess.web.api import routes as api
from assess.web.author import routes as author
from assess.web.candidate import routes as candidate
from assess.web.form_tokens import FormTokens
from assess.web.public import routes as public
from assess.web.quality import routes as quality
from assess.web.site import Site
from assess.web.tutor import routes as tutor
from invigilation.web import routes as room

AUDIENCES = (public, account, candidate, tutor, author, quality, administrator)


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The application with these settings; tests hand in a clock that they move themselves."""
    app = Site(
        __name__,
        title=settings.name,
        spec_path=api.SPECIFICATION,
        docs_path=None,
        json_errors=False,
        static_folder="web/static",
        template_folder="web/templates",
    )
    app.url_map.converters["int"] = edge.RowNumber
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-assess" if settings.secure else "assess",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: nobody loses an answer to a token
        WTF_CSRF_CHECK_DEFAULT=False,  # after the guard: see _before
        MAX_CONTENT_LENGTH=edge.LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=edge.LARGEST_BODY,
        MAX_FORM_PARTS=edge.MOST_FIELDS,
        BABEL_DEFAULT_LOCALE="en",
        BABEL_DEFAULT_TIMEZONE=settings.timezone,
    )
    if settings.proxies:
        n = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    floors.lay(app, settings, clock)
    Babel(app, default_domain="messages", locale_selector=lambda: "en")
    csrf = FormTokens(app)
    headers.register(app, secure=settings.secure)
    problems.register(app)
    signing.register(app)
    pages.register(app, settings, room.NAVIGATION if settings.room else ())
    for audience in (*AUDIENCES, room) if settings.room else AUDIENCES:
        app.register_blueprint(audience.bp)
    api.register(app)
    limits.register(app, settings)

    @app.before_request
    def _before() -> ResponseReturnValue | None:
        """The edge, then the door, then the token: in this order."""
        asked: Request = request._get_current_object()  # type: ignore[attr-defined]
        refused = edge.check(asked) or access.guard()
        if refused is None and app.config["WTF_CSRF_ENABLED"]:
            csrf.protect()
        return refused

    if nobody := access.unnamed(app):
        raise RuntimeError(f"routes that name no audience: {', '.join(nobody)}")
    return app


def wsgi() -> Flask:
    """The application with the settings of the environment: for gunicorn.

    Not on tables of another version: pages would fail one by one, and nobody be told why.
    """
    configure_mappers()  # now, so that nobody's first page waits for it
    try:
        settings = from_environment()
    except SettingsError as error:
        # Of this one gunicorn writes the words, and not a page about where it was raised.
        raise AppImportError("\n".join(f"assess: {one}" for one in error.problems)) from error
    if (why := migrate.why_not_serve(settings.database_url)) is not None:
        raise AppImportError(f"assess: {why}")
    app = create_app(settings)
    # What is here now stays. To look through all of it for garbage stops a worker for a quarter
    # of a second, in the middle of somebody's request.
    gc.collect()
    gc.freeze()
    return app
