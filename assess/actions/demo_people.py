"""What the demonstration holds of people: somebody with access arrangements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from assess.actions import arrangements
from assess.actions.context import Context
from assess.delivery.arrangements import Kind, Proposal
from assess.reasons import Refused

SEEN = "Assessment report of the specialist teacher, seen at registration; kept in the paper file."
ARRANGED = (
    Proposal(Kind.EXTRA_TIME.value, "25", "", SEEN),
    Proposal(Kind.REST_BREAKS.value, "15", "Five minutes when he needs them.", SEEN),
    Proposal(Kind.TEXT_SIZE.value, "large", "", SEEN),
)


def fill(context: Context, persons: Mapping[str, int]) -> None:
    """Record what is arranged for the second candidate, approved by the administrator."""
    then = replace(context, now=context.now - timedelta(days=30))
    for proposal in ARRANGED:
        done = arrangements.arrange(then, persons["candidate2"], proposal)
        if isinstance(done, Refused):
            raise RuntimeError(f"the demonstration was refused: {done}")
