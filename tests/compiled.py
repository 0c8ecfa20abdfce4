"""How do many applications, and many runs of the tests, compile each template once?"""

from __future__ import annotations

import hashlib
import os
import shutil
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from flask import Flask
    from jinja2.bccache import Bucket

WEB = Path(__file__).resolve().parents[1] / "assess/web"


class Templates(BytecodeCache):
    """Compiled templates, kept over the applications of all runs: compiling is most of a test."""

    folder: ClassVar[Path]  # what one worker has compiled, all find there
    kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what an application before has compiled, here or in another worker."""
        name = bucket.key + bucket.checksum
        if name not in self.kept and (file := self.folder / name).exists():
            self.kept[name] = file.read_bytes()
        if (code := self.kept.get(name)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for the applications to come."""
        name = bucket.key + bucket.checksum
        self.kept[name] = bucket.bytecode_to_string()
        part = self.folder / f"{name}.{os.getpid()}"
        part.write_bytes(self.kept[name])
        part.rename(self.folder / name)  # nobody reads half of it


def folder(kept: Path) -> Path:
    """Where all find what is compiled from now on: another place once our compiling is another.

    Jinja itself looks at each template's source, and at the version of Python.
    """
    by = hashlib.sha256(metadata.version("jinja2").encode())
    for file in sorted(WEB.glob("*.py")):
        by.update(file.read_bytes())
    now = kept / by.hexdigest()[:16]
    now.mkdir(parents=True, exist_ok=True)
    for other in kept.iterdir():
        if other != now:
            shutil.rmtree(other, ignore_errors=True)
    return now


def once(app: Flask) -> Flask:
    """This application, whose templates are compiled once for all applications of the run."""
    app.jinja_env.bytecode_cache = Templates()
    return app
