"""What every answer carries, pages and error pages alike, and what the edge refuses."""

from __future__ import annotations

import gzip
import re
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidChunkSize  # type: ignore[import-untyped]
from werkzeug.test import TestResponse

from assess.clock import HeldClock
from assess.settings import Settings
from tests.builders import PASSWORD, World
from tests.compiled import once
from tests.web.candidate_builders import Browser, started

NONCE = re.compile(r"script-src 'nonce-([A-Za-z0-9_-]{43})' 'strict-dynamic'")


def held(answer: TestResponse) -> None:
    """Hold an answer to the headers of every page."""
    policy = answer.headers["Content-Security-Policy"]
    assert NONCE.search(policy), policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]


def test_every_page_and_every_error_page_carries_the_headers(built: World) -> None:
    client = built.client("candidate")
    addresses = ["/", "/login", "/account", "/assessments", "/accessibility", "/health"]
    wrong = ["/nowhere", "/people", "/tests/999/start", "/attempts/1/questions/1?a=%00"]
    for address in (*addresses, *wrong):
        held(client.get(address))
    held(client.delete("/login"))
    held(client.get("/" + "a" * 5000))


def test_every_script_and_style_in_a_page_carries_the_nonce_of_its_own_answer(
    built: World,
) -> None:
    client = built.client("candidate")
    nonces = set()
    for address in ("/assessments", "/account", "/nowhere"):
        answer = client.get(address)
        found = NONCE.search(answer.headers["Content-Security-Policy"])
        assert found is not None
        nonces.add(found[1])
        for tag in re.findall(r"<(?:script|style)\b[^>]*>", answer.text):
            assert f'nonce="{found[1]}"' in tag, tag
        assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:", answer.text)
    assert len(nonces) == 3


