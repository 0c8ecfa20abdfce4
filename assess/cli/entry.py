"""The command `assess`: which commands there are, and what they share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

import click
from flask import Flask

from assess.cli.shell import Shell
from assess.settings import Settings

COMMANDS = {
    "serve": "serve",
    "worker": "serve",
    "demo": "demo",
    "check": "database",
    "db": "database",
    "backup": "backups",
    "restore": "backups",
    "framework": "frameworks",
    "bank": "banks",
    "spec": "specifications",
    "centre": "centres",
    "person": "people",
    "draw": "draws",
    "report": "reports",
    "analyse": "analyse",
    "simulate": "simulate",
    "journal": "journal",
    "mail": "mail",
}
"""Every command with the module it lies in, in the order in which the help lists them."""


class _Named(click.Group):
    """Commands are imported when they are asked for: a server has no need of the charts."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"assess.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


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


def run(create_app: Callable[[Settings], Flask], worker: Callable[[Flask], None]) -> None:
    """Run the command line; the application and the worker are handed in by `assess.app`."""
    sys.exit(assess.main(obj=Shell(create_app, worker), standalone_mode=True))
