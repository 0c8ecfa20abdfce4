"""The short way of a save says what the ordinary way says, and leaves to it all that is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import OperationalError

from assess.actions import centres, people
from assess.actions import saving as deeds
from assess.app import create_app
from assess.roles import Role
from assess.store.base import dispose
from assess.web import limits, shortcut
from tests.builders import World
from tests.compiled import once
from tests.web.candidate_builders import Browser, Player, refused, started

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from assess.actions.saving import Entry, Saved, Sitting


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each request that came was answered by the short way."""
    taken: list[bool] = []
    way = shortcut.saved

    def watched(*told: object) -> object:
        answer = way(*told)  # type: ignore[arg-type]
        taken.append(answer is not None)
        return answer

    monkeypatch.setattr(shortcut, "saved", watched)
    return taken


def whole(answer: TestResponse) -> tuple[int, list[tuple[str, str]], str]:
    """All that a device is told."""
    return answer.status_code, sorted(answer.headers), answer.text


def test_both_ways_tell_a_device_the_same(
    player: Player, short: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_short = player.save(1, 2)
    assert short == [True]
    monkeypatch.setattr(shortcut, "saved", lambda *_: None)
    assert whole(player.save(1, 2)) == whole(by_short)
    assert player.said(player.save(2, 1))["saved"]


ODD: dict[str, tuple[bytes, bytes]] = {  # what is put in the place of what
    "a key twice": (b'"answer"', b'"answer": [3], "answer"'),
    "a key twice, wrong at first": (b'"answer"', b'"answer": "x", "answer"'),
    "a key twice, wrong at last": (b"}", b', "answer": "x"}'),
    "a key escaped": (b'"answer"', b'"\\u0061nswer"'),
    "no number": (b'"place": 1', b'"place": NaN'),
    "a share": (b'"place": 1', b'"place": 1.0'),
    "a power": (b'"place": 1', b'"place": 1e0'),
    "a truth": (b'"place": 1', b'"place": true'),
    "a zero below zero": (b"[1]", b"[-0]"),
    "a zero too many": (b'"place": 1', b'"place": 01'),
    "a huge number": (b'"place": 1', b'"place": ' + b"9" * 5000),
    "half a letter": (b"}", b', "\\ud800": 1}'),
    "no letter": (b"}", b', "\\u0000": 1}'),
    "a byte order mark": (b'{"token', b'\xef\xbb\xbf{"token'),
    "words behind": (b"}", b"} x"),
    "space behind": (b"}", b"} \r\n"),
    "a token of two alphabets": (b"-", b"+"),
    "two of one": (b"[1]", b"[1, 2]"),
    "none": (b"[1]", b"[]"),
}


def test_an_odd_save_is_answered_alike_by_both_ways(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    way, sequence = shortcut.saved, 0
    for name, (plain, odd) in ODD.items():
        told = []
        for short in (True, False):
            monkeypatch.setattr(shortcut, "saved", way if short else lambda *_: None)
            sequence += 1
            good = json.dumps({**player.key(1, sequence), "answer": [1]}).encode()
            answer = player.browser.tell(
                f"/api/attempts/{player.attempt}/answers", good.replace(plain, odd)
            )
            now = player.fetch()["answers"].get("1", {})
            said = answer.text.replace(f'"sequence": {sequence},', "")
            told.append(
                (answer.status_code, said, now.get("sequence") == sequence, now.get("answer"))
            )
        assert told[0] == told[1], name


def test_whatever_is_no_plain_save_goes_by_the_ordinary_way(
    player: Player, short: list[bool]
) -> None:
    good = json.dumps({**player.key(1, 1), "answer": [1]}).encode()
    address = f"/api/attempts/{player.attempt}/answers"
    headers = {"X-CSRFToken": player.browser._token, "Content-Type": "application/json"}
    stranger = Browser(player.world, "candidate.two")
    short.clear()
    others: dict[str, TestResponse] = {
        "forged": player.browser._open(
            address, method="POST", data=good, headers=headers | {"X-CSRFToken": stranger._token}
        ),
        "no token": player.browser._open(
            address, method="POST", data=good, headers={"Content-Type": "application/json"}
        ),
        "named a text": player.browser._open(
            address, method="POST", data=good, headers=headers | {"Content-Type": "text/plain"}
        ),
        "too large": player.browser.tell(address, good + b" " * shortcut.LARGEST),
        "of another": stranger.tell(address, good),
        "of another attempt": player.browser.tell("/api/attempts/999/answers", good),
        "asked": player.browser.get(address),
        "put": player.browser._open(address, method="PUT", data=good, headers=headers),
    }
    assert short == [False] * len(others)
    told = {name: answer.status_code for name, answer in others.items()}
    assert told == {
        "forged": 403, "no token": 403, "named a text": 200, "too large": 200, "of another": 404,
        "of another attempt": 404, "asked": 405, "put": 405,
    }  # fmt: skip


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
def test_whom_no_page_lets_in_saves_nothing_and_learns_nothing(player: Player) -> None:
    world = player.world
    administrator, candidate = world.context("administrator"), world.persons["candidate"]
    assert player.save(1, 1).status_code == 200

    def held(*roles: Role) -> None:
        assert people.set_roles(administrator, candidate, [r.value for r in roles]) is None

    def opened(active: bool) -> None:
        assert centres.change(world.context(), "here", active=active) is None

    held(Role.TUTOR)
    assert refused(player.save(1, 2, sequence=2)) == (403, "E-ROLE")
    assert refused(player.save(1, 1)) == (403, "E-ROLE")
    held(Role.CANDIDATE)
    opened(False)
    assert refused(player.save(1, 2, sequence=2)) == (403, "E-SIGNED-OUT")
    opened(True)
    assert refused(player.save(1, 1)) == (403, "E-SIGNED-OUT")
    again = Player(world, Browser(world, "candidate"), player.attempt)
    assert again.post("takeover").status_code == 200
    assert again.fetch()["answers"] == {"1": {"sequence": 1, "answer": [1]}}


def test_over_https_only_a_page_of_this_host_goes_by_the_short_way(
    player: Player, short: list[bool]
) -> None:
    body = json.dumps({**player.key(1, 1), "answer": [1]}).encode()
    told = {}
    for page in ("", "https://example.org/", "https://localhost.org/", "https://localhost/x"):
        headers = {"X-CSRFToken": player.browser._token, "Content-Type": "application/json"}
        answer = player.browser._open(
            f"/api/attempts/{player.attempt}/answers",
            method="POST",
            data=body,
            headers=headers | {"Referer": page},
            environ_overrides={"wsgi.url_scheme": "https"},
        )
        told[page] = (answer.status_code, short.pop())
    assert list(told.values()) == [(403, False)] * 3 + [(200, True)]


def test_brackets_without_end_are_bad_input(player: Player) -> None:
    answer = player.browser.tell(f"/api/attempts/{player.attempt}/answers", b"[" * 20_000)
    assert refused(answer) == (400, "E-FIELD")


def test_a_device_that_saves_without_end_is_stopped(
    built: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST", 20)
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 0.0))  # no minute ends
    settings = built.app.extensions["assess.settings"]
    app = once(create_app(replace(settings, floods=True), built.clock))
    world = replace(built, app=app)
    browser = Browser(world, "candidate")
    player = Player(world, browser, started(world, browser))
    player.fetch()
    answers = [player.save(1, number % 4, sequence=number) for number in range(1, 22)]
    told = [one.status_code for one in answers]
    saves = told.index(429)
    assert 0 < saves < 20  # the pages before them count too
    assert told == [200] * saves + [429] * (21 - saves)
    assert refused(answers[-1]) == (429, "E-FLOOD")
    with app.app_context():
        dispose()


def test_what_goes_wrong_is_said_as_everywhere_and_the_deed_not_tried_again(
    player: Player, short: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def away(device: Sitting, entry: Entry, *_: object) -> Saved:
        tried.append(entry)
        raise OperationalError("INSERT", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(deeds, "keep", away)
    answer = player.save(1, 1)
    assert refused(answer) == (503, "E-BUSY")
    assert answer.headers["Retry-After"] == "5"
    assert short == [False]
    assert len(tried) == 1
