"""Which addresses has the API? Importing this module hangs all of them on `bp`."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app

from assess.reasons import Code, Helper, Refused
from assess.web import access
from assess.web.api import saving, shapes, sitting
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
    app.spec_processor(_described)
    access.anyone(app.view_functions["openapi.spec"])

    def shape(error: HTTPError) -> Response:
        """What was sent has another shape: which fields are wrong, never what stood there."""
        fields: dict[str, Any] = error.detail.get("json", {}) if error.detail else {}
        refused = Refused.of(Code.FIELD, status=422, who=Helper.YOU)
        return refuse(refused, fields=sorted(fields)[:MOST_FIELDS])

    # By `error_processor` it would answer for pages too: an unknown address of ours is a 404.
    app.error_callback = shape


def _described(told: dict[Any, Any] | str) -> dict[Any, Any] | str:
    """The description with what its library does not know: refusals, and what a request bears."""
    assert isinstance(told, dict)  # noqa: S101 - YAML is not asked for
    parts = told["components"]
    problem = shapes.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
    parts["securitySchemes"] = {
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": current_app.config["SESSION_COOKIE_NAME"],
        },
        "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
    }
    for methods in told["paths"].values():
        for method, operation in methods.items():
            operation["security"] = [{"session": []} | ({"csrf": []} if method == "post" else {})]
    return told
