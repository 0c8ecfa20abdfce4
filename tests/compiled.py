"""How does a run of many applications compile each template once?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from flask import Flask
    from jinja2.bccache import Bucket


class Templates(BytecodeCache):
    """Compiled templates, kept over the applications of one run: compiling is most of a test."""

    folder: ClassVar[Path]  # of this run: what one worker has compiled, all find there
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


def once(app: Flask) -> Flask:
    """This application, whose templates are compiled once for all applications of the run."""
    app.jinja_env.bytecode_cache = Templates()
    return app
