"""`assess mail ...`: which mails have not gone; sending those given up, or letting them go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from assess.cli import shell
from assess.cli.shell import Shell

if TYPE_CHECKING:
    from assess.store.mail import Mail

MOST = 1_000  # mails listed


@click.group()
def mail() -> None:
    """The outbox. The worker sends what is in it; what it gave up is listed here."""


@mail.command("list")
@shell.json_option
@click.pass_obj
def list_(obj: Shell, as_json: bool) -> None:
    """The mails that have not gone: those given up first, then by when they are tried again."""
    from assess import store
    from assess.store import mail as rows

    with obj.app(), store.read() as session:
        found = rows.unsent(session, MOST)
    if as_json:
        shell.print_json([_document(one) for one in found])
        return
    for one in found:
        when = "given up" if one.given_up_at else f"due {one.due_at:%Y-%m-%d %H:%M} UTC"
        tries = shell.counted(one.tries, "try")
        click.echo(f"{one.id:>6}  {one.kind:<18} {when:<24} {tries}  {one.address}")
        if one.error:
            click.echo(f"        {shell.printable(one.error)}")
    if not found:
        click.echo("Every mail has gone.")


@mail.command()
@click.argument("numbers", nargs=-1, type=click.IntRange(1))
@click.pass_obj
def retry(obj: Shell, numbers: tuple[int, ...]) -> None:
    """Send the mails with these NUMBERS now, or every one that was given up.

    They go to the addresses that people have now.
    """
    from assess.actions import mail as deeds

    with obj.context() as context:
        again = deeds.retry(context, numbers)
    if again or not numbers:
        click.echo(f"{len(again)} to be sent again by the worker.")
    if gone := sorted(set(numbers) - set(again)):
        listed = ", ".join(map(str, gone))
        shell.fail(f"no mail to be sent has the number {listed}: see assess mail list.")


@mail.command()
@click.argument("numbers", nargs=-1, required=True, type=click.IntRange(1))
@click.pass_obj
def forget(obj: Shell, numbers: tuple[int, ...]) -> None:
    """Let mails with these NUMBERS go that were given up: nobody is reached with them."""
    from assess.actions import mail as deeds

    with obj.context() as context:
        gone = deeds.forget(context, numbers)
    if gone:
        click.echo(f"{len(gone)} will never be sent.")
    if left := sorted(set(numbers) - set(gone)):
        listed = ", ".join(map(str, left))
        shell.fail(f"no mail that was given up has the number {listed}: see assess mail list.")


def _document(one: Mail) -> dict[str, object]:
    return {
        "number": one.id,
        "kind": one.kind,
        "to": one.address,
        "written": one.created_at.isoformat(),
        "due": None if one.given_up_at else one.due_at.isoformat(),
        "given_up": one.given_up_at.isoformat() if one.given_up_at else None,
        "tries": one.tries,
        "error": one.error,
    }
