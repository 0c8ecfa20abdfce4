"""What is refused before anything reads it: U+0000 anywhere, and input that is too large."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.routing import IntegerConverter, Map

from assess.reasons import Code, Helper, Refused
from assess.web import problems

LARGEST_BODY = 1 << 20  # bytes: no form of ours is near this
LONGEST_ADDRESS = 4096  # bytes of path and query together
MOST_FIELDS = 1000
LARGEST_NUMBER = 2**63 - 1  # of a row: what both databases can hold


class RowNumber(IntegerConverter):
    """A number in an address that a database can look for; a larger one is not found."""

    def __init__(self, map: Map, max: int = LARGEST_NUMBER) -> None:
        super().__init__(map, max=max)


def check() -> ResponseReturnValue | None:
    """Before each request: refuse what no honest browser sends and no database could store."""
    if len(request.path.encode("utf-8", "surrogatepass")) + len(request.query_string) > (
        LONGEST_ADDRESS
    ):
        return problems.answer(Refused.of(Code.TOO_LARGE, status=414, who=Helper.YOU))
    texts = [request.path]
    if request.query_string:
        texts += _flat(request.args)
    if request.method in {"POST", "PUT", "PATCH"}:
        if request.mimetype == "application/json":
            if b"\\u0000" in request.get_data(cache=True):
                texts.append("\0")
        else:
            texts += _flat(request.form)
            texts += [f.filename or "" for f in request.files.values()]
    if any("\0" in text for text in texts):
        return problems.answer(Refused.of(Code.NUL, status=400, who=Helper.YOU))
    if any(_lone_surrogate(text) for text in texts):
        return problems.answer(Refused.of(Code.NUL, status=400, who=Helper.YOU))
    return None


def _flat(values: object) -> list[str]:
    pairs = values.items(multi=True)  # type: ignore[attr-defined]
    return [text for pair in pairs for text in pair]


def _lone_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
