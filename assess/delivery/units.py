"""What of a pool is drawn as one, what is alike, and what keeps what apart?

A *unit* is an item on its own, or a set that comes whole. Units that take as many questions from
the same cells are of one *kind*: to the quotas they are all the same. Units with enemies that hang
together are a *knot*: of it, whole selections are listed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from assess.delivery.pool import Pool

Place = tuple[int, int]  # the number of a cell and a place in it, both from 0
Unit = tuple[Place, ...]  # ascending
Sizes = tuple[tuple[int, int], ...]  # how many questions of which cell, ascending
MOST_SELECTIONS = 1000  # of a knot; above it, its enemies can only be kept apart by trying


class Alone(Sequence[Unit]):
    """The items of a cell that stand on their own, as units; a million cost no object."""

    __slots__ = ("cell", "places")

    def __init__(self, cell: int, places: Sequence[int]) -> None:
        self.cell = cell
        self.places = places  # ascending

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> Unit:  # type: ignore[override]
        return ((self.cell, self.places[index]),)

    def index_of(self, place: int) -> int:
        """Where the item at `place` of the cell stands among these."""
        return place if isinstance(self.places, range) else bisect_left(self.places, place)


@dataclass(frozen=True, slots=True)
class Kind:
    """Units that take the same from the same cells; `values`: the indices of units by value.

    The value of a unit is the sum of its difficulties above the pool's lowest; 0 without a band.
    """

    sizes: Sizes
    units: Sequence[Unit]
    values: Mapping[int, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Selection:
    """Some units of a knot that no enmity parts, with what they take and their value."""

    units: tuple[Unit, ...]
    takes: Sizes
    value: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A pool as a draw sees it; reckoned once for a pool.

    `bits` hold any number of forms, `size` is that of all their numbers by sum, in bits.
    `kinds` hold all units that can be drawn, whatever their enemies; `free` those without enemies,
    `knots` the others, None where there are too many selections to list. `where` finds the kind and
    index of a unit of several items; `groups` the enemy groups of an item.
    """

    need: tuple[int, ...]
    lowest: int
    bits: int
    size: int
    kinds: tuple[Kind, ...]
    free: tuple[Kind, ...]
    knots: tuple[tuple[Selection, ...], ...] | None
    where: Mapping[Place, Unit]
    groups: Mapping[Place, tuple[int, ...]]

    @property
    def plain(self) -> bool:
        """Whether every unit is an item on its own."""
        return not self.where

    def clash(self, places: Sequence[Place]) -> bool:
        """Whether two of these items are enemies."""
        met: set[int] = set()
        for place in places:
            for group in self.groups.get(place, ()):
                if group in met:
                    return True
                met.add(group)
        return False


def of(pool: Pool) -> Layout:
    """The layout of a pool, from memory when it was reckoned before."""
    if "layout" not in pool.kept:
        pool.kept["layout"] = _made(pool)
    made = pool.kept["layout"]
    assert isinstance(made, Layout)  # noqa: S101 - nobody else writes it
    return made


