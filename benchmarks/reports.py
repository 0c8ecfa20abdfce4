"""How fast is a report of the service: its page, and the marks of a million attempts?

Run from the repository's root: `python -m benchmarks.reports [--kind KIND] [--large]`. The page is
that of a test of 20 of 1,000 items with 1,500 attempts, asked of the whole application through its
test client. `--large` puts a million attempts of 20 of 10,000 items into PostgreSQL (a few minutes,
2 GB of disk) and reads them into the classical tables. Wall and CPU seconds of this process, the
least of the rounds; the database's own share is in the wall seconds alone.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, create_engine, insert, text

from benchmarks import world
from tests.services import Folder, Services

LENGTH = 20
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAME = "author"
DRAWN = 50_000  # attempts of --large that are drawn; the others repeat them under other numbers


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kind", choices=("sqlite", "postgresql"), help="this database only")
    parser.add_argument("--large", action="store_true", help="a million attempts too")
    parser.add_argument("--attempts", type=int, default=1_000_000, help="attempts of --large")
    parser.add_argument("--child", nargs=2, metavar=("TASK", "URL"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        CHILDREN[asked.child[0]](asked.child[1])
        return
    print(f"{'':40}   wall s    CPU s  peak MB", flush=True)
    folder = Folder()
    try:
        services = Services(folder.path)
        for kind in [asked.kind] if asked.kind else ["sqlite", "postgresql"]:
            url = services.empty(kind, folder.path)
            test = world.build(url, folder.path, 1).test
            items = world.OUTCOMES * world.EACH
            store_marks(url, test, np.arange(1, items + 1).reshape(5, -1), 1_500)
            child("page", url)
            if asked.large and kind == "postgresql":
                store_marks(url, test, np.arange(1, 10_001).reshape(20, -1), DRAWN)
                repeat(url, asked.attempts)
                child("tables", url)
    finally:
        folder.close()


def child(task: str, url: str) -> None:
    """A task in a process of its own, whose memory counts alone."""
    command = [sys.executable, "-m", "benchmarks.reports", "--child", task, url]
    subprocess.run(command, cwd=world.ROOT, check=True)


def store_marks(url: str, test: int, strata: np.ndarray[Any, Any], attempts: int) -> None:
    """Put marked attempts behind the back of the service, equally many items of each stratum."""
    engine = create_engine(url)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # Candidates and item versions are numbers here, of nobody and nothing.
            connection.execute(text("SET session_replication_role = replica"))
            connection.execute(text("SET synchronous_commit = off"))
        first = int(
            connection.execute(text("SELECT coalesce(max(id), 0) FROM attempts")).scalar_one()
        )
        rng = np.random.default_rng(9)
        for start in range(0, attempts, 20_000):
            numbers = np.arange(start, min(start + 20_000, attempts)) + first + 1
            _store(connection, rng, test, strata, numbers)
        if engine.dialect.name == "postgresql":
            connection.execute(text("ANALYZE attempts"))
            connection.execute(text("ANALYZE marks"))
    engine.dispose()


def repeat(url: str, attempts: int) -> None:
    """Store the attempts again under new numbers, until there are so many."""
    from assess.store.attempts import Attempt
    from assess.store.marks import MarkRow

    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        moving = {"attempts": "id candidate_id", "marks": "id attempt_id"}
        for model in (Attempt, MarkRow):
            table, moved = model.__tablename__, moving[model.__tablename__]
            names = [column.name for column in model.__table__.columns]
            taken = [f"{n} + k * 1000000" if n in moved.split() else n for n in names]
            connection.execute(
                text(
                    f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(taken)} "  # noqa: S608
                    f"FROM {table}, generate_series(1, {attempts // DRAWN - 1}) AS k"
                )
            )
            connection.execute(text(f"ANALYZE {table}"))
    engine.dispose()


def _store(
    connection: Connection,
    rng: np.random.Generator,
    test: int,
    strata: np.ndarray[Any, Any],
    numbers: np.ndarray[Any, Any],
) -> None:
    from assess.store.attempts import Attempt
    from assess.store.marks import MarkRow

    each, shape = LENGTH // len(strata), (numbers.size, LENGTH)
    start = rng.integers(0, strata.shape[1], (numbers.size, len(strata), 1))
    which = (start + 7 * np.arange(each)) % strata.shape[1]  # no item twice
    shown = np.take_along_axis(strata[None], which, axis=2).reshape(shape)
    shown = rng.permuted(shown, axis=1).astype("<i4")
    right = rng.random(shape) < 1 / (1 + np.exp(-0.7 - rng.standard_normal((numbers.size, 1))))
    # The key of the questions of `world` is B.
    mask = np.where(right, 2, rng.choice([1, 4, 8], shape)).astype("<i4")
    score = (1000 * right).astype("<i4")
    common = {"centre_id": 1, "test_id": test, "bank_id": 1, "specification_id": 1, "ordinal": 1}
    attempt = {
        **common,
        "pool_id": 1,
        "epoch_id": 1,
        "state": "marked",
        "facts": {},
        "form": [],
        "form_fingerprint": "",
        "history_fingerprint": "",
        "label": "assess-draw/2",
        "seconds": 1800,
        "prepared_at": NOW,
        "opened_at": NOW,
        "deadline": NOW + timedelta(hours=1),
        "closed_at": NOW,
        "writer": 1,
    }
    mark = {
        **common,
        "number": 1,
        "out_of": LENGTH,
        "cut": 12,
        "outcomes": [],
        "rule": "benchmark",
        "marked_at": NOW,
        "seconds": np.full(LENGTH, 30, "<i4"),
        "places": np.arange(1, LENGTH + 1, dtype="<i4"),
    }
    totals = score.sum(axis=1).tolist()
    _put(
        connection,
        Attempt.__table__,
        [{**attempt, "id": n, "candidate_id": n} for n in numbers.tolist()],
    )
    _put(
        connection,
        MarkRow.__table__,
        [
            {
                **mark,
                "id": n,
                "attempt_id": n,
                "score": total,
                "passed": total >= 12_000,
                "versions": versions,
                "options": options,
                "scores": scores,
            }
            for n, total, versions, options, scores in zip(
                numbers.tolist(), totals, shown, mask, score, strict=True
            )
        ],
    )


def _put(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    connection.execute(insert(table), rows)


def measured(name: str, work: Callable[[], object], rounds: int) -> None:
    """Print what the work costs."""
    costs = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        costs.append((time.perf_counter() - wall, time.process_time() - cpu))
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, cpu = min(costs)
    print(f"{name:40} {wall:8.3f} {cpu:8.3f} {mb:8.0f}", flush=True)


def page(url: str) -> None:
    """The page of a report as its author gets it, logged in."""
    import tempfile

    from assess.actions import people
    from assess.actions.context import Context
    from assess.app import create_app
    from assess.settings import Settings

    with tempfile.TemporaryDirectory() as instance:
        settings = Settings.for_tests(database_url=url, instance=Path(instance))
        app = create_app(settings)
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            now = app.extensions["assess.clock"].now()
            people.add(Context(now, settings, 1), "Author", NAME, ["author"], world.PASSWORD)
        client = app.test_client()
        answer = client.post("/login", data={"username": NAME, "password": world.PASSWORD})
        assert answer.status_code == 302, answer.text  # noqa: S101

        def work() -> None:
            answer = client.get("/tests/1/report")
            assert answer.status_code == 200, answer.text  # noqa: S101

        kind = url.partition(":")[0].partition("+")[0]
        measured(f"page of a report, {kind}", work, 7)


def tables(url: str) -> None:
    """The classical tables of the test's marks, from PostgreSQL's packed rows."""
    from sqlalchemy.orm import Session

    from assess.psychometrics import classical, coding, distinct, distractors
    from assess.store import packed
    from assess.store.engines import engine_for

    engine = engine_for(url)

    def work() -> object:
        with Session(engine) as session:
            rows = packed.read(session, test_id=1)
        versions = distinct.different(rows.versions)
        data = coding.of_forms(rows.length, rows.versions, rows.options, rows.scores, versions)
        del rows
        raw = classical.raw_sums(data)
        facility = classical.facility_millionths(raw)
        adjusted = classical.adjusted_sums(data, facility, 4, LENGTH)
        return classical.table(raw, adjusted), distractors.table(adjusted)

    def read() -> object:
        with Session(engine) as session:
            return packed.read(session, test_id=1)

    measured("  reading the packed rows", read, 2)
    measured("CTT of them, PostgreSQL packed rows", work, 2)


CHILDREN: dict[str, Callable[[str], None]] = {"page": page, "tables": tables}


if __name__ == "__main__":
    main()
