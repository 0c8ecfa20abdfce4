"""Pages for authors and reviewers: banks, items, tests, reports, specifications."""

from __future__ import annotations

from assess.web.author import (
    banks,
    bringing_in,
    draws,
    editing,
    fairness,
    foretelling,
    items,
    publishing,
    reports,
    reviewing,
    taking_out,
    tests,
)
from assess.web.author.blueprint import bp

__all__ = [
    "banks",
    "bp",
    "bringing_in",
    "draws",
    "editing",
    "fairness",
    "foretelling",
    "items",
    "publishing",
    "reports",
    "reviewing",
    "taking_out",
    "tests",
]
