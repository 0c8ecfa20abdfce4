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


class Player:
    """A device that plays an attempt through the API."""

    def __init__(self, world: World, browser: Browser, attempt: int) -> None:
        self.world, self.browser, self.attempt = world, browser, attempt
        self.token, self.writer = "", 1

    def fetch(self) -> dict[str, Any]:
        """The form; its token is the device's from now on."""
        form: dict[str, Any] = self.said(self.get("form"))
        self.token, self.writer = form["token"], form["writer"]
        return form

    def get(self, what: str) -> TestResponse:
        """Ask."""
        return self.browser.get(f"/api/attempts/{self.attempt}/{what}")

    def post(self, what: str, **body: object) -> TestResponse:
        """Tell."""
        return self.browser.tell(f"/api/attempts/{self.attempt}/{what}", body)

    def save(self, place: int, *answer: int, sequence: int = 1, **more: object) -> TestResponse:
        """Save an answer."""
        return self.post("answers", **{**self.key(place, sequence), "answer": list(answer), **more})

    def key(self, place: int, sequence: int) -> dict[str, object]:
        """What names a save."""
        device = {"token": self.token, "writer": self.writer}
        return {**device, "place": place, "sequence": sequence}

    def journal(self, *entries: tuple[int, int, list[int]]) -> list[str]:
        """Bring a journal; what became of each entry."""
        sent = [{"place": p, "sequence": s, "answer": a} for p, s, a in entries]
        told = self.post("journal", token=self.token, writer=self.writer, entries=sent)
        return [one["outcome"] for one in self.said(told)["outcomes"]]

    @staticmethod
    def said(answer: TestResponse) -> Any:
        """What a good answer says."""
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text)


def refused(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert answer.mimetype == "application/problem+json", answer.text
    return answer.status_code, json.loads(answer.text)["code"]


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
