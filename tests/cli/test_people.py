"""Does the operator bring in people and look after centres as the help says?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

FILE = "username,name,roles\nann,Ann Lee,tutor\nbob,Bob Ray,candidate;author\n"

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def people(command: Command, tmp_path: Path) -> Path:
    """A file of two people, and a centre for them."""
    assert command("centre", "add", "north", "--name", "North College").exit_code == 0
    path = tmp_path / "people.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_a_dry_run_says_line_by_line_what_would_happen(command: Command, people: Path) -> None:
    done = command("person", "import", people, "--centre", "north", "--dry-run")
    assert done.exit_code == 0
    assert "line 2: ann: Add Ann Lee as tutor." in done.stderr
    assert done.stdout == "2 added, 0 changed, 0 unchanged, 0 refused\nNothing was written.\n"
    told = json.loads(command("person", "import", people, "--dry-run", "--json").stdout)
    assert (told["written"], told["added"], told["passwords"]) == (False, 2, {})


def test_a_file_is_brought_in_with_the_first_passwords_in_a_file_of_their_own(
    command: Command, people: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "passwords.csv"
    done = command("person", "import", people, "--passwords", kept)
    assert done.exit_code == 0
    assert kept.stat().st_mode & 0o777 == 0o600
    lines = kept.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "username,name,password"
    assert [line.rpartition(",")[0] for line in lines[1:]] == ["ann,Ann Lee", "bob,Bob Ray"]
    assert lines[1].rpartition(",")[2] not in done.output
    again = command("person", "import", people, "--passwords", kept)
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)
    told = json.loads(command("person", "import", people, "--json").stdout)
    assert (told["unchanged"], told["passwords"]) == (2, {})
    nobody = tmp_path / "nobody.csv"
    assert command("person", "import", people, "--passwords", nobody).exit_code == 0
    assert not nobody.exists()


def test_no_name_becomes_a_formula_in_the_file_of_passwords(
    command: Command, people: Path, tmp_path: Path
) -> None:
    people.write_text('username,name,roles\nann,"=HYPERLINK(""x"")",tutor\n', encoding="utf-8")
    kept = tmp_path / "passwords.csv"
    assert command("person", "import", people, "--passwords", kept).exit_code == 0
    assert "'=HYPERLINK(" in kept.read_text(encoding="utf-8")


def test_a_line_that_cannot_be_done_exits_1_and_nothing_is_written(
    command: Command, people: Path
) -> None:
    people.write_text(FILE + "ce\x1b[2Je,,tutor\n", encoding="utf-8")
    done = command("person", "import", people)
    assert done.exit_code == 1
    assert "line 4: ce\N{REPLACEMENT CHARACTER}[2je:" in done.stderr
    assert "[E-FIELD]" in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stdout.endswith("Nothing was written.\n")
    people.write_text("name\nAnn\n", encoding="utf-8")
    assert command("person", "import", people).exit_code == 1


def test_the_operator_looks_after_centres(command: Command, people: Path) -> None:
    assert command("centre", "add", "north", "--name", "Again").exit_code == 1
    refused = command("centre", "add", "a b", "--name", "", "--timezone", "Mars/North")
    assert refused.exit_code == 1
    assert len(refused.stderr.strip().splitlines()) == 3
    assert (
        command("centre", "change", "north", "--name", "North", "--timezone", "UTC").exit_code == 0
    )
    assert command("centre", "change", "south", "--name", "South").exit_code == 1
    assert command("centre", "change", "north").exit_code == 2  # nothing is to be changed
    assert command("centre", "add", "so/uth;", "--name", "South").exit_code == 1
    assert command("centre", "close", "north").exit_code == 0
    assert "north  North  UTC  (closed)" in command("centre", "list").stdout
    assert command("centre", "open", "north").exit_code == 0
    told = json.loads(command("centre", "list", "--json").stdout)
    assert told["centres"] == [{"code": "north", "name": "North", "timezone": "UTC", "open": True}]
