"""What does a draw cost, from a thousand questions and from a million, beside ORDER BY random()?

Run from the repository's root: `python -m benchmarks.draw [--json]`. Some minutes; it works in
databases of its own, SQLite and PostgreSQL, in a temporary folder on the disk of that folder, and
both write through to it. On a machine that does other work, look at the processor's time (that of a
PostgreSQL server is not in it) and at ratios: both sides of each were measured in this run, turn by
turn.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import numpy as np
from scipy import stats
from sqlalchemy import text
from sqlalchemy.orm import Session

from assess import store
from assess.actions import attempts as sitting
from assess.actions import banks, dealing, frameworks, people, pools, programmes
from assess.actions import specifications as specs
from assess.actions.context import Context
from assess.app import create_app
from assess.bank.formats import tabular
from assess.bank.specification_file import read_specification
from assess.delivery import draw
from assess.delivery.draw import Band, Cell, Draw, Entries, History, Pool, Seen, Stream
from assess.delivery.eligibility import Standing
from assess.delivery.terms import Terms
from assess.reasons import Refused
from assess.roles import Role
from assess.settings import Settings
from assess.store import attempts, cursor, encounters, journal, migrate
from assess.store import banks as bank_rows
from assess.store import specifications as tests
from assess.store.approvals import Approval, ApprovalRequest
from assess.store.people import Person
from assess.store.pools import Pool as PoolRow
from assess.store.programmes import Programme, Registration, Signature, Statement
from assess.store.specifications import SpecificationVersion
from assess.store.standing import Judgement
from benchmarks.world import FRAMEWORK
from tests.services import Folder, Services

CELLS, COUNT = 7, 2
SIZES = (56, 1_000, 1_000_000)  # of pools in memory
TABLES = (("sqlite", 1_000), ("sqlite", 20_000), ("postgresql", 1_000), ("postgresql", 20_000))
DRAWS, STARTS, ROOM = 1_500, 150, 500


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="Print one JSON document.")
    asked = parser.parse_args()
    found: dict[str, Any] = {"draw": in_memory(), "start": {}}
    for kind, size in TABLES:
        found["start"][f"{kind}_{size}"] = in_tables(kind, size)
    plain = found["draw"]
    found["ratios"] = {
        f"million_to_thousand_{name}": round(
            plain["1000000"][name]["cpu_ms"] / plain["1000"][name]["cpu_ms"], 2
        )
        for name in ("unbalanced", "balanced", "second_attempt")
    } | {
        f"order_by_random_to_ours_{kind}_{size}": round(
            found["start"][f"{kind}_{size}"]["order_by_random"]["median_ms"]
            / found["start"][f"{kind}_{size}"]["our_draw"]["median_ms"],
            1,
        )
        for kind, size in TABLES
    }
    if asked.json:
        print(json.dumps(found))
        return
    for part in ("draw", "start"):
        for which, rows in found[part].items():
            print(f"\n{part}, {which.replace('_', ', ')} questions")
            for name, figures in rows.items():
                print(f"  {name:<18} " + ", ".join(f"{k} {v}" for k, v in figures.items()))
    print("\nratios")
    for name, ratio in found["ratios"].items():
        print(f"  {name:<44} {ratio}")


def timed(times: int, **deeds: Callable[[int], object]) -> dict[str, dict[str, float]]:
    """Medians of `times` runs of each, turn by turn: by the clock, and of this processor's time."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in deeds}
    for number in range(times):
        for name, deed in deeds.items():
            begun, worked = time.perf_counter(), time.process_time()
            deed(number)
            worked = time.process_time() - worked
            took[name].append((time.perf_counter() - begun, worked))
    return {
        name: {
            "median_ms": round(1000 * statistics.median(one for one, _ in pairs), 3),
            "cpu_ms": round(1000 * statistics.median(one for _, one in pairs), 3),
        }
        for name, pairs in took.items()
    }


