"""`assess bank ...`: bringing questions and signposts in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from assess.bank import wording
from assess.bank.formats import tabular
from assess.bank.formats.lines import FileRefused
from assess.bank.formats.rows import Row
from assess.cli import shell
from assess.cli.shell import Shell
from assess.reasons import Refused

if TYPE_CHECKING:
    from assess.actions import banks

EVERY = 200  # rows between two looks at the bar
SHOWN = 50  # problems printed in full


@click.group()
def bank() -> None:
    """Banks of questions."""


@bank.command("import")
@click.argument("file", type=shell.FILE)
@click.option(
    "--bank", "name", required=True, metavar="NAME", help="The bank; made when it is new."
)
@click.option("--framework", metavar="ID", help="Place items at outcomes of this framework.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(tabular.FORMATS),
    default="auto",
    show_default=True,
    help="The file's format.",
)
@click.option("--practice", is_flag=True, help="Make a practice bank; only when it is new.")
@click.option(
    "--draft", is_flag=True, help="Bring items in to be approved by a reviewer, not live."
)
@click.option("--dry-run", is_flag=True, help="Report only; write nothing.")
@click.option("--skip-refused", is_flag=True, help="Import the rest when rows are refused.")
@shell.centre_option
@shell.json_option
@click.pass_obj
def import_(
    obj: Shell,
    file: str,
    name: str,
    framework: str | None,
    format_: str,
    practice: bool,
    draft: bool,
    dry_run: bool,
    skip_refused: bool,
    centre: str | None,
    as_json: bool,
) -> None:
    """Import questions from FILE (CSV or JSON lines, also .gz).

    Reports what will be created, changed, skipped and refused, then writes all or nothing.
    Exit code 1 when the file, or a question in it, was refused. The format: docs/formats.md.
    A FILE called - is what comes by standard input.
    """
    from assess.actions import banks
    from assess.store.banks import PRACTICE

    path = Path(file)
    with obj.context(centre) as context, path.open("rb") as stream:
        with shell.reading(stream, path.stat().st_size, "Reading") as tick:
            try:
                rows = list(_watched(tabular.read(stream, path.name, format_), tick))
            except FileRefused as refused:
                _refused(refused.refused, path.name, as_json)
        with shell.progress(None, "Writing") as show:
            done = banks.bring_in(
                context,
                banks.Import(
                    rows=rows,
                    bank=name,
                    file=path.name,
                    framework=framework,
                    purpose=PRACTICE if practice else None,
                    state="review" if draft else "live",
                    dry_run=dry_run,
                    skip_refused=skip_refused,
                ),
                show,
            )
        if isinstance(done, Refused):
            _refused(done, path.name, as_json)
    _report(done, as_json)
    sys.exit(shell.REFUSED if done.plan.refused else 0)


@bank.command()
@click.argument("file", type=shell.FILE)
@click.option("--bank", "name", required=True, metavar="NAME", help="The bank they belong to.")
@shell.centre_option
@click.pass_obj
def signposts(obj: Shell, file: str, name: str, centre: str | None) -> None:
    """Set a bank's signposts from FILE (CSV: outcome, title, text; docs/formats.md)."""
    from assess.actions import banks

    text = shell.text_of(file)
    with obj.context(centre) as context:
        done = banks.set_signposts(context, name, text)
    if isinstance(done, Refused):
        shell.refuse(done, name)
    click.echo(f"{shell.counted(done, 'signpost')} in {name}.")


def _watched(rows: Iterator[Row], tick: Callable[[], None]) -> Iterator[Row]:
    while chunk := list(islice(rows, EVERY)):
        yield from chunk
        tick()


def _refused(refused: Refused, where: str, as_json: bool) -> NoReturn:
    if not as_json:
        shell.refuse(refused)
    nothing = dict.fromkeys(("created", "changed", "unchanged", "skipped", "refused"), 0)
    problems = [{"where": where, "reason": line} for line in shell.reasons(refused)]
    shell.print_json({**nothing, "problems": problems})
    sys.exit(shell.REFUSED)


def _report(done: banks.Imported, as_json: bool) -> None:
    plan = done.plan
    if as_json:
        problems = [{"where": p.where, "reason": shell.sentence(p.reason)} for p in plan.problems]
        shell.print_json({**plan.counts, "problems": problems})
        return
    for problem in plan.problems[:SHOWN]:
        shell.say(f"{problem.where}: {shell.sentence(problem.reason)}")
    if len(plan.problems) > SHOWN:
        shell.say(f"... and {len(plan.problems) - SHOWN} more (all of them with --json).")
    click.echo(", ".join(f"{count} {end}" for end, count in plan.counts.items()))
    if plan.unplaced:
        click.echo(f"{plan.unplaced} wait without an outcome.")
    if plan.advice:
        click.echo("Advice on wording:")
        for code, n in sorted(plan.advice.items(), key=lambda one: (-one[1], one[0])):
            click.echo(f"  {n} with {wording.IN_SHORT[code]}")
    if not done.written:
        click.echo("Nothing was written.")
