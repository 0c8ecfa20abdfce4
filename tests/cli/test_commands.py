"""Does the command line do what its help says, with the exit codes and the JSON it promises?"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from errno import ENOENT, ENOSPC, EROFS
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from sqlalchemy.exc import OperationalError

from assess.cli import reports
from assess.cli.entry import COMMANDS, assess, trouble
from assess.store import kept
from tests.builders import FRAMEWORK, HEADER, csv, question
from tests.cli.conftest import Command

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/items"
KEYS = ["created", "changed", "unchanged", "skipped", "refused", "problems"]
BAD = "bad-1,single_choice,award/U1/1,Stem?,A,B,C,D,E,,,,,"
SPECIFICATION = """
schema: specification/1
name: T1
title: First test
bank: Small bank
minutes: 30
cut: 3
attempts: 3
cool_down_hours: [48]
quotas:
- {outcome: award/U1/1, count: 2, minimum: 1}
- {outcome: award/U1/2, count: 2, minimum: 1}
"""

# Versions with their four options, at a path of three steps in the bank.
WHOLE = """item_versions WHERE outcome LIKE 'MMLU/%/%/%' AND outcome NOT LIKE 'MMLU/%/%/%/%'
    AND json_array_length(content, '$.options') = 4"""

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def small(command: Command, tmp_path: Path) -> Path:
    """A folder with a bank file, after its framework was loaded."""
    (tmp_path / "award.yaml").write_text(FRAMEWORK, encoding="utf-8")
    (tmp_path / "bank.csv").write_text(csv(), encoding="utf-8")
    (tmp_path / "T1.yaml").write_text(SPECIFICATION, encoding="utf-8")
    assert command("framework", "load", tmp_path / "award.yaml").exit_code == 0
    return tmp_path


def counts(done: Result) -> dict[str, Any]:
    """The one JSON document that an import printed."""
    document: dict[str, Any] = json.loads(done.stdout)
    assert list(document) == KEYS
    return document


def rows(folder: Path, table: str) -> int:
    """How many rows a table of the instance has."""
    with closing(sqlite3.connect(folder / "instance" / "assess.sqlite3")) as connection:
        found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return found


def test_the_help_names_every_command_and_where_to_begin(command: Command) -> None:
    done = command("--help")
    assert done.exit_code == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert "assess demo" in done.stdout


def test_the_help_says_of_each_command_what_that_says_of_itself() -> None:
    for name, (_, line) in COMMANDS.items():
        command = assess.get_command(click.Context(assess), name)
        assert command is not None
        assert command.get_short_help_str(limit=200) == line


def test_the_help_waits_for_no_database_no_page_and_no_figures() -> None:
    heavy = {"alembic", "babel", "flask", "numpy", "rich", "scipy", "sqlalchemy"}
    assert heavy & set(printed("import sys, assess.__main__; print(*sys.modules)")) == set()


def test_a_command_knows_every_table_that_the_site_knows() -> None:
    # SQLAlchemy must know a table before a row is written that points at it.
    count = "print(len(floors.TABLES.tables))"
    alone, beside = printed(f"from assess import floors; {count}; import assess.app; {count}")
    assert alone == beside


def printed(program: str) -> list[str]:
    """What a program prints that runs by itself, where nothing is imported yet."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def problem(done: Result) -> str:
    """The one reason in the document of a command that was refused."""
    assert done.exit_code == 1
    (only,) = json.loads(done.stdout)["problems"]
    return f"{only['where']}: {only['reason']}"


def test_a_name_that_is_not_there_is_said_in_words_for_a_command(command: Command) -> None:
    said = problem(command("draw", "replay", "99", "--json"))
    assert said.startswith("attempt 99: There is no attempt 99.")
    assert "--centre" not in said  # replay looks at all centres
    said = problem(command("draw", "epochs", "T", "--json"))
    assert said.startswith("T: There is nothing of that name or number.")
    said = problem(command("report", "items", "--test", "T", "--centre", "far", "--json"))
    assert "no centre with the code 'far'" in said
    done = command("mail", "retry", "7", "9")
    assert done.exit_code == 1
    assert "no mail to be sent has the number 7, 9" in done.stderr
    done = command("mail", "forget", "7")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no mail that was given up has the number 7" in done.stderr


