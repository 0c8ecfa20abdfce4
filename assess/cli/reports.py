"""`assess report ...`: what the answers say about the items."""

from __future__ import annotations

from typing import Any

import click

from assess.cli import shell
from assess.cli.shell import Shell

NONE = "–"


@click.group()
def report() -> None:
    """Reports on stored answers."""


@report.command()
@click.option("--test", "name", required=True, metavar="NAME", help="The test's name, e.g. M02.")
@shell.centre_option
@shell.json_option
@click.pass_obj
def items(obj: Shell, name: str, centre: str | None, as_json: bool) -> None:
    """Print the item statistics of a test, from the marks of first attempts."""
    from assess import store
    from assess.store import reports, specifications

    with obj.context(centre) as context, store.read() as session:
        test = specifications.by_name(session, context.centre, name)
        if test is None:
            there = ", ".join(t.name for t in specifications.of_centre(session, context.centre))
            problem = f"There is no test {name!r}. There are: {there or 'none'}."
            shell.fail(problem)
        if test.practice:
            shell.fail(f"{name} is practice, and practice enters no statistics.")
        found = reports.test_report(session, context.centre, test.id)
        if found is None:
            shell.fail(f"There is no test {name!r}.")
    if as_json:
        shell.print_json(found)
        return
    _print(found)


def _print(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    population, test = found["population"], found["test"]
    click.echo(f"{population['attempts']} attempts, {population['responses']} responses.")
    click.echo(f"Left out: {population['excluded']}")
    click.echo(
        f"Mean {_number(test['mean'])}, SD {_number(test['sd'])}, "
        f"pass rate {_number(test['pass_rate'])}, alpha {_number(test['alpha'])}"
    )
    table = Table(box=None, pad_edge=False)
    for column in ("item", "N", "facility", "r", "flags"):
        table.add_column(column, justify="left" if column in ("item", "flags") else "right")
    for item in found["items"]:
        table.add_row(
            str(item["item"]),
            str(item["n"]),
            _number(item["facility"]),
            _number(item["discrimination"]),
            " ".join(flag["sentence"] for flag in item["flags"]),
        )
    Console().print(table)


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"
