"""Is every import contract caught when it is broken, and is none broken now?"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("assess", "invigilation")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in SETTINGS["tool"]["importlinter"]["contracts"]}

# For each contract a module and the line that breaks it when it is added there.
BREACHES = {
    "floors": [
        ("assess/bank/breach.py", "import assess.delivery"),
        ("assess/psychometrics/breach.py", "import assess.delivery"),
        ("assess/web/breach.py", "import assess.cli"),
        ("assess/store/breach.py", "import assess.actions"),
        ("assess/unplaced.py", ""),
    ],
    "room-floors": [
        ("invigilation/unplaced.py", ""),
        ("invigilation/store/breach.py", "import invigilation.actions"),
        ("invigilation/actions/breach.py", "import invigilation.web"),
    ],
    "room-leans": [("invigilation/actions/breach.py", "import assess.web.pages")],
    "room-store": [("invigilation/store/breach.py", "import assess.actions.people")],
    "room": [("assess/web/breach.py", "import invigilation")],
    "pure": [
        ("assess/bank/breach.py", "import sqlalchemy"),
        ("assess/delivery/breach.py", "import time"),
        ("assess/psychometrics/breach.py", "import assess.clock"),
        ("invigilation/presence.py", "import sqlalchemy"),
    ],
    "actions": [
        ("assess/actions/breach.py", "import flask"),
        ("invigilation/actions/breach.py", "import flask"),
    ],
    "store": [
        ("assess/store/breach.py", "import flask"),
        ("invigilation/store/breach.py", "import flask"),
    ],
    "dice": [("assess/web/breach.py", "import secrets")],
    "redis": [("assess/web/breach.py", "import redis")],
    "audiences": [("assess/web/tutor/breach.py", "import assess.web.candidate")],
}


def lint(tree: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    """What the linter says about the packages in this folder."""
    only = [] if contract is None else ["--contract", contract]
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(linter), "--no-cache", *only], cwd=tree, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's Python that may be spoilt."""
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        for module in (ROOT / package).rglob("*.py"):
            target = copy / module.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(module, target)
    shutil.copyfile(ROOT / "pyproject.toml", copy / "pyproject.toml")
    return copy


def test_no_contract_is_broken(tree: Path) -> None:
    said = lint(tree)
    assert said.returncode == 0, said.stdout


def test_every_contract_has_a_breach_to_try() -> None:
    assert set(BREACHES) == set(CONTRACTS)


@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [(contract, *breach) for contract, breaches in BREACHES.items() for breach in breaches],
)
def test_a_breach_is_caught(tree: Path, contract: str, module: str, line: str) -> None:
    spoilt = tree / module
    before = spoilt.read_text(encoding="utf-8") if spoilt.exists() else None
    spoilt.write_text(f"{before or ''}{line}\n", encoding="utf-8")
    try:
        said = lint(tree, contract)
    finally:
        if before is None:
            spoilt.unlink()
        else:
            spoilt.write_text(before, encoding="utf-8")
    assert said.returncode == 1
    assert f"{CONTRACTS[contract]['name']} BROKEN" in said.stdout
    assert module.removesuffix(".py").rsplit("/", 1)[-1] in said.stdout


def test_the_app_may_plug_in_the_room(tree: Path) -> None:
    app = tree / "assess" / "app.py"
    before = app.read_text(encoding="utf-8")
    app.write_text(before + "\nimport invigilation\n", encoding="utf-8")
    try:
        assert lint(tree, "room").returncode == 0
    finally:
        app.write_text(before, encoding="utf-8")


def calls(module: Path) -> set[str]:
    """The dotted names of everything that this module calls, as it writes them."""
    parsed = ast.parse(module.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(parsed) if isinstance(node, ast.Call)}


TIME = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "datetime.datetime.now",
    "datetime.date.today",
    "date.today",
    "time.time",
    "time.time_ns",
)


def test_nobody_asks_a_host_for_its_time_for_the_databases_counts() -> None:
    asking = {
        str(module.relative_to(ROOT))
        for package in PACKAGES
        for module in (ROOT / package).rglob("*.py")
        if not calls(module).isdisjoint(TIME)
    }
    assert asking == set()
