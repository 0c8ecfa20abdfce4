"""`assess analyse`: what the answers in a file say about its items; no database is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from math import isnan
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from assess.cli import shell
from assess.cli.itemreport import folder, page, tables
from assess.psychometrics import analysis, reading, simulate, streaming
from assess.psychometrics.analysis import Analysis, Asked, Grouping, Timing
from assess.psychometrics.delimited import FileError
from assess.psychometrics.flags import number, percent
from assess.psychometrics.reading import Answers
from assess.psychometrics.report import ItemKey
from assess.psychometrics.responses import Responses
from assess.psychometrics.streaming import Coded

SEED = 1  # of the simulation behind false positives: the same file gives the same report
WINDOWS = 2
MOST_PRINTED = 40  # flagged items in the terminal; files have them all
SINGLE, MULTIPLE, SCORED = "single_choice", "multiple_response", "scored"


@click.command()
@click.argument("file", type=shell.READ_AGAIN)
@click.option(
    "--key",
    type=shell.READ_AGAIN,
    metavar="KEY.csv",
    help="The keys: columns item and key. FILE then holds options, not scores.",
)
@click.option(
    "--model",
    type=click.Choice(["none", "1pl", "2pl", "3pl"]),
    default="none",
    show_default=True,
    help="Fit this item response model.",
)
@click.option(
    "--weak-priors",
    is_flag=True,
    help="Draw items with fewer than 500 answers towards ordinary values (marked in the report).",
)
@click.option("--group", metavar="COLUMN", help="Compare the groups in this column (DIF).")
@click.option("--reference", metavar="VALUE", help="The group to compare with [default: largest].")
@click.option(
    "--time",
    metavar="COLUMN",
    help="Look for change over this column: whole numbers, or dates such as 2025-11-30.",
)
@click.option(
    "--windows",
    type=click.IntRange(2, 50),
    default=WINDOWS,
    show_default=True,
    help="Parts of the time to compare.",
)
@click.option(
    "--cut", metavar="MARK", help="The mark from which an attempt passes; 60% for a share."
)
@click.option("--id", "identity", metavar="COLUMN", help="The column that names the attempt.")
@click.option(
    "--ignore", metavar="A,B", default="", help="Columns of a wide FILE that are no items."
)
@click.option(
    "--attempts",
    type=shell.READ_AGAIN,
    metavar="FILE2",
    help="More columns of the attempts, joined by attempt.",
)
@click.option(
    "--empty",
    type=click.Choice(["absent", "omitted"]),
    default="absent",
    show_default=True,
    help="What an empty cell of a wide FILE means: not on the form, or left out (score 0).",
)
@click.option(
    "--out", type=click.Path(file_okay=False), metavar="DIR", help="Write tables and a page to DIR."
)
@shell.json_option
def analyse(
    file: str,
    key: str | None,
    group: str | None,
    reference: str | None,
    time: str | None,
    identity: str | None,
    ignore: str,
    attempts: str | None,
    empty: str,
    out: str | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Analyse a response FILE: CSV (.gz too), or Parquet where pyarrow is installed.

    A long FILE has the columns attempt, item, option and/or score, and optionally seconds or
    rt_ms, and position. In a wide FILE every row is an attempt and every column an item, except
    those named in --group, --time, --id and --ignore; its values are scores (the lowest becomes
    0) or, with --key, options.

    A long FILE of five million answers and more, numbers only and without times or positions, is
    read part by part: 20 million take about half a gigabyte. With --model, or --group and --time
    from --attempts FILE, they take more. A FILE called - is what comes by standard input.

    Prints a summary, or with --json the whole report (docs/item-report-schema.json). With --out
    it is written as report.json, with tables (CSV, and Parquet) and as report.html.
    """
    source = Path(file)
    try:
        _refuse_alone(group, reference, time, settings)
        with shell.steps() as step:
            step(f"Reading {source.name}", 0, None)
            columns = [column for column in (group, time) if column is not None]
            # Properties of the attempts may stand in another file, not in one read in parts.
            more = key or identity or ignore or (columns and not attempts)
            coded = None if more else _in_parts(source, step)
            if coded is not None and settings["model"] == "none" and not attempts:
                answers = coded.kinds()
                cut = _cut(settings["cut"], lambda: coded.cells.length.astype(np.float64))
                named = {"file": source.name}
                found = analysis.classical(coded.cells, _keys(answers), named, cut, step)
            else:
                answers = (
                    _joined(coded, attempts, columns)
                    if coded is not None
                    else reading.read(
                        source,
                        key=None if key is None else Path(key),
                        columns=columns,
                        identity=identity,
                        ignore=[column.strip() for column in ignore.split(",") if column.strip()],
                        attempts=None if attempts is None else Path(attempts),
                        blank="omitted" if empty == "omitted" else "not drawn",
                    )
                )
                asked = _asked(answers, group, reference, time, settings)
                found = analysis.analyse(
                    answers.responses, _keys(answers), {"file": source.name}, asked, step
                )
            if out is not None:
                _write(Path(out), found, answers, source.name, step)
    except ValueError as error:
        shell.fail(str(error))
    if as_json:
        shell.print_json(found.document)
    else:
        _print(found.document)


