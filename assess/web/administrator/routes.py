"""Which pages are there for administrators? Importing this hangs all of them on `bp`."""

from __future__ import annotations

from assess.web.administrator import (
    arrangements,
    bringing_in,
    centre,
    people,
    programmes,
    registrations,
    roles,
    statements,
)
from assess.web.administrator.blueprint import bp

__all__ = ["arrangements", "bp", "bringing_in", "centre", "people", "programmes"]
__all__ += ["registrations", "roles", "statements"]
