"""`assess framework ...`: the outcomes that items are placed at."""

from __future__ import annotations

import click

from assess.cli import shell
from assess.cli.shell import Shell
from assess.reasons import Refused


@click.group()
def framework() -> None:
    """Qualification frameworks."""


@framework.command()
@click.argument("files", type=shell.FILE, nargs=-1, required=True)
@shell.json_option
@click.pass_obj
def load(obj: Shell, files: tuple[str, ...], as_json: bool) -> None:
    """Load frameworks from YAML FILES; loading one again changes nothing."""
    from assess.actions import frameworks as deeds

    loaded = []
    with obj.context() as context:
        for file in files:
            done = deeds.load(context, shell.text_of(file))
            if isinstance(done, Refused):
                shell.refuse(done, file)
            loaded.append(
                {
                    "id": done.framework.id,
                    "title": done.framework.title,
                    "changed": done.changed,
                    "counts": dict(done.framework.counts),
                }
            )
    if as_json:
        shell.print_json(loaded)
        return
    for one in loaded:
        click.echo(f"{one['id']}: {'loaded' if one['changed'] else 'unchanged'} ({one['title']})")


@framework.command("list")
@click.pass_obj
def list_(obj: Shell) -> None:
    """List the frameworks that are loaded."""
    from assess import store
    from assess.store import frameworks

    with obj.app(), store.read() as session:
        for row in frameworks.every(session):
            click.echo(f"{row.key}: {row.title}")
