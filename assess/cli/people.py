"""`assess person ...`: letting the first people in, and many at once."""

from __future__ import annotations

import csv
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assess.bank.formats.lines import FileRefused
from assess.cli import shell, spreadsheets
from assess.cli.shell import Shell
from assess.reasons import Refused
from assess.roles import Role

if TYPE_CHECKING:
    from assess.actions import enrolment as enrolling
    from assess.delivery import enrolment


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
@click.option("--email", metavar="ADDRESS", help="Where mails to them go.")
@shell.centre_option
@click.pass_obj
def add(
    obj: Shell,
    username: str,
    name: str,
    roles: tuple[str, ...],
    email: str | None,
    centre: str | None,
) -> None:
    """Add a person and print their first password, which they change when they log in."""
    from assess.actions import people

    with obj.context(centre) as context:
        done = people.add(context, name, username, roles, email=email)
    if isinstance(done, Refused):
        shell.refuse(done)
    click.echo(f"{done.username}  {done.password}")


@person.command("import")
@click.argument("file", type=shell.FILE)
@click.option("--dry-run", is_flag=True, help="Say line by line what would happen; write nothing.")
@click.option(
    "--passwords",
    type=click.Path(dir_okay=False, writable=True),
    metavar="FILE",
    help="Write the first passwords into this new file (CSV) instead of printing them.",
)
@shell.centre_option
@shell.json_option
@click.pass_obj
def import_(
    obj: Shell,
    file: str,
    dry_run: bool,
    passwords: str | None,
    centre: str | None,
    as_json: bool,
) -> None:
    """Bring in people and registrations from FILE (CSV).

    Says line by line what will happen, then does all of it or nothing. Exit code 1 when a line
    cannot be done. The columns: docs/people-file.md.
    """
    from assess.actions import enrolment as enrolling
    from assess.delivery import people_file
    from assess.store import kept as deeds

    try:
        with Path(file).open("rb") as stream:
            rows = people_file.read(stream)
    except FileRefused as refusal:
        shell.refuse(refusal.refused, file)
    with obj.context(centre) as context:
        plan = enrolling.look(context, rows)
        if isinstance(plan, Refused):
            shell.refuse(plan)
        done: enrolling.BroughtIn | None = None
        if not (dry_run or plan.refused):
            kept = _new_file(passwords)  # before anything is written: they are shown once
            keep = partial(_keep, kept)
            try:
                with shell.progress(len(plan.newcomers), "First passwords") as show:
                    brought = enrolling.bring_in(context, rows, plan.digest(), show, keep)
            except BaseException as error:
                if kept is not None and not deeds.is_unsure(error):
                    kept.unlink()  # nobody is there whose they would be
                raise
            if kept is not None and (isinstance(brought, Refused) or not brought.passwords):
                kept.unlink()  # nothing comes into it
            if isinstance(brought, Refused):
                shell.refuse(brought)
            done = brought
    _report(plan, done, passwords, as_json)
    sys.exit(shell.REFUSED if plan.refused else 0)


def _new_file(name: str | None) -> Path | None:
    """A new file that only its owner reads."""
    if name is None:
        return None
    path = Path(name)
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        shell.fail(f"{name} is there already.")
    return path


def _keep(file: Path | None, given: enrolling.Given) -> None:
    """Write first passwords down, on the disk when this returns."""
    if file is None or not given:
        return
    try:
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(("username", "name", "password"))
            writer.writerows(map(spreadsheets.cell, row) for row in given)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        shell.fail(f"{file}: {error.strerror}. Nobody is brought in.")


def _report(
    plan: enrolment.Plan, done: enrolling.BroughtIn | None, file: str | None, as_json: bool
) -> None:
    from assess import wording

    given = () if done is None else done.passwords
    if as_json:
        shell.print_json(
            {
                "written": done is not None,
                **{state.value: number for state, number in plan.counts.items()},
                "lines": [_line(line) for line in plan.lines],
                "warnings": [shell.sentence(w) for w in plan.warnings],
                "passwords": {} if file else {u: password for u, _, password in given},
            }
        )
        return
    for line in plan.lines:
        for what in (*line.will, *line.reasons):
            words = shell.sentence(what) if line.reasons else wording.words(what).what
            shell.say(f"line {line.number}: {line.username}: {words}")
    for warning in plan.warnings:
        shell.say(shell.sentence(warning))
    click.echo(", ".join(f"{number} {state.value}" for state, number in plan.counts.items()))
    if file is None:
        for username, _, password in given:
            click.echo(f"{username}  {password}")
    if done is None:
        click.echo("Nothing was written.")


def _line(line: enrolment.Line) -> dict[str, object]:
    from assess import wording

    return {
        "line": line.number,
        "username": line.username,
        "state": line.state.value,
        "will": [wording.words(r).what for r in line.will],
        "reasons": [shell.sentence(r) for r in line.reasons],
    }
