"""`assess demo`: a filled database, the accounts printed, the site served."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from assess import seeds
from assess.actions import demo as deeds
from assess.actions import journal
from assess.actions.context import Context
from assess.cli import serve as serving
from assess.cli import shell
from assess.cli.shell import Shell
from assess.settings import Settings


@click.command()
@click.option("--no-serve", is_flag=True, help="Fill the database and stop.")
@click.option(
    "--candidates",
    type=click.IntRange(0, 100_000),
    default=deeds.CANDIDATES,
    show_default=True,
    help="How many candidates have sat the test of module 2; at most 300 sit each of the others.",
)
@click.option(
    "--module",
    "modules",
    type=click.Choice(deeds.MODULES),
    multiple=True,
    help="Fill this module only, and module 2; may be given again.  [default: all]",
)
@click.pass_obj
def demo(obj: Shell, no_serve: bool, candidates: int, modules: tuple[str, ...]) -> None:
    """Fill an empty database with a demonstration, print its accounts, and serve it.

    Run again it changes nothing. Refused where other data are, and in production.
    """
    if obj.settings.production:
        shell.fail("the demonstration is not for production (ASSESS_MODE).")
    if not no_serve:
        serving.see_to_gunicorn(os.environ.get("GUNICORN_CMD_ARGS", ""))
        serving.see_to_port(obj.settings)
    with obj.app() as app:
        now = app.extensions["assess.clock"].now()
        try:
            filled = deeds.is_filled()
        except deeds.NotEmptyError:
            shell.fail(
                "this database holds other data, or a demonstration that was interrupted. "
                f"{_elsewhere(obj.settings)}"
            )
        password = _password(obj.settings.instance)
        if not filled:
            with _bars() as show:
                context = Context(now, obj.settings, 0)
                neighbours = app.extensions["assess.demonstrations"]
                deeds.fill(
                    context, password, candidates, show, modules or deeds.MODULES, neighbours
                )
            while journal.seal(now):
                pass
    click.echo("\nAccounts of the demonstration, all with the same password:\n")
    click.echo(f"  {'role':<18} {'log-in name':<20} {'password':<20} centre")
    for account in deeds.ACCOUNTS:
        click.echo(
            f"  {account.role.value:<18} {account.username:<20} {password:<20} {account.centre}"
        )
    click.echo("")
    if not no_serve:
        sys.exit(serving.together(obj.settings))


def _elsewhere(settings: Settings) -> str:
    """Where an empty database can be had."""
    if os.environ.get("ASSESS_DATABASE_URL"):
        return "Name an empty one in ASSESS_DATABASE_URL."
    there = settings.instance.resolve()
    return f"Set ASSESS_INSTANCE to a new folder, or delete the one that is there, {there}."


def _password(instance: Path) -> str:
    """The demonstration's password: made once, kept in the instance folder for its owner."""
    path = instance / "demo_password"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        password = seeds.passphrase()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(password)
    return password


class _bars:  # noqa: N801 - used like a function
    """Bars on standard error, one for each step of the filling."""

    def __enter__(self) -> deeds.Progress:
        self._bar = Progress(
            TextColumn("{task.description:<20}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=Console(stderr=True),
        )
        self._bar.start()
        tasks: dict[str, object] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = self._bar.add_task(what, total=of)
            self._bar.update(tasks[what], completed=done)  # type: ignore[arg-type]

        return show

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
