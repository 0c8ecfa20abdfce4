"""What would it do to a published test if one live item were taken away?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from assess.bank.cells import Facts
from assess.bank.publishing import Proof
from assess.bank.specification import Specification
from assess.reasons import Reason


@dataclass(frozen=True, slots=True)
class Impact:
    """The test by its name: what its quota asks for, what it can draw, what would be left.

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
    live: Sequence[Facts],
    item: int,
    prove: Callable[[Iterable[Facts]], Proof],
) -> Impact | None:
    """The impact of one live item less; None where the test does not draw it anyway."""
    now = prove(live)
    place = next(
        (k for k, cell in enumerate(now.cells.items) if any(one.item == item for one in cell)), None
    )
    if place is None:
        return None
    then = prove([one for one in live if one.item != item])
    return Impact(
        test=specification.name,
        need=now.cells.quotas[place].count,
        live=len(now.cells.items[place]),
        fresh=now.fresh.attempts,
        fresh_left=then.fresh.attempts,
        attempts=specification.attempts,
        reasons=then.reasons,
    )