def pool_of(items: np.ndarray[Any, Any], versions: np.ndarray[Any, Any], names: list[str]) -> Pool:
    """A balanced pool of these items in equal cells.

    Difficulties are even quantiles of one distribution, in an order by chance of a fixed seed: of
    pools of any size as many forms lie in the band, so that they differ in size alone.
    """
    rng = np.random.default_rng(1)
    cells, target = [], 0.0
    for name, own, shown in zip(
        names, np.array_split(items, CELLS), np.array_split(versions, CELLS), strict=True
    ):
        even = stats.norm.ppf((rng.permutation(own.size) + 0.5) / own.size)
        hard = np.rint(1000 / (1 + np.exp(-0.6 - even))).astype(int)
        target += COUNT * float(hard.mean())
        entries = Entries.of_columns(
            items=array("q", own.tolist()),
            versions=array("q", shown.tolist()),
            options=array("B", [4] * own.size),
            difficulties=array("i", hard.tolist()),
            sets=array("I", [0] * own.size),
        )
        cells.append(Cell(name, COUNT, entries))
    return Pool("ab" * 32, tuple(cells), band=Band(round(target), 10 * CELLS * COUNT))


def in_memory() -> dict[str, Any]:
    """The draw alone, by size of the pool."""
    made = {}
    for size in SIZES:
        numbers = np.arange(1, size + 1)
        made[size] = pool_of(numbers, numbers, [f"u/{c}" for c in range(CELLS)])
    found: dict[str, Any] = {str(size): {} for size in SIZES}
    for name in ("unbalanced", "balanced", "second_attempt"):
        deeds_: dict[str, Callable[[int], object]] = {}
        for size, pool in made.items():
            used = replace(pool, band=None) if name == "unbalanced" else pool
            first = [cell.listed.items[k] for cell in pool.cells for k in range(COUNT)]
            history: History = dict.fromkeys(first, Seen(1, 1)) if name == "second_attempt" else {}

            def drawn(number: int, used: Pool = used, history: History = history) -> None:
                form = draw.draw(used, history, Stream(bytes(32), f"c{number}", 1))
                assert isinstance(form, Draw)  # noqa: S101

            drawn(-1)  # warm
            deeds_[str(size)] = drawn
        for size_, figures in timed(DRAWS, **deeds_).items():
            found[size_][name] = figures
    written = json.dumps(made[SIZES[-1]].as_document())
    begun = time.perf_counter()
    Pool.from_document(json.loads(written)).fingerprint()
    found[str(SIZES[-1])]["cold_pool"] = {
        "seconds": round(time.perf_counter() - begun, 2),
        "megabytes": round(len(written) / 1e6),
    }
    return found


def in_tables(kind: str, size: int) -> dict[str, Any]:
    """A whole start from a bank of `size` questions, and what ORDER BY random() costs on it."""
    folder = Folder()
    try:
        services = Services(folder.path)
        url = services.empty(kind, folder.path)
        if kind == "postgresql":
            services.promise()
        settings = Settings.for_tests(database_url=url, instance=folder.path)
        app = create_app(settings)
        with app.app_context():
            migrate.upgrade(url)
            found = _measured(_context(settings), size)
            store.dispose()
            return found
    finally:
        folder.close()


def _context(settings: Settings) -> Context:
    now = datetime.now(UTC)
    centre = people.add_centre(Context(now, settings, 0), "here", "Here", "Europe/London")
    return Context(now, settings, centre)


SPECIFICATION = """
schema: specification/1
name: T
title: T
bank: Bank
minutes: 30
cut: 10
programme: Benchmark
approval: true
quotas:
"""
BY_RANDOM = text(
    "SELECT id FROM item_versions WHERE bank_id = :bank AND state = 'live' AND outcome = :outcome "
    "ORDER BY random() LIMIT :count"
)


def _paths() -> list[str]:
    return [f"bench/U1/{k + 1}" for k in range(CELLS)]


