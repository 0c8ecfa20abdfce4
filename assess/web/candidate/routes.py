"""Which pages are there for candidates? Importing this module hangs all of them on `bp`."""

from assess.web.candidate import (
    answering,
    assessments,
    attempt,
    finish,
    handing_in,
    messages,
    progress,
    resting,
    result,
    starting,
    statement,
    statement_of_result,
    trying,
    waiting,
)
from assess.web.candidate.blueprint import bp

__all__ = [
    "answering",
    "assessments",
    "attempt",
    "bp",
    "finish",
    "handing_in",
    "messages",
    "progress",
    "resting",
    "result",
]
__all__ += ["starting", "statement", "statement_of_result", "trying", "waiting"]
