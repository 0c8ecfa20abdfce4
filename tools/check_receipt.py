"""Is the code of a receipt the fingerprint of its line? `python tools/check_receipt.py FILE`.

The standard library is enough, and nothing is asked of any server. Whether the record still holds
what the receipt stands for is asked on the page "Check a receipt". The file: docs/receipts.md.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path


def problem(document: object) -> str | None:
    """What is wrong with a receipt; None when its code is the SHA-256 of its line."""
    if not isinstance(document, dict) or document.get("schema") != "receipt/1":
        return "not a receipt of the schema receipt/1"
    line, code = document.get("line"), document.get("receipt")
    if not isinstance(line, str) or not isinstance(code, str):
        return "line or receipt is missing"
    found = hashlib.sha256(line.encode()).hexdigest()
    if found != code:
        return f"the SHA-256 of the line is {found}, and not the receipt"
    if json.loads(line) != document.get("parts"):
        return "the parts are not those of the line"
    return None


def main(arguments: list[str]) -> int:
    """Check one file. The exit is 0 when the receipt is good, 1 when not, 2 for wrong use."""
    if len(arguments) != 1:
        print("usage: python tools/check_receipt.py FILE", file=sys.stderr)
        return 2
    try:
        document = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"{arguments[0]}: cannot be read: {error}", file=sys.stderr)
        return 2
    found = problem(document)
    print("The receipt is good." if found is None else f"Not good: {found}.")
    return 0 if found is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
