"""Which tables are there? Importing this module makes the metadata whole, for migrations."""

from assess.store import (
    approvals,
    attempts,
    banks,
    centres,
    frameworks,
    journal,
    marks,
    people,
    pools,
    programmes,
    specifications,
)
from assess.store.base import Base

__all__ = [
    "approvals",
    "attempts",
    "banks",
    "centres",
    "frameworks",
    "journal",
    "marks",
    "people",
    "pools",
    "programmes",
    "specifications",
]

metadata = Base.metadata
