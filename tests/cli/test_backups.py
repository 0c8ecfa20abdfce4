"""`assess backup` and `assess restore`, as an operator types them, on both databases."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.services import KINDS, Services, programs

PERSON = ("person", "add", "joan", "--name", "Joan", "--role", "administrator")


@pytest.fixture
def small(command: Command, tables: None, tmp_path: Path) -> Path:
    """Where backups go, of an installation with one person."""
    assert command(*PERSON).exit_code == 0
    assert command("journal", "seal").exit_code == 0
    return tmp_path / "backups"


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_is_taken_restored_and_proved(
    kind: str, command: Command, services: Services, tmp_path: Path
) -> None:
    folder, into = tmp_path / "backups", services.workshop()
    url = services.migrated(kind, tmp_path)
    environ = {"ASSESS_DATABASE_URL": url, "ASSESS_PG_BIN": str(programs())}
    assert command(*PERSON, **environ).exit_code == 0
    assert command("journal", "seal", **environ).exit_code == 0
    taken = command("backup", folder, **environ)
    assert taken.exit_code == 0, taken.stderr
    assert "0 answers" in taken.stdout
    assert str(folder / "assess-2") in taken.stdout
    done = command("restore", folder, "--into", into, "--check", **environ)
    assert done.exit_code == 0, done.output
    assert "Everything is there." in done.stdout
    assert "BAD" not in done.stdout
    services.drop(url)


def test_both_print_one_document_and_nothing_else(command: Command, small: Path) -> None:
    taken = json.loads(command("backup", small, "--json").stdout)
    assert taken["journal"]["unsealed"] == 0
    assert taken["tables"]["people"] == 1
    done = json.loads(command("restore", "--check", "--json", ASSESS_BACKUPS=str(small)).stdout)
    assert done["backup"] == taken["backup"]
    assert (done["good"], done["checked"], done["restored"]) == (True, True, None)
    assert [f["what"] for f in done["findings"]] == [
        "tables",
        "guards",
        "pages",
        "receipts",
        "journal",
    ]


def test_a_lost_database_comes_back(command: Command, small: Path, tmp_path: Path) -> None:
    assert command("backup", small).exit_code == 0
    file = tmp_path / "instance" / "assess.sqlite3"
    refused = command("restore", small, "--here", "--check")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "already there" in refused.stderr
    for left in file.parent.glob("assess.sqlite3*"):
        left.unlink()
    done = command("restore", small, "--here", "--check")
    assert done.exit_code == 0, done.output
    assert command("check").exit_code == 0
    assert command(*PERSON).exit_code == 1  # Joan is there


def test_a_copy_that_differs_is_said_to_be_bad_and_exits_1(command: Command, small: Path) -> None:
    assert command("backup", small).exit_code == 0
    (manifest,) = small.glob("*/manifest.json")
    document = json.loads(manifest.read_text())
    document["tables"]["people"]["rows"] = 2
    manifest.write_text(json.dumps(document))
    done = command("restore", small, "--check")
    assert done.exit_code == 1
    assert "BAD: people has 1 rows in place of 2" in done.stdout
    assert "NOT what was backed up" in done.stdout


def test_a_copy_is_not_blamed_for_what_was_changed_in_the_database_itself(
    command: Command, small: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "instance" / "assess.sqlite3")) as base, base:
        base.execute(
            "INSERT INTO journal_entries (at, event, facts)"
            " SELECT at, 'attempt:close', '{\"attempt\": 9}' FROM journal_entries LIMIT 1"
        )
    assert command("backup", small).exit_code == 0
    done = command("restore", small, "--check")
    assert done.exit_code == 1
    assert "BAD: attempt 9: it was handed in" in done.stdout
    assert done.stdout.endswith("what is bad was so in the database before.\n")


def test_a_copy_with_older_tables_is_not_called_bad(command: Command, small: Path) -> None:
    """Restoring with a later version is what the documents tell who has lost a machine."""
    assert command("backup", small).exit_code == 0
    (manifest,) = small.glob("*/manifest.json")
    document = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**document, "migration": "0013"}))
    done = command("restore", small, "--check")
    assert done.exit_code == 1
    assert "receipts   unknown: not looked at: the backup has the tables of 0013" in done.stdout
    assert "BAD" not in done.stdout
    assert done.stdout.endswith("the rest is not proved.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backup",), "set ASSESS_BACKUPS"),
        (("backup", "elsewhere"), "there is no database"),
        (("restore", "--check"), "set ASSESS_BACKUPS"),
        (("restore", ".", "--check"), "there is no backup here"),
    ],
)
def test_what_cannot_be_done_is_said_and_exits_1(
    command: Command,
    arguments: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = command(*arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr
    assert not (tmp_path / "instance" / "assess.sqlite3").exists()


@pytest.mark.parametrize("arguments", [(), ("--into", "x", "--here")])
def test_one_place_to_restore_to_is_asked_for(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = command("restore", tmp_path, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")


def test_an_empty_database_is_not_backed_up(command: Command, tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "assess.sqlite3").touch()
    done = command("backup", tmp_path / "backups")
    assert done.exit_code == 1
    assert "is empty" in done.stderr


def test_check_says_when_nights_were_missed(command: Command, small: Path) -> None:
    def said() -> tuple[int, str]:
        done = command("check", ASSESS_BACKUPS=str(small))
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("backup ")]
        return done.exit_code, line

    assert "ASSESS_BACKUPS" in command("check").stdout
    assert said() == (1, f"backup     there is none in {small} yet")
    assert command("backup", small).exit_code == 0
    assert said() == (0, "backup     good")
    (manifest,) = small.glob("*/manifest.json")
    document = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(document | {"taken_at": "2020-02-03T02:00:00+00:00"}))
    code, line = said()
    assert code == 1
    assert "of 2020-02-03 02:00 UTC, older than two nights" in line
