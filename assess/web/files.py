"""How do style sheets, scripts and pictures reach a browser? Packed, once in each process.

Only files are packed, never a page or an answer in JSON: those hold secrets (form tokens, nonces)
beside words that somebody else may have chosen, and the length of what is packed would tell of
them (BREACH, CVE-2013-3587). A file holds no secret and nothing of a request.
"""

from __future__ import annotations

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Request, Response
from werkzeug.security import safe_join

PACKED = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml"})


def packed(folder: str, name: str, asked: Request) -> Response | None:
    """A file that the browser takes packed; None for all others, which Flask sends as they are."""
    if "Range" in asked.headers or not asked.accept_encodings["gzip"]:
        return None
    path = safe_join(folder, name)
    mimetype = mimetypes.guess_type(path or "")[0]
    if path is None or mimetype not in PACKED:
        return None
    try:
        content = _gzip(path, Path(path).stat().st_mtime_ns)
    except OSError:
        return None  # Flask says that it is not found
    response = Response(content, mimetype=mimetype)
    response.content_encoding = "gzip"
    response.add_etag()
    response.make_conditional(asked)
    return response


@lru_cache(maxsize=64)  # as many files as there are
def _gzip(path: str, _changed: int) -> bytes:
    """The packed content of a file as it was at this moment; always the same bytes."""
    return gzip.compress(Path(path).read_bytes(), compresslevel=9, mtime=0)
