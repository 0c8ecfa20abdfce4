"""The worker whose threads wait themselves: nobody is kept waiting, cut off or forgotten."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assess.cli.serve import WORKER
from tests.services import wait_until

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = """
import os

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/wait":  # until somebody else opens the other end
        with open(os.environ["ASSESS_TEST_PIPE"]) as pipe:
            said = pipe.read().encode()
    elif path == "/exit":
        raise SystemExit
    elif path == "/stop":
        raise KeyboardInterrupt
    else:
        said = path.encode()
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said]
"""

Serve = Callable[..., tuple[int, subprocess.Popen[str]]]
Connect = Callable[[int], socket.socket]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """A function that gives a new connection to a port; all are closed at the end."""
    with contextlib.ExitStack() as made:
        yield lambda port: made.enter_context(socket.create_connection(("127.0.0.1", port)))


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """What `/wait` waits for."""
    os.mkfifo(path := tmp_path / "pipe")
    return path


@pytest.fixture
def serve(tmp_path: Path, pipe: Path) -> Iterator[Serve]:
    """A function that begins gunicorn with so many threads, and gives its port and process."""
    (tmp_path / "tiny.py").write_text(APPLICATION)
    begun: list[subprocess.Popen[str]] = []

    def begin(threads: int, *more: str) -> tuple[int, subprocess.Popen[str]]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        words = [
            "-m", "gunicorn", "tiny:application", "--bind", f"127.0.0.1:{port}",
            "--worker-class", WORKER, "--threads", str(threads), "--no-control-socket", *more,
        ]  # fmt: skip
        path = os.pathsep.join([str(ROOT), str(tmp_path)])
        env = os.environ | {"PYTHONPATH": path, "ASSESS_TEST_PIPE": str(pipe)}
        process = subprocess.Popen(
            [sys.executable, *words],
            env=env,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        begun.append(process)

        def there() -> bool:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                return False
            return True

        wait_until(there, "gunicorn did not begin")
        return port, process

    yield begin
    for process in begun:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def said(one: socket.socket, path: str) -> bytes:
    """What is answered to a request by this connection."""
    one.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    return answer(one)


def answer(one: socket.socket) -> bytes:
    """The next answer, head and body."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += (more := one.recv(1))
        if not more:
            return got
    length = int(got.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while length:
        got += (more := one.recv(length))
        length -= len(more)
    return got


def test_one_thread_serves_many_who_are_silent_slow_or_quick(
    serve: Serve, connect: Connect
) -> None:
    port, _ = serve(1, "--keep-alive", "1")
    silent = [connect(port) for _ in range(20)]
    one = connect(port)
    for path in ("/first", "/second"):  # by the same connection
        assert said(one, path).endswith(path.encode())
    one.sendall(b"GET /third HTTP/1.1\r\nHost: here\r\n\r\nGET /fourth HTTP/1.1\r\n")
    assert answer(one).endswith(b"/third")  # and what was sent with it is not lost
    one.sendall(b"Host: here\r\n\r\n")
    assert answer(one).endswith(b"/fourth")
    # What no application should raise ends a request, not the thread that met it.
    for path in ("/exit", "/stop"):
        said(connect(port), path)
    assert said(silent[0], "/fifth").endswith(b"/fifth")
    assert answer(one) == b""  # the server has ended it, after a second without a request


def test_who_comes_when_all_is_full_gets_the_next_room(serve: Serve, connect: Connect) -> None:
    port, _ = serve(1, "--worker-connections", "3")
    inside = [connect(port) for _ in range(3)]
    late = connect(port)
    late.sendall(b"GET /late HTTP/1.1\r\nHost: here\r\n\r\n")
    for one in inside:
        assert said(one, "/in").endswith(b"/in")
        one.close()
    assert answer(late).endswith(b"/late")


def test_what_is_under_way_is_answered_before_a_worker_stops(
    serve: Serve, connect: Connect, pipe: Path
) -> None:
    port, process = serve(2)
    one, idle = connect(port), connect(port)
    assert said(idle, "/idle").endswith(b"/idle")
    one.sendall(b"GET /wait HTTP/1.1\r\nHost: here\r\n\r\n")
    with pipe.open("w") as other_end:  # opens when the request has come to its thread
        process.send_signal(signal.SIGTERM)
        # A connection that was kept may have a request on its way: it is answered, and told.
        wait_until(lambda: b"\nConnection: close" in said(idle, "/last"), "it goes on")
        idle.close()
        other_end.write("done")
    assert answer(one).endswith(b"done")
    one.close()
    process.communicate(timeout=60)
    assert process.returncode == 0
