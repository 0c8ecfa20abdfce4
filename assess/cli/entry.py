"""The command `assess`: which commands there are, and what they share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from errno import EACCES, EDQUOT, EIO, ENOSPC, EPERM, EROFS
from importlib import import_module
from typing import TYPE_CHECKING

import click

from assess.cli.shell import Shell, fail
from assess.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

COMMANDS = {
    "serve": ("serve", "Serve the site with gunicorn, and run one worker beside it."),
    "worker": (
        "serve",
        "Do what nobody watches: seal the journal, close what is over, send mails, back up.",
    ),
    "demo": (
        "demo",
        "Fill an empty database with a demonstration, print its accounts, and serve it.",
    ),
    "check": (
        "database",
        "Look at settings, database, Redis, backups, mail, PDF, journal; exit code 1 for a fault.",
    ),
    "db": ("database", "The database's tables."),
    "backup": (
        "backups",
        "Copy the database into a new folder inside DIR [default: ASSESS_BACKUPS], while it is "
        "used.",
    ),
    "restore": (
        "backups",
        "Put a BACKUP back: into a folder, or into this installation's empty database.",
    ),
    "framework": ("frameworks", "Qualification frameworks."),
    "bank": ("banks", "Banks of questions."),
    "spec": ("specifications", "Test specifications."),
    "centre": ("centres", "Centres: who delivers assessments here."),
    "person": ("people", "People and their roles."),
    "draw": ("draws", "Draws of forms."),
    "report": ("reports", "Reports on stored answers."),
    "analyse": (
        "analyse",
        "Analyse a response FILE: CSV (.gz too), or Parquet where pyarrow is installed.",
    ),
    "simulate": ("simulate", "Draw response data with known parameters into the folder DIR."),
    "journal": ("journal", "The journal of every deed."),
    "mail": ("mail", "The outbox."),
}
"""Every command: the module it lies in, and its line in the help, which lists them in this order.

The line stands here too because it is all that the help needs of a module; a test holds them equal.
"""

MACHINE = {EACCES, EDQUOT, EIO, ENOSPC, EPERM, EROFS}
"""Errors of a disk that is full, failing, or not ours to write to."""


class _Named(click.Group):
    """Commands are imported when they are asked for: a server has no need of the charts."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"assess.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=_Named,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="assess", message="assess %(version)s")
def assess() -> None:
    """Assess, a secure online assessment service.

    Settings come from the environment (ASSESS_DATABASE_URL, ASSESS_REDIS_URL and others: see
    docs/settings.md). Without any, everything lives in the folder `instance` here, on SQLite.

    A beginning: `assess demo` fills an empty database and serves it at http://127.0.0.1:8000.
    """


def run(application: Callable[[Settings], Flask], worker: Callable[[Flask], None]) -> None:
    """Run the command line; what commands stand on, and the worker, are handed in from above."""
    try:
        sys.exit(assess.main(obj=Shell(application, worker), standalone_mode=True))
    except Exception as error:
        if (said := trouble(error)) is None:
            raise
        fail(said)


def trouble(error: Exception) -> str | None:
    """What the machine, the terminal or the database would not do; None where it is our fault."""
    if isinstance(error, UnicodeEncodeError):  # from a terminal, or to one, with letters of its own
        letters = ascii(error.object[error.start : error.end])
        return f"{letters} cannot be written in UTF-8, or not here. Set LANG=C.UTF-8 and try again."
    if isinstance(error, OSError) and error.errno in MACHINE:
        return f"{error.filename or 'something'} could not be written: {error.strerror}."
    from sqlalchemy.exc import OperationalError

    if isinstance(error, OperationalError):
        from assess.store import kept

        said = str(error.orig).splitlines()[0].rstrip(".")
        if kept.is_unsure(error):
            return f"the database may have done it, or not: {said}. Look before you do it again."
        return f"the database could not do it: {said}."
    return None
