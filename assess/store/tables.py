"""Which tables are there? Importing this module makes the metadata whole, for migrations."""

from assess.store import (
    allowances,
    approvals,
    arrangements,
    attempts,
    banks,
    centres,
    drafts,
    frameworks,
    journal,
    marks,
    notes,
    people,
    pools,
    programmes,
    remarking,
    reviews,
    specifications,
)
from assess.store.base import Base

__all__ = [
    "allowances",
    "approvals",
    "arrangements",
    "attempts",
    "banks",
    "centres",
    "drafts",
    "frameworks",
    "journal",
    "marks",
    "notes",
    "people",
    "pools",
    "programmes",
    "remarking",
    "reviews",
    "specifications",
]

metadata = Base.metadata
