"""`assess draw ...`: showing that draws were honest, and making them fair."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assess.cli import shell
from assess.cli.draw_simulation import simulate
from assess.cli.shell import Shell
from assess.reasons import Code, Refused

if TYPE_CHECKING:
    from assess.store.journal import JournalEntry


@click.group()
def draw() -> None:
    """Draws of forms."""


@draw.command()
@click.argument("attempt", type=click.IntRange(1, 2**63 - 1))
@shell.json_option
@click.pass_obj
def replay(obj: Shell, attempt: int, as_json: bool) -> None:
    """Draw the form of ATTEMPT (its number) again and compare. Exit code 1 on a difference."""
    from assess.actions import draws

    with obj.context() as context:
        done = draws.replay(context, attempt)
    if isinstance(done, Refused) and done.code is Code.NOT_FOUND:
        said = f"There is no attempt {attempt}. The number of an attempt stands on its receipt."
        shell.fail(f"{said} [{Code.NOT_FOUND.value}]", where=f"attempt {attempt}")
    if isinstance(done, Refused):
        shell.refuse(done, f"attempt {attempt}")
    if as_json:
        shell.print_json(
            {
                "attempt": attempt,
                "same": not done.differences,
                "recorded": done.recorded,
                "replayed": done.replayed,
            }
        )
    else:
        for name, value in done.recorded.items():
            verdict = "differs" if name in done.differences else "same"
            click.echo(f"{name:<21} {verdict:<8} {value}")
            if name in done.differences:
                click.echo(f"{'':<30} {done.replayed[name]}")
    sys.exit(shell.REFUSED if done.differences else 0)


@draw.command()
@click.argument("test")
@shell.centre_option
@shell.json_option
@click.pass_obj
def epochs(obj: Shell, test: str, centre: str | None, as_json: bool) -> None:
    """List the epochs of TEST: stretches of draws that share one secret seed."""
    from assess import wording
    from assess.actions import verification

    with obj.context(centre) as context:
        found = verification.epochs(context, test)
    if isinstance(found, Refused):
        shell.refuse(found, test)
    if as_json:
        shell.print_json(
            [
                {
                    "epoch": one.number,
                    "pool": one.pool,
                    "draws": one.draws,
                    "opened": one.opened.isoformat(),
                    "closed": None if one.closed is None else one.closed.isoformat(),
                    "commitment": one.commitment,
                    "journal": {
                        "commitment": _journalled(one.seed_entry, "commitment"),
                        "pool_fingerprint": _journalled(one.pool_entry, "fingerprint"),
                    },
                }
                for one in found
            ]
        )
        return
    for one in found:
        state = f"open, until {wording.day(one.until)} at the latest"
        if one.closed is not None:
            state = f"closed {wording.day(one.closed)}"
        click.echo(f"{one.number:>4}  pool {one.pool}, {shell.counted(one.draws, 'draw')}, {state}")
        click.echo(f"      commitment {one.commitment}")
        for entry, fact in ((one.seed_entry, "commitment"), (one.pool_entry, "fingerprint")):
            if entry is not None:
                click.echo(
                    f"      journal entry {entry.id}, {wording.moment(entry.at)} UTC, "
                    f"{entry.event}: {entry.facts[fact]}"
                )


def _journalled(entry: JournalEntry | None, fact: str) -> dict[str, object] | None:
    """What an entry of the journal holds, for other programs."""
    if entry is None:
        return None
    return {"entry": entry.id, "at": entry.at.isoformat(), "value": entry.facts[fact]}


@draw.command()
@click.argument("test")
@click.option("--reason", required=True, metavar="TEXT", help="Why, for instance which appeal.")
@shell.centre_option
@shell.json_option
@click.pass_obj
def close(obj: Shell, test: str, reason: str, centre: str | None, as_json: bool) -> None:
    """Close the open epoch of TEST, so that its draws can be verified now."""
    from assess.actions import verification

    with obj.context(centre) as context:
        done = verification.close(context, test, reason)
    if isinstance(done, Refused):
        shell.refuse(done, test)
    if as_json:
        shell.print_json({"test": test, "epoch": done, "closed": True})
        return
    click.echo(f"Epoch {done} of {test} is closed. The next draw opens another.")


@draw.command("verification-file")
@click.argument("test")
@click.option("--epoch", type=click.IntRange(1), help="Its number [default: the newest closed].")
@click.option("--output", type=click.Path(dir_okay=False), help="[default: TEST-epoch-E.json]")
@shell.centre_option
@shell.json_option
@click.pass_obj
def verification_file(
    obj: Shell, test: str, epoch: int | None, output: str | None, centre: str | None, as_json: bool
) -> None:
    """Write what an outsider needs to draw every form of a closed epoch of TEST again.

    It holds the seed, the pool, and every draw with its history; no question's text, no key and no
    name. tools/verify_draw.py reads it; docs/draw.md explains it.
    """
    from assess.actions import verification

    with obj.context(centre) as context:
        done = verification.document(context, test, epoch)
    if isinstance(done, Refused):
        shell.refuse(done, test)
    path = Path(output or f"{test}-epoch-{done['epoch']}.json")
    try:
        path.write_text(json.dumps(done, separators=(",", ":")) + "\n", encoding="utf-8")
    except OSError as error:
        shell.fail(f"{path}: {error.strerror or error}.")
    if as_json:
        shell.print_json(
            {"test": test, "epoch": done["epoch"], "draws": len(done["draws"]), "file": str(path)}
        )
        return
    click.echo(
        f"{path}: {shell.counted(len(done['draws']), 'draw')} of epoch {done['epoch']} of {test}."
    )
    click.echo(f"Draw them again with: python3 tools/verify_draw.py {path}")


@draw.command()
@click.argument("test")
@shell.centre_option
@shell.json_option
@click.pass_obj
def calibrate(obj: Shell, test: str, centre: str | None, as_json: bool) -> None:
    """Estimate from the answers how hard the questions of TEST are, and draw by that from now on.

    Makes the next pool. Attempts under way keep theirs.
    """
    from assess.actions import calibrations

    with obj.context(centre) as context:
        done = calibrations.calibrate(context, test)
    if isinstance(done, Refused):
        shell.refuse(done, test)
    if as_json:
        shell.print_json({"test": test, **asdict(done)})
        return
    items = shell.counted(done.items, "question")
    click.echo(
        f"Calibration {done.number} of {test} ({done.model}): {items} from "
        f"{shell.counted(done.attempts, 'first attempt')}, {done.own:,} of them by answers of "
        "their own."
    )
    said = "balanced by it" if done.balanced else "not balanced by it: not enough data"
    click.echo(f"Pool {done.pool} is made; its draws are {said}.")


draw.add_command(simulate)
