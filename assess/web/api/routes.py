"""Which addresses has the API? Importing this module hangs all of them on `bp`."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response

from assess.reasons import Code, Helper, Refused
from assess.web import access
from assess.web.api import saving, sitting
from assess.web.api.blueprint import bp, refuse

__all__ = ["bp", "register", "saving", "sitting"]

SPECIFICATION = "/api/openapi.json"
MOST_FIELDS = 20  # named in an answer


def register(app: APIFlask) -> None:
    """Describe the API, and answer what has another shape in ours."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        VALIDATION_ERROR_STATUS_CODE=422,
    )
    app.register_blueprint(bp)
    access.anyone(app.view_functions["openapi.spec"])

    def shape(error: HTTPError) -> Response:
        """What was sent has another shape: which fields are wrong, never what stood there."""
        fields: dict[str, Any] = error.detail.get("json", {}) if error.detail else {}
        refused = Refused.of(Code.FIELD, status=422, who=Helper.YOU)
        return refuse(refused, fields=sorted(fields)[:MOST_FIELDS])

    # By `error_processor` it would answer for pages too: an unknown address of ours is a 404.
    app.error_callback = shape
