"""Where do the tutor's pages hang? One blueprint, to which each file here adds its own."""

from __future__ import annotations

from flask import Blueprint

from assess.roles import Role
from assess.web import access

bp = Blueprint("tutor", __name__)

tutors = access.only(Role.TUTOR)
"""Open to tutors; whose tutor they are is asked of each candidate."""
