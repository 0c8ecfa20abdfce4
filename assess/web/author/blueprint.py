"""Where do the author's pages hang? One blueprint, to which each file here adds its own."""

from __future__ import annotations

from flask import Blueprint

from assess.roles import Role
from assess.web import access

bp = Blueprint("author", __name__)

LARGEST_KEY = 2**63 - 1  # what both databases take; beyond it there is no such page
KEY = f"int(max={LARGEST_KEY})"
"""The converter of a key in an address."""

readers = access.only(Role.AUTHOR, Role.REVIEWER)
"""Open to whoever works on items: those who write them and those who approve them."""
reviewers = access.only(Role.REVIEWER)
"""Open to reviewers: they alone let a question go live, or send it back."""
writers = access.only(Role.AUTHOR)
"""Open to authors: they alone write and publish."""
