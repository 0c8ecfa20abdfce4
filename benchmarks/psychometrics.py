"""How fast, how lean and how exact is the estimation, beside the engines that PyPI offers?

Run from the repository's root: `python -m benchmarks.psychometrics [--only NAME] [--large]
[--other PYTHON] [--patience SECONDS]`. Each engine fits in a process of its own, which measures
wall and CPU seconds of the fit (reading left out, scores and errors where said) and the peak memory
of the process. `mirt`, `theta-irt` and `girth` take part if they are installed, here or for the
interpreter PYTHON. All log-likelihoods are computed anew at the estimates with the same 61 nodes;
the program that others are compared with is this one. `--large` adds 20 million answers.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 600.0  # seconds for one engine, unless --patience says otherwise


@dataclass(frozen=True, slots=True)
class Task:
    """Answers to be drawn: `length` items of `items` for each of `attempts` candidates."""

    name: str
    attempts: int
    items: int
    length: int
    engines: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everybody answers every item."""
        return self.length == self.items


TASKS = (
    Task("2PL dense 10k x 50", 10_000, 50, 50, ("own", "own+se", "mirt+se", "theta", "girth")),
    Task("2PL dense 100k x 50", 100_000, 50, 50, ("own", "own+se", "mirt", "theta")),
    Task(
        "2PL sparse 100k x 20 of 1,000",
        100_000,
        1000,
        20,
        ("own", "own+se", "own+se+eap", "mirt", "theta"),
    ),
)
LARGE = Task("2PL sparse 1M x 20 of 10,000", 1_000_000, 10_000, 20, ("own", "own+se+eap"))