def _refuse_alone(
    group: str | None, reference: str | None, time: str | None, settings: dict[str, Any]
) -> None:
    """ValueError where an option is given that says something only beside another."""
    for alone, name, other in (
        (reference is not None and group is None, "--reference", "--group"),
        (settings["windows"] != WINDOWS and time is None, "--windows", "--time"),
        (settings["weak_priors"] and settings["model"] == "none", "--weak-priors", "--model"),
    ):
        if alone:
            raise ValueError(f"{name} says nothing without {other}. Give both, or neither.")


def _asked(
    answers: Answers,
    group: str | None,
    reference: str | None,
    time: str | None,
    settings: dict[str, Any],
) -> Asked:
    return Asked(
        model=settings["model"],
        weak_priors=settings["weak_priors"],
        cut=_cut(settings["cut"], lambda: _full(answers.responses)),
        group=None
        if group is None
        else Grouping(group, answers.columns[group].tolist(), reference),
        time=None if time is None else _timing(answers.columns[time], time, settings["windows"]),
        rng=simulate.stream(SEED),
    )


def _in_parts(source: Path, step: analysis.Progress) -> Coded | None:
    """The answers of a large file read part by part; None for one that must be read whole."""
    if not streaming.large(source):
        return None
    text = f"Reading {source.name} part by part"
    try:
        return streaming.read(source, lambda done, of: step(text, done, of))
    except FileError:
        return None  # read whole it may be right, or the sentence will name the line


def _joined(coded: Coded, attempts: str | None, columns: Sequence[str]) -> Answers:
    """The answers row by row, with the properties of the attempts in another file."""
    answers = coded.answers()
    if attempts is None:
        return answers
    return reading.joined(answers, Path(attempts), "attempt", columns)


def _write(
    out: Path, found: Analysis, answers: Answers, title: str, step: analysis.Progress
) -> None:
    document = found.document
    text = page.html(document, title, lambda done, of: step("Drawing the charts", done, of))
    step(f"Writing to {out}", 0, None)
    try:
        folder.write(out, document, text, _attempts(found, answers))
    except OSError as error:
        raise ValueError(f"{out}: {error.strerror or error}.") from error


def _attempts(found: Analysis, answers: Answers) -> tables.Columns:
    """By attempt: what the file calls it, its columns, and what was computed of it."""
    columns: dict[str, list[Any]] = {"attempt": answers.attempts.tolist()}
    columns |= {name: values.tolist() for name, values in answers.columns.items()}
    for name, values in found.attempts.items():
        known = values.tolist()
        columns[name] = (
            [None if isnan(x) else x for x in known] if np.isnan(values).any() else known
        )
    return columns


def _keys(answers: Answers) -> list[ItemKey]:
    """What the report has to know of each item of a file.

    An option that nobody chose and no key names is unknown to a file: it is left out.
    """
    used = _used(answers)
    found = []
    for k, name in enumerate(answers.items):
        n_options = int(answers.n_options[k])
        if not n_options:
            found.append(ItemKey(name, SCORED, 0, ()))
            continue
        key = tuple(b for b in range(n_options) if int(answers.keys[k]) >> b & 1)
        labels = tuple(
            _label(answers.options[b]) if used[k] >> b & 1 else None for b in range(n_options)
        )
        found.append(ItemKey(name, MULTIPLE if len(key) > 1 else SINGLE, n_options, key, labels))
    return found


def _used(answers: Answers) -> list[int]:
    """By item the mask of the options that somebody chose, or that are the key."""
    used = answers.keys.astype(np.int64)
    chosen = answers.responses.option > 0
    np.bitwise_or.at(used, answers.responses.item[chosen], answers.responses.option[chosen])
    return [int(mask) for mask in used]


