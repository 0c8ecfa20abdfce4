"""Where does somebody go on whose form was refused, and what had they sent?

Whoever fills a long form and was logged out meanwhile would find it empty on the way back: our
pages are never stored, so a browser does not fill them again. So the refusal carries what was sent,
as a form that sends the same with a token of now. Only what a page of ours has sent comes back:
another site could otherwise let us show its words, or have a forged request sent after all. And all
of it is shown: whoever sends it again may be somebody else than who wrote it, at the same browser.

Where the deed itself cannot be done, because a colleague was faster perhaps, to send it again is of
no use. What was written in sentences is shown then, to be copied.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request
from flask.globals import request_ctx
from werkzeug.exceptions import RequestEntityTooLarge

from assess.reasons import Code

WORTH_IT = frozenset({Code.SIGNED_OUT, Code.CSRF})
"""Refusals that are about the session, not about what was sent."""
WRITTEN = frozenset(
    {
        *("words", "reason", "advice", "note", "lifting", "needs", "evidence"),
        *("stem", "text-", "rationale-", "stimulus", "revise"),
    }
)
"""Fields that hold sentences of a person, by their names or how these begin."""
TOKEN = "csrf_token"  # noqa: S105 - the name of a field
PLAIN = "application/x-www-form-urlencoded"
OURS = "same-origin"


def fields(code: Code) -> list[tuple[str, str]]:
    """The fields that can be sent again, in their order."""
    return _sent() if code in WORTH_IT else []


def written() -> list[tuple[str, str]]:
    """What was written in sentences, in its order."""
    return [
        (name, text)
        for name, text in _sent()
        if text.strip() and WRITTEN & {name, "".join(name.partition("-")[:2])}
    ]


def _sent() -> list[tuple[str, str]]:
    """The fields that were sent; none of log-ins, of files or of other sites."""
    if request.method != "POST" or request.mimetype != PLAIN:
        return []
    if request.blueprint == "account" or request.headers.get("Sec-Fetch-Site") != OURS:
        return []
    try:
        sent = list(request.form.items(multi=True))
    except RequestEntityTooLarge:  # strangers may send less than those who are logged in
        return []
    return [(name, text) for name, text in sent if name != TOKEN]


def page_before() -> str | None:
    """The address of the page of ours whose form was sent; None where it cannot be opened anew."""
    if request.method != "POST" or not request.referrer:
        return None
    try:
        came = urlsplit(request.referrer)
    except ValueError:
        return None
    ours = f"{came.scheme}://{came.netloc}/" == request.host_url
    adapter, path = request_ctx.url_adapter, came.path.removeprefix(request.script_root)
    return request.referrer if ours and adapter is not None and adapter.test(path, "GET") else None
