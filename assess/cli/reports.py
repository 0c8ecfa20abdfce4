"""`assess report ...`: what the answers say about the items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from assess.cli import shell
from assess.cli.shell import Shell


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
    show(found)


def show(found: dict[str, Any]) -> None:
    """Print a report as a person reads it: no more of an item than its answers bear."""
    from assess.psychometrics.flags import number
    from assess.psychometrics.guards import Shows, allows

    population, test = found["population"], found["test"]
    click.echo(_population(population))
    if test["guard"] is None:
        alpha = number(test["alpha"]) if test["answers_guard"] is None else test["answers_guard"]
        click.echo(
            f"Mean {number(test['mean'])}, SD {number(test['sd'])}, "
            f"pass rate {number(test['pass_rate'])}, alpha {alpha}"
        )
    else:
        click.echo(f"Nothing is said of the marks yet: {test['guard']}.")
    rows = []
    for item in found["items"]:
        step = Shows(item["shows"])
        rows.append(
            (
                str(item["item"]),
                str(item["n"]),
                number(item["facility"] if allows(step, Shows.FACILITY) else None),
                number(item["discrimination"] if allows(step, Shows.DISCRIMINATION) else None),
                " ".join(flag["sentence"] for flag in item["flags"]),
            )
        )
    shell.print_table(("item", "N", "facility", "r", "flags"), rows)


def _population(population: dict[str, Any]) -> str:
    """Of which attempts all figures are, when they were marked, and what was left out."""
    from assess import wording

    said = [f"{population['attempts']:,} {population['which']}"]
    if population["first_marked"] is not None:
        moments = (population["first_marked"], population["last_marked"])
        days = [wording.day(datetime.fromisoformat(moment)) for moment in moments]
        said.append(f"from {days[0]} to {days[1]}")
    said.append(shell.counted(population["responses"], "response"))
    later = shell.counted(population["excluded_later"], "later attempt")
    return (
        f"Population of {population['test']}: {', '.join(said)}.\n"
        f"Left out: {later}, {population['excluded_void']:,} void."
    )
