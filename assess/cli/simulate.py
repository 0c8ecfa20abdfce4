"""`assess simulate`: response data with known parameters and planted flaws; no database."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from io import TextIOWrapper
from math import gcd
from pathlib import Path
from typing import Any, TextIO

import click
import numpy as np

from assess.cli import shell
from assess.psychometrics import scenario
from assess.psychometrics.responses import FULL, NO_TIME
from assess.psychometrics.scenario import FLAWS, MODELS, Batch, Plan, Scenario
from assess.psychometrics.simulate import stream

ANSWERS, ATTEMPTS, KEY = "answers.csv", "attempts.csv", "key.csv"
TRUTH, TRUE_ATTEMPTS = "truth.json", "truth-attempts.csv"
GROUPS = ("reference", "focal")
DEFAULT = Scenario()
WHAT = {
    "wrong_key": "with a wrong published key",
    "second_key": "with a second right answer",
    "dif": "harder for the focal group",
    "non_uniform_dif": "that discriminate less in the focal group",
    "drift": "that become easier on the drift day",
    "no_discrimination": "that do not discriminate",
    "too_easy": "that nearly everybody knows",
    "too_hard": "that nearly nobody knows",
}
SHARE = click.FloatRange(0, 1)
COUNT = click.IntRange(0)

Command = Callable[..., Any]


def _flaws(command: Command) -> Command:
    """An option for each flaw: how many items have it."""
    for flaw in reversed(FLAWS):
        name, text = f"--{flaw.replace('_', '-')}", f"Items {WHAT[flaw]}."
        command = click.option(name, flaw, type=COUNT, default=0, metavar="N", help=text)(command)
    return command


def _sized(name: str, kind: Any, text: str) -> Callable[[Command], Command]:
    """An option with the scenario's own default."""
    default = getattr(DEFAULT, name.removeprefix("--").replace("-", "_"))
    return click.option(name, type=kind, default=default, show_default=True, help=text)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.option("--seed", type=COUNT, default=1, show_default=True, help="Same seed, same data.")
