"""Who sits what in the benchmarks? 1,000 questions of five outcomes, a test of 20, candidates.

Built by the deeds themselves, on any database; nothing is inserted behind their backs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "a-benchmark-of-four-words"  # noqa: S105 - of a database that is thrown away
OUTCOMES = 5
EACH = 200
PER_OUTCOME = 4
FRAMEWORK = """
schema: framework/1
id: bench
title: Benchmark
issuer: Benchmark
kind: award
code: null
level: null
credit: null
language: en-GB
published: null
source: {document: none, rights: MIT}
units_label: module
groups:
- {id: modules, title: Modules, role: mandatory, units: [U1]}
rules: []
units:
- code: U1
  number: 1
  title: Unit
  group: modules
  assessed: true
  outcomes:
"""


@dataclass(frozen=True, slots=True)
class World:
    """The number of the test, and the log-in names of those who may start it."""

    test: int
    names: tuple[str, ...]


def build(url: str, instance: Path, candidates: int, each: int = EACH) -> World:
    """Fill a migrated database, in a process of its own."""
    env = {
        **os.environ,
        "ASSESS_DATABASE_URL": url,
        "ASSESS_INSTANCE": str(instance),
        "ASSESS_ARGON2_MEMORY_KIB": "256",
        "ASSESS_ARGON2_TIME": "1",
    }
    command = [sys.executable, "-m", "benchmarks.world", str(candidates), str(each)]
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True)
    told = json.loads(done.stdout)
    return World(told["test"], tuple(told["names"]))


def rows(each: int) -> str:
    """The bank as a file, with so many questions of each outcome."""
    lines = ["id,kind,outcome,stem,A,B,C,D,key,revise"]
    for outcome in range(1, OUTCOMES + 1):
        for n in range(each):
            stem = f"Question {n} about outcome {outcome}: what would you do first?"
            options = ",".join(f"Answer {letter} to {outcome}-{n}" for letter in "ABCD")
            lines.append(
                f"q{outcome}-{n},single_choice,bench/U1/{outcome},{stem},{options},B,Chapter"
            )
    return "\n".join(lines) + "\n"


def fill(candidates: int, each: int) -> World:
    """Fill the database of the running application."""
    from flask import current_app

    from assess.actions import banks, frameworks, people, programmes, specifications
    from assess.actions.context import Context
    from assess.bank.formats import tabular
    from assess.bank.specification import Quota, Specification
    from assess.reasons import Refused

    settings = current_app.extensions["assess.settings"]
    now = current_app.extensions["assess.clock"].now()

    def sure(done: object) -> object:
        if isinstance(done, Refused):
            raise SystemExit(f"cannot be filled: {done.reasons}")
        return done

    centre = people.add_centre(Context(now, settings, 0), "bench", "Bench", "Europe/London")
    operator = Context(now, settings, centre)
    outcomes = "".join(f"  - {{code: '{n}', text: Do {n}}}\n" for n in range(1, OUTCOMES + 1))
    sure(frameworks.load(operator, FRAMEWORK + outcomes))
    programme = sure(programmes.create(operator, "Benchmark", "bench"))
    assert isinstance(programme, int)  # noqa: S101
    table = list(tabular.read(BytesIO(rows(each).encode()), "bank.csv"))
    sure(
        banks.bring_in(
            operator, banks.Import(rows=table, bank="Bench", file="bank.csv", framework="bench")
        )
    )
    quotas = tuple(Quota(f"bench/U1/{n}", PER_OUTCOME, 0) for n in range(1, OUTCOMES + 1))
    published = sure(
        specifications.publish(
            operator,
            Specification(
                name="B1",
                title="Benchmark",
                bank="Bench",
                minutes=120,
                cut=12,
                quotas=quotas,
                attempts=None,
                cool_down_hours=(),
                programme="Benchmark",
                approval=False,
            ),
        )
    )
    tutor = sure(people.add(operator, "Tutor", "tutor", ["tutor"], PASSWORD))
    names = []
    for n in range(candidates):
        name = f"candidate{n}"
        added = sure(people.add(operator, f"Candidate {n}", name, ["candidate"], PASSWORD))
        sure(
            programmes.register(
                operator,
                programme,
                added.person_id,  # type: ignore[attr-defined]
                tutor.person_id,  # type: ignore[attr-defined]
                f"Group {n // 20}",
            )
        )
        names.append(name)
    return World(published.test_id, tuple(names))  # type: ignore[attr-defined]


def main() -> None:
    """Migrate the database of the environment, fill it, and say what is there."""
    from sqlalchemy import update

    from assess import store
    from assess.actions import passwords
    from assess.app import create_app
    from assess.settings import Settings, from_environment
    from assess.store import migrate
    from assess.store.people import Person

    settings = from_environment()
    migrate.upgrade(settings.database_url)
    app = create_app(settings)
    with app.app_context():
        made = fill(int(sys.argv[1]), int(sys.argv[2]))
        # One hash for all, as dear as the site's own: none has to be made anew at a log-in.
        plain = Settings(database_url="", secret_key="", seed_key="")
        hashed = passwords.hash_of(PASSWORD, plain)
        with store.write() as session:
            session.execute(update(Person).values(password_hash=hashed))
    print(json.dumps({"test": made.test, "names": made.names}))


if __name__ == "__main__":
    main()
