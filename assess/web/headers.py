"""What does a browser have to know of every page? Content policy with a nonce, no caching.

CSP level 3; sources: OWASP ASVS 5.0, 3.4.1 to 3.4.6 and 14.3.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, g, request

from assess import seeds
from assess.web import files

LASTING = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("X-Frame-Options", "DENY"),
)
HSTS = (*LASTING, ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
OF_DATA = (
    # Nothing in JSON is ever run or shown as a page.
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
    ("Vary", "Cookie"),
)


def nonce() -> str:
    """The nonce of this response, made when it is first asked for."""
    if "nonce" not in g:
        g.nonce = seeds.token()
    return str(g.nonce)


def of_data(response: Response, *, secure: bool) -> None:
    """The headers of an answer in JSON."""
    response.headers.extend((*OF_DATA, *(HSTS if secure else LASTING)))


def register(app: Flask, *, secure: bool) -> None:
    """Put the headers on every response, error pages and files included."""
    folder = Path(str(app.static_folder))

    @app.after_request
    def headers(response: Response) -> Response:
        if request.path.startswith("/api/"):
            of_data(response, secure=secure)
            return response
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; "
            f"script-src 'nonce-{nonce()}' 'strict-dynamic'; "
            f"style-src 'self' 'nonce-{nonce()}'; "
            "img-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
            "form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
            "require-trusted-types-for 'script'"
        )
        response.headers.extend(HSTS if secure else LASTING)
        if request.endpoint == "static" and response.status_code in (200, 206, 304):
            # Not where the page is of another version of the program, from before an upgrade or
            # another machine during one: kept for ever, it would get this file from then on.
            asked = request.view_args or {}
            named = request.args.get("v") == files.digest(folder / asked["filename"])
            response.vary.add("Accept-Encoding")  # see `files`
            response.headers["Cache-Control"] = (
                "public, max-age=31536000, immutable" if named else "no-cache"
            )
        else:
            response.headers["Cache-Control"] = "no-store"
            response.vary.add("Cookie")
        return response
