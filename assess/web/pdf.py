"""How does a page become a PDF file, and what is missing where it cannot?

WeasyPrint draws with Pango, which is a library of the system and no Python package. It is imported
when the first PDF is asked for: it takes seconds and memory that no other page should pay for.
"""

from __future__ import annotations

import ctypes
from functools import cache

LIBRARIES = (
    "libgobject-2.0.so.0",
    "libpango-1.0.so.0",
    "libpangoft2-1.0.so.0",
    "libfontconfig.so.1",
)
MISSING = (
    "PDF files need Pango: install it (Debian, Ubuntu: "
    "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-liberation)."
)
VARIANT = "pdf/ua-1"  # ISO 14289-1: tagged, with a language and a title, for screen readers


@cache
def why_not() -> str | None:
    """What to install before a PDF can be made here; None when nothing is missing."""
    for name in LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            return MISSING
    return None


def of(html: str) -> bytes:
    """A whole document of HTML, its style within it, as a tagged PDF file.

    Nothing is fetched: a document may name no address but those that hold their own content.
    Raises RuntimeError where `why_not` says what is missing.
    """
    if (missing := why_not()) is not None:
        raise RuntimeError(missing)
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    nothing = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    made: bytes = HTML(string=html, url_fetcher=nothing).write_pdf(pdf_variant=VARIANT)
    return made
