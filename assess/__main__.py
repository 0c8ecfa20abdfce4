"""The command `assess`: what its commands may ask for, imported when one of them does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assess.cli import run
from assess.settings import Settings

if TYPE_CHECKING:
    from flask import Flask


def application(settings: Settings) -> Flask:
    """What a command stands on."""
    from assess import floors

    return floors.bare(settings)


def worker(app: Flask) -> None:
    """The duties that nobody watches, until told to stop."""
    from assess import jobs

    jobs.run(app)


def main() -> None:
    """The command `assess`."""
    run(application, worker)


if __name__ == "__main__":
    main()
