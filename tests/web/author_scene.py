"""An author's browser without a screen, in the small world."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from werkzeug.datastructures import MultiDict

from tests.builders import World

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

ONE, TWO = "award/U1/1", "award/U1/2"


@pytest.fixture
def author(built: World) -> FlaskClient:
    """A browser of the author here."""
    return built.client("author")


def form(**changes: str | list[str] | None) -> MultiDict[str, str]:
    """What a browser sends for `T1` as it is; a change to None leaves the field out.

    The quotas are `count1`, `minimum1`, `count2`, `minimum2`.
    """
    values: dict[str, str | list[str] | None] = {
        "title": "First test",
        "programme": "Small award",
        "minutes": "30",
        "cut": "3",
        "attempts": "3",
        "cool_down_hours": "48",
        "approval": "yes",
        "approval_days": "14",
        "feedback": "wrong",
        "feedback_reason": "",
        "shuffle_questions": "yes",
        f"count:{ONE}": "2",
        f"minimum:{ONE}": "1",
        f"count:{TWO}": "2",
        f"minimum:{TWO}": "1",
    }
    short = {"count1": f"count:{ONE}", "minimum1": f"minimum:{ONE}"}
    short |= {"count2": f"count:{TWO}", "minimum2": f"minimum:{TWO}"}
    values |= {short.get(name, name): value for name, value in changes.items()}
    sent: MultiDict[str, str] = MultiDict()
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                sent.add(name, one)
    return sent


def publish(client: FlaskClient, here: World, **changes: str | list[str] | None) -> TestResponse:
    """Send the form of `T1` with changes."""
    return client.post(f"/tests/{here.test}/specification", data=form(**changes))


def said(page: TestResponse) -> str:
    """The words of a page without its tags, white space made single."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def codes(page: TestResponse) -> dict[str, str]:
    """What the error summary names: the field's id and the code of its reason."""
    summary = page.text.partition("govuk-error-summary__list")[2].partition("</ul>")[0]
    return dict(re.findall(r'href="#([^"]*)"\s*data-code="([^"]*)"', summary))
