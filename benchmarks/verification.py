"""Do ten thousand forms agree with their verification files, and is one changed number found?

Run from the repository's root: `python -m benchmarks.verification [--forms N] [--json]`. The
demonstration's M02 on a SQLite database of its own; a simulated history of candidates who sit it up
to three times; every epoch closed; then the commands that a centre and an outsider would type:
`assess draw verification-file`, and `tools/verify_draw.py` on all the files. Then an item, a
difficulty and an entry of a history are changed, one at a time. Exit code 1 when anything is not
as it should be.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from assess import store
from assess.actions import demo, history, people, verification
from assess.actions.context import Context
from assess.app import create_app
from assess.reasons import Refused
from assess.settings import from_environment
from assess.store import centres, migrate
from assess.store.attempts import Attempt
from assess.store.specifications import Test

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "tools" / "verify_draw.py"
ATTEMPTS = 3  # as many as M02 allows
YEAR = timedelta(days=365)


def main() -> None:
    """Make the forms, verify them, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forms", type=int, default=10_000, help="How many at the least.")
    parser.add_argument("--json", action="store_true", help="Print one JSON document.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ASSESS_DATABASE_URL"] = f"sqlite:///{folder}/verification.sqlite3"
        os.environ["ASSESS_INSTANCE"] = folder
        found = measured(Path(folder), asked.forms)
    if asked.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:<24} {value}")
    sys.exit(0 if found["agree"] and all(found["found"].values()) else 1)


def measured(folder: Path, forms: int) -> dict[str, Any]:
    """The forms made, the files written by the command, and what the script says of them."""
    begun = time.perf_counter()
    by_ordinal = filled(forms)
    made = time.perf_counter()
    files = written(folder)
    wrote = time.perf_counter()
    code, said = script(*files)
    verified = time.perf_counter()
    draws = sum(len(json.loads(file.read_text("utf-8"))["draws"]) for file in files)
    return {
        "forms": draws,
        "by_attempt": dict(sorted(by_ordinal.items())),
        "epochs": len(files),
        "agree": code == 0 and draws == by_ordinal.total() and "DIFFERS" not in said,
        "found": changed(folder, files),
        "seconds_to_make": round(made - begun, 1),
        "seconds_to_write": round(wrote - made, 1),
        "seconds_to_verify": round(verified - wrote, 1),
    }


def filled(forms: int) -> Counter[int]:
    """Fill the database with at least so many forms; says how many of which attempt."""
    settings = from_environment()
    migrate.upgrade(settings.database_url)
    app = create_app(settings)
    now = datetime.now(UTC)
    with app.app_context():
        demo.fill(Context(now, settings, 0), "a-password-of-five-words", 0, modules=[demo.TEST])
        with store.read() as session:
            centre = centres.first(session)
        assert centre is not None  # noqa: S101
        context = Context(now, settings, centre.id)
        tutor = people.add(context, "Past Tutor", "tutor.past", ["tutor"])
        if isinstance(tutor, Refused):
            raise RuntimeError(str(tutor))
        made, since = 0, now
        while made < forms:
            plan = history.Plan(demo.TEST, max(20, (forms - made) * 2 // 3), attempts=ATTEMPTS)
            past = history.Past(since, since + YEAR, seed=made)
            made += history.simulate_history(context, [plan], past, tutor.person_id)
            since += YEAR
        verification.close(replace(context, now=since), demo.TEST, "All are to be verified")
        with store.read() as session:
            ordinals = session.scalars(
                select(Attempt.ordinal)
                .join(Test, Test.id == Attempt.test_id)
                .where(Test.name == demo.TEST)
            ).all()
        store.dispose()
    return Counter(ordinals)


def written(folder: Path) -> list[Path]:
    """The verification files of all epochs, by the command."""
    files: list[Path] = []
    listed = json.loads(assess("draw", "epochs", demo.TEST, "--json"))
    for one in listed:
        file = folder / f"{demo.TEST}-epoch-{one['epoch']}.json"
        which = ("--epoch", str(one["epoch"]), "--output", str(file))
        assess("draw", "verification-file", demo.TEST, *which, "--json")
        files.append(file)
    return files


def assess(*arguments: str) -> str:
    """What the command prints."""
    command = [str(Path(sys.executable).parent / "assess"), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def script(*files: Path) -> tuple[int, str]:
    """The exit code of the outsider's script, and what it says."""
    command = [sys.executable, "-I", str(SCRIPT), *map(str, files)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    return done.returncode, done.stdout


def changed(folder: Path, files: list[Path]) -> dict[str, bool]:
    """Whether each change of one number is found, in the smallest file that holds a history."""
    documents = [json.loads(file.read_text("utf-8")) for file in files]
    with_history = [one for one in documents if any(draw["history"] for draw in one["draws"])]
    honest = min(with_history, key=lambda one: len(one["draws"]))
    found = {}
    for what, needle in (
        ("item", "DIFFERS: pool"),
        ("difficulty", "DIFFERS: pool"),
        ("history", "DIFFERS: history of attempt"),
    ):
        document = copy.deepcopy(honest)
        if what == "history":
            draw = next(draw for draw in document["draws"] if draw["history"])
            draw["history"][0][2] += 1
        else:
            column, more = {"item": (0, 1_000_000), "difficulty": (3, 1)}[what]
            document["pool"]["cells"][0]["rows"][-1][column] += more
        file = folder / f"changed-{what}.json"
        file.write_text(json.dumps(document), "utf-8")
        code_, said = script(file)
        found[what] = code_ == 1 and needle in said
    return found


if __name__ == "__main__":
    main()
