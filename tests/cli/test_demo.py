"""Does the demonstration fill an empty database, once, and leave every other one alone?"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from assess.actions.demo import ACCOUNTS, MODULES
from tests.cli.conftest import Command
from tools import verify_draw

DEMO = ("demo", "--no-serve", "--candidates", "30", "--module", "M02")
OF_PRODUCTION = {
    "ASSESS_MODE": "production",
    "ASSESS_SECRET_KEY": "s" * 40,
    "ASSESS_SEED_KEY": "k" * 40,
    "ASSESS_PUBLIC_ORIGIN": "https://assess.example.org",
}

DOCS = Path(__file__).resolve().parents[2] / "docs"

pytestmark = pytest.mark.usefixtures("tables")


def whole(folder: Path) -> list[str]:
    """Everything that the instance's database holds."""
    with closing(sqlite3.connect(folder / "instance" / "assess.sqlite3")) as connection:
        return list(connection.iterdump())


def test_the_demonstration_fills_an_empty_database_once(command: Command, tmp_path: Path) -> None:
    (tmp_path / "instance" / "assess.sqlite3").unlink()
    first = command(*DEMO)
    assert first.exit_code == 0
    for account in ACCOUNTS:
        assert f"{account.role.value} " in first.stdout
        assert f" {account.username} " in first.stdout
    there = whole(tmp_path)
    again = command(*DEMO)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert whole(tmp_path) == there
    # What it made is a whole installation: report, replay and chain can be asked for.
    report = command("report", "items", "--test", "M02", "--json")
    assert report.exit_code == 0
    assert json.loads(report.stdout)["population"]["attempts"] == 30
    for attempt in (1, 30):
        replayed = command("draw", "replay", attempt, "--json")
        assert replayed.exit_code == 0
        assert json.loads(replayed.stdout)["same"] is True
    verified = command("journal", "verify", "--json")
    assert verified.exit_code == 0
    said = json.loads(verified.stdout)
    assert (said["good"], said["unsealed"]) == (True, 2)
    assert command("journal", "verify", "--head", said["head"][:20].upper()).exit_code == 0
    lost = command("journal", "verify", "--head", said["head"], "--head", "0" * 20)
    assert lost.exit_code == 1
    assert lost.stdout.count("It does not pass through 00000000000000000000") == 1
    assert command("journal", "verify", "--head", said["head"][:12]).exit_code == 2
    assert command("check").exit_code == 0
    # Its accounts, with one password for all, are none to be served to real people.
    here = {"ASSESS_DATABASE_URL": f"sqlite:///{tmp_path / 'instance' / 'assess.sqlite3'}"}
    checked = command("check", **OF_PRODUCTION, **here)
    assert checked.exit_code == 1
    assert "those of the demonstration are here" in checked.stdout
    # An outsider can draw the forms of an epoch again, when it is closed.
    listed = json.loads(command("draw", "epochs", "M02", "--json").stdout)
    assert sum(one["draws"] for one in listed) == 30
    assert [one["epoch"] for one in listed if one["closed"] is None] == [len(listed)]
    path = tmp_path / "told.json"
    tell = ("draw", "verification-file", "M02", "--output", path)
    told = command(*tell, "--epoch", len(listed))
    assert (told.exit_code, told.stdout, path.exists()) == (1, "", False)
    assert "E-EPOCH" in told.stderr
    assert command("draw", "close", "M02", "--reason", "Appeal 12: by chance?").exit_code == 0
    told = command(*tell, "--json")
    assert json.loads(told.stdout) == {
        "test": "M02",
        "epoch": len(listed),
        "draws": listed[-1]["draws"],
        "file": str(path),
    }
    assert verify_draw.verify(str(path)) == 0
    few = command("draw", "calibrate", "M02", "--json")
    assert few.exit_code == 1
    assert "E-FEW" in json.loads(few.stdout)["problems"][0]["reason"]
    missing = command("draw", "replay", "33")  # two by somebody who practised
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "E-NOT-FOUND" in missing.stderr
    documented(command, tmp_path)
    # And what is changed behind its back is found.
    with closing(sqlite3.connect(tmp_path / "instance" / "assess.sqlite3")) as connection:
        connection.execute("DROP TRIGGER attempts_closed")
        connection.execute("UPDATE attempts SET form = '[]' WHERE id = 30")
        connection.execute("DROP TRIGGER journal_entries_frozen_update")
        connection.execute("UPDATE journal_entries SET actor_id = 1 WHERE id = 40")
        connection.commit()
    changed = command("draw", "replay", "30")
    assert changed.exit_code == 1
    assert "questions             differs" in changed.stdout
    broken = command("journal", "verify")
    assert broken.exit_code == 1
    assert broken.stdout.startswith("Entry 40 is bad")
    assert command("check").exit_code == 1


