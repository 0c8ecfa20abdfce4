"""Which pages are there for the quality team? Importing this module hangs all of them on `bp`."""

from __future__ import annotations

from assess.web.quality import decisions, holds, late, overdue, reviews
from assess.web.quality.blueprint import bp

__all__ = ["bp", "decisions", "holds", "late", "overdue", "reviews"]
