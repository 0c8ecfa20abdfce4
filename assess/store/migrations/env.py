"""Alembic's entrance: connection and metadata are handed in by `assess.store.migrate`."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON, BigInteger

from assess.store.columns import Moment, Packed

config = context.config


def render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Name our column types as the migrations do: they import nothing that may change later."""
    if kind == "type":
        for type_, name in (
            (Moment, "MOMENT"),
            (Packed, "PACKED"),
            (BigInteger, "KEY"),
            (JSON, "DOCUMENT"),
        ):
            if isinstance(item, type_):
                return name
    return False


context.configure(
    connection=config.attributes["connection"],
    target_metadata=config.attributes["metadata"],
    render_as_batch=True,
    compare_type=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
