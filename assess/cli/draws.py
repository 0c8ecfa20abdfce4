"""`assess draw ...`: showing that a draw was honest."""

from __future__ import annotations

import sys

import click

from assess.actions import draws
from assess.cli import shell
from assess.cli.shell import Shell
from assess.reasons import Refused


@click.group()
def draw() -> None:
    """Draws of forms."""


@draw.command()
@click.argument("attempt", type=click.IntRange(1, 2**63 - 1))
@shell.json_option
@click.pass_obj
def replay(obj: Shell, attempt: int, as_json: bool) -> None:
    """Draw the form of ATTEMPT (its number) again and compare. Exit code 1 on a difference."""
    with obj.context() as context:
        done = draws.replay(context, attempt)
    if isinstance(done, Refused):
        shell.refuse(done, as_json=as_json)
    if as_json:
        shell.print_json(
            {
                "attempt": attempt,
                "same": not done.differences,
                "recorded": done.recorded,
                "replayed": done.replayed,
            }
        )
    else:
        for name, value in done.recorded.items():
            verdict = "differs" if name in done.differences else "same"
            click.echo(f"{name:<21} {verdict:<8} {value}")
            if name in done.differences:
                click.echo(f"{'':<30} {done.replayed[name]}")
    sys.exit(shell.REFUSED if done.differences else 0)
