"""Can a form be made at all, and if not, which demands stand in each other's way?

Exact. A quota whose items stand in no group of enemies and on no shared case can be met when it
has enough of them. Where enemies or whole cases tie items together, an integer programme (scipy's
HiGHS) decides for those quotas that are tied to each other. Feasible gives a witness, a form that
meets every demand; infeasible gives sets of demands that cannot be met together, each minimal:
without any one of its demands the rest of the set can be met (a deletion filter).

Some programmes take longer than anybody waits. After `PATIENCE` nothing is said of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from assess.bank.cells import Cells

MOST_CONFLICTS = 20  # sets that are looked for: a page of them says enough
PATIENCE = 10.0  # seconds for one judgement: while a test is published others wait for it
OUT_OF_TIME = 1  # scipy's word for it
Seconds = Callable[[], float]
"""How many seconds: gone by since some moment (a stopwatch), or left."""


class Kind(StrEnum):
    """What a demand is about."""

    QUOTA = "quota"
    ENEMIES = "enemies"
    CASE = "case"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand on a form.

    QUOTA: the quota at `place` holds exactly its count. ENEMIES: of `items` at most one. CASE: of
    `items`, all in the quota at `place`, all or none. LENGTH: `count` items in all.
    """

    kind: Kind
    place: int = -1
    items: tuple[int, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A witness, the items of a form in ascending order; or None and the conflicts.

    `undecided`: neither was found in the time there was.
    """

    witness: tuple[int, ...] | None
    conflicts: tuple[tuple[Demand, ...], ...] = ()
    undecided: bool = False


class UndecidedError(Exception):
    """There was not time enough to find out."""


def demands(cells: Cells, questions: int | None = None) -> tuple[Demand, ...]:
    """Everything that a form must meet: quotas first, in their order."""
    quotas = [
        Demand(Kind.QUOTA, place, count=quota.count) for place, quota in enumerate(cells.quotas)
    ]
    cases = [
        Demand(Kind.CASE, place, items)
        for place in range(len(cells.quotas))
        for items in cells.cases(place)
        if len(items) > 1
    ]
    enemies = [Demand(Kind.ENEMIES, items=tuple(sorted(group))) for group in cells.enemies]
    length = [] if questions is None else [Demand(Kind.LENGTH, count=questions)]
    return (*quotas, *cases, *enemies, *length)


def judge(cells: Cells, questions: int | None = None, stopwatch: Seconds = lambda: 0.0) -> Verdict:
    """Whether a form exists that meets the quotas, enemies and cases, and has `questions` items.

    The conflicts have no demand in common, so that each of them has to be solved. By the
    `stopwatch` all of it takes `PATIENCE` at the most; without one each programme may.
    """
    witness: list[int] = []
    conflicts: list[tuple[Demand, ...]] = []
    if not cells.quotas:
        return Verdict(())
    end = stopwatch() + PATIENCE

    def left() -> float:
        return end - stopwatch()

    try:
        for part in _parts(cells, demands(cells, questions)):
            asked = list(part)
            found = solve(cells, asked, left())
            while found is None and len(conflicts) < MOST_CONFLICTS:
                conflict = _minimal(cells, asked, left)
                conflicts.append(conflict)
                asked = [demand for demand in asked if demand not in conflict]
                found = solve(cells, asked, left())
            witness += found or ()
    except UndecidedError:
        return Verdict(None, tuple(conflicts), undecided=not conflicts)
    return Verdict(None, tuple(conflicts)) if conflicts else Verdict(tuple(sorted(witness)))


def _minimal(cells: Cells, asked: list[Demand], left: Seconds) -> tuple[Demand, ...]:
    """A part of demands that cannot be met together, all of whose own parts can."""
    # A quota short of items is a conflict of its own: said first, it needs no solver.
    for demand in asked:
        if demand.kind is Kind.QUOTA and demand.count > len(cells.items[demand.place]):
            return (demand,)
    return tuple(_needed(cells, [], False, asked, left))


def _needed(
    cells: Cells, beside: list[Demand], more: bool, asked: list[Demand], left: Seconds
) -> list[Demand]:
    """Of `asked`, a minimal part that cannot be met beside others; `more`: `beside` has grown.

    The deletion filter, whole halves at a time (Junker 2004, QuickXplain, AAAI-04, 167-172).
    """
    if more and solve(cells, beside, left()) is None:
        return []
    if len(asked) == 1:
        return asked
    half = len(asked) // 2
    first, second = asked[:half], asked[half:]
    of_second = _needed(cells, [*beside, *first], True, second, left)
    of_first = _needed(cells, [*beside, *of_second], bool(of_second), first, left)
    return of_first + of_second


def _parts(cells: Cells, asked: Sequence[Demand]) -> Iterator[list[Demand]]:
    """Demands that have nothing to do with each other, apart: one part for each knot of quotas."""
    knot = list(range(len(cells.quotas)))

    def root(place: int) -> int:
        while knot[place] != place:
            place = knot[place]
        return place

    at = {one.item: place for place, cell in enumerate(cells.items) for one in cell}
    for demand in asked:
        if demand.kind is Kind.ENEMIES:
            first, *others = {root(at[item]) for item in demand.items}
            for other in others:
                knot[other] = first
        elif demand.kind is Kind.LENGTH:
            for place in range(len(knot)):
                knot[root(place)] = root(0)
    parts: dict[int, list[Demand]] = {}
    for demand in asked:
        place = at[demand.items[0]] if demand.kind is Kind.ENEMIES else max(demand.place, 0)
        parts.setdefault(root(place) if knot else -1, []).append(demand)
    return iter(parts.values())


def solve(
    cells: Cells, asked: Sequence[Demand], seconds: float = math.inf
) -> tuple[int, ...] | None:
    """Items that meet these demands, None where nothing does.

    A quota that is not asked for may hold any number of its items, and of quotas that no demand
    touches none are taken. Raises UndecidedError after so many seconds.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    places = sorted({d.place for d in asked if d.kind is not Kind.ENEMIES and d.place >= 0})
    if any(d.kind is Kind.LENGTH for d in asked):
        places = list(range(len(cells.quotas)))
    tied = {item for d in asked if d.kind in (Kind.ENEMIES, Kind.CASE) for item in d.items}
    if not tied and all(d.kind is Kind.QUOTA for d in asked):
        return _simply(cells, asked)
    # A variable for each item that something ties, and one for all the others of a quota.
    column = {item: k for k, item in enumerate(sorted(tied))}
    loose = {place: [o.item for o in cells.items[place] if o.item not in tied] for place in places}
    lump = {place: len(column) + k for k, place in enumerate(places)}
    size = len(column) + len(lump)
    rows: list[tuple[list[int], list[float], float, float]] = []
    for demand in asked:
        match demand.kind:
            case Kind.QUOTA:
                own = [column[o.item] for o in cells.items[demand.place] if o.item in tied]
                row = [*own, lump[demand.place]]
                rows.append((row, [1.0] * len(row), demand.count, demand.count))
            case Kind.ENEMIES:
                row = [column[item] for item in demand.items]
                rows.append((row, [1.0] * len(row), 0, 1))
            case Kind.CASE:
                first, *others = (column[item] for item in demand.items)
                rows += [([first, other], [1.0, -1.0], 0, 0) for other in others]
            case Kind.LENGTH:
                rows.append((list(range(size)), [1.0] * size, demand.count, demand.count))
    if not rows:
        return ()
    matrix = coo_array(
        (
            np.concatenate([values for _, values, _, _ in rows]),
            (
                np.repeat(np.arange(len(rows)), [len(row) for row, _, _, _ in rows]),
                np.concatenate([row for row, _, _, _ in rows]),
            ),
        ),
        shape=(len(rows), size),
    )
    most = np.ones(size)
    for place in places:
        most[lump[place]] = len(loose[place])
    low, high = (np.array([row[k] for row in rows], dtype=float) for k in (2, 3))
    if seconds <= 0:
        raise UndecidedError
    found = milp(
        np.zeros(size),
        integrality=np.ones(size, dtype=np.int64),
        bounds=Bounds(0, most),
        constraints=LinearConstraint(matrix.tocsr(), low, high),
        options={"time_limit": seconds},
    )
    if found.x is None:
        if found.status == OUT_OF_TIME:
            raise UndecidedError
        if found.status != 2:  # scipy: 2 says infeasible; anything else is no verdict
            raise RuntimeError(f"the solver gave up: {found.message}")
        return None
    values = np.rint(found.x).astype(int)
    items = [item for item, k in column.items() if values[k]]
    for place in places:
        items += loose[place][: values[lump[place]]]
    return tuple(items)


def _simply(cells: Cells, asked: Sequence[Demand]) -> tuple[int, ...] | None:
    items: list[int] = []
    for demand in asked:
        own = cells.items[demand.place]
        if len(own) < demand.count:
            return None
        items += [one.item for one in own[: demand.count]]
    return tuple(items)
