"""`assess spec ...`: publishing specifications."""

from __future__ import annotations

import click

from assess.cli import shell
from assess.cli.shell import Shell
from assess.reasons import Refused


@click.group()
def spec() -> None:
    """Test specifications."""


@spec.command()
@click.argument("file", type=shell.FILE)
@shell.centre_option
@shell.json_option
@click.pass_obj
def publish(obj: Shell, file: str, centre: str | None, as_json: bool) -> None:
    """Publish the specification in FILE (YAML; docs/specification-file.md).

    Refused, with every reason, while the bank cannot serve it.
    """
    from assess.actions import specifications
    from assess.bank.specification_file import read_specification

    specification = read_specification(shell.text_of(file))
    if isinstance(specification, Refused):
        shell.refuse(specification, file)
    with obj.context(centre) as context:
        done = specifications.publish(context, specification)
    if isinstance(done, Refused):
        shell.refuse(done, file)
    if as_json:
        shell.print_json(
            {
                "test": specification.name,
                "version": done.number,
                "changed": done.changed,
                "fresh_attempts_guaranteed": done.fresh.attempts,
                "fresh_attempts_exact": done.fresh.exact,
                "witness": list(done.witness),
            }
        )
        return
    state = "published" if done.changed else "unchanged"
    click.echo(
        f"{specification.name} version {done.number} {state}: "
        f"{shell.counted(specification.length, 'question')}, "
        f"{'' if done.fresh.exact else 'at least '}{shell.counted(done.fresh.attempts, 'attempt')} "
        "without a repeated question guaranteed."
    )
    click.echo(f"A form that meets it: {shell.printable(', '.join(done.witness))}")
    click.echo("What candidates will meet: assess draw simulate " + specification.name)
    if specification.programme is None:
        click.echo("It names no programme: no candidate can sit it yet.")
