"""Is every import contract caught when it is broken, and is none broken now?"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("assess", "invigilation")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in SETTINGS["tool"]["importlinter"]["contracts"]}

# For each contract the folders, or modules, and the lines that break it when they are added there.
BREACHES = {
    "floors": [
        ("assess/bank", "import assess.delivery"),
        ("assess/psychometrics", "import assess.delivery"),
        ("assess/web", "import assess.cli"),
        ("assess/store", "import assess.actions"),
        ("assess", ""),  # a module that is placed nowhere
    ],
    "room-floors": [
        ("invigilation", ""),
        ("invigilation/store", "import invigilation.actions"),
        ("invigilation/actions", "import invigilation.web"),
    ],
    "room-leans": [("invigilation/actions", "import assess.web.pages")],
    "room-store": [("invigilation/store", "import assess.actions.people")],
    "room": [("assess/web", "import invigilation")],
    "pure": [
        ("assess/bank", "import sqlalchemy"),
        ("assess/delivery", "import time"),
        ("assess/psychometrics", "import assess.clock"),
        ("invigilation/presence.py", "import sqlalchemy"),
    ],
    "actions": [("assess/actions", "import flask"), ("invigilation/actions", "import flask")],
    "store": [("assess/store", "import flask"), ("invigilation/store", "import flask")],
    "dice": [("assess/web", "import secrets")],
    "redis": [("assess/web", "import redis")],
    "audiences": [("assess/web/tutor", "import assess.web.candidate")],
}
TRIED = [(contract, *breach) for contract, breaches in BREACHES.items() for breach in breaches]


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """What the linter says about the packages in this folder."""
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(linter), "--no-cache"], cwd=tree, capture_output=True, text=True, check=False
    )


def copied(folder: Path) -> Path:
    """A copy of the project's Python that may be spoilt."""
    for package in PACKAGES:
        for module in (ROOT / package).rglob("*.py"):
            target = folder / module.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(module, target)
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    return folder


def spoil(tree: Path, number: int, place: str, line: str) -> str:
    """Add a line in a place: to the module, or in a new module of the folder. Gives its name."""
    spoilt = tree / place
    if spoilt.is_dir():
        spoilt /= f"breach{number}.py"
    before = spoilt.read_text(encoding="utf-8") if spoilt.exists() else ""
    spoilt.write_text(f"{before}{line}\n", encoding="utf-8")
    return ".".join(spoilt.relative_to(tree).with_suffix("").parts)


def test_every_contract_has_a_breach_to_try() -> None:
    assert set(BREACHES) == set(CONTRACTS)


def test_no_contract_is_broken_and_the_app_may_plug_in_the_room(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    spoil(tree, 0, "assess/app.py", "import invigilation")
    said = lint(tree)
    assert said.returncode == 0, said.stdout


def test_every_breach_is_caught_by_its_contract(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    names = [spoil(tree, n, place, line) for n, (_, place, line) in enumerate(TRIED)]
    said = lint(tree)
    assert said.returncode == 1
    assert f"Contracts: 0 kept, {len(CONTRACTS)} broken." in said.stdout
    told = said.stdout.partition("Broken contracts\n")[2]
    for (contract, place, line), name in zip(TRIED, names, strict=True):
        title = str(CONTRACTS[contract]["name"])
        part = told.partition(f"\n{title}\n{'-' * len(title)}\n")[2]
        for other in CONTRACTS.values():
            part = part.partition(f"\n{other['name']}\n---")[0]
        wanted = f"{name} -> {line.removeprefix('import ')}" if line else f"- {name}\n"
        assert wanted in part, (contract, place, line)
