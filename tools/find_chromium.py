"""Where is a Chromium for the browser tests? Prints its path; installs it where that is allowed.

The order: the environment variable ASSESS_CHROMIUM, the programs on PATH, then apt when this is
root or sudo asks for no password. Otherwise one line says what to install, and the exit is 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # it is run as a script, too
from tools import by_apt

VARIABLE = "ASSESS_CHROMIUM"
# The shell without a window is the same browser for half of the work.
PROGRAMS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# What to install, the first that can be had; without a font a page has no words to measure.
PACKAGES = ("chromium-headless-shell", "chromium")
FONT = "fonts-liberation"


def works(program: str) -> bool:
    """Whether it is a browser that starts: Ubuntu's `chromium-browser` may be an empty shell."""
    try:
        asked = subprocess.run(
            [program, "--version"], capture_output=True, timeout=60, check=False, text=True
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and "Chrom" in asked.stdout


def find() -> str | None:
    """The path of a working Chromium on this machine, or None. Installs nothing."""
    if named := os.environ.get(VARIABLE, "").strip():
        return named if works(named) else None
    for name in PROGRAMS:
        if (path := shutil.which(name)) and works(path):
            return path
    return None


def main() -> int:
    """Print the path of a Chromium. The exit is 1 when there is none and none may be installed."""
    path = find()
    if path is None and os.environ.get(VARIABLE):
        print(f"{VARIABLE}={os.environ[VARIABLE]} is no Chromium that starts.", file=sys.stderr)
        return 1
    if path is None and by_apt.install("Chromium", *([package, FONT] for package in PACKAGES)):
        path = find()
    if path is None:
        print(
            "The browser tests need Chromium: install it (Debian: apt install chromium) "
            f"or name one by {VARIABLE}=/path/to/chromium.",
            file=sys.stderr,
        )
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
