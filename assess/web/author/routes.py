"""Pages for authors and reviewers: banks, items, tests, reports, specifications."""

from __future__ import annotations

from assess.web.author import banks, items, publishing, reports, tests
from assess.web.author.blueprint import bp

__all__ = ["banks", "bp", "items", "publishing", "reports", "tests"]
