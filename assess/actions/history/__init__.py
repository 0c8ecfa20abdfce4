"""Filling tests with a simulated history: candidates of known ability sit them in the past.

Through the same draw, form, marking and store functions as everybody's attempts, many attempts a
transaction and a statement, with the moments handed in. Who has not passed may come again. Three
flaws can be planted in how a crowd answers, none in the questions: an item answered as if its key
were wrong, a distractor that nobody chooses, and an item that nearly everybody knows.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from assess import store
from assess.actions.context import Context
from assess.actions.history.admission import admitted, standing_of
from assess.actions.history.plan import Flaws, Past, Plan, Sitter, stage_of
from assess.actions.history.sitting import sit
from assess.delivery import eligibility

__all__ = ["Flaws", "Past", "Plan", "simulate_history"]

EACH = 100  # attempts a transaction
NEVER = datetime.max.replace(tzinfo=UTC)
AGAIN = 6.0  # days, by mean, from when somebody may come again until they do


def simulate_history(
    context: Context,
    plans: Sequence[Plan],
    past: Past,
    tutor: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> int:
    """Let candidates sit tests in the past, in the order of time; says how many attempts were made.

    Each candidate sits one test. Can be interrupted: what is there is whole, in transactions of a
    hundred attempts at the most.
    """
    rng = np.random.default_rng(past.seed)
    with store.read() as session:
        stages = [stage_of(session, context, plan, rng) for plan in plans]
    which = np.repeat(np.arange(len(plans)), [plan.candidates for plan in plans])
    spread = rng.random(len(which)) * (past.until - past.since).total_seconds()
    # Those who come next in front; of two at one moment, who was there first.
    coming = [
        (past.since + timedelta(seconds=float(after)), k, Sitter(stages[stage], past.since))
        for k, (stage, after) in enumerate(zip(which.tolist(), spread.tolist(), strict=True))
    ]
    heapq.heapify(coming)
    made = 0
    while coming:
        chunk: list[Sitter] = []
        while coming and len(chunk) < EACH and coming[0][0] < _soonest(chunk):
            moment, _, sitter = heapq.heappop(coming)
            sitter.moment = moment
            chunk.append(sitter)
        with store.write() as session:
            sit(session, admitted(session, context, chunk, tutor, rng), rng)
        made += len(chunk)
        for sitter in chunk:
            if (again := _again(sitter, rng)) is not None and again < past.until:
                heapq.heappush(coming, (again, made, sitter))
        progress(made, made + len(coming))
    return made


def _soonest(chunk: Sequence[Sitter]) -> datetime:
    """Before which moment nobody of these can come again."""
    return min(
        (
            one.moment + timedelta(hours=min(one.stage.terms.cool_down_hours, default=0))
            for one in chunk
            if one.stage.attempts > 1
        ),
        default=NEVER,
    )


def _again(sitter: Sitter, rng: np.random.Generator) -> datetime | None:
    """When somebody comes again; None: they have passed, or may not."""
    stage, tried = sitter.stage, len(sitter.closed)
    most = stage.attempts if stage.terms.attempts is None else stage.terms.attempts
    if sitter.closed[-1].passed or tried >= min(stage.attempts, most):
        return None
    opens = eligibility.next_opens(stage.terms, standing_of(sitter, stage.statement, None))
    waits = timedelta(days=float(rng.exponential(AGAIN)))
    # In UTC, as every moment is stored: a receipt is made of how its moment is written.
    return (opens or sitter.closed[-1].closed_at).astimezone(UTC) + waits
