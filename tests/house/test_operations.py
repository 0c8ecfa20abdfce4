"""Do the documents name only settings, commands, options and files that there are?"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest

from assess.cli.entry import assess
from assess.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "docs" / "operations.md"
DEPLOYED = sorted(p for p in (ROOT / "deploy").iterdir() if p.is_file())
KNOWN = {PREFIX + field.name.upper() for field in fields(Settings)}
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# In a block of its own, or within a sentence.
TYPED = re.compile(r"^(?: {4})?assess ([a-z].*?)(?:#.*)?$|`assess ([a-z][^`]*)`", re.MULTILINE)


def named(path: Path) -> set[str]:
    """The settings that a file names."""
    return set(re.findall(r"\bASSESS_[A-Z0-9_]+\b", path.read_text(encoding="utf-8")))


def typed() -> list[str]:
    """Every command `assess ...` that a document shows."""
    texts = [path.read_text(encoding="utf-8") for path in DOCUMENTS]
    return sorted({"".join(found).strip() for text in texts for found in TYPED.findall(text)})


def test_every_setting_is_documented_and_every_documented_setting_is_one() -> None:
    assert named(ROOT / "docs" / "settings.md") - {"ASSESS_CHROMIUM"} == KNOWN


@pytest.mark.parametrize(
    "path", [OPERATIONS, ROOT / "Containerfile", *DEPLOYED], ids=lambda path: path.name
)
def test_what_operators_copy_names_only_settings_that_there_are(path: Path) -> None:
    assert named(path) - KNOWN == set()


def test_every_command_of_the_documents_is_one_that_there_is() -> None:
    context = click.Context(assess)
    assert len(typed()) > 30
    for line in typed():
        command: click.Command = assess
        words = line.replace("[", " ").replace("]", " ").split()
        while isinstance(command, click.Group):
            found = command.get_command(context, words.pop(0))
            assert found is not None, line
            command = found
        options = {o for p in command.params for o in p.opts} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_the_command_of_the_machine_finds_files_from_where_one_stands(tmp_path: Path) -> None:
    (tmp_path / "assess.env").write_text("ASSESS_NAME='A name'\n", encoding="utf-8")
    for name, does in (("id", "echo assess"), ("stub", 'echo "$PWD $ASSESS_NAME $*"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    script = (ROOT / "deploy" / "assess").read_text(encoding="utf-8")
    for there, here in (("/etc/assess", ""), ("/opt/assess/.venv/bin/assess", "/stub")):
        script = script.replace(there, f"{tmp_path}{here}")
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", script, "assess", "bank", "import", "a b.csv"],
        env={"PATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{tmp_path} A name bank import a b.csv\n"


def test_the_container_is_built_from_what_is_there() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sources = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert {f"!{source}", f"!{source.split('/')[0]}"} & set(let_in), source


def test_every_file_for_operators_is_named_in_their_document() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    units = "deploy/assess-*.service"
    for path in DEPLOYED:
        name = f"deploy/{path.name}"
        assert name in text or (units in text and Path(name).match(units)), name


PYTHON = """#!/bin/sh
echo "$*" >> python.log
[ "$2" = venv ] || exit 0
mkdir -p .venv/bin && cp "$0" .venv/bin/python
"""


def test_an_environment_whose_making_was_broken_off_is_made_anew(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "Makefile", tmp_path / "Makefile")
    (tmp_path / "requirements").mkdir()
    for path in ("requirements/bootstrap.txt", "python"):
        (tmp_path / path).write_text(PYTHON, encoding="utf-8")
    (tmp_path / "python").chmod(0o755)
    made = []
    for _ in ("from nothing", "again, with a newer lock", "broken off"):
        subprocess.run(
            ["make", "PYTHON=./python", ".venv/.uv"], cwd=tmp_path, check=True, capture_output=True
        )
        made.append((tmp_path / "python.log").read_text().count("-m venv --clear .venv"))
        if len(made) == 1:
            os.utime(tmp_path / "requirements/bootstrap.txt", (2e9, 2e9))
        else:
            (tmp_path / ".venv/.uv").unlink()
    assert made == [1, 1, 2]


def test_a_benchmark_can_be_run_by_its_file(tmp_path: Path) -> None:
    made = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", made], check=True)
    only = ("-o", f"{made}/.dev", f"VENV={made}", f"{made}/.root")
    subprocess.run(["make", *only], cwd=ROOT, check=True, capture_output=True)
    looked = "import benchmarks, tests, tools; print(*benchmarks.__path__)"
    found = subprocess.run(
        [made / "bin/python", "-c", looked],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stdout.split() == [str(ROOT / "benchmarks")]
