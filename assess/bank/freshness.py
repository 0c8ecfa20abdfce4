"""How many attempts without a question seen before is every candidate sure of?

The largest k such that a k-th form of unseen items exists, whatever was drawn before. Quotas do
not overlap: where nothing ties items together the scarcest quota decides, exactly. Whole cases are
counted exactly by looking at everything that may have gone before. Enemies are bounded from below:
however unluckily a form is begun, each of its items rules out only so many of the others.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from assess.bank.cells import Cells

MOST_STATES = 20_000  # of cases left over: beyond, a lower bound is given
MOST_STEPS = 300_000  # on the ways to them, of which few may lead anywhere
Sizes = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Fresh:
    """So many fresh attempts are guaranteed; `exact` False: at least so many, perhaps more."""

    attempts: int
    exact: bool


def fresh_attempts(cells: Cells, feasible: bool = True) -> Fresh:
    """The fresh attempts of cells for which a form exists, or (`feasible` False) does not."""
    if not feasible or not cells.quotas:
        return Fresh(0, True)
    plain: list[int] = []  # what the sizes of the cells allow: nothing can be better
    exact = True
    for place, quota in enumerate(cells.quotas):
        cases = cells.cases(place)
        if not cases:
            plain.append(len(cells.items[place]) // quota.count)
            continue
        found = _of_cases(tuple(sorted(Counter(map(len, cases)).items())), quota.count)
        plain.append(found.attempts)
        exact = exact and found.exact
    most = min(plain)
    if not cells.enemies:
        return Fresh(most, exact)
    sure = max(1, min(most, _surely(cells)))
    return Fresh(sure, exact and sure == most)


def _surely(cells: Cells) -> int:
    """How many forms of fresh items can be put together one item after the other, at the least."""
    length = sum(quota.count for quota in cells.quotas)
    at = {one.item: place for place, cell in enumerate(cells.items) for one in cell}
    touched: list[list[int]] = [[] for _ in cells.quotas]  # of each quota, items in each group
    for group in cells.enemies:
        for place, size in Counter(at[item] for item in group).items():
            touched[place].append(size)
    # Groups that one item stands in: it rules out the rest of each of them.
    widest = max(Counter(item for group in cells.enemies for item in group).values())
    sure = []
    for place, quota in enumerate(cells.quotas):
        if touched[place] and cells.cases(place):
            return 1
        worst = sorted(touched[place], reverse=True)[: (length - 1) * widest]
        sure.append((len(cells.items[place]) - sum(worst)) // quota.count)
    return min(sure)


class _ManyError(Exception):
    """More states than are looked at."""


def _of_cases(sizes: Sizes, count: int) -> Fresh:
    """The same for one quota whose cases, `(size, how many)` ascending, are drawn whole."""
    seen = 0
    steps = itertools.count(1)

    @cache
    def fewest(left: Sizes) -> int:
        nonlocal seen
        seen += 1
        if seen > MOST_STATES:
            raise _ManyError
        return min((1 + fewest(rest) for rest in _after(left, count, steps)), default=0)

    try:
        return Fresh(fewest(sizes), True)
    except (_ManyError, RecursionError):
        # A form exists, and cases of one size never spoil each other's sums.
        alike = len(sizes) == 1
        return Fresh(sizes[0][1] // (count // sizes[0][0]) if alike else 1, alike)


def _after(sizes: Sizes, count: int, steps: Iterator[int]) -> Iterator[Sizes]:
    """What may be left after a form of `count` items: each way to take whole cases.

    Raises _ManyError after `MOST_STEPS` of all that share `steps`.
    """
    if next(steps) > MOST_STEPS:
        raise _ManyError
    if count == 0:
        yield sizes
        return
    if not sizes:
        return
    (size, many), *others = sizes
    for taken in range(min(many, count // size) + 1):
        for rest in _after(tuple(others), count - taken * size, steps):
            kept = () if taken == many else ((size, many - taken),)
            yield (*kept, *rest)
