"""Which tables are there? Importing this module makes the metadata whole, for migrations."""

from assess.store import (
    allowances,
    approvals,
    arrangements,
    attempts,
    banks,
    calibrations,
    centres,
    drafts,
    frameworks,
    journal,
    mail,
    marks,
    messages,
    notes,
    outcome_signposts,
    people,
    pools,
    programmes,
    remarking,
    reviews,
    specifications,
    statements_of_result,
)
from assess.store.base import Base

__all__ = [
    "allowances",
    "approvals",
    "arrangements",
    "attempts",
    "banks",
    "calibrations",
    "centres",
    "drafts",
    "frameworks",
    "journal",
    "mail",
    "marks",
    "messages",
    "notes",
    "outcome_signposts",
    "people",
    "pools",
    "programmes",
    "remarking",
    "reviews",
    "specifications",
    "statements_of_result",
]

metadata = Base.metadata
