"""Are there answers enough for a model, and what keeps an item out of it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics.errors import Covariance
from assess.psychometrics.exact import Ints
from assess.psychometrics.maximise import Model

ENOUGH = {"1pl": 200, "2pl": 500, "3pl": 1000}  # answers to an item; working choices
FEWEST_ITEMS = {"1pl": 2, "2pl": 3, "3pl": 3}


def guards(model: Model, counts: Ints) -> tuple[str | None, ...]:
    """What is to be said of each item's estimate for want of answers, if anything."""
    limit = ENOUGH[model]
    return tuple(
        f"too few: {n} < {limit}" if n < limit else None for n in counts.sum(axis=1).tolist()
    )


def reasons(
    counts: Ints,
    counted: NDArray[np.bool_],
    endless: NDArray[np.bool_],
    found: Covariance,
    *,
    with_errors: bool,
) -> tuple[str | None, ...]:
    """Why each item has no estimate, or no standard error; None where it has both."""
    unknown = ~np.isfinite(found.dd) & with_errors

    def why(i: int) -> str | None:
        right, wrong = counts[i].tolist()
        if not right + wrong:
            return "nobody answered it"
        if not counted[i]:
            return f"everybody answered it {'wrongly' if wrong else 'rightly'}"
        if endless[i]:
            return "its parameters grow without end"
        return "the answers do not determine its standard error" if unknown[i] else None

    return tuple(why(i) for i in range(len(counts)))