def test_files_may_be_kept_for_ever_for_their_address_names_their_content(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/login").text
    address = re.search(r'href="(/static/vendor/assess\.css\?v=[0-9a-f]{12})"', page)
    assert address is not None
    with client.get(address[1]) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # A page of another version names what that version had under this address.
    for other in (f"{address[1][:-12]}{'0' * 12}", address[1].partition("?")[0]):
        with client.get(other) as answer:
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


FILE = re.compile(r"/static/[^\s\"']+\?v=[0-9a-f]{12}")
PACKED = {"Accept-Encoding": "gzip"}


def test_files_travel_packed_and_a_script_with_what_it_imports(built: World) -> None:
    browser = Browser(built, "candidate")
    page = browser.get(f"/attempts/{started(built, browser)}/questions/1").text
    client = built.app.test_client()
    for address in sorted(set(FILE.findall(page))):
        with client.get(address, headers=PACKED) as packed, client.get(address) as plain:
            assert packed.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(packed.data) == plain.data
            assert all("Accept-Encoding" in one.headers["Vary"] for one in (packed, plain))
            assert packed.mimetype == plain.mimetype
            again = {**PACKED, "If-None-Match": packed.headers["ETag"]}
            assert client.get(address, headers=again).status_code == 304
            if plain.mimetype == "text/javascript":
                text = plain.get_data(as_text=True)
                assert not re.search(r"^(import|export)\b", text, re.MULTILINE)
                assert all(f"module_{n} = (" in text for n in ("clock", "journal", "view"))


def test_only_pages_that_repeat_nothing_travel_packed_and_no_secret_stands_in_two_alike(
    built: World,
) -> None:
    """Held to: no word of an address in a packed page, no token of a packed page in another."""
    browser = Browser(built, "candidate")
    ways = ["/assessments", f"/tests/{built.test}/start"]
    attempt = started(built, browser)
    question = f"/attempts/0{attempt}/questions/01"
    for address in (*ways, question, f"/api/attempts/{attempt}/form"):
        texts = []
        for _ in range(2):
            answer = browser.get(f"{address}?guess=kiwi", headers=PACKED)
            if answer.status_code != 200:  # the test has been started
                continue
            assert answer.headers["Content-Encoding"] == "gzip"
            assert {"Accept-Encoding", "Cookie"} <= {v.strip() for v in answer.vary}
            texts.append(gzip.decompress(answer.data).decode())
            assert "kiwi" not in texts[-1]
            assert f"/0{attempt}" not in texts[-1]
        tokens = [set(re.findall(r'(?:csrf_token" value|"token"): ?="?([^"]+)"', t)) for t in texts]
        assert not set.intersection(*tokens) if tokens else True
    for address in ("/account", "/login?next=/kiwi", "/programmes/1/progress"):
        assert "Content-Encoding" not in browser.get(address, headers=PACKED).headers


@pytest.mark.parametrize("method", ["get", "post"])
def test_u_0000_is_refused_wherever_it_stands(built: World, method: str) -> None:
    client = built.client("administrator")
    send = getattr(client, method)
    for answer in (
        send("/people?words=a%00b"),
        send("/people/new", query_string={"x": "\0"}),
        client.post("/people/new", data={"name": "A\0B"}),
        client.post("/people/new", data={"na\0me": "AB"}),
    ):
        assert answer.status_code == 400
        assert 'data-code="E-NUL"' in answer.text
        held(answer)


def test_what_is_too_large_is_refused_at_the_edge(built: World) -> None:
    client = built.client("administrator")
    too_long = client.post("/people/new", data={"name": "a" * (1 << 20)})
    assert too_long.status_code == 413
    assert "E-TOO-LARGE" in too_long.text
    held(too_long)
    too_many = client.post("/people/new", data={f"f{n}": "x" for n in range(5001)})
    assert too_many.status_code == 413
    assert client.post("/people/new", data={f"f{n}": "x" for n in range(5000)}).status_code == 422
    stranger = built.app.test_client()
    for path in ("/login", "/verify", "/receipt"):
        assert stranger.post(path, data={"name": "a" * (1 << 16)}).status_code == 413
        assert stranger.post(path, data={"name": "a" * 60_000}).status_code != 413
    address = client.get("/people?words=" + "a" * 5000)
    assert address.status_code == 414
    number = client.get("/people/99999999999999999999")
    assert number.status_code == 404


def test_a_form_without_its_token_is_refused_and_does_nothing(built: World) -> None:
    client = built.client("administrator")
    built.app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/people/new", data={"name": "N", "username": "n", "roles": "tutor"})
    assert answer.status_code == 403
    assert 'data-code="E-CSRF"' in answer.text
    assert "N</td>" not in client.get("/people").text


def test_the_head_of_a_page_is_asked_for_and_no_deed_is_done(built: World) -> None:
    client = built.client("administrator")
    built.app.config["WTF_CSRF_ENABLED"] = True
    new = {"name": "N", "username": "n", "roles": "tutor"}
    answer = client.head("/people/new", data=new)
    assert (answer.status_code, answer.data) == (200, b"")
    assert "N</td>" not in client.get("/people").text
    stranger = built.app.test_client()
    assert stranger.head("/people").status_code == stranger.get("/people").status_code == 302
    assert stranger.head("/login").status_code == 200, "no failed log-in"


def test_a_refusal_to_a_machine_is_problem_json_with_code_and_reasons(built: World) -> None:
    client = built.client("candidate")
    answer = client.get("/people", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    document = answer.get_json()
    assert document["code"] == "E-ROLE"
    assert document["reasons"][0]["what"]
    held(answer)


def test_an_unexpected_error_says_nothing_of_itself(
    built: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assess.web.public import routes

    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("the secret is forty-two")

    client = built.client("candidate")
    monkeypatch.setattr(routes, "render_template", broken)
    answer = client.get("/accessibility")
    assert answer.status_code == 500
    assert "E-BROKEN" in answer.text
    assert "forty-two" not in answer.text
    assert "Traceback" not in answer.text
    held(answer)


def test_cookies_are_closed_to_scripts_and_in_production_to_plain_http(
    built: World, app: Flask, clock: HeldClock
) -> None:
    cookie = log_in(built.app.test_client(), built.app)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    from assess.app import create_app

    settings = app.extensions["assess.settings"]
    production = Settings.for_tests(
        database_url=settings.database_url, public_origin="https://assess.example"
    )
    secure = once(create_app(production, clock))
    client = secure.test_client()
    cookie = log_in(client, secure)
    assert cookie.startswith("__Host-assess=")
    assert "Secure" in cookie
    assert "max-age" in client.get("/login").headers["Strict-Transport-Security"]
    with secure.app_context():
        for engine in secure.extensions["sqlalchemy"].engines.values():
            engine.dispose()


def log_in(client: FlaskClient, app: Flask) -> str:
    """Log in and give the cookie that was set."""
    app.config["WTF_CSRF_ENABLED"] = False
    answer = client.post(
        "/login",
        data={"username": "candidate", "password": PASSWORD},
        base_url="https://localhost",
    )
    assert answer.status_code == 302
    return answer.headers["Set-Cookie"]


def test_a_range_that_nothing_is_in_is_the_askers_mistake(app: Flask) -> None:
    for wanted in ("bytes=0-0,2-2", "bytes=999999-"):
        answer = app.test_client().get("/static/mark.svg", headers={"Range": wanted})
        assert answer.status_code == 416


class Torn(BytesIO):
    """A body in chunks of which the first is none, as gunicorn gives it to us."""

    def readinto(self, _: object) -> int:
        """Nothing."""
        raise InvalidChunkSize(b"zz")


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_in_chunks_that_are_none_is_bad_input(app: Flask, kind: str) -> None:
    answer = app.test_client().post(
        "/login",
        input_stream=Torn(),
        content_type=kind,
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 400
    held(answer)
