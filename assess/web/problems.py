"""How does a refusal look? One page and one JSON shape, each with code, reasons, who can help."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Flask, g, jsonify, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, TooManyRequests

from assess import wording
from assess.reasons import Code, Helper, Refused
from assess.store import kept
from assess.store.base import READ_ONLY
from assess.web import again, cookies, pages, signing

STATUS_CODES = {
    400: Code.FIELD,
    403: Code.ROLE,
    404: Code.NOT_FOUND,
    405: Code.METHOD,
    413: Code.TOO_LARGE,
    414: Code.TOO_LARGE,
    415: Code.FIELD,
    429: Code.FLOOD,
    431: Code.TOO_LARGE,
}


def wants_json() -> bool:
    """Whether the client asks for JSON rather than a page; of the API nothing else is had."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and not request.accept_mimetypes.accept_html


def on_the_form(refused: Refused, codes: Collection[Code] = (Code.FIELD, Code.REASON)) -> bool:
    """Whether another try on the same form can put all of it right, for somebody who sees it."""
    return all(reason.code in codes for reason in refused.reasons) and not wants_json()


def answer(refused: Refused, *, journalled: bool = True) -> ResponseReturnValue:
    """The refusal as a page or as problem+json, with its status.

    A deed puts its own refusals on record; one that never reached a deed (`journalled` False) is
    put on record here, through the application's own deed.
    """
    if not journalled and getattr(g, "note_refusal", None) is not None:
        g.note_refusal(refused)
    if wants_json():
        return document(refused)
    zone = getattr(g, "zone", "UTC")
    reasons = [wording.words(r, zone) for r in refused.reasons]
    begun = [r.values.get("attempt") for r in refused.reasons if r.code is Code.OPEN_ATTEMPT]
    page = render_template(
        "problem.html",
        refused=refused,
        reasons=reasons,
        title=wording.title(refused),
        attempt=begun[0] if begun else None,
        again=(sent := again.fields(refused.code)),
        written=[] if sent else again.written(),
        unsure=any(r.values.get("what") == "unsure" for r in refused.reasons),
        called=pages.called,
        wrote=session.get(cookies.PERSON) if sent else None,
        before=None if sent else again.page_before(),
    )
    return page, refused.status


def document(refused: Refused, **more: object) -> ResponseReturnValue:
    """The refusal as problem+json; `more` stands beside its reasons."""
    zone = getattr(g, "zone", "UTC")
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": wording.title(refused),
        "status": refused.status,
        "code": refused.code.value,
        "reasons": [
            {
                "code": r.code.value,
                "what": (words := wording.words(r, zone)).what,
                "do": words.do,
                "who": r.who.value,
                "until": None if r.until is None else r.until.isoformat(),
            }
            for r in refused.reasons
        ],
        **more,
    }
    response = jsonify(said)
    response.mimetype = "application/problem+json"
    return response, refused.status


def register(app: Flask) -> None:
    """Answer everything that goes wrong on the way to a page in the same shape."""

    @app.errorhandler(CSRFError)
    def csrf(_error: CSRFError) -> ResponseReturnValue:
        return answer(Refused.of(Code.CSRF, status=403, who=Helper.YOU))

    @app.errorhandler(TooManyRequests)
    def flood(_error: TooManyRequests) -> ResponseReturnValue:
        return answer(Refused.of(Code.FLOOD, status=429, who=Helper.NOBODY))

    @app.errorhandler(RequestEntityTooLarge)
    def large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
        return answer(Refused.of(Code.TOO_LARGE, status=413, who=Helper.YOU))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if 300 <= status < 400:
            return error  # a redirect of the router's own
        others = Code.FIELD if status < 500 else Code.BROKEN
        code = STATUS_CODES.get(status, others)
        return answer(Refused.of(code, status=status if code is not Code.BROKEN else 500))

    @app.errorhandler(ParseException)
    def torn(_error: ParseException) -> ResponseReturnValue:
        """A body in chunks, of which one is no chunk: the server notices while we read."""
        return answer(Refused.of(Code.FIELD, status=400, who=Helper.YOU))

    @app.errorhandler(PoolTimeout)
    @app.errorhandler(DBAPIError)
    def database(error: PoolTimeout | DBAPIError) -> ResponseReturnValue:
        if not _away(error):
            return anything(error)
        app.logger.error("the database did not answer: %s", getattr(error, "orig", error))
        signing.ask_nobody()
        refused = Refused.of(Code.BUSY, status=503, who=Helper.ADMINISTRATOR)
        if kept.is_unsure(error) and request.method == "POST":
            refused = Refused.of(Code.BUSY, status=503, who=Helper.ADMINISTRATOR, what="unsure")
        response = app.make_response(answer(refused))
        response.headers["Retry-After"] = "5"
        return response

    @app.errorhandler(Exception)
    def anything(error: Exception) -> ResponseReturnValue:
        app.logger.exception("unexpected: %s", type(error).__name__)
        signing.ask_nobody()
        return answer(Refused.of(Code.BROKEN, status=500, who=Helper.ADMINISTRATOR))


def _away(error: PoolTimeout | DBAPIError) -> bool:
    """Whether the database is away, full or busy, rather than asked something impossible."""
    if isinstance(error, PoolTimeout | OperationalError):
        return True
    # What a driver says about a connection that died under it is not always "operational"; nor what
    # it says of a server that only reads for now, as one does that has yet to take over.
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) == READ_ONLY
