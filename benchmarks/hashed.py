"""The site as it is, which also writes down what each look at a password costs: for `delivery`.

A hash costs a server more than a process that does nothing else: others use its caches. So its
processor time is taken where it is spent, in the thread that spends it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from assess import app
from assess.actions import passwords
from assess.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

FOLDER = "BENCHMARK_HASHES"  # the variable that names where to write


def wsgi() -> Flask:
    """The application, for gunicorn."""
    written = Path(os.environ[FOLDER]) / str(os.getpid())
    looked = passwords.matches

    def matches(stored: str | None, password: str, settings: Settings) -> bool:
        began = time.thread_time()
        try:
            return looked(stored, password, settings)
        finally:
            with written.open("a", encoding="ascii") as file:
                file.write(f"{time.thread_time() - began}\n")

    passwords.matches = matches
    return app.wsgi()


def seconds(folder: Path) -> float:
    """Seconds of processor time that all looks at passwords have taken so far."""
    return sum(float(line) for file in folder.iterdir() for line in file.read_text().split())
