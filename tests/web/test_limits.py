"""Floods are counted over all hosts in a real Redis; losing it loses nothing that counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from assess.app import create_app
from assess.clock import HeldClock
from assess.settings import Settings
from assess.store import live
from assess.web import limits
from tests.builders import PASSWORD, World
from tests.conftest import START
from tests.services import Services


@contextmanager
def host(url: str, redis_url: str | None) -> Iterator[Flask]:
    """One application host that counts requests."""
    settings = Settings.for_tests(database_url=url, redis_url=redis_url, floods=True)
    app = create_app(settings, HeldClock(START))
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


def refused_after(app: Flask, at_most: int) -> int:
    """How many log-ins one address may send before it is refused."""
    client = app.test_client()
    for tries in range(at_most):
        answer = client.post("/login", data={})
        if answer.status_code == 429:
            assert "E-FLOOD" in answer.text
            return tries
    return at_most


def test_two_hosts_count_together_in_redis(database: str, redis_url: str) -> None:
    with host(database, redis_url) as one:
        client = one.test_client()
        for _ in range(40):
            assert client.post("/login", data={}).status_code != 429
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


def test_losing_redis_still_answers(database: str) -> None:
    with host(database, "redis://127.0.0.1:9/0") as one:
        client = one.test_client()
        assert client.get("/login").status_code == 200
        assert client.get("/health").status_code == 200


def test_redis_says_whether_it_answers(redis_url: str) -> None:
    assert live.why_no_answer(redis_url) is None
    assert live.why_no_answer("redis://127.0.0.1:9/0") is not None


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

        def device(name: str) -> FlaskClient:
            client = one.test_client()
            client.post("/login", data={"username": name, "password": PASSWORD})
            return client

        asked = "/attempts/999/statement.pdf"
        devices = [device("candidate"), device("candidate")]
        answers = [devices[n % 2].get(asked) for n in range(11)]
        assert [a.status_code for a in answers] == [404] * 10 + [429]
        assert "E-FLOOD" in answers[-1].text
        assert "Wait a minute, then try again." in answers[-1].text
        assert devices[0].get("/assessments").status_code == 200
        assert device("candidate.two").get(asked).status_code == 404