@_sized("--attempts", click.IntRange(1), "Attempts.")
@_sized("--items", click.IntRange(1), "Items in the bank.")
@_sized("--length", click.IntRange(1), "Items on a form; as many as in the bank: one form for all.")
@click.option("--cells", type=click.IntRange(1), help="Cells to draw from evenly [default: most].")
@_sized("--options", click.IntRange(2), "Options an item.")
@_sized("--model", click.Choice(MODELS), "The items' response model.")
@_sized("--focal", SHARE, "Share of attempts in the focal group.")
@_sized("--impact", click.FLOAT, "How far the focal group's mean ability lies below (SDs).")
@_sized("--days", click.IntRange(1), "Days over which attempts are spread.")
@_flaws
@_sized("--dif-size", click.FLOAT, "Added to the difficulty for the focal group.")
@_sized("--drift-size", click.FLOAT, "Taken off the difficulty from the drift day on.")
@_sized("--drift-day", click.INT, "The first day (from 0) on which those items are easier.")
@_sized("--second-key-share", SHARE, "Share of those who know that choose the second answer.")
@_sized("--rapid", SHARE, "Share of attempts that guess rapidly on the second half.")
@_sized("--hurried", SHARE, "Share of attempts that run out of time.")
@_sized("--omitting", SHARE, "Chance that who does not know leaves the item empty.")
@click.option("--gzip", "zipped", is_flag=True, help="Compress the answers.")
@click.option("--force", is_flag=True, help="Write over files of an earlier simulation.")
@shell.json_option
def simulate(
    folder: str,
    seed: int,
    cells: int | None,
    zipped: bool,
    force: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Draw response data with known parameters into the folder DIR.

    Writes answers.csv (attempt, item, option, score, rt_ms, position), key.csv and attempts.csv
    (group, day), which `assess analyse` reads; and what an analysis should find: truth.json (the
    parameters and flaws of every item) and truth-attempts.csv (ability, rapid guessing).

    Example: assess simulate data --dif 4 --drift 4 --wrong-key 4 --rapid 0.02
    """
    settings["cells"] = cells or gcd(settings["items"], settings["length"])
    try:
        asked = Scenario(**settings)
    except ValueError as error:
        shell.fail(f"This cannot be simulated: {error}.", shell.WRONG_USE)
    where = Path(folder)
    names = {name: where / name for name in (ANSWERS, KEY, ATTEMPTS, TRUTH, TRUE_ATTEMPTS)}
    other = where / f"{ANSWERS}.gz"
    if zipped:
        names[ANSWERS], other = other, names[ANSWERS]
    there = [path.name for path in (*names.values(), other) if path.exists()]
    if there and not force:
        problem = f"{folder} already has {', '.join(there)}. Choose another folder, or --force."
        shell.fail(problem)
    try:
        where.mkdir(parents=True, exist_ok=True)
        plan = _write(stream(seed), asked, names, seed)
        other.unlink(missing_ok=True)  # answers of an earlier simulation, packed otherwise
    except OSError as error:
        shell.fail(f"{folder}: {error.strerror or error}.")
    files = [path.name for path in names.values()]
    if as_json:
        shell.print_json({"folder": folder, "files": files, "planted": plan.planted})
        return
    attempts, items = shell.counted(asked.attempts, "attempt"), shell.counted(asked.items, "item")
    click.echo(f"{attempts} of {asked.length} of {items}.")
    click.echo(f"Written to {folder}: {', '.join(files)}.")


def _write(rng: np.random.Generator, asked: Scenario, names: dict[str, Path], seed: int) -> Plan:
    """All files or none: they get their names when the last is complete."""
    plan = scenario.planned(rng, asked)
    with ExitStack() as stack:
        progress = stack.enter_context(shell.progress(asked.attempts, "Simulating attempts"))
        file = {name: stack.enter_context(_hidden(path)) for name, path in names.items()}
        file[ANSWERS].write("attempt,item,option,score,rt_ms,position\n")
        file[ATTEMPTS].write("attempt,group,day\n")
        file[TRUE_ATTEMPTS].write("attempt,ability,rapid\n")
        for batch in scenario.batches(rng, plan):
            number = range(batch.first, batch.first + len(batch.day))
            group = [GROUPS[side] for side in batch.group.tolist()]
            ability = [f"{value:.6f}" for value in batch.ability.tolist()]
            file[ANSWERS].writelines(_lines(*_answers(batch)))
            file[ATTEMPTS].writelines(_lines(number, group, batch.day.tolist()))
            file[TRUE_ATTEMPTS].writelines(
                _lines(number, ability, batch.rapid.astype(np.int8).tolist())
            )
            progress(batch.first + len(batch.day), asked.attempts)
        file[KEY].write("item,key\n")
        file[KEY].writelines(_lines(range(asked.items), [item.key[0] for item in plan.items]))
        json.dump(_truth(plan, seed), file[TRUTH], indent=1, allow_nan=False)
        file[TRUTH].write("\n")
    for path in names.values():
        _part(path).replace(path)
    return plan


def _answers(batch: Batch) -> tuple[Iterable[object], ...]:
    """The columns of the answers; no option and no time where none was chosen or reached."""
    option = [str(mask.bit_length() - 1) if mask > 0 else "" for mask in batch.option.tolist()]
    times = ["" if time == NO_TIME else time for time in batch.milliseconds.tolist()]
    score = (batch.score == FULL).astype(np.int8).tolist()
    return (batch.attempt.tolist(), batch.item.tolist(), option, score, times, batch.position + 1)


def _lines(*columns: Iterable[object]) -> Iterator[str]:
    for row in zip(*(map(str, column) for column in columns), strict=True):
        yield ",".join(row) + "\n"


def _truth(plan: Plan, seed: int) -> dict[str, Any]:
    """What an analysis should find; a and d as in logit = a * ability + d."""
    flaw_of = {i: flaw for flaw, items in plan.planted.items() for i in items}
    other = {i: int(k) for i, k in enumerate(plan.model_of[:, 1, 1].tolist()) if k != i}
    return {
        "seed": seed,
        "scenario": asdict(plan.scenario),
        "planted": plan.planted,
        "items": [
            {
                "item": i,
                "a": model.a,
                "d": model.d,
                "b": -model.d / model.a,
                "guessing": model.guessing,
                "key": model.key[0],
                "true_key": model.truth[0],
                "second_key": model.lure,
                "flaw": flaw_of.get(i),
                # For the focal group, or from the drift day on.
                "other": {"a": plan.models[other[i]].a, "d": plan.models[other[i]].d}
                if i in other
                else None,
            }
            for i, model in enumerate(plan.items)
        ],
    }


@contextmanager
def _hidden(path: Path) -> Iterator[TextIO]:
    """A text file under another name, which is removed when something goes wrong."""
    part = _part(path)
    try:
        if path.suffix == ".gz":
            # Without a time in it, the same seed gives the same bytes.
            with (
                gzip.GzipFile(part, "wb", compresslevel=3, mtime=0) as packed,
                TextIOWrapper(packed, encoding="utf-8", newline="") as file,
            ):
                yield file
        else:
            with part.open("w", encoding="utf-8", newline="") as file:
                yield file
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")
