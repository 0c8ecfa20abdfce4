"""`assess serve` and `assess worker`: gunicorn and the worker, begun and ended together."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

import click

from assess.cli import shell
from assess.cli.shell import Shell
from assess.settings import Settings

LOOK_EVERY = 0.2  # seconds between two looks at the two processes
PATIENCE = 35  # seconds for a process to end by itself: more than gunicorn's own 30
PR_SET_PDEATHSIG = 1  # linux/prctl.h


@click.command()
@click.pass_obj
def serve(obj: Shell) -> None:
    """Serve the site with gunicorn, and run one worker beside it.

    Address, port and numbers: ASSESS_HOST, ASSESS_PORT, ASSESS_WORKERS, ASSESS_THREADS.
    """
    see_to_gunicorn(os.environ.get("GUNICORN_CMD_ARGS", ""))
    see_to_port(obj.settings)
    with obj.app():
        pass  # the tables are there, or the command has ended
    sys.exit(together(obj.settings))


@click.command()
@click.pass_obj
def worker(obj: Shell) -> None:
    """Do what nobody watches: seal the journal, close what is over, send mails, back up."""
    with obj.app() as app:
        obj.worker(app)


def see_to_gunicorn(arguments: str) -> None:
    """End the command where gunicorn is told to leave us: a site would stay that no worker serves.

    All else in its own variable is the operator's; what we say on its command line stands above it.
    """
    if {"-D", "--daemon"} & set(arguments.split()):
        shell.fail("GUNICORN_CMD_ARGS must not hold --daemon: `assess serve` ends what it began.")


def see_to_port(settings: Settings) -> None:
    """End the command at once when the address is taken: gunicorn would try for long."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((settings.host, settings.port))
        except OSError as error:
            shell.fail(
                f"cannot listen at {settings.listening}: {error.strerror}. "
                "Look at ASSESS_HOST and ASSESS_PORT."
            )


def together(settings: Settings) -> int:
    """Run gunicorn and one worker until either ends or somebody says stop; the exit code."""
    ours = [sys.executable, "-m", "assess"]
    commands = (
        [
            sys.executable,
            "-m",
            "gunicorn",
            "assess.app:wsgi()",
            "--bind",
            settings.listening,
            "--workers",
            str(settings.workers),
            "--threads",
            str(settings.threads),
            "--worker-class",
            "gthread",
            "--log-level",
            "warning",
            # It would write into the home of whoever runs it, and nobody speaks to it.
            "--no-control-socket",
        ],
        [*ours, "worker"],
    )
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup leaves it
        signal.signal(signal.SIGHUP, stop)
    running = [begin(command) for command in commands]
    click.echo(f"Serving at http://{settings.listening} (stop with Ctrl-C)")
    while not stopping and all(p.poll() is None for p in running):
        time.sleep(LOOK_EVERY)
    ended = [p.poll() for p in running]
    for process in running:
        if process.poll() is None:
            process.terminate()
    for process in running:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
    if stopping:
        return 0
    which = "gunicorn" if ended[0] is not None else "the worker"
    shell.say(f"assess: {which} ended by itself; what it said stands above.")
    return 1


def begin(command: list[str]) -> subprocess.Popen[bytes]:
    """Run a command that ends with us, however we end.

    In a group of its own: Ctrl-C reaches us alone, and we end both in order.
    """
    return subprocess.Popen(command, start_new_session=True, preexec_fn=_end_with_parent)


def _end_with_parent() -> None:
    """Let the kernel tell this process to end when whoever began it is gone (man 2 prctl).

    Killed outright we can end nobody, and what is left would hold the port.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