def documented(command: Command, tmp_path: Path) -> None:
    """The commands and examples of the documents do on the demonstration what they say."""
    for page, example, words in (
        (
            "formats",
            "csv",
            ("bank", "import", "{}", "--bank", "Module 2", "--framework", "csp-demo"),
        ),
        ("people-file", "", ("person", "import", "{}", "--dry-run")),
        ("specification-file", "yaml", ("spec", "publish", "{}")),
    ):
        text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
        file = tmp_path / page
        file.write_text(text.split(f"```{example}\n")[1].split("```")[0], encoding="utf-8")
        done = command(*(word.format(file) for word in words))
        assert done.exit_code == 0, (page, done.stdout, done.stderr)


def test_every_module_has_its_bank_its_test_and_its_past(command: Command, tmp_path: Path) -> None:
    assert command("demo", "--no-serve", "--candidates", "2").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "instance" / "assess.sqlite3")) as connection:
        items = connection.execute(
            "SELECT banks.name, count(items.id) FROM banks JOIN items ON items.bank_id = banks.id "
            "GROUP BY banks.name"
        ).fetchall()
        sat = connection.execute(
            "SELECT tests.name, count(attempts.id) FROM tests "
            "JOIN attempts ON attempts.test_id = tests.id WHERE attempts.state = 'marked' "
            "GROUP BY tests.name"
        ).fetchall()
    banks = dict(items)
    assert sorted(banks) == [
        *(f"CSP demo {module}" for module in MODULES),
        *(f"CSP practice {module}" for module in MODULES),
    ]
    assert sum(count for name, count in items if "demo" in name) == 329  # one is in review
    assert [banks[f"CSP practice {module}"] for module in MODULES] == [20] + [10] * 8
    assert dict(sat) == dict.fromkeys(MODULES, 2) | {"M02-practice": 2}
    assert command("draw", "replay", "18").exit_code == 0
    assert command("check").exit_code == 0


def test_the_demonstration_is_refused_where_other_data_are(
    command: Command, tmp_path: Path
) -> None:
    command("person", "add", "joan", "--name", "Joan Murphy", "--role", "administrator")
    there = whole(tmp_path)
    done = command(*DEMO)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "other data" in done.stderr
    assert f"delete the one that is there, {tmp_path / 'instance'}." in done.stderr
    assert whole(tmp_path) == there
    url = f"sqlite:///{tmp_path / 'instance' / 'assess.sqlite3'}"
    done = command(*DEMO, ASSESS_DATABASE_URL=url, ASSESS_INSTANCE=str(tmp_path / "new"))
    assert done.stderr.endswith("Name an empty one in ASSESS_DATABASE_URL.\n")


def test_the_demonstration_is_refused_in_production(command: Command, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'production.sqlite'}"
    done = command(*DEMO, **OF_PRODUCTION, ASSESS_DATABASE_URL=url)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "production" in done.stderr
    assert not (tmp_path / "production.sqlite").exists()


def test_the_secrets_of_an_instance_survive_and_are_its_owners(
    command: Command, tmp_path: Path
) -> None:
    command("db", "upgrade")
    secrets = [tmp_path / "instance" / name for name in ("secret_key", "seed_key")]
    before = [file.read_text() for file in secrets]
    command("check")
    assert [file.read_text() for file in secrets] == before
    assert before[0] != before[1]
    assert [file.stat().st_mode & 0o077 for file in secrets] == [0, 0]
