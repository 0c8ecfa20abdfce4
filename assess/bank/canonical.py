"""What is the fingerprint of a document? SHA-256 over one canonical JSON text of it.

Canonical: keys sorted, no blanks, every character outside ASCII escaped. The escapes make the
digest of any text well defined, even of text that no database would store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def text(document: Mapping[str, object]) -> str:
    """The canonical JSON text of a document of plain JSON types.

    Raises TypeError for anything that is no JSON, ValueError for a number that is not finite.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(document: Mapping[str, object]) -> str:
    """SHA-256 of the canonical text, 64 hexadecimal digits. Raises as `text` does."""
    return hashlib.sha256(text(document).encode("ascii")).hexdigest()
