"""How do style sheets, scripts and pictures reach a browser? Packed, once in each process.

A script is sent with the modules that it imports inside (`modules`). Files hold no secret and
nothing of a request, so their packed length tells nobody anything; for pages see `packing`.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import cache, lru_cache
from pathlib import Path

from flask import Request, Response
from werkzeug.security import safe_join

from assess.web import modules

PACKED = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml"})


def answer(folder: str, name: str, asked: Request) -> Response | None:
    """A file of ours, packed if the browser takes it so; None for what Flask sends as it is."""
    if "Range" in asked.headers:
        return None
    found = safe_join(folder, name)
    mimetype = mimetypes.guess_type(found or "")[0]
    if found is None or mimetype not in PACKED:
        return None
    path = Path(found)
    try:
        changed = path.stat().st_mtime_ns
        packed = asked.accept_encodings["gzip"] > 0
        response = Response(_gzip(path, changed) if packed else content(path), mimetype=mimetype)
    except OSError:
        return None  # Flask says that it is not found
    if packed:
        response.content_encoding = "gzip"
    response.add_etag()
    response.make_conditional(asked)
    return response


def content(path: Path) -> bytes:
    """What is sent of a file: its bytes, and of a script also what it imports. Raises OSError."""
    held = path.read_bytes()
    if path.suffix == ".js" and modules.imports(held.decode()):
        return modules.joined(path).encode()
    return held


@cache
def digest(path: Path) -> str:
    """Twelve letters that name what is sent of a file, so that browsers may keep it for ever."""
    try:
        return _digest(path, path.stat().st_mtime_ns)
    except OSError:
        return "0"


@lru_cache(maxsize=64)
def _digest(path: Path, _changed: int) -> str:
    """The digest of a file as it was at this moment."""
    return hashlib.sha256(content(path)).hexdigest()[:12]


@lru_cache(maxsize=64)  # as many files as there are
def _gzip(path: Path, _changed: int) -> bytes:
    """The packed content of a file as it was at this moment; always the same bytes."""
    return gzip.compress(content(path), compresslevel=9, mtime=0)
