"""Floods are counted over all hosts in a real Redis; losing it loses nothing that counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import TooManyRequests

from assess.app import create_app
from assess.clock import HeldClock
from assess.settings import Settings
from assess.store import live
from assess.web import limits
from tests.builders import PASSWORD, World
from tests.compiled import once
from tests.conftest import START
from tests.services import Services
from tests.web.candidate_builders import Browser, Player


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no minute of our own counting end in the middle of a test, however slow the machine."""
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 0.0))


@contextmanager
def host(url: str, redis_url: str | None) -> Iterator[Flask]:
    """One application host that counts requests."""
    settings = Settings.for_tests(database_url=url, redis_url=redis_url, floods=True)
    app = once(create_app(settings, HeldClock(START)))
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        yield app
    finally:
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()


@pytest.fixture
def database(services: Services, tmp_path: Path) -> str:
    """A migrated SQLite database."""
    return services.migrated("sqlite", tmp_path)


def device_of(app: Flask, name: str) -> FlaskClient:
    """A browser in which somebody is logged in."""
    client = app.test_client()
    assert client.post("/login", data={"username": name, "password": PASSWORD}).status_code == 302
    return client


def refused_after(app: Flask, at_most: int) -> int:
    """How many log-ins one address may send before it is refused."""
    client = app.test_client()
    for tries in range(at_most):
        answer = client.post("/login", data={"username": f"nobody {tries}"})
        if answer.status_code == 429:
            assert "E-FLOOD" in answer.text
            return tries
    return at_most


def test_two_hosts_count_together_in_redis(database: str, redis_url: str) -> None:
    with host(database, redis_url) as one:
        client = one.test_client()
        for n in range(40):
            assert client.post("/login", data={"username": f"no {n}"}).status_code != 429
    with host(database, redis_url) as two:
        assert refused_after(two, 100) == 20


def test_without_redis_each_process_counts_by_itself(database: str) -> None:
    with host(database, None) as one:
        assert refused_after(one, 100) == 60


def test_a_room_behind_one_address_is_counted_browser_by_browser(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST", 12)
    monkeypatch.setattr(limits, "MOST_OF_ADDRESS", 30)
    with host(database, None) as one:
        for token in ("first", "second"):
            client = one.test_client()
            with client.session_transaction() as session:
                session["_user_id"] = token
            answers = [client.get("/health").status_code for _ in range(13)]
            assert answers.index(429) == 12
        answers = [one.test_client().get("/health").status_code for _ in range(31)]
        assert answers.index(429) == 30


def test_a_room_that_logs_in_at_once_is_not_stopped(built: World) -> None:
    settings = built.app.extensions["assess.settings"]
    with host(settings.database_url, None) as one:
        assert refused_after(one, 59) == 59
        for _ in range(3):
            entered = one.test_client().post(
                "/login", data={"username": "candidate", "password": PASSWORD}
            )
            assert entered.status_code == 302
        assert refused_after(one, 5) == 1


def test_all_devices_of_a_person_are_counted_together(
    built: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST", 12)
    settings = built.app.extensions["assess.settings"]
    with host(settings.database_url, None) as one:
        devices = [device_of(one, "candidate") for _ in range(3)]
        answers = [devices[n % 3].get("/account").status_code for n in range(13)]
        assert answers.index(429) == 12
        assert device_of(one, "candidate.two").get("/account").status_code == 200


def test_in_the_next_minute_everybody_is_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = limits.Counter(2)
    counter.count("ann", 2)
    with pytest.raises(TooManyRequests):
        counter.count("ann")
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 60.0))
    counter.count("ann", 2)


def test_a_right_password_is_looked_at_twenty_times_a_minute(built: World) -> None:
    settings = built.app.extensions["assess.settings"]
    with host(settings.database_url, None) as one:
        told = {"username": "Candidate ", "password": PASSWORD}
        answers = [one.test_client().post("/login", data=told).status_code for _ in range(21)]
        assert answers == [302] * 20 + [429]
        client = device_of(one, "candidate.two")
        changed = {"old": PASSWORD, "new": "short", "again": "short"}
        answers = [client.post("/account/password", data=changed).status_code for _ in range(21)]
        assert answers == [422] * 20 + [429]