def _made(pool: Pool) -> Layout:
    sets = _sets(pool)
    groups: dict[Place, tuple[int, ...]] = {}
    for number, group in enumerate(pool.enemies):
        for item in group:
            place = _place(pool, item)
            groups[place] = (*groups.get(place, ()), number)
    known = [cell.listed.difficulties for cell in pool.cells if pool.band and cell.entries]
    lowest = min((min(one) for one in known), default=0)
    highest = max((max(one) for one in known), default=0)
    never = {unit for unit in sets if _own_enemies(unit, groups)}
    kinds = _kinds(pool, lowest, [u for u in sets if u not in never], [p for u in sets for p in u])
    hot = sorted(
        {unit for unit in sets if unit not in never and any(p in groups for p in unit)}
        | {(p,) for p in groups if all(p not in unit for unit in sets)}
    )
    free: tuple[Kind, ...] = kinds
    knots: tuple[tuple[Selection, ...], ...] | None = ()
    if hot:
        apart = [unit for unit in sets if unit not in never and unit not in set(hot)]
        free = _kinds(pool, lowest, apart, [p for u in (*sets, *hot) for p in u])
        knots = _knots(pool, lowest, hot, groups)
    need = tuple(cell.count for cell in pool.cells)
    bits = 1
    for cell in pool.cells:  # no count of anything that a form can hold is larger
        bits *= comb(len(cell.entries), min(cell.count, len(cell.entries) // 2))
    bits = bits.bit_length() + 8 & ~7
    return Layout(
        need=need,
        lowest=lowest,
        bits=bits,
        size=bits * (pool.length * (highest - lowest) + 1),
        kinds=kinds,
        free=free,
        knots=knots,
        where={place: unit for unit in sets for place in unit},
        groups=groups,
    )


def _place(pool: Pool, item: int) -> Place:
    for number, cell in enumerate(pool.cells):
        if (place := cell.listed.place_of(item)) is not None:
            return number, place
    raise LookupError(item)  # a pool holds only enemies that are in it


def _sets(pool: Pool) -> list[Unit]:
    """The sets of two items and more, whole, by their first item."""
    found: dict[int, list[Place]] = {}
    for number, cell in enumerate(pool.cells):
        column = cell.listed.sets
        for place in np.flatnonzero(np.frombuffer(column, np.uint32)).tolist() if column else ():
            found.setdefault(column[place], []).append((number, place))
    return sorted(tuple(places) for places in found.values() if len(places) > 1)


def _own_enemies(unit: Unit, groups: Mapping[Place, tuple[int, ...]]) -> bool:
    own = [group for place in unit for group in groups.get(place, ())]
    return len(set(own)) < len(own)


def _kinds(
    pool: Pool, lowest: int, units: Sequence[Unit], taken: Sequence[Place]
) -> tuple[Kind, ...]:
    """The kinds of the items that are not `taken`, and of these units of several items."""
    found: dict[Sizes, Sequence[Unit]] = {}
    for number, cell in enumerate(pool.cells):
        size = len(cell.listed)
        gone = {place for of_cell, place in taken if of_cell == number}
        places = array("q", (p for p in range(size) if p not in gone)) if gone else range(size)
        found[((number, 1),)] = Alone(number, places)
    several: dict[Sizes, list[Unit]] = {}
    for unit in units:
        several.setdefault(takes((unit,)), []).append(unit)
    found |= several
    return tuple(
        Kind(sizes, found[sizes], _by_value(pool, lowest, found[sizes])) for sizes in sorted(found)
    )


def takes(units: Sequence[Unit]) -> Sizes:
    """How many questions of which cell these units take."""
    counted: dict[int, int] = {}
    for unit in units:
        for cell, _ in unit:
            counted[cell] = counted.get(cell, 0) + 1
    return tuple(sorted(counted.items()))


def value(pool: Pool, lowest: int, unit: Unit) -> int:
    """The sum of a unit's difficulties above the lowest, in thousandths; 0 without a band."""
    if pool.band is None:
        return 0
    return sum(pool.cells[cell].listed.difficulties[place] - lowest for cell, place in unit)


def _by_value(pool: Pool, lowest: int, units: Sequence[Unit]) -> Mapping[int, Sequence[int]]:
    if not units:
        return {}
    if pool.band is None:
        return {0: range(len(units))}
    if not isinstance(units, Alone):
        values = np.array([value(pool, lowest, unit) for unit in units], np.int64)
    else:
        column = np.frombuffer(pool.cells[units.cell].listed.difficulties, np.int32)
        places = units.places if isinstance(units.places, range) else np.asarray(units.places)
        values = (column if isinstance(places, range) else column[places]).astype(np.int64) - lowest
    order = np.argsort(values, kind="stable")
    different, starts = np.unique(values[order], return_index=True)
    parts = np.split(order, starts[1:])
    return {
        int(one): array("q", part.astype(np.int64).tobytes())
        for one, part in zip(different, parts, strict=True)
    }


def _knots(
    pool: Pool, lowest: int, hot: Sequence[Unit], groups: Mapping[Place, tuple[int, ...]]
) -> tuple[tuple[Selection, ...], ...] | None:
    """The selections of each knot, in the order of their units; None when they are too many."""
    of_unit = {unit: frozenset(g for place in unit for g in groups.get(place, ())) for unit in hot}
    found = []
    for knot in _together(hot, of_unit):
        listed: list[Selection] = []
        for units in _selections(pool, knot, of_unit):
            if len(listed) == MOST_SELECTIONS:
                return None
            total = sum(value(pool, lowest, unit) for unit in units)
            listed.append(Selection(units, takes(units), total))
        found.append(tuple(listed))
    return tuple(found)


def _together(
    hot: Sequence[Unit], of_unit: Mapping[Unit, frozenset[int]]
) -> Iterator[tuple[Unit, ...]]:
    left = list(hot)
    while left:
        knot = [left.pop(0)]
        reach = set(of_unit[knot[0]])
        while more := [unit for unit in left if reach & of_unit[unit]]:
            knot.extend(more)
            left = [unit for unit in left if unit not in more]
            reach |= {group for unit in more for group in of_unit[unit]}
        yield tuple(sorted(knot))


def _selections(
    pool: Pool, knot: tuple[Unit, ...], of_unit: Mapping[Unit, frozenset[int]]
) -> Iterator[tuple[Unit, ...]]:
    """All that can be taken of a knot together, the empty selection first."""

    def further(
        taken: tuple[Unit, ...], met: frozenset[int], start: int
    ) -> Iterator[tuple[Unit, ...]]:
        yield taken
        for index in range(start, len(knot)):
            unit = knot[index]
            if met & of_unit[unit]:
                continue
            more = (*taken, unit)
            if all(count <= pool.cells[cell].count for cell, count in takes(more)):
                yield from further(more, met | of_unit[unit], index + 1)

    return further((), frozenset(), 0)
