"""What does somebody hold who shows a receipt: its code, and the line that the code is the hash of?

The code is the SHA-256 of one line of canonical JSON that names the attempt, the fingerprint of its
form, the fingerprint of its answers, and the moment of closing (`docs/receipts.md`). Anybody can
compute it; whether the record still says the same only the record can tell.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from assess.reasons import Code, Helper, Reason, Value

LONGEST = 4_000  # characters: a file of a receipt has about 600
CODE = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """A receipt as it was shown: its code is the hash of its line, which names this attempt."""

    code: str
    line: str
    attempt: int


def read(text: str, code: str = "") -> Claim | tuple[Reason, ...]:
    """The receipt in what was pasted: the whole file, or its line with the code typed beside it.

    Otherwise the reasons: E-FIELD where something is missing or too long, E-RECEIPT where the text
    is no receipt (`unreadable`) or its code is not the hash of its line (`hash`).
    """
    text, code = text.strip(), "".join(code.split()).lower()
    if not text:
        return (Reason(Code.FIELD, {"field": "receipt", "what": "empty"}, who=Helper.YOU),)
    if len(text) > LONGEST:
        long: dict[str, Value] = {"field": "receipt", "what": "long", "allowed": LONGEST}
        return (Reason(Code.FIELD, long, who=Helper.YOU),)
    document = _object(text)
    line = text
    if document is not None and isinstance(document.get("line"), str):
        line = str(document["line"])
        code = code or str(document.get("receipt", "")).lower()
        document = _object(line)
    number = None if document is None else document.get("attempt")
    if type(number) is not int or not 0 < number < 1 << 63:
        return (Reason(Code.RECEIPT, {"field": "receipt", "what": "unreadable"}, who=Helper.YOU),)
    if not CODE.fullmatch(code):
        return (Reason(Code.RECEIPT, {"field": "code", "what": "code"}, who=Helper.YOU),)
    if digest(line) != code:
        return (Reason(Code.RECEIPT, {"field": "receipt", "what": "hash"}, who=Helper.YOU),)
    return Claim(code, line, number)


def digest(line: str) -> str:
    """The code of a line: SHA-256 of its bytes in UTF-8, hexadecimal."""
    return hashlib.sha256(line.encode(errors="surrogatepass")).hexdigest()


def _object(text: str) -> dict[str, object] | None:
    """The JSON object that a text is; None for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
