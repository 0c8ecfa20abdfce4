"""Where do the administrator's pages hang? One blueprint, to which each file here adds its own."""

from __future__ import annotations

from flask import Blueprint

from assess.roles import Role
from assess.web import access

bp = Blueprint("administrator", __name__)

administrators = access.only(Role.ADMINISTRATOR)
"""Open to administrators, who look after the people and programmes of their centre."""