def _bank(context: Context, size: int) -> int:
    """A published test on a bank of `size` questions; the test's number."""
    outcomes = "".join(f"  - {{code: '{k + 1}', text: Outcome {k + 1}}}\n" for k in range(CELLS))
    _sure(frameworks.load(context, FRAMEWORK + outcomes))
    lines = ["id,kind,outcome,stem,A,B,C,D,key,rationale_A,rationale_B,rationale_C,rationale_D"]
    for k in range(size):
        words = [f"{what} {letter} of {k}" for what in ("Option", "Reason") for letter in "ABCD"]
        head = f"q{k},single_choice,{_paths()[k % CELLS]},What is asked by question {k}?"
        lines.append(",".join([head, *words[:4], "B", *words[4:]]))
    rows = list(tabular.read(BytesIO("\n".join(lines).encode()), "bank.csv"))
    _sure(banks.bring_in(context, banks.Import(rows, "Bank", "bank.csv", "bench")))
    programme = _sure(programmes.create(context, "Benchmark", "bench"))
    _sure(programmes.publish_statement(context, programme, "All the work I hand in is my own."))
    quotas = "".join(f"- {{outcome: {path}, count: {COUNT}}}\n" for path in _paths())
    return int(
        _sure(specs.publish(context, _sure(read_specification(SPECIFICATION + quotas)))).test_id
    )


def _measured(context: Context, size: int) -> dict[str, Any]:
    test_id = _bank(context, size)
    with store.write() as session:
        _balance(session, test_id)
        persons = _people(session, context, test_id, 2 * STARTS + ROOM + 2)
        _written(session, persons[-1])
    # What eligibility has looked up before a form is drawn: not of the draw, not counted with it.
    with store.read() as session:
        judged = [_judged(session, test_id, number) for number in persons]
        pool = _sure(dealing.source_of(session, judged[0].version)).pool

    def start(number: int) -> None:
        with store.write() as session:
            _start(session, context, judged[number])

    def whole(number: int) -> None:
        person = persons[STARTS + number]
        own = replace(context, actor=person, roles=frozenset({Role.CANDIDATE}))
        _sure(sitting.start(own, test_id, affirmed=True))

    def room(number: int) -> None:
        with store.write() as session:
            _together(session, context, judged[2 * STARTS : 2 * STARTS + ROOM])

    def bare(number: int) -> None:
        with store.write() as session:
            session.connection().exec_driver_sql("UPDATE banks SET name = name")

    def by_random(number: int) -> None:
        with store.read() as session:
            for path in _paths():
                values = {"bank": 1, "outcome": path, "count": COUNT}
                assert len(session.execute(BY_RANDOM, values).all()) == COUNT  # noqa: S101

    def ours(number: int) -> None:
        assert isinstance(draw.draw(pool, {}, Stream(bytes(32), f"c{number}", 1)), Draw)  # noqa: S101

    start(-1)  # warm: pool, seed, statements, and all contents, as after some hundred starts
    whole(STARTS + ROOM)
    ours(-1)
    by_random(-1)
    bare(-1)
    with store.read() as session:
        bank_rows.contents(session, [v for cell in pool.cells for v in cell.listed.versions])
    found: dict[str, Any] = timed(
        STARTS,
        our_draw=ours,
        order_by_random=by_random,
        bare_commit=bare,  # one row, durable: what the disk and the transaction cost by themselves
        start=start,
        whole_deed=whole,
    )
    begun, worked = time.perf_counter(), time.process_time()
    room(0)
    found[f"{ROOM}_forms"] = {
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": round(time.process_time() - worked, 2),
    }
    return found


WRITTEN = text(
    "INSERT INTO version_writers (centre_id, version_id, person_id) "
    "SELECT centre_id, id, :person FROM item_versions"
)


def _written(session: Session, author_id: int) -> None:
    """One author wrote all of the bank; PostgreSQL counts that by itself, sooner or later."""
    session.execute(WRITTEN, {"person": author_id})
    if cursor.dialect(session) == cursor.POSTGRESQL:
        session.execute(text("ANALYZE"))


