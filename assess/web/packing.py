"""Which pages travel packed, and why may they? Those that repeat nothing of what was asked.

The length of a packed page tells whoever can hear it how much of it repeats: where a page shows
what somebody puts into its address, they can guess a secret in it letter by letter (BREACH,
CVE-2013-3587). So a page is packed only where its view says by `packable` that nothing of the
request but numbers of rows is shown. The secrets of such pages are no letters to guess either:
form tokens and the player's token are another text in each response (`form_tokens`, `tokens`).
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Request, Response

View = TypeVar("View", bound=Callable[..., Any])

WORTH = 600  # bytes: what is smaller travels in one packet anyway
LEVEL = 5  # a fifth larger than at 9, at a third of the time


def packable(view: View) -> View:
    """The page shows nothing of the request but numbers of rows, which are digits."""
    view.packable = True  # type: ignore[attr-defined]
    return view


def pack(app: Flask, asked: Request, response: Response) -> None:
    """Pack the answer of a view that may be packed, if the browser takes it so."""
    view = app.view_functions.get(asked.endpoint or "")
    if asked.method != "GET" or not getattr(view, "packable", False):
        return
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or not asked.accept_encodings["gzip"]:
        return
    if response.is_streamed or (response.content_length or 0) < WORTH:
        return
    response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
    response.content_encoding = "gzip"
