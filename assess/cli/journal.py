"""`assess journal ...`: holding the record to its chain."""

from __future__ import annotations

import re
import sys

import click

from assess.cli import shell
from assess.cli.shell import Shell

HEAD = re.compile(r"[0-9a-f]{20,64}")
"""Fewer digits could be met by trying: a graphics card makes 2^48 hashes, for twelve, in hours."""


def _heads(_context: click.Context, _option: click.Parameter, typed: tuple[str, ...]) -> list[str]:
    """Heads as they stand on paper: whole, or at least their first twenty digits."""
    heads = ["".join(one.split()).lower() for one in typed]
    for one in heads:
        if not HEAD.fullmatch(one):
            raise click.BadParameter(f"{one!r} is not 20 to 64 hexadecimal digits.")
    return heads


@click.group()
def journal() -> None:
    """The journal of every deed."""


@journal.command()
@click.option(
    "--head",
    "heads",
    metavar="HEX",
    multiple=True,
    callback=_heads,
    help="A head that was written down before, or its first 20 digits; may be given again.",
)
@shell.json_option
@click.pass_obj
def verify(obj: Shell, heads: list[str], as_json: bool) -> None:
    """Walk the chain and name the first bad entry. Exit code 1 when there is one.

    A chain that was written anew is good in itself. With --head it has to pass through a head from
    before as well.
    """
    from assess.actions import journal as deeds

    with obj.app():
        verdict = deeds.verify(heads)
    if as_json:
        shell.print_json(
            {
                "good": verdict.good,
                "sealed": verdict.sealed,
                "unsealed": verdict.unsealed,
                "head": verdict.head,
                "bad_entry": verdict.bad_entry,
                "problem": verdict.problem,
                "lost_heads": list(verdict.lost),
            }
        )
    elif verdict.bad_entry is None:
        click.echo(f"The chain is good: {verdict.sealed} sealed, {verdict.unsealed} unsealed.")
        click.echo(f"Head: {verdict.head}")
        for one in verdict.lost:
            click.echo(f"It does not pass through {one}: it was cut before it, or written anew.")
    else:
        click.echo(
            f"Entry {verdict.bad_entry} is bad: {verdict.problem}. "
            f"Good before it: {shell.counted(verdict.sealed, 'entry')}."
        )
    sys.exit(0 if verdict.good else shell.REFUSED)


@journal.command()
@click.pass_obj
def seal(obj: Shell) -> None:
    """Seal what waits; the worker does this every second."""
    from assess.actions import journal as deeds

    with obj.context() as context:
        sealed = deeds.seal(context.now, everywhere=True)
    click.echo(f"{shell.counted(sealed, 'entry')} sealed.")
