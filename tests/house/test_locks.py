"""Do the locks hold names, versions and hashes, and nothing about any host?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools import locks

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^[a-z0-9._\[\],-]+==\S+", re.IGNORECASE)
# Written in two parts, lest this file itself be found.
HOST = "https:" + "//mirror.example"


def test_no_file_of_the_project_names_a_download_host() -> None:
    assert locks.problems(ROOT) == []


def test_a_folder_without_git_is_looked_through_too(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(".venv/\n", encoding="utf-8")
    for name in (".venv/pip.conf", "pip.conf"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("index-" + f"url = {HOST}\n", encoding="utf-8")
    assert [said.partition(":")[0] for said in locks.problems(tmp_path)] == ["pip.conf"]


@pytest.mark.parametrize("lock", REQUIREMENTS, ids=lambda path: path.stem)
def test_every_python_package_is_pinned_and_hashed(lock: Path) -> None:
    entries = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    assert entries
    for entry in entries:
        assert PINNED.match(entry), entry
        assert "--hash=sha256:" in entry, entry


def test_every_npm_package_is_hashed() -> None:
    document = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in document["packages"].items() if name}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements/run.txt", "--index-" + f"url {HOST}/"),
        ("requirements/run.txt", f"flask @ {HOST}/flask.zip"),
        ("requirements/dev.txt", "-i somewhere"),
        ("package-lock.json", '{"resolved' + f'": "{HOST}/sass.tgz"}}'),
        (".npmrc", "registry" + f"={HOST}"),
        ("pip.conf", "extra-index-" + f"url = {HOST}"),
        ("docs/set-up.md", f"from {HOST}/simple/ by hand"),
        ("Makefile", f"\tcurl {HOST}/tool-1.0.tar.gz"),
    ],
)
def test_a_named_host_is_found(path: str, text: str) -> None:
    assert {line for line, _ in locks.addresses(path, f"first line\n{text}\n")} == {2}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements/run.txt", "flask==3.1.3 \\\n    --hash=sha256:00"),
        ("docs/set-up.md", f"The service answers on {HOST}/tests/1 in a simple way"),
        (".npmrc", "omit-lockfile-registry-resolved=true"),
        ("pyproject.toml", 'known-first-party = ["assess"]'),
    ],
)
def test_ordinary_text_is_left_alone(path: str, text: str) -> None:
    assert list(locks.addresses(path, text)) == []


def test_npm_s_lock_is_stripped_of_where_packages_lie_and_where_to_donate() -> None:
    before = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "x"},
            "node_modules/a": {
                "version": "1.0.0",
                "resolved": HOST,
                "integrity": "sha512-00",
                "funding": {"url": HOST},
            },
        },
    }
    after = json.loads(locks.stripped(json.dumps(before)))
    assert after["packages"]["node_modules/a"] == {"version": "1.0.0", "integrity": "sha512-00"}
