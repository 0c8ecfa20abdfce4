"""What did a form send that could not be taken, so that its sender need not write it once more?

Whoever fills a long form and was logged out meanwhile would find it empty on the way back: our
pages are never stored, so a browser does not fill them again. So the refusal carries what was sent,
as a form that sends the same with a token of now. Only what a page of ours has sent comes back:
another site could otherwise let us show its words, or have a forged request sent after all.
"""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from assess.reasons import Code

WORTH_IT = frozenset({Code.SIGNED_OUT, Code.CSRF})
"""Refusals that are about the session, not about what was sent."""
TOKEN = "csrf_token"  # noqa: S105 - the name of a field
PLAIN = "application/x-www-form-urlencoded"
OURS = "same-origin"


def fields(code: Code) -> list[tuple[str, str]]:
    """The fields that were sent, in their order; none of log-ins, of files or of other sites."""
    if code not in WORTH_IT or request.method != "POST" or request.mimetype != PLAIN:
        return []
    if request.blueprint == "account" or request.headers.get("Sec-Fetch-Site") != OURS:
        return []
    try:
        sent = list(request.form.items(multi=True))
    except RequestEntityTooLarge:  # strangers may send less than those who are logged in
        return []
    return [(name, text) for name, text in sent if name != TOKEN]
