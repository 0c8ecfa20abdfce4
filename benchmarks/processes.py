"""Servers of a benchmark: gunicorn on a port of this machine, and its processor time."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 120  # seconds for a server to answer


def command(target: str, port: int, workers: int = 2, threads: int = 8, *more: str) -> list[str]:
    """How gunicorn is started, as `assess serve` does it."""
    return [
        sys.executable, "-m", "gunicorn", target, "--bind", f"127.0.0.1:{port}",
        "--workers", str(workers), "--threads", str(threads), "--worker-class", "gthread",
        "--log-level", "critical", "--no-control-socket", *more,
    ]  # fmt: skip


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def gunicorn(
    target: str, env: Mapping[str, str], port: int, workers: int = 2, threads: int = 8
) -> Iterator[int]:
    """The application behind gunicorn, as `assess serve` starts it; gives the process's number."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command(target, port, workers, threads),
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            end = time.monotonic() + PATIENCE
            while not listens(port, process.pid, workers):
                if process.poll() is not None or time.monotonic() > end:
                    said.seek(0)
                    raise SystemExit(f"gunicorn did not start:\n{said.read().decode()}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def listens(port: int, pid: int, workers: int) -> bool:
    """Whether all workers are there and the site answers."""
    if len(children(pid)) < workers:
        return False
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
            one.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return one.recv(12).startswith(b"HTTP/1.1")
    except OSError:
        return False


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended
            found += [int(one) for one in task.read_text().split()]
    return found


def cpu(pid: int) -> float:
    """Seconds of processor time of a process and all its children, those that have ended too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(one) for one in fields[11:15]) / TICK  # user, system, and of ended children
    for child in children(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            own += cpu(child)
    return own


def ran(pid: int) -> float:
    """The same of those that are there still, to the microsecond."""
    own = 0.0
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            own += int(task.read_text().split()[0]) / 1e9
    return own + sum(ran(child) for child in children(pid))