def test_answers_of_an_attempt_are_counted_however_they_come(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(player.world.app.extensions, "assess.counter", limits.Counter(100))
    monkeypatch.setitem(player.world.app.extensions, "assess.answers", limits.Counter(6, 3_600))
    assert player.save(1, 0).status_code == 200  # by the short way
    assert player.journal(*((2, n, [0]) for n in range(1, 5))) == ["saved"] * 4
    sent = {"answer": "1", "writer": "1", "sequence": "1"}
    assert player.browser.post(f"/attempts/{player.attempt}/questions/3", sent).status_code == 302
    assert player.save(1, 1, sequence=2).status_code == 429
    told = player.post("journal", token=player.token, writer=1, entries=[])
    assert told.status_code == 429
    # Each of a journal's is a request, too.
    monkeypatch.setitem(player.world.app.extensions, "assess.answers", limits.Counter(100))
    entries = [{"place": 1, "sequence": n, "answer": []} for n in range(2, 102)]
    told = player.post("journal", token=player.token, writer=1, entries=entries)
    assert told.status_code == 429
    # Nobody uses up what another one's attempt has.
    other = Browser(player.world, "candidate.two")
    assert other.post(f"/attempts/{player.attempt}/questions/3", sent).status_code == 404


def test_losing_redis_still_answers(database: str) -> None:
    with host(database, "redis://127.0.0.1:9/0") as one:
        client = one.test_client()
        assert client.get("/login").status_code == 200
        assert client.get("/health").status_code == 200


def test_redis_says_whether_it_takes_counts(redis_url: str) -> None:
    assert live.why_no_answer(redis_url) is None
    assert live.why_no_answer("redis://127.0.0.1:9/0") is not None
    with redis.Redis.from_url(redis_url) as server:
        server.acl_setuser("reader", enabled=True, nopass=True, keys=["*"], categories=["+@read"])
    # As with one that is full: it answers, and counts nothing.
    reads = redis_url.replace("redis://", "redis://reader:any@")
    assert "permissions" in (live.why_no_answer(reads) or "")


def test_checks_of_statements_and_receipts_are_counted_together_by_address(database: str) -> None:
    with host(database, None) as one:
        client = one.test_client()
        pages = ("/verify", "/receipt") * 20
        answers = [client.post(page, data={}).status_code for page in pages]
        assert answers.index(429) == 30
        assert client.get("/verify").status_code == 200


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_of_an_ipv6_address_its_network_is_counted(address: str, counted: str) -> None:
    assert limits.network(address) == counted


def test_another_address_of_the_same_network_is_no_other_guesser(database: str) -> None:
    with host(database, None) as one:
        client = one.test_client()
        answers = [
            client.post(
                "/verify", data={}, environ_base={"REMOTE_ADDR": f"2001:db8:1:2::{n:x}"}
            ).status_code
            for n in range(31)
        ]
        assert answers.index(429) == 30
        other = {"REMOTE_ADDR": "2001:db8:1:3::1"}
        assert client.post("/verify", data={}, environ_base=other).status_code != 429


def test_files_of_statements_are_counted_by_person_on_all_devices(built: World) -> None:
    settings = built.app.extensions["assess.settings"]
    with host(settings.database_url, None) as one:
        asked = "/attempts/999/statement.pdf"
        devices = [device_of(one, "candidate"), device_of(one, "candidate")]
        answers = [devices[n % 2].get(asked) for n in range(11)]
        assert [a.status_code for a in answers] == [404] * 10 + [429]
        assert "E-FLOOD" in answers[-1].text
        assert "Wait a minute, then try again." in answers[-1].text
        assert devices[0].get("/assessments").status_code == 200
        assert device_of(one, "candidate.two").get(asked).status_code == 404
