"""Where do the pages for everybody hang? One blueprint, to which each file here adds its own."""

from __future__ import annotations

from flask import Blueprint

from assess.web import arranged

bp = Blueprint("public", __name__)
arranged.keep(bp)
