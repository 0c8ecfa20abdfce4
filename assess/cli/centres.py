"""`assess centre ...`: the operator's view of the centres of this installation."""

from __future__ import annotations

import click

from assess.cli import shell
from assess.cli.shell import Shell
from assess.reasons import Code, Refused


@click.group()
def centre() -> None:
    """Centres: who delivers assessments here."""


@centre.command("list")
@shell.json_option
@click.pass_obj
def list_(obj: Shell, as_json: bool) -> None:
    """List the centres."""
    from assess import store
    from assess.store import centres

    with obj.app(), store.read() as session:
        found = [
            {"code": c.code, "name": c.name, "timezone": c.timezone, "open": c.active}
            for c in centres.every(session)
        ]
    if as_json:
        shell.print_json({"centres": found})
        return
    for one in found:
        state = "" if one["open"] else "  (closed)"
        click.echo(f"{one['code']}  {one['name']}  {one['timezone']}{state}")


@centre.command()
@click.argument("code")
@click.option("--name", required=True, help="What the centre is called.")
@click.option("--timezone", help="By its IANA name (default: the installation's).")
@click.pass_obj
def add(obj: Shell, code: str, name: str, timezone: str | None) -> None:
    """Add a centre under a short CODE; its first administrator comes by `assess person add`."""
    from assess import store
    from assess.actions import centres as deeds
    from assess.actions import people
    from assess.actions.context import Context
    from assess.store import centres

    zone = timezone or obj.settings.timezone
    with obj.app() as app:
        context = Context(app.extensions["assess.clock"].now(), obj.settings, 0)
        if reasons := deeds.why_not_add(code, name, zone):
            shell.refuse(Refused(Code.FIELD, reasons, 422))
        with store.read() as session:
            if centres.by_code(session, code) is not None:
                shell.fail(f"There is a centre with the code {code!r} already.")
        people.add_centre(context, code, name, zone)
    click.echo(f"{code} is there.")


@centre.command()
@click.argument("code")
@click.option("--name", help="A new name.")
@click.option("--timezone", help="Another time zone, by its IANA name.")
@click.pass_obj
def change(obj: Shell, code: str, name: str | None, timezone: str | None) -> None:
    """Change the name or the time zone of a centre."""
    if name is None and timezone is None:
        raise click.UsageError("Say what changes: --name, --timezone, or both.")
    _change(obj, code, name=name, timezone=timezone)
    click.echo(f"{code} is changed.")


@centre.command()
@click.argument("code")
@click.pass_obj
def close(obj: Shell, code: str) -> None:
    """Close a centre: nobody of it can log in. Nothing of its record is lost."""
    _change(obj, code, active=False)
    click.echo(f"{code} is closed.")


@centre.command("open")
@click.argument("code")
@click.pass_obj
def open_(obj: Shell, code: str) -> None:
    """Open a centre again."""
    _change(obj, code, active=True)
    click.echo(f"{code} is open.")


def _change(
    obj: Shell,
    code: str,
    name: str | None = None,
    timezone: str | None = None,
    active: bool | None = None,
) -> None:
    from assess.actions import centres as deeds

    with obj.context(code) as context:
        refused = deeds.change(context, code, name, timezone, active)
    if refused is not None:
        shell.refuse(refused)
