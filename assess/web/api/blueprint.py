"""What all addresses of the API share: the blueprint, and refusals as problem+json."""

from __future__ import annotations

import json
from typing import Any

from apiflask import APIBlueprint
from flask import Response, make_response

from assess.reasons import Refused
from assess.web import problems

bp = APIBlueprint("api", __name__, url_prefix="/api", tag="Player")

PROBLEM: dict[str, Any] = {
    "description": "Refused, as problem+json: its code, and every reason with what to do.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
REFUSALS: dict[int | str, dict[str, Any]] = dict.fromkeys(
    (400, 403, 404, 409, 413, 415, 422, 429, 500, 503), PROBLEM
)
"""With what statuses every address may refuse, and how that looks; see `shapes.Problem`."""


def refuse(refused: Refused, **more: object) -> Response:
    """A refusal with its status; `more` stands in the document beside its reasons."""
    return make_response(problems.document(refused, **more))


def plain(content: dict[str, object]) -> Response:
    """An answer that is known to have its shape: it is not looked over once more."""
    return Response(json.dumps(content), content_type="application/json")