def _people(session: Session, context: Context, test_id: int, count: int) -> list[int]:
    """Candidates with all that stands between them and a start; their numbers."""
    centre, now = context.centre, context.now
    persons = [
        Person(
            centre_id=centre,
            username=f"n{number}",
            name=f"N {number}",
            pseudonym=f"pseudonym-{number}",
            password_hash=None,
            must_change_password=False,
            active=True,
            created_at=now,
        )
        for number in range(count)
    ]
    session.add_all(persons)
    session.flush()
    tutor, programme = persons[-1], session.query(Programme).one()
    statement = session.query(Statement).one()
    asked = [
        ApprovalRequest(
            centre_id=centre, test_id=test_id, candidate_id=one.id, asked_at=now, answered_at=now
        )
        for one in persons
    ]
    session.add_all(asked)
    session.flush()
    for one, request in zip(persons, asked, strict=True):
        session.add_all(
            [
                Registration(
                    centre_id=centre,
                    programme_id=programme.id,
                    candidate_id=one.id,
                    tutor_id=tutor.id,
                    group="One",
                    language="en",
                    registered_at=now,
                ),
                Signature(
                    centre_id=centre,
                    statement_id=statement.id,
                    person_id=one.id,
                    typed_name=one.name,
                    hash=statement.hash,
                    signed_at=now,
                ),
                Approval(
                    centre_id=centre,
                    test_id=test_id,
                    candidate_id=one.id,
                    tutor_id=tutor.id,
                    request_id=request.id,
                    basis=["practice"],
                    words="Eight of ten.",
                    given_at=now,
                    expires_at=now + timedelta(days=14),
                ),
            ]
        )
    return [one.id for one in persons]


def _balance(session: Session, test_id: int) -> None:
    """Give the newest pool difficulties: the authors of this bank said nothing."""
    version = tests.published(session, test_id)
    assert version is not None  # noqa: S101
    row = session.query(PoolRow).filter_by(specification_id=version.id).one()
    old = Pool.from_document(row.document)
    rng = np.random.default_rng(1)
    cells = tuple(
        replace(
            cell,
            entries=cell.listed.with_difficulties(
                rng.integers(300, 900, len(cell.listed)).tolist()
            ),
        )
        for cell in old.cells
    )
    target = round(sum(COUNT * float(np.mean(cell.listed.difficulties)) for cell in cells))
    pool = replace(old, cells=cells, band=Band(target, 10 * old.length), unbalanced="")
    row.document, row.fingerprint = pool.as_document(), pool.fingerprint()


@dataclass(frozen=True, slots=True)
class _Judged:
    """Somebody who may start, with the rows that a start has at hand then."""

    test: tests.Test
    version: SpecificationVersion
    person: Person
    judgement: Judgement


def _judged(session: Session, test_id: int, person_id: int) -> _Judged:
    """The facts that a draw needs. Those that eligibility alone weighs are taken as good."""
    test = session.get_one(tests.Test, test_id)
    version = tests.published(session, test_id)
    assert version is not None  # noqa: S101
    judgement = Judgement(
        terms=Terms.of(version.specification(), timezone="Europe/London"),
        standing=Standing(True, True, True, True, None, None, None),
        reasons=(),
        version=version,
        approval_id=None,
        statement_id=None,
        attempts=tuple(attempts.of_test(session, test_id, person_id)),
    )
    return _Judged(test, version, session.get_one(Person, person_id), judgement)


def _start(session: Session, context: Context, one: _Judged) -> None:
    """Draw, insert, open, journal and read the questions: what a start does after its judgement."""
    row = _sure(dealing.seal(session, context, one.test, one.person, one.judgement, one.version))
    bank_rows.contents(session, [q.version for q in row.drawn()])


def _together(session: Session, context: Context, people: list[_Judged]) -> None:
    """The same for many in one transaction, as a simulated history does it."""
    source = _sure(dealing.source_of(session, people[0].version))
    dealt = []
    for one in people:
        turn = pools.turn(session, context, source.pool_id, context.centre)
        met = encounters.history(session, one.person.id, one.test.bank_id)
        row = _sure(dealing.deal(context, one.test, one.person, one.judgement, source, turn, met))
        dealing.open_(row, context)
        dealt.append((row, turn))
    session.add_all([row for row, _ in dealt])
    session.flush()
    with journal.together(session):
        for row, turn in dealt:
            dealing.record_start(session, context, row, source, turn)
    bank_rows.contents(session, {q.version for row, _ in dealt for q in row.drawn()})


def _sure(done: Any) -> Any:
    if isinstance(done, Refused):
        raise RuntimeError(f"the benchmark was refused: {done}")
    return done


if __name__ == "__main__":
    main()
