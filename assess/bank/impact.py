"""What would it do to a published test if one live item of an outcome were taken away?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assess.bank.outcomes import Framework
from assess.bank.specification import Specification, fresh_attempts, why_not_publish
from assess.reasons import Reason


@dataclass(frozen=True, slots=True)
class Impact:
    """The test by its name: what it asks of the outcome, what is live, what would be left.

    `reasons` [E-BLUEPRINT] say why the test could no longer be drawn, empty when it still could.
    `fresh` and `fresh_left` are the attempts without a repeated question that every candidate is
    sure of, now and then; `attempts` is what the specification allows, None for no limit.
    """

    test: str
    need: int
    live: int
    fresh: int
    fresh_left: int
    attempts: int | None
    reasons: tuple[Reason, ...]

    @property
    def runs_short(self) -> bool:
        """Whether somebody could then meet a question again who is sure not to today."""
        wanted = self.attempts
        return self.fresh_left < self.fresh and (wanted is None or self.fresh_left < wanted)


def without(
    specification: Specification,
    live_counts: Mapping[str, int],
    outcome: str,
    framework: Framework | None,
) -> Impact:
    """The impact of one live item less at `outcome`, a path that the specification draws from.

    Raises StopIteration where it does not.
    """
    quota = next(quota for quota in specification.quotas if quota.outcome == outcome)
    live = live_counts.get(outcome, 0)
    left = {**live_counts, outcome: max(0, live - 1)}
    return Impact(
        test=specification.name,
        need=quota.count,
        live=live,
        fresh=fresh_attempts(specification, live_counts),
        fresh_left=fresh_attempts(specification, left),
        attempts=specification.attempts,
        reasons=why_not_publish(specification, left, framework),
    )
