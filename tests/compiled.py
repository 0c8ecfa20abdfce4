"""How does a run of many applications compile each template once?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from jinja2.bccache import Bucket


class Templates(BytecodeCache):
    """Compiled templates, kept over the applications of one run: compiling is most of a test."""

    kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what an application before has compiled."""
        if (code := self.kept.get(bucket.key + bucket.checksum)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for the applications to come."""
        self.kept[bucket.key + bucket.checksum] = bucket.bytecode_to_string()
