"""Is Pango here, with which PDF files are drawn? Installs it where that is allowed.

The order: what the loader finds (LD_LIBRARY_PATH may name more folders), then apt when this is root
or sudo asks for no password. Otherwise one line says what to install, and the exit is 1.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # it is run as a script, too
from tools import by_apt

# The same as in assess/web/pdf.py: this runs before the project's packages are there.
LIBRARIES = (
    "libgobject-2.0.so.0",
    "libpango-1.0.so.0",
    "libpangoft2-1.0.so.0",
    "libfontconfig.so.1",
)
PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-liberation")
# Where the part of HarfBuzz that cuts fonts has no package of its own.
OLDER = tuple(package for package in PACKAGES if "subset" not in package)
LOAD = "import ctypes, sys; [ctypes.CDLL(name) for name in sys.argv[1:]]"


def is_there() -> bool:
    """Whether every library loads, asked in a new process: a loader remembers what it missed."""
    tried = subprocess.run(
        [sys.executable, "-c", LOAD, *LIBRARIES], capture_output=True, check=False
    )
    return tried.returncode == 0


def main() -> int:
    """Say nothing where Pango is there. The exit is 1 when it is not and may not be installed."""
    if is_there() or (by_apt.install("Pango", PACKAGES, OLDER) and is_there()):
        return 0
    needed = " ".join(PACKAGES)
    print(f"PDF files need Pango: install it (Debian: apt install {needed}).", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
