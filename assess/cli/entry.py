"""The command `assess`: which commands there are, and what they share."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click
from flask import Flask

from assess.cli import analyse as analysing
from assess.cli import banks, database, demo, draws, frameworks, journal, people, reports
from assess.cli import serve as serving
from assess.cli import simulate as simulating
from assess.cli import specifications as specs
from assess.cli.shell import Shell
from assess.settings import Settings

COMMANDS: dict[str, click.Command] = {
    "serve": serving.serve,
    "worker": serving.worker,
    "demo": demo.demo,
    "check": database.check,
    "db": database.db,
    "framework": frameworks.framework,
    "bank": banks.bank,
    "spec": specs.spec,
    "person": people.person,
    "draw": draws.draw,
    "report": reports.report,
    "analyse": analysing.analyse,
    "simulate": simulating.simulate,
    "journal": journal.journal,
}
"""Every command, in the order in which the help lists them."""


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)


@click.group(
    cls=_InOrder,
    commands=COMMANDS,
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
