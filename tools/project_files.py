"""Which files are the project's? What git knows, or would add; also where there is no clone."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

LIST = ("ls-files", "-z", "--others", "--exclude-standard")


def known(root: Path, *patterns: str) -> list[str]:
    """Names relative to the root, in order; where there is none, all but what git is to ignore."""
    if (root / ".git").exists():
        return _listed(root, (*LIST, "--cached", *patterns))
    with tempfile.TemporaryDirectory() as empty:
        _listed(root, ("init", "--quiet", "--bare", empty))
        return _listed(root, (f"--git-dir={empty}", "--work-tree=.", *LIST, *patterns))


def _listed(root: Path, words: tuple[str, ...]) -> list[str]:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, check=True)
    return sorted(name for name in done.stdout.decode().split("\0") if name)
