"""`assess journal ...`: holding the record to its chain."""

from __future__ import annotations

import sys

import click

from assess.cli import shell
from assess.cli.shell import Shell


@click.group()
def journal() -> None:
    """The journal of every deed."""


@journal.command()
@shell.json_option
@click.pass_obj
def verify(obj: Shell, as_json: bool) -> None:
    """Walk the chain and name the first bad entry. Exit code 1 when there is one."""
    from assess.actions import journal as deeds

    with obj.app():
        verdict = deeds.verify()
    if as_json:
        shell.print_json(
            {
                "good": verdict.bad_entry is None,
                "sealed": verdict.sealed,
                "unsealed": verdict.unsealed,
                "head": verdict.head,
                "bad_entry": verdict.bad_entry,
                "problem": verdict.problem,
            }
        )
    elif verdict.bad_entry is None:
        click.echo(f"The chain is good: {verdict.sealed} sealed, {verdict.unsealed} unsealed.")
        click.echo(f"Head: {verdict.head}")
    else:
        click.echo(
            f"Entry {verdict.bad_entry} is bad: {verdict.problem}. "
            f"Good before it: {shell.counted(verdict.sealed, 'entry')}."
        )
    sys.exit(0 if verdict.bad_entry is None else shell.REFUSED)


@journal.command()
@click.pass_obj
def seal(obj: Shell) -> None:
    """Seal what waits; the worker does this every second."""
    from assess.actions import journal as deeds

    with obj.context() as context:
        sealed = deeds.seal(context.now, everywhere=True)
    click.echo(f"{shell.counted(sealed, 'entry')} sealed.")
