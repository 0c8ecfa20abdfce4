"""`assess person ...`: letting the first people in."""

from __future__ import annotations

import click

from assess.actions import people
from assess.cli import shell
from assess.cli.shell import Shell
from assess.reasons import Refused
from assess.roles import Role


@click.group()
def person() -> None:
    """People and their roles."""


@person.command()
@click.argument("username")
@click.option("--name", required=True, help="The person's name.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([r.value for r in Role]),
    help="A role; may be given several times.",
)
@shell.centre_option
@click.pass_obj
def add(obj: Shell, username: str, name: str, roles: tuple[str, ...], centre: str | None) -> None:
    """Add a person and print their first password, which they change when they log in."""
    with obj.context(centre) as context:
        done = people.add(context, name, username, roles)
    if isinstance(done, Refused):
        shell.refuse(done)
    click.echo(f"{done.username}  {done.password}")
