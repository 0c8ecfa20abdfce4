"""May this machine install packages by apt, and did it? For what only the system has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence


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


def install(what: str, *ways: Sequence[str]) -> bool:
    """Install packages by apt: the first of these lists that can be installed.

    False where apt is missing, not allowed, or fails with each of them.
    """
    prefix = as_root()
    if prefix is None or shutil.which("apt-get") is None:
        return False
    print(f"Installing {what} by apt (once; some seconds)", file=sys.stderr)
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y"]
    said = _run([*apt, "update"])
    if said is None:
        for packages in ways:
            said = _run([*apt, "install", "--no-install-recommends", *packages])
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
