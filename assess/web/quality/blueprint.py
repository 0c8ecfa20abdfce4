"""Where do the quality team's pages hang? One blueprint, to which each file here adds its own."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("quality", __name__)
