"""Does any file of the project name a download host? `check` says which; `strip` mends npm's lock.

A lock holds names, versions and hashes: the machine decides where packages come from, so that
a mirror serves as well, and nobody can be led to another host by a changed line.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.project_files import known

ROOT = Path(__file__).resolve().parents[1]
NPM_LOCK = "package-lock.json"

# Any address, index or path in a lock.
IN_LOCK = re.compile(
    r"\w+://|\"resolved\"|--?(?:i|f|index-url|extra-index-url|find-links|trusted-host)\b"
)
# In all other text: settings that choose an index, and addresses that packages are fetched from.
IN_TEXT = re.compile(
    r"^\s*(?:--)?(?:extra-)?index-url\s*[= ]\s*\S"
    r"|^\s*(?:--)?find-links\s*[= ]\s*\S"
    r"|^\s*registry\s*=\s*\S"
    r"|\bhttps?://[^\s\"'<>)]*(?:/simple/?(?=[\s\"'<>)]|$)|\.whl\b|\.tgz\b|\.tar\.gz\b)"
    r"|\bhttps?://(?:files\.pythonhosted|registry\.(?:npmjs|yarnpkg))\.\w+"
    r"|\bfile:///\S+\.(?:whl|tgz|gz)\b",
    re.MULTILINE,
)
FORBIDDEN_LOCKS = ("uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock", "yarn.lock")


def is_lock(path: str) -> bool:
    """Whether this file of the project is a lock of packages."""
    name = path.rsplit("/", 1)[-1]
    return name == NPM_LOCK or (path.startswith("requirements/") and name.endswith(".txt"))


def addresses(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Each line of this file that names a host: its number from 1, and what was found."""
    pattern = IN_LOCK if is_lock(path) else IN_TEXT
    for found in pattern.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found.group().strip()


def problems(root: Path) -> list[str]:
    """One sentence for each place in the project that names a host; empty when all is well."""
    said = []
    for name in known(root):
        if name.rsplit("/", 1)[-1] in FORBIDDEN_LOCKS:
            said.append(f"{name}: this kind of lock writes addresses; it is not kept here")
            continue
        try:
            text = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # a picture; or a file removed and not committed yet
        said += [f"{name}:{line}: names a host: {what}" for line, what in addresses(name, text)]
    return said


def stripped(lock: str) -> str:
    """npm's lock without what names a host: where packages lie and where to donate."""
    document = json.loads(lock)
    for package in document.get("packages", {}).values():
        package.pop("resolved", None)
        package.pop("funding", None)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Do what is asked. The exit is 1 when a host is named, 2 for wrong use."""
    match arguments:
        case ["check"]:
            said = problems(ROOT)
            print("\n".join(said), end="\n" if said else "")
            return 1 if said else 0
        case ["strip"]:
            lock = ROOT / NPM_LOCK
            lock.write_text(stripped(lock.read_text(encoding="utf-8")), encoding="utf-8")
            return 0
        case _:
            print("Use: python tools/locks.py check | strip", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
