"""The command line as a person types it, on an instance folder of the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assess import jobs
from assess.app import create_app
from assess.cli.entry import assess
from assess.cli.shell import Shell

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """A function that runs `assess` with these arguments, on an instance folder of the test."""
    instance = {"ASSESS_INSTANCE": str(tmp_path / "instance")}

    def run(*arguments: str | Path, **environ: str) -> Result:
        result = CliRunner().invoke(
            assess,
            [str(a) for a in arguments],
            obj=Shell(create_app, jobs.run),
            env={"ASSESS_DATABASE_URL": None, **instance, **environ},
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
