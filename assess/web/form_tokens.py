"""Which token does a form carry against forged requests? The session's, masked anew each time.

Flask-WTF signs and checks the token that a session keeps; its text would be the same in every page
of a second. So it is shown behind a mask: random bytes, and the token with these bytes added to it
(XOR). No letter of a token ever stands in two pages, so a packed page's length tells of none.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from flask import Flask, g
from flask_wtf.csrf import CSRFProtect, generate_csrf

from assess import seeds


class FormTokens(CSRFProtect):  # type: ignore[misc]
    """Flask-WTF's door, which looks behind the mask."""

    def init_app(self, app: Flask) -> None:
        """Let templates show masked tokens, imported macros among them."""
        super().init_app(app)
        app.jinja_env.globals["csrf_token"] = shown
        app.context_processor(lambda: {"csrf_token": shown})

    def _get_csrf_token(self) -> str | None:
        sent = super()._get_csrf_token()
        return unmasked(sent) if isinstance(sent, str) else None


def shown() -> str:
    """The token for the forms of this response: one for all of them."""
    if "form_token" not in g:
        g.form_token = masked(generate_csrf())
    token: str = g.form_token
    return token


def masked(token: str) -> str:
    """A token behind a new mask, in the URL-safe alphabet of Base64."""
    plain = token.encode()
    mask = seeds.mask(len(plain))
    return urlsafe_b64encode(mask + _added(plain, mask)).decode()


def unmasked(sent: str) -> str | None:
    """The token behind its mask; None for what was never masked here."""
    try:
        both = urlsafe_b64decode(sent)
        half = len(both) // 2
        return _added(both[half:], both[:half]).decode("ascii") if half else None
    except ValueError:
        return None


def _added(one: bytes, other: bytes) -> bytes:
    """One added to the other without carry. Raises ValueError where lengths differ."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