def _label(text: str) -> int | str:
    """An option as the file has it: a number as a number."""
    return int(text) if text.isdecimal() and str(int(text)) == text else text


def _full(data: Responses) -> NDArray[np.float64]:
    """The marks that each attempt's form is worth."""
    full = np.ones(data.items) if data.maximum is None else data.maximum.astype(np.float64)
    worth = np.bincount(data.attempt, weights=full[data.item], minlength=data.attempts)
    return worth.astype(np.float64)


def _cut(given: str | None, full: Callable[[], NDArray[np.float64]]) -> float | None:
    """The cut in marks; a share is one of the marks of the form, which must be equally long."""
    if given is None:
        return None
    text = given.strip()
    try:
        value = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        raise ValueError(
            f"--cut {given}: not a mark such as 12, nor a share such as 60%."
        ) from None
    if not value.is_finite() or value < 0:
        raise ValueError(f"--cut {given}: a mark from 0 on is needed.")
    if not text.endswith("%"):
        return float(value)
    marks = full()
    sat = marks[marks > 0]
    if sat.size and sat.min() != sat.max():
        raise ValueError(
            f"--cut {given}: the forms differ in length ({sat.min():g} to {sat.max():g} marks). "
            "Give the cut in marks."
        )
    # In decimals: 56 % of 25 marks is 14, and in binary fractions a little more than 14 is.
    return float(value * Decimal(float(sat.max(initial=0.0))) / 100)


def _timing(texts: NDArray[np.object_], name: str, windows: int) -> Timing:
    """Whole numbers as they are; dates as days."""
    days, dates = [], 0
    for place, text in enumerate(texts.tolist(), start=1):
        try:
            days.append(_day(int(text)))
        except ValueError:
            try:
                days.append(date.fromisoformat(text[:10]).toordinal())
                dates += 1
            except ValueError:
                raise ValueError(
                    f"column {name}, attempt {place}: {text!r} is neither a whole number nor a "
                    "date such as 2025-11-30."
                ) from None
    if 0 < dates < len(days):
        raise ValueError(f"column {name}: whole numbers and dates cannot be compared.")
    return Timing(name, np.array(days, dtype=np.int64), windows, dates=dates > 0)


def _day(number: int) -> int:
    if abs(number) >= 1 << 53:
        raise ValueError(number)
    return number


def _print(document: dict[str, Any]) -> None:
    population, test = document["population"], document["test"]
    click.echo(
        f"{shell.counted(population['attempts'], 'attempt')}, "
        f"{shell.counted(population['responses'], 'answer')}, "
        f"{shell.counted(population['items'], 'item')}."
    )
    click.echo(
        f"Mean {number(test['mean'])}, SD {number(test['sd'])}, alpha {number(test['alpha'])}, "
        f"standard error of a mark {number(test['sem'])}."
    )
    if (why := test["reasons"].get("alpha")) is not None:
        click.echo(f"No alpha: {why}.")
    if test["pass_rate"] is not None:
        low, high = map(percent, test["pass_rate_interval"])
        decided = f"No consistency of decisions, since {test['no_decisions']}."
        for one in test["decisions"][:1]:
            accuracy, consistency = number(one["accuracy"]), number(one["consistency"])
            decided = f"Decisions: accuracy {accuracy}, consistency {consistency}."
        passed = percent(test["pass_rate"])
        click.echo(f"Pass rate {passed} (95 % interval {low} to {high}). {decided}")
    irt = document["irt"]
    if irt is not None and irt["converged"]:
        click.echo(
            f"{irt['model']}: log-likelihood {irt['loglik']:.3f}, "
            f"{shell.counted(irt['iterations'], 'iteration')}."
        )
    elif irt is not None:
        click.echo(f"{irt['model']}: nothing to rely on, since {irt['reason']}.")
    flagged = sorted((e for e in document["items"] if e["flags"]), key=page.worst)
    click.echo(f"{shell.counted(len(flagged), 'item')} with a flag.")
    if not flagged:
        return
    rows = [
        (
            entry["item"],
            f"{entry['n']:,}",
            number(entry["facility"]),
            number(entry["discrimination"]),
            ", ".join(dict.fromkeys(flag["code"].replace("_", " ") for flag in entry["flags"])),
        )
        for entry in flagged[:MOST_PRINTED]
    ]
    shell.print_table(("item", "N", "facility", "r", "flags"), rows)
    if len(flagged) > MOST_PRINTED:
        click.echo(f"... and {len(flagged) - MOST_PRINTED:,} more: --out DIR writes them all.")
