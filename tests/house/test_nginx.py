"""What does somebody see of the door to the world: nginx, as `deploy/` sets it up?"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from assess.reasons import Code, Helper
from tests.services import wait_until

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
TLS = re.compile(r"^ +ssl_.*\n|^    listen \[::\].*\n", re.MULTILINE)


class Echo(BaseHTTPRequestHandler):
    """An application that says under which address it was asked."""

    def do_GET(self) -> None:
        """The address as the headers have it."""
        body = f"{self.headers['Host']} {self.headers['X-Forwarded-Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """Whoever comes by a socket has none."""
        return ""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def door(folder: Path) -> Iterator[str]:
    """The address of nginx with the file of `deploy/`, but for certificate, ports and folders."""
    conf = TLS.sub("", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))
    for there, here in (
        ("/run/assess", str(folder)),
        ("/opt/assess", str(ROOT)),
        ("listen 443 ssl http2;", f"listen unix:{folder}/door.sock;"),
        ("listen 80;", f"listen unix:{folder}/plain.sock;"),
    ):
        assert there in conf
        conf = conf.replace(there, here)
    held = folder / "nginx.conf"
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    head = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;"
    held.write_text(f"{head} events {{}} http {{ access_log off; {places}\n{conf} }}")
    assert NGINX is not None
    process = subprocess.Popen([NGINX, "-p", folder, "-e", folder / "log", "-c", held])
    try:
        wait_until(lambda: (folder / "door.sock").exists(), "nginx does not listen")
        yield str(folder / "door.sock")
    finally:
        process.terminate()
        process.wait()


class Asking(http.client.HTTPConnection):
    """A connection to a socket of this machine."""

    def __init__(self, path: str) -> None:
        super().__init__("assess.example.org:8443")
        self._path = path

    def connect(self) -> None:
        """To the socket, whatever the name."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def ask(door: str, path: str, body: bytes | None = None) -> tuple[int, str, str]:
    """Status, kind and text of an answer."""
    line = Asking(door)
    line.request("GET" if body is None else "POST", path, body)
    answer = line.getresponse()
    said = answer.status, answer.headers["Content-Type"], answer.read().decode()
    line.close()
    return said


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_says_in_our_words_what_it_says_alone_and_keeps_the_port(tmp_path: Path) -> None:
    with door(tmp_path) as way:
        for path, kind in (("/", "text/html"), ("/api/x", "application/problem+json")):
            status, said_as, text = ask(way, path)
            assert (status, said_as.partition(";")[0]) == (503, kind)
            assert "E-BUSY" in text
            status, said_as, text = ask(way, path, b"x" * (1 << 20) + b"x")
            assert (status, said_as.partition(";")[0]) == (413, kind)
            assert "E-TOO-LARGE" in text
        assert ask(way, "/static/app.css")[0] == 503
        with socketserver.UnixStreamServer(str(tmp_path / "web.sock"), Echo) as application:
            threading.Thread(target=application.serve_forever, daemon=True).start()
            named = "assess.example.org:8443"
            assert ask(way, "/")[2] == ask(way, "/api/x")[2] == f"{named} {named}"
            assert ask(way, "/busy.html")[0] == 404  # nobody asks for it by its address
            application.shutdown()


@pytest.mark.parametrize(("name", "code"), [("busy", Code.BUSY), ("too-large", Code.TOO_LARGE)])
def test_what_nginx_says_alone_is_a_refusal_like_every_other(name: str, code: Code) -> None:
    told = json.loads((DEPLOY / "pages" / f"{name}.json").read_text(encoding="utf-8"))
    (reason,) = told["reasons"]
    assert told["code"] == reason["code"] == code.value
    assert set(reason) == {"code", "what", "do", "who", "until"}
    assert reason["who"] in set(Helper)
    page = (DEPLOY / "pages" / f"{name}.html").read_text(encoding="utf-8")
    assert f'data-code="{code.value}"' in page
    assert told["title"] in page
