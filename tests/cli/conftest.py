"""The command line as a person types it, on an instance folder of the test."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assess import floors, jobs
from assess.cli.entry import assess
from assess.cli.shell import Shell
from tests.services import Services

Command = Callable[..., Result]
CHEAP = {"ASSESS_ARGON2_MEMORY_KIB": "256", "ASSESS_ARGON2_TIME": "1"}  # as Settings.for_tests


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """A function that runs `assess` with these arguments, on an instance folder of the test."""
    instance = {"ASSESS_INSTANCE": str(tmp_path / "instance"), **CHEAP}
    application = cache(floors.bare)  # for all commands of a test: it differs by settings alone

    def run(*arguments: str | Path, **environ: str) -> Result:
        result = CliRunner().invoke(
            assess,
            [str(a) for a in arguments],
            obj=Shell(application, jobs.run),
            env={"ASSESS_DATABASE_URL": None, **instance, **environ},
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def tables(services: Services, tmp_path: Path) -> None:
    """The tables are in the instance folder already: to make them takes longer than a command."""
    folder = tmp_path / "instance"
    folder.mkdir()
    made = services.migrated("sqlite", folder).removeprefix("sqlite:///")
    Path(made).rename(folder / "assess.sqlite3")
