"""A candidate's browser without a screen: cookies, the form token, forms and JSON."""

from __future__ import annotations

import json
import re
from contextvars import Context
from typing import TYPE_CHECKING, Any

from assess import store
from assess.store import attempts, banks
from tests.builders import PASSWORD, World

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from assess.bank.items import Content

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
JSON = {"Accept": "application/json"}


class Browser:
    """Somebody at the pages. Each request runs in a context of its own, as on a server."""

    def __init__(self, world: World, who: str | None) -> None:
        self._client = world.app.test_client()
        self._token = ""
        if who is not None:
            self._token = self.token_of("/login")
            answer = self.post("/login", {"username": who, "password": PASSWORD})
            assert answer.status_code == 302, answer.text
            self._token = self.token_of("/assessments")

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open an address."""
        return self._open(path, method="GET", **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form with its token."""
        form = {"csrf_token": self._token} | (data or {})
        return self._open(path, method="POST", data=form, **more)

    def send(self, path: str, data: dict[str, Any]) -> TestResponse:
        """Send what the page's script sends: no token in the body, JSON asked for."""
        headers = JSON | {"X-CSRFToken": self._token}
        return self._open(path, method="POST", data=data, headers=headers)

    def tell(self, path: str, body: dict[str, Any] | bytes) -> TestResponse:
        """Send JSON with the session's token, as the player does; bytes as they are."""
        headers = {"X-CSRFToken": self._token, "Content-Type": "application/json"}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._open(path, method="POST", data=data, headers=headers)

    def token_of(self, path: str) -> str:
        """The token in the forms of a page."""
        found = TOKEN.search(self.get(path).text)
        return found.group(1) if found else ""

    def _open(self, path: str, **how: Any) -> TestResponse:
        answer: TestResponse = Context().run(lambda: self._client.open(path, **how))
        return answer


def started(world: World, browser: Browser, who: str = "candidate") -> int:
    """Clear the way for a candidate and start through the pages; the attempt's number."""
    world.make_ready(who)
    answer = browser.post(f"/tests/{world.test}/attempts", {"affirmed": "yes"})
    assert answer.status_code == 302, answer.text
    found = re.fullmatch(r"/attempts/(\d+)/questions/1", answer.location)
    assert found is not None, answer.location
    return int(found.group(1))


def field(page: str, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found.group(1)


def checked(page: str) -> list[str]:
    """The values of the options that are chosen on a page."""
    boxes = re.findall(r'<input class="govuk-(?:radios|checkboxes)__input"[^>]*>', page)
    values = [(re.search(r'value="([^"]*)"', box), " checked" in box) for box in boxes]
    return [found.group(1) for found, ticked in values if found and ticked]


def contents(attempt: int) -> list[Content]:
    """What the questions of an attempt really hold, in order of place."""
    with store.read() as session:
        row = session.get_one(attempts.Attempt, attempt)
        held = banks.contents(session, [q.version for q in row.drawn()])
        return [held[q.version] for q in row.drawn()]


def right(attempt: int, place: int) -> list[str]:
    """The shown positions of the right answer at a place."""
    with store.read() as session:
        drawn = session.get_one(attempts.Attempt, attempt).drawn()[place - 1]
        key = banks.contents(session, [drawn.version])[drawn.version].key
    return [str(drawn.order.index(own) if drawn.order else own) for own in key]


def codes(page: str) -> set[str]:
    """The message codes on a page."""
    return set(re.findall(r'data-code="([^"]+)"', page))