def main() -> None:
    """Draw the answers, let every engine fit them, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="tasks whose name has this in it")
    parser.add_argument("--large", action="store_true", help="20 million answers too")
    parser.add_argument("--other", default=sys.executable, help="interpreter of other engines")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds for one engine")
    parser.add_argument("--child", nargs=2, metavar=("ENGINE", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(child(asked.child[0], Path(asked.child[1]))))
        return
    for task in (*TASKS, *([LARGE] if asked.large else [])):
        if asked.only in task.name:
            with tempfile.TemporaryDirectory() as folder:
                compare(task, Path(folder), asked.other, asked.patience)


def compare(task: Task, folder: Path, other: str, patience: float = PATIENCE) -> None:
    """One task with every engine; one line each."""
    truth = draw(task, folder)
    print(f"\n{task.name}")
    print("engine        wall s   CPU s  peak MB  x wall   x CPU  log-likelihood    RMSE a  RMSE d")
    first: dict[str, float] | None = None
    for engine in task.engines:
        python = sys.executable if engine.startswith("own") else other
        found = run(engine, folder, python, patience)
        if found is None:
            print(f"{engine:12}  not installed, or not done after {patience:g} s")
            continue
        estimates = np.load(folder / f"{engine}.npz")
        first = first or found
        rmse = [float(np.sqrt(np.mean((estimates[k] - truth[k]) ** 2))) for k in ("a", "d")]
        print(
            f"{engine:12} {found['wall']:7.3f} {found['cpu']:7.3f} {found['mb']:8.0f}"
            f" {found['wall'] / first['wall']:7.1f} {found['cpu'] / first['cpu']:7.1f}"
            f"  {loglik(folder, estimates):15.3f}  {rmse[0]:8.5f}{rmse[1]:8.5f}",
            flush=True,
        )


def draw(task: Task, folder: Path) -> dict[str, NDArray[np.float64]]:
    """Random forms, an item from each stratum, as .npy files; returns the true a and d."""
    rng = np.random.default_rng(20)
    a = np.exp(rng.normal(0.1, 0.3, task.items))
    d = rng.normal(0.7, 0.9, task.items)
    stratum = task.items // task.length
    item = rng.integers(0, stratum, (task.attempts, task.length), dtype=np.int32)
    item += np.arange(task.length, dtype=np.int32) * stratum
    theta = rng.standard_normal(task.attempts)
    right = np.empty(item.shape, dtype=np.bool_)
    for rows in np.array_split(np.arange(task.attempts), max(1, task.attempts // 20_000)):
        logit = a[item[rows]] * theta[rows, None] + d[item[rows]]
        right[rows] = rng.random(logit.shape) < 1 / (1 + np.exp(-logit))
    np.save(folder / "item.npy", item)
    np.save(folder / "right.npy", right)
    np.save(folder / "items.npy", np.array(task.items))
    return {"a": a, "d": d}


def run(engine: str, folder: Path, python: str, patience: float) -> dict[str, float] | None:
    """The engine in a process of its own; None if it is not installed or takes too long."""
    command = [python, "-m", "benchmarks.psychometrics", "--child", engine, str(folder)]
    try:
        done = subprocess.run(  # the interpreter is the one that the caller named
            command, cwd=ROOT, capture_output=True, text=True, timeout=patience, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        if "ModuleNotFoundError" not in done.stderr:
            print(done.stderr[-800:], file=sys.stderr)
        return None
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def child(engine: str, folder: Path) -> dict[str, float]:
    """Fit with one engine, save its estimates, and say what it cost."""
    name, *extras = engine.split("+")
    fit = {"own": own, "mirt": mirt, "theta": theta, "girth": girth}[name]
    prepared, work = fit(folder, extras)
    wall, cpu = time.perf_counter(), time.process_time()
    a, d = work(prepared)
    cost = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    cost["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    np.savez(folder / f"{engine}.npz", a=a, d=d)
    return cost


def own(folder: Path, extras: list[str]) -> tuple[Any, Any]:
    """This program, from the long columns; its preparation counts."""
    from assess.psychometrics import irt, scoring
    from assess.psychometrics.responses import Responses

    item = np.load(folder / "item.npy")
    attempts, length = item.shape
    score = np.load(folder / "right.npy").ravel().astype(np.int16)
    score *= 1000
    answers = Responses(
        attempts,
        np.arange(int(np.load(folder / "items.npy")), dtype=np.int64),
        np.repeat(np.arange(attempts, dtype=np.int32), length),
        item.ravel(),
        score,
        np.broadcast_to(np.int32(-1), score.shape),
    )

    def work(answers: Responses) -> tuple[Any, Any]:
        found = irt.fit(answers, "2pl", errors="se" in extras)
        if "eap" in extras:
            scoring.eap(answers, found.curves(), found.nodes, found.reach)
        return found.a, found.d

    return answers, work


def mirt(folder: Path, extras: list[str]) -> tuple[Any, Any]:
    """The package mirt (Rust), accelerated, 61 nodes for complete answers, 31 for sparse ones."""
    package = importlib.import_module("mirt")
    matrix = wide(folder, np.int8, -1)

    def work(matrix: NDArray[np.int8]) -> tuple[Any, Any]:
        found = package.fit_mirt(
            matrix,
            "2PL",
            n_quadpts=31 if (matrix < 0).any() else 61,
            compute_standard_errors="se" in extras,
            accelerate="squarem",
        )
        parameters = found.model.parameters
        a = np.asarray(parameters["discrimination"]).ravel()
        return a, -a * np.asarray(parameters["difficulty"]).ravel()

    return matrix, work


def theta(folder: Path, extras: list[str]) -> tuple[Any, Any]:
    """The package theta-irt (JAX); its compiling counts, as in one analysis."""
    package = importlib.import_module("theta")
    matrix = wide(folder, np.float64, np.nan)

    def work(matrix: NDArray[np.float64]) -> tuple[Any, Any]:
        found = package.fit(matrix, "2PL")
        a = np.asarray(found.a)
        return a, -a * np.asarray(found.b)

    return matrix, work


def girth(folder: Path, extras: list[str]) -> tuple[Any, Any]:
    """The package girth."""
    package = importlib.import_module("girth")
    matrix = wide(folder, np.int64, -1).T

    def work(matrix: NDArray[np.int64]) -> tuple[Any, Any]:
        found = package.twopl_mml(matrix, {"quadrature_n": 61})
        a = found["Discrimination"]
        return a, -a * found["Difficulty"]

    return matrix, work


def wide(folder: Path, kind: type, missing: float) -> NDArray[Any]:
    """The matrix candidates x items that these engines want."""
    item = np.load(folder / "item.npy")
    matrix: NDArray[Any] = np.full(
        (len(item), int(np.load(folder / "items.npy"))), missing, dtype=kind
    )
    np.put_along_axis(matrix, item.astype(np.int64), np.load(folder / "right.npy"), axis=1)
    return matrix


def loglik(folder: Path, estimates: Any) -> float:
    """At these estimates with 61 nodes on -6..6."""
    from assess.psychometrics import expected, patterns

    item, right = np.load(folder / "item.npy"), np.load(folder / "right.npy")
    attempt = np.repeat(np.arange(len(item), dtype=np.int32), item.shape[1])
    a, d = estimates["a"], estimates["d"]
    part = patterns.arranged(len(item), a.size, attempt, item.ravel(), right.ravel())
    curves = expected.Curves(a, d, np.zeros(a.size), np.ones(a.size, dtype=np.bool_))
    return expected.sums(part, curves, expected.nodes(61)).loglik / expected.LOGLIK


if __name__ == "__main__":
    main()
