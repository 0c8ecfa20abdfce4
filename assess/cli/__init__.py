"""The floor of commands: `assess ...`, a file a topic, registered in one table."""

from assess.cli.entry import run

__all__ = ["run"]
