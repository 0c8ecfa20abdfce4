"""`assess serve`: gunicorn and the worker begin together, answer, and end together."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from gunicorn.errors import AppImportError  # type: ignore[import-untyped]

from assess.app import wsgi
from assess.store import migrate
from tests.cli.conftest import Command
from tests.services import wait_until

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def environment(tmp_path: Path, port: int) -> dict[str, str]:
    """The environment of an installation of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ASSESS_")}
    return kept | {
        "ASSESS_INSTANCE": str(tmp_path / "instance"),
        "ASSESS_PORT": str(port),
        "ASSESS_WORKERS": "1",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def serving(
    tmp_path: Path, tables: None
) -> Iterator[tuple[subprocess.Popen[str], int, dict[str, str]]]:
    """`assess serve` on a fresh SQLite database with its tables, once it answers."""
    port = free_port()
    env = environment(tmp_path, port)
    process = subprocess.Popen(
        [sys.executable, "-m", "assess", "serve"],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: answers(port) or process.poll() is not None, "no answer")
    yield process, port, env
    if process.poll() is None:
        process.kill()
    process.communicate()


def answers(port: int) -> bool:
    """Whether the site answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_serve_answers_seals_the_journal_and_ends_both_processes(
    serving: tuple[subprocess.Popen[str], int, dict[str, str]], command: Command
) -> None:
    process, port, env = serving
    assert process.poll() is None, process.communicate()[0]
    add = ("person", "add", "joan", "--name", "Joan", "--role", "administrator")
    assert command(*add).exit_code == 0
    file = Path(env["ASSESS_INSTANCE"]) / "assess.sqlite3"

    def sealed() -> bool:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            entries, seals = connection.execute(
                "SELECT (SELECT count(*) FROM journal_entries), "
                "(SELECT count(*) FROM journal_seals)"
            ).fetchone()
        return bool(entries == seals > 0)

    wait_until(sealed, "the worker sealed nothing")
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert not answers(port)


def test_serve_on_a_taken_port_says_so_and_ends(command: Command) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        done = command("serve", ASSESS_PORT=str(one.getsockname()[1]))
    assert done.exit_code == 1
    assert "in use" in done.stderr
    assert "ASSESS_PORT" in done.stderr


@pytest.mark.parametrize("name", ["serve", "demo"])
def test_gunicorn_is_not_let_leave_who_began_it(command: Command, name: str) -> None:
    done = command(name, GUNICORN_CMD_ARGS="--access-logfile - --daemon")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "GUNICORN_CMD_ARGS must not hold --daemon" in done.stderr


KILLED = """
import sys
from assess.cli import serve
begun = serve.begin([sys.executable, "-c", "print('there', flush=True); input()"])
print(begun.pid, flush=True)
sys.stdin.read()
"""


def test_what_serve_began_ends_also_where_serve_is_killed_outright() -> None:
    """It would hold the port, and the next could not begin."""
    ours = subprocess.Popen(
        [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert ours.stdin is not None
    assert ours.stdout is not None
    said = {ours.stdout.readline().strip() for _ in range(2)}
    pid = int((said - {"there"}).pop())
    ours.kill()
    ours.wait()
    try:
        wait_until(lambda: ended(pid), "it goes on")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        ours.stdin.close()
        ours.stdout.close()


def ended(pid: int) -> bool:
    """Whether a process runs no more; nobody may have asked for its exit code yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2][0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_gunicorn_says_what_is_wrong_with_the_settings_in_sentences() -> None:
    words = ["-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{free_port()}"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ASSESS_")}
    done = subprocess.run(
        [sys.executable, *words, "--no-control-socket"],
        cwd=ROOT,
        env=kept | {"ASSESS_MODE": "production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4  # gunicorn's own: the application cannot be loaded
    assert "\nassess: ASSESS_SEED_KEY must be set in production.\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_gunicorn_starts_on_no_tables_of_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSESS_DATABASE_URL", f"sqlite:///{tmp_path / 'served.sqlite3'}")
    with contextlib.closing(sqlite3.connect(tmp_path / "served.sqlite3")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.commit()
        with pytest.raises(AppImportError, match="run `assess db upgrade`"):
            wsgi()
        connection.execute("UPDATE alembic_version SET version_num = '9000'")
        connection.commit()
        with pytest.raises(AppImportError, match="install that version"):
            wsgi()
    assert migrate.why_not_serve(f"sqlite:///{tmp_path}") is None  # no answer: it may come
