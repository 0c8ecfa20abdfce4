"""How fast and lean are the classical statistics, and the report of a test of ordinary size?

Run from the repository's root: `python -m benchmarks.classical [--only NAME] [--large]
[--other PYTHON]`. Each figure comes from a process of its own: wall and CPU seconds of the work
(the best of the rounds where it is short), peak memory of the process. `girth` takes part if the
interpreter PYTHON has it. `--large` adds 20 million answers from a Parquet file, which needs
pyarrow; that memory is of reading, too.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # a process imports what its own task needs: the rest would count as its memory
    from assess.psychometrics.report import ItemKey
    from assess.psychometrics.responses import Responses

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 900  # seconds for one process
OPTIONS = 4
Work = tuple[Callable[[], object], int]  # and how many rounds


def main() -> None:
    """Run every task in a process of its own and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="tasks whose name has this in it")
    parser.add_argument("--large", action="store_true", help="20 million answers too")
    parser.add_argument("--other", default=sys.executable, help="interpreter of other engines")
    parser.add_argument("--child", nargs=2, metavar=("TASK", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(child(asked.child[0], Path(asked.child[1]))))
        return
    print("task                                       wall s    CPU s  peak MB")
    with tempfile.TemporaryDirectory() as folder:
        for name in TASKS:
            if asked.only in name and (asked.large or not name.startswith("20M")):
                python = asked.other if name.startswith("girth") else sys.executable
                found = run(name, folder, python)
                cost = "not done" if found is None else "{wall:8.3f} {cpu:8.3f} {mb:8.0f}"
                print(f"{name:40} {cost.format(**(found or {}))}", flush=True)


def run(name: str, folder: str, python: str) -> dict[str, float] | None:
    """A task in a process of its own; None if it cannot be done there."""
    command = [python, "-m", "benchmarks.classical", "--child", name, folder]
    try:
        done = subprocess.run(  # the interpreter is the one that the caller named
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        print(done.stderr[-400:], file=sys.stderr)
        return None
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def child(name: str, folder: Path) -> dict[str, float]:
    """What a task costs: the least of its rounds."""
    work, rounds = TASKS[name](folder)
    costs = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        costs.append((time.perf_counter() - wall, time.process_time() - cpu))
    best = min(costs)
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": best[0], "cpu": best[1], "mb": mb}


def chosen(attempts: int, items: int) -> NDArray[np.int8]:
    """Options 0 to 3 of everybody on one form; option 0 is the key of every item."""
    rng = np.random.default_rng(7)
    theta, b = rng.standard_normal(attempts), rng.normal(-0.5, 0.9, items)
    options = np.empty((attempts, items), np.int8)
    for rows in np.array_split(np.arange(attempts), max(1, attempts // 50_000)):
        p = 1 / (1 + np.exp(b - theta[rows, None]))
        wrong = rng.integers(1, OPTIONS, p.shape, dtype=np.int8)
        options[rows] = np.where(rng.random(p.shape) < p, np.int8(0), wrong)
    return options


def dense(attempts: int) -> Callable[[Path], Work]:
    """All there is to say of 50 items that everybody sat, with every distractor."""

    def prepare(_: Path) -> Work:
        from assess.psychometrics import classical, coding, distractors, reliability

        matrix = chosen(attempts, 50)

        def work() -> object:
            data = coding.one_form(matrix, [0] * 50)
            raw = classical.raw_sums(data)
            facility = classical.facility_millionths(raw)
            adjusted = classical.adjusted_sums(data, facility, OPTIONS, 50)
            sums = reliability.mark_sums(data, facility)
            table = classical.table(raw, adjusted), distractors.table(adjusted)
            return table, reliability.table(sums), reliability.alpha_if_deleted(raw, sums)

        return work, 3

    return prepare


def girth(attempts: int) -> Callable[[Path], Work]:
    """The same of girth, which knows no distractors; in its layout, items by attempts."""

    def prepare(_: Path) -> Work:
        package = importlib.import_module("girth")
        right = (chosen(attempts, 50) == 0).astype(np.int64).T.copy()
        return (lambda: package.classical_test_statistics(right)), 1

    return prepare


def ordinary(_: Path) -> Work:
    """The report of 1,500 attempts with 20 of 1,000 items."""
    from assess.psychometrics import report

    answers, keys = _examination()
    return (lambda: report.item_report(answers, keys, {})), 5


def page_of_it(_: Path) -> Work:
    """The page of that report, the template compiled anew each time."""
    from assess.cli.itemreport import page
    from assess.psychometrics import report

    answers, keys = _examination()
    document = report.item_report(answers, keys, {})
    return (lambda: page.html(document, "A test")), 5


def _examination() -> tuple[Responses, list[ItemKey]]:
    from assess.psychometrics import scenario
    from assess.psychometrics.report import ItemKey
    from assess.psychometrics.scenario import Scenario
    from assess.psychometrics.simulate import SINGLE

    asked = Scenario(attempts=1500, items=1000, length=20, cells=20)
    made = scenario.simulated(np.random.default_rng(8), asked)
    keys = [ItemKey(str(k), SINGLE, OPTIONS, model.key) for k, model in enumerate(made.plan.items)]
    return made.responses, keys


def parquet(folder: Path) -> Work:
    """20 million answers, 1M attempts with 20 of 10,000 items, from the file to the tables."""
    file = folder / "answers.parquet"
    if not file.exists():
        # In a process of its own, whose memory does not count here.
        code = f"from benchmarks.classical import write; write({str(file)!r})"
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    from assess.psychometrics import classical, distractors, streaming

    def work() -> object:
        read = streaming.read(file)
        raw = classical.raw_sums(read.cells)
        facility = classical.facility_millionths(raw)
        adjusted = classical.adjusted_sums(read.cells, facility, read.options, 20)
        return classical.table(raw, adjusted), distractors.table(adjusted)

    return work, 2


def write(file: str) -> None:
    """The file of `parquet`."""
    pyarrow, pq = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    rng = np.random.default_rng(9)
    attempts, length, stratum = 1_000_000, 20, 500
    item = rng.integers(0, stratum, (attempts, length), dtype=np.int32)
    item += np.arange(length, dtype=np.int32) * stratum
    theta = rng.standard_normal(attempts)[:, None]
    right = rng.random(item.shape) < 1 / (1 + np.exp(-(theta + rng.normal(0.5, 0.9, 10_000)[item])))
    option = np.where(right, 0, rng.integers(1, OPTIONS, item.shape)).astype(np.int8)
    table = {
        "attempt": np.repeat(np.arange(attempts, dtype=np.int32), length),
        "item": item.ravel(),
        "option": option.ravel(),
        "score": right.ravel().astype(np.int8),
    }
    pq.write_table(pyarrow.table(table), file, compression="zstd")


TASKS: dict[str, Callable[[Path], Work]] = {
    "own CTT dense 100k x 50, distractors": dense(100_000),
    "girth CTT dense 100k x 50": girth(100_000),
    "own CTT dense 1M x 50, distractors": dense(1_000_000),
    "own report 1,500 x 20 of 1,000": ordinary,
    "own page of that report": page_of_it,
    "20M own CTT 1M x 20 of 10,000, Parquet": parquet,
}


if __name__ == "__main__":
    main()