def test_a_database_that_does_not_answer_is_said_in_a_sentence(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "letter.sqlite"
    file.write_text("Dear Sir or Madam, " * 100, encoding="utf-8")
    for words in (("draw", "replay", "1"), ("db", "upgrade"), ("db", "check")):
        done = command(*words, ASSESS_DATABASE_URL=f"sqlite:///{file}")
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith("assess: the database does not answer: file is not a data")


def test_a_database_of_a_newer_version_is_left_alone(command: Command, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "instance" / "assess.sqlite3")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9000'")
        connection.commit()
    for words in (("db", "upgrade"), ("centre", "list")):
        done = command(*words)
        assert done.exit_code == 1
        assert "of a newer version (migration 9000): install that version" in done.stderr


def unsure() -> OperationalError:
    """The error of a deed of which nobody said whether it was done."""
    error = OperationalError(None, {}, Exception("the line is cut"))
    error.add_detail(kept.UNSURE)
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(ENOSPC, "No space left on device"), "could not be written: No space left on dev"),
        (OSError(EROFS, "Read-only file system", "/x"), "/x could not be written: Read-only file"),
        (
            UnicodeEncodeError("utf-8", "J\udcf6an", 1, 2, "surrogates"),
            "'\\udcf6' cannot be written",
        ),
        (
            OperationalError("INSERT", {}, Exception("disk is full")),
            "could not do it: disk is full.",
        ),
        (unsure(), "may have done it, or not: the line is cut."),
        (OSError(ENOENT, "No such file or directory"), None),
        (ValueError("ours"), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_machine_would_not_do_is_said_and_what_is_our_fault_is_not_hidden(
    error: Exception, said: str | None
) -> None:
    found = trouble(error)
    assert (said is None) == (found is None)
    assert said is None or said in (found or "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM alembic_version", "does not say of which migration: restore a backup"),
        ("DROP TABLE alembic_version", "does not say of which migration: restore a backup"),
        ("UPDATE alembic_version SET version_num = '0009x'", "of migration '0009x', which no"),
    ],
)
@pytest.mark.usefixtures("tables")
def test_tables_of_no_known_version_are_left_alone(
    change: str, said: str, command: Command, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "instance" / "assess.sqlite3")) as connection:
        connection.execute(change)
        connection.commit()
    assert "run `assess db upgrade`" in command("centre", "list").stderr
    done = command("db", "upgrade")
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("bank", "import"),
        ("bank", "import", "not-there.csv", "--bank", "B"),
        ("bank", "import", __file__),
        ("bank", "import", __file__, "--bank", "B", "--format", "pdf"),
        ("draw", "replay", "0"),
        ("draw", "replay", "one"),
        ("spec", "publish"),
        ("demo", "--candidates", "-1"),
    ],
)
def test_wrong_use_is_said_on_standard_error_and_exits_2(
    command: Command, arguments: tuple[str, ...]
) -> None:
    done = command(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr


def test_all_problems_of_the_settings_are_said_at_once(command: Command) -> None:
    done = command(
        "check",
        ASSESS_PORT="many",
        ASSESS_MODE="production",
        ASSESS_SECRET_KEY="short",
        ASSESS_DATABASE_URL="mysql://somewhere",
        ASSESS_TIMEZONE="Atlantis",
    )
    assert (done.exit_code, done.stdout) == (2, "")
    for word in ("PORT", "SECRET_KEY is too short", "SEED_KEY", "mysql", "PUBLIC_ORIGIN", "Atlan"):
        assert word in done.stderr, word


def test_an_import_prints_one_document_and_nothing_else(command: Command, small: Path) -> None:
    new = command(
        "bank",
        "import",
        small / "bank.csv",
        "--bank",
        "Small bank",
        "--framework",
        "award",
        "--json",
    )
    assert new.exit_code == 0
    assert counts(new) == dict(zip(KEYS, [12, 0, 0, 0, 0, []], strict=True))
    again = command("bank", "import", small / "bank.csv", "--bank", "Small bank", "--json")
    assert again.exit_code == 0
    assert counts(again) == dict(zip(KEYS, [0, 0, 12, 0, 0, []], strict=True))


def test_a_refused_row_exits_1_and_nothing_is_written(command: Command, small: Path) -> None:
    file = small / "bad.csv"
    file.write_text("\n".join([HEADER, question(1, "1"), BAD]), encoding="utf-8")
    arguments = ("bank", "import", file, "--bank", "B", "--framework", "award", "--json")
    done = command(*arguments)
    document = counts(done)
    assert (done.exit_code, document["created"], document["refused"]) == (1, 1, 1)
    assert [p["where"] for p in document["problems"]] == ["line 3"]
    assert "[E-MALFORMED]" in document["problems"][0]["reason"]
    assert rows(small, "items") == rows(small, "banks") == 0
    done = command(*arguments, "--skip-refused")
    assert (done.exit_code, counts(done)["created"]) == (1, 1)
    assert rows(small, "items") == 1


def test_a_dry_run_writes_nothing(command: Command, small: Path) -> None:
    arguments = ("bank", "import", small / "bank.csv", "--bank", "B", "--framework", "award")
    done = command(*arguments, "--dry-run", "--json")
    assert (done.exit_code, counts(done)["created"]) == (0, 12)
    assert rows(small, "items") == rows(small, "banks") == 0


def test_a_file_that_is_no_table_is_one_document_too(command: Command, small: Path) -> None:
    for content in (b"", b"\xff\xfe\x00", b"PK\x03\x04nothing", b"\x1f\x8bbroken", b"a,b\n1,2\n"):
        file = small / "odd.csv"
        file.write_bytes(content)
        done = command("bank", "import", file, "--bank", "B", "--json")
        document = counts(done)
        assert done.exit_code == 1, content
        assert sum(document[k] for k in KEYS[:4]) == 0, content
        assert document["problems"], content
    assert rows(small, "banks") == 0


def test_an_unknown_framework_or_centre_exits_1(command: Command, small: Path) -> None:
    arguments = ("bank", "import", small / "bank.csv", "--bank", "B", "--json")
    done = command(*arguments, "--framework", "nothing")
    assert (done.exit_code, len(counts(done)["problems"])) == (1, 1)
    done = command(*arguments, "--centre", "nowhere")
    assert "'nowhere'" in problem(done)


def test_without_json_the_counts_are_a_sentence_and_the_problems_on_standard_error(
    command: Command, small: Path
) -> None:
    file = small / "bad.csv"
    one = question(1, "1").removesuffix("Chapter 1")
    file.write_text("\n".join([HEADER, one, BAD]), encoding="utf-8")
    done = command("bank", "import", file, "--bank", "B", "--framework", "award")
    assert done.exit_code == 1
    assert done.stdout.startswith("1 created, 0 changed, 0 unchanged, 0 skipped, 1 refused\n")
    advice = "Advice on wording:\n  1 with nothing to revise\n"
    assert f"\n{advice}Nothing was written." in done.stdout
    assert "line 3" in done.stderr


def test_a_specification_is_published_once_the_bank_can_serve_it(
    command: Command, small: Path
) -> None:
    early = command("spec", "publish", small / "T1.yaml")
    assert (early.exit_code, early.stdout) == (1, "")
    assert "E-BLUEPRINT" in early.stderr
    command("bank", "import", small / "bank.csv", "--bank", "Small bank", "--framework", "award")
    done = command("spec", "publish", small / "T1.yaml", "--json")
    assert done.exit_code == 0
    expected = {"test": "T1", "version": 1, "changed": True, "fresh_attempts_guaranteed": 3}
    found = json.loads(done.stdout)
    assert len(found.pop("witness")) == 4
    assert found == {**expected, "fresh_attempts_exact": True}
    again = command("spec", "publish", small / "T1.yaml", "--json")
    assert json.loads(again.stdout)["changed"] is False
    assert "seeds      good\n" in command("check").stdout
    other = command("check", ASSESS_SEED_KEY="another key, of as many letters as one has to have")
    assert other.exit_code == 1
    assert "seeds      of another ASSESS_SEED_KEY in 1 open epoch:" in other.stdout
    report = command("report", "items", "--test", "T1", "--json")
    assert report.exit_code == 0
    assert json.loads(report.stdout)["population"]["attempts"] == 0
    plain = command("report", "items", "--test", "T1")
    assert plain.exit_code == 0
    assert "Population of T1: 0 first attempts that are marked, 0 responses." in plain.stdout
    assert "Nothing is said of the marks yet: too few: 0 < 30." in plain.stdout


OF_NONE: dict[str, object] = {
    "test": "T1",
    "which": "first attempts that are marked",
    "attempts": 0,
    "responses": 0,
    "excluded_later": 0,
    "excluded_void": 0,
    "first_marked": None,
    "last_marked": None,
}


def test_the_report_on_items_says_no_more_than_the_answers_bear(
    capsys: pytest.CaptureFixture[str],
) -> None:
    item = {"item": "a", "n": 99, "shows": "facility", "facility": 0.52, "discrimination": 0.61}
    test: dict[str, object] = {
        "guard": None,
        "mean": 1.0,
        "sd": 1.0,
        "pass_rate": 0.5,
        "alpha": 0.73,
    }
    test["answers_guard"] = "too few: 5 < 30"
    population = {**OF_NONE, "attempts": 99, "responses": 99, "excluded_later": 1}
    population |= {"first_marked": "2026-02-27T09:00:00+00:00"}
    population |= {"last_marked": "2026-03-02T23:00:00+00:00"}
    reports.show({"population": population, "test": test, "items": [{**item, "flags": []}]})
    said = capsys.readouterr().out
    assert said.startswith(
        "Population of T1: 99 first attempts that are marked, from 27 February 2026 to "
        "2 March 2026, 99 responses.\nLeft out: 1 later attempt, 0 void.\n"
    )
    assert "0.52" in said
    assert "0.61" not in said
    assert "alpha too few: 5 < 30" in said
    assert "0.73" not in said


def test_a_name_in_a_report_is_no_markup_and_moves_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    test = {"guard": "too few", "mean": None, "sd": None, "pass_rate": None, "alpha": None}
    population = {**OF_NONE, "attempts": 9, "responses": 9}
    bare = {"n": 9, "shows": "n", "facility": None, "discrimination": None, "flags": []}
    names = ("q[a]", "x[/b]", ":bell:", "\x1b[2Jgone\x07")
    items = [{"item": name, **bare} for name in names]
    reports.show({"population": population, "test": test, "items": items})
    said = capsys.readouterr().out
    for name in names[:3]:
        assert name in said
    assert "\x1b" not in said
    assert "\x07" not in said


def test_the_reasons_of_a_refusal_are_json_too(command: Command, small: Path) -> None:
    for arguments in (
        ("spec", "publish", small / "T1.yaml", "--json"),
        ("spec", "publish", small / "award.yaml", "--json"),
        ("framework", "load", small / "T1.yaml", "--json"),
        ("report", "items", "--test", "T9", "--json"),
        ("draw", "replay", "1", "--json"),
    ):
        done = command(*arguments)
        assert done.exit_code == 1, arguments
        document = json.loads(done.stdout)
        assert list(document) == ["problems"], arguments
        assert all(p["reason"] for p in document["problems"]), arguments


def test_a_specification_that_is_no_yaml_is_refused(command: Command, small: Path) -> None:
    for content in (b"", b"\xff", b"a: [", b"- 1", b"schema: specification/1"):
        (small / "odd.yaml").write_bytes(content)
        done = command("spec", "publish", small / "odd.yaml")
        assert (done.exit_code, done.stdout) == (1, ""), content
        assert done.stderr.startswith("assess: "), content


def test_the_tables_are_made_checked_and_missed(command: Command, tmp_path: Path) -> None:
    (tmp_path / "instance" / "assess.sqlite3").unlink()
    bare = command("db", "check")
    assert bare.exit_code == 1
    assert "attempts" in bare.stdout
    early = command("check")
    assert early.exit_code == 1
    assert "run `assess db upgrade`" in early.stdout
    assert command("db", "upgrade").exit_code == 0
    matched = command("db", "check")
    assert (matched.exit_code, matched.stdout) == (0, "Tables and code match.\n")
    assert command("check").exit_code == 0
    database = f"sqlite:///file:{tmp_path}/instance/assess.sqlite3"
    mute = command("check", ASSESS_DATABASE_URL=f"{database}?mode=ro&uri=true")
    assert mute.exit_code == 1
    assert "database   it only reads for now" in mute.stdout
    with closing(sqlite3.connect(tmp_path / "instance" / "assess.sqlite3")) as connection:
        later = "INSERT INTO journal_entries (at, event, facts) VALUES (?, 'bank:create', '{}')"
        connection.execute(later, ["2026-01-01 12:00:00.000000"])
        connection.commit()
        idle = command("check")
        assert idle.exit_code == 1
        assert "worker     has sealed nothing of the journal since 2026-01-01 12:00" in idle.stdout
        connection.execute(later, ["2999-01-01 12:00:00.000000"])
        connection.commit()
        ahead = command("check")
        assert (
            "clock      the newest entry of the journal is of 2999-01-01 12:00:00" in ahead.stdout
        )
        for at, said in (("9999", "of a newer version"), ("0001", "run `assess db upgrade`")):
            connection.execute("UPDATE alembic_version SET version_num = ?", [at])
            connection.commit()
            assert f"database   at {at}" in (told := command("check").stdout)
            assert said in told
    old = command("journal", "verify")
    assert (old.exit_code, old.stdout) == (1, "")
    assert "assess db upgrade" in old.stderr


def test_check_names_the_server_that_does_not_answer(command: Command) -> None:
    command("db", "upgrade")
    done = command("check", ASSESS_REDIS_URL="redis://127.0.0.1:1/0")
    assert done.exit_code == 1
    assert "redis      no answer" in done.stdout
    done = command("check", ASSESS_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert done.exit_code == 1
    assert "database   no answer" in done.stdout


def test_a_person_is_added_with_a_first_password(command: Command) -> None:
    done = command("person", "add", "joan", "--name", "Joan Murphy", "--role", "administrator")
    assert done.exit_code == 0
    username, password = done.stdout.split()
    assert (username, len(password)) == ("joan", 19)
    again = command("person", "add", "JOAN", "--name", "Joan", "--role", "tutor")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "E-TAKEN" in again.stderr


def test_a_public_bank_is_imported_whole_and_again_unchanged(
    command: Command, tmp_path: Path
) -> None:
    file = shared("csv/mmlu-workplace.csv")
    new = command("bank", "import", file, "--bank", "MMLU", "--json")
    assert new.exit_code == 0
    assert counts(new) == dict(zip(KEYS, [829, 0, 0, 0, 0, []], strict=True))
    assert rows(tmp_path, WHOLE) == 829
    again = command("bank", "import", file, "--bank", "MMLU", "--json")
    assert again.exit_code == 0
    assert counts(again) == dict(zip(KEYS, [0, 0, 829, 0, 0, []], strict=True))
    assert rows(tmp_path, "item_versions") == 829


def test_a_large_public_bank_is_imported_whole(command: Command, tmp_path: Path) -> None:
    done = command("bank", "import", shared("bank/mmlu-bank.jsonl.gz"), "--bank", "MMLU", "--json")
    assert done.exit_code == 0
    assert counts(done) == dict(zip(KEYS, [14_042, 0, 0, 0, 0, []], strict=True))
    assert rows(tmp_path, WHOLE) == 14_042


def shared(name: str) -> Path:
    """A public bank, where it is there; else the test is skipped."""
    file = SHARED / name
    if not file.exists():
        pytest.skip(f"{name} lies in `shared` beside the project, which is not here")
    return file
