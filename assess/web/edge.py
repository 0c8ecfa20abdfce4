"""What is refused before anything reads it: U+0000 anywhere, and input that is too large."""

from __future__ import annotations

from flask import Request, session
from flask.typing import ResponseReturnValue
from werkzeug.routing import IntegerConverter, Map

from assess.reasons import Code, Helper, Refused
from assess.web import cookies, problems

LARGEST_BODY = 1 << 20  # bytes: no form of ours is near this
LARGEST_OF_STRANGERS = 1 << 16  # of who has not logged in: a name and a password, a receipt
LONGEST_ADDRESS = 4096  # bytes of path and query together
MOST_FIELDS = 1000  # in parts, as with a file
MOST_TYPED = 5000  # in one line: a specification of many quotas; half a million take seconds
TYPED = "application/x-www-form-urlencoded"
LARGEST_NUMBER = 2**63 - 1  # of a row: what both databases can hold


class RowNumber(IntegerConverter):
    """A number in an address that a database can look for; a larger one is not found."""

    def __init__(self, map: Map, max: int = LARGEST_NUMBER) -> None:
        super().__init__(map, max=max)


def check(asked: Request) -> ResponseReturnValue | None:
    """Before each request: refuse what no honest browser sends and no database could store."""
    path, query = asked.path, asked.query_string
    if len(path.encode("utf-8", "surrogatepass")) + len(query) > LONGEST_ADDRESS:
        return problems.answer(Refused.of(Code.TOO_LARGE, status=414, who=Helper.YOU))
    texts = [path]
    if query:
        texts += _flat(asked.args)
    if asked.method in {"POST", "PUT", "PATCH"}:
        if cookies.whose(session) is None:
            asked.max_content_length = LARGEST_OF_STRANGERS
        if asked.mimetype == TYPED and asked.get_data(cache=True).count(b"&") >= MOST_TYPED:
            return problems.answer(Refused.of(Code.TOO_LARGE, status=413, who=Helper.YOU))
        if asked.mimetype == "application/json":
            if b"\\u0000" in asked.get_data(cache=True):
                texts.append("\0")
        else:
            texts += _flat(asked.form)
            texts += [f.filename or "" for f in asked.files.values()]
    for text in texts:
        if "\0" in text or _lone_surrogate(text):
            return problems.answer(Refused.of(Code.NUL, status=400, who=Helper.YOU))
    return None


def _flat(values: object) -> list[str]:
    pairs = values.items(multi=True)  # type: ignore[attr-defined]
    return [text for pair in pairs for text in pair]


def _lone_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
