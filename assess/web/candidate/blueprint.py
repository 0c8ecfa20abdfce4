"""Where do all pages for candidates hang?"""

from __future__ import annotations

from flask import Blueprint

from assess.web import arranged

bp = Blueprint("candidate", __name__)
arranged.keep(bp)
