"""Where is a Chromium for the browser tests? Prints its path; installs it where that is allowed.

The order: the environment variable ASSESS_CHROMIUM, the programs on PATH, then apt when this is
root or sudo asks for no password. Otherwise one line says what to install, and the exit is 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

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


def as_root() -> list[str] | None:
    """What to write before a command to run it as root: nothing, sudo, or None if we may not."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and not subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode
    ):
        return ["sudo", "-n"]
    return None


def install() -> bool:
    """Install it by apt; False where apt is missing, not allowed, or fails."""
    prefix = as_root()
    if prefix is None or shutil.which("apt-get") is None:
        return False
    print("Installing Chromium by apt (once; some seconds)", file=sys.stderr)
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y"]
    said = _run([*apt, "update"])
    if said is None:
        for package in PACKAGES:
            said = _run([*apt, "install", "--no-install-recommends", package, FONT])
            if said is None:
                return True
    print(said, file=sys.stderr)
    return False


def _run(command: list[str]) -> str | None:
    """None when the command succeeds, else the end of what it said."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return done.stderr.strip()[-2000:] if done.returncode else None


def main() -> int:
    """Print the path of a Chromium. The exit is 1 when there is none and none may be installed."""
    path = find()
    if path is None and os.environ.get(VARIABLE):
        print(f"{VARIABLE}={os.environ[VARIABLE]} is no Chromium that starts.", file=sys.stderr)
        return 1
    if path is None and install():
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
