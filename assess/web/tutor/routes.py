"""Which pages are there for tutors? Importing this module hangs all of them on `bp`."""

from __future__ import annotations

from assess.web.tutor import candidates, decisions, messages, readiness
from assess.web.tutor.blueprint import bp

__all__ = ["bp", "candidates", "decisions", "messages", "readiness"]
