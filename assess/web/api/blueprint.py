"""What all addresses of the API share: the blueprint, and refusals as problem+json."""

from __future__ import annotations

import json

from apiflask import APIBlueprint
from flask import Response, make_response

from assess.reasons import Refused
from assess.web import problems

bp = APIBlueprint("api", __name__, url_prefix="/api", tag="Player")

PROBLEM = "Refused, as problem+json: its code, and every reason with what to do."
REFUSALS = dict.fromkeys((403, 404, 409, 422, 423), PROBLEM)


def refuse(refused: Refused, **more: object) -> Response:
    """A refusal with its status; `more` stands in the document beside its reasons."""
    return make_response(problems.document(refused, **more))


def plain(content: dict[str, object]) -> Response:
    """An answer that is known to have its shape: it is not looked over once more."""
    return Response(json.dumps(content), content_type="application/json")
