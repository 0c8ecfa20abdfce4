"""Which form does `assess-draw/2` give: quotas and enemies, sight, the band, and then chance.

Forms are tried first: each is one of all that meet the quotas and are best by sight, every one
equally likely, and it is taken when no enemies meet in it and it lies in the band. That is quick,
and the form taken is one of all that are allowed, equally likely. When the tries are used up, the
forms are counted, and chance chooses one of them by its number: again each equally likely. Where
they are too many to count by their sums, more are tried, at last of those that enemies leave.
`docs/decisions/0020-the-balanced-draw.md` describes it byte for byte.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import comb, prod
from operator import add
from typing import Any

from assess.delivery import counting, gathering, sight, units
from assess.delivery.counting import Alike, Element, Knot, Numbers, Table
from assess.delivery.picking import free_place
from assess.delivery.pool import Pool
from assess.delivery.sight import History
from assess.delivery.stream import Stream
from assess.delivery.units import Alone, Kind, Layout, Place, Selection, Unit

TRIES = 100  # at one form in five within the band, 1 draw in 5,000 million needs counting
MORE_TRIES = 5_000  # where enemies are too entangled for counting
Seen = Sequence[Mapping[int, tuple[int, int]]]
Trial = list[Any]  # a form as it is tried: what is in it only its maker knows


@dataclass(frozen=True, slots=True)
class Chosen:
    """The questions of a form in the order shown, and how it lies to the band (None: no band)."""

    places: list[Place]
    expected: int | None
    in_band: bool | None


@dataclass(frozen=True, slots=True)
class Tried:
    """A form that was tried: its units, how far it lies off the target, whether the band has it."""

    form: list[Unit]
    off: int
    fits: bool


@dataclass(frozen=True, slots=True)
class Account:
    """What a first attempt at a pool can be given.

    `exact`: every form allowed is equally likely; otherwise only those found by trying are, and
    `acceptance` is not known beforehand (None). `forms`: how many there are that keep quotas, sets
    and enemies (None where they cannot be counted); `acceptance`: the share of them in the band
    (None without a band).
    """

    exact: bool
    forms: int | None
    acceptance: float | None


def choose(pool: Pool, history: History, stream: Stream) -> Chosen | None:
    """A form by the words of `stream`; None when there is none that keeps quotas and enemies."""
    layout = units.of(pool)
    seen = sight.met(pool, history)
    maker = _maker(pool, layout, seen)
    if not maker.forms:
        return None
    if not layout.groups and pool.band is None:
        return _finished(pool, maker.units(maker.trial(stream)), stream)
    found = _best(_tried(pool, layout, maker, min(maker.forms, TRIES), stream))
    if found is not None and (found.fits or maker.forms == 1):
        return _finished(pool, found.form, stream)  # where there is one form, it is the nearest
    table = _table(pool, layout, seen)
    if table is None:
        found = _more(pool, layout, seen, maker, found, stream)
        return None if found is None else _finished(pool, found.form, stream)
    if not table.sums:
        return None
    totals = _within(pool, layout, Numbers(table.sums, layout.bits).below(_most(table)))
    total = totals[counting.chosen([number for _, number in totals], stream)][0]
    return _finished(pool, table.form(total, stream), stream)


def _tried(
    pool: Pool, layout: Layout, maker: _ByCell | _ByElement, tries: int, stream: Stream
) -> Iterator[Tried]:
    """Forms as they are tried, without those in which enemies meet.

    Of those that lie outside the band, only the first of the nearest so far.
    """
    nearest = None
    for _ in range(tries):
        trial = maker.trial(stream)
        off = 0 if pool.band is None else abs(maker.expected(trial) - pool.band.target)
        outside = pool.band is not None and off > pool.band.half
        if outside and nearest is not None and off >= nearest:
            continue
        form = maker.units(trial)
        if layout.groups and layout.clash([place for unit in form for place in unit]):
            continue
        if outside:
            nearest = off
        yield Tried(form, off, not outside)


def _more(
    pool: Pool,
    layout: Layout,
    seen: Seen,
    maker: _ByCell | _ByElement,
    found: Tried | None,
    stream: Stream,
) -> Tried | None:
    """The first form of more tries that fits the band, or the nearest of them and the one `found`.

    Where enemies bar every form that is best by sight, those that they leave are tried alone: these
    are counted without their sums, which is soon done. None where there is none, or where enemies
    are too entangled for that too, and no try parts them.
    """
    apart = _apart(pool, layout, seen) if layout.groups else None
    if apart is not None and not apart.sums:
        return None
    if apart is None or apart.merit == _every(pool, layout, seen).merit:
        more = _best(_tried(pool, layout, maker, MORE_TRIES, stream))
        found = min((one for one in (found, more) if one), key=lambda one: one.off, default=None)
    if found is None and apart is not None:
        found = _best(_tried(pool, layout, _ByElement(pool, apart), TRIES, stream))
    return found


def _best(tried: Iterable[Tried]) -> Tried | None:
    """The first of these that fits the band, or else the last, which is the nearest."""
    found = None
    for found in tried:
        if found.fits:
            break
    return found


def countable(pool: Pool) -> bool:
    """Whether forms are counted where trying finds none: what is only tried is conditional."""
    layout, seen = units.of(pool), [dict[int, tuple[int, int]]() for _ in pool.cells]
    if layout.knots is None:
        return False
    elements = _elements(pool, layout, layout.free, layout.knots, seen, valued=True)
    return counting.reach(elements, layout.need, layout.size, limited=True) is not None


def account(pool: Pool) -> Account:
    """How many forms a first attempt at a pool can be given, and how many lie in its band."""
    layout = units.of(pool)
    table = _table(pool, layout, [{} for _ in pool.cells])
    if table is None:
        return Account(exact=False, forms=None, acceptance=None)
    numbers = list(Numbers(table.sums, layout.bits).below(_most(table)))
    forms = sum(number for _, number in numbers)
    if pool.band is None or not forms:
        return Account(exact=True, forms=forms, acceptance=None)
    shift = layout.lowest * pool.length
    inside = sum(number for total, number in numbers if total + shift in pool.band)
    return Account(exact=True, forms=forms, acceptance=inside / forms)


def _most(table: Table) -> int:
    """The highest sum of which there can be a form."""
    return table.sums.bit_length() // table.bits


def _within(
    pool: Pool, layout: Layout, numbers: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The sums in the band with their numbers of forms, or those nearest to it."""
    found = list(numbers)
    if pool.band is None:
        return found
    target = pool.band.target - layout.lowest * pool.length
    nearest = min(abs(total - target) for total, _ in found)
    reach = max(nearest, pool.band.half)
    return [(total, number) for total, number in found if abs(total - target) <= reach]


def _finished(pool: Pool, form: list[Unit], stream: Stream) -> Chosen:
    """A form in the order shown. What comes whole stays together."""
    form.sort()
    if pool.shuffle_questions:
        stream.shuffle(form)
    places = [place for unit in form for place in unit]
    if pool.band is None:
        return Chosen(places, None, None)
    expected = gathering.expected(pool, places)
    return Chosen(places, expected, expected in pool.band)


class _ByCell:
    """Makes forms where every unit is an item on its own: each cell is chosen from by itself.

    A form that is tried is the places of its items alone, in the order of the cells: most are
    thrown away.
    """

    def __init__(self, pool: Pool, seen: Seen) -> None:
        self.cells = [
            _split(len(cell.listed), cell.count, met)
            for cell, met in zip(pool.cells, seen, strict=True)
        ]
        self.forms = prod(comb(free, count) for _, count, free, _, _ in self.cells)
        self.bounds = [
            left for _, count, free, _, _ in self.cells for left in range(free, free - count, -1)
        ]
        self.numbers = [n for n, cell in enumerate(pool.cells) for _ in range(cell.count)]
        self.columns = gathering.columns(pool)
        self.starts = [self.columns.starts[number] for number in self.numbers]

    def trial(self, stream: Stream) -> Trial:
        """A form of the best by sight, each equally likely."""
        places: list[int] = []
        ranks = iter(stream.several(self.bounds))
        for always, count, _, at, closed in self.cells:
            places += always
            taken = closed[:]
            for rank in islice(ranks, count):  # as `picking.some`, but for its calls
                place = free_place(rank, taken) if taken else rank
                insort(taken, place)
                places.append(place if at is None else at[place])
        return places

    def expected(self, trial: Trial) -> int:
        """Its expected score, in thousandths."""
        return self.columns.sum(map(add, self.starts, trial), len(trial))

    def units(self, trial: Trial) -> list[Unit]:
        """Its units."""
        return [((number, place),) for number, place in zip(self.numbers, trial, strict=True)]


def _split(
    size: int, count: int, met: Mapping[int, tuple[int, int]]
) -> tuple[list[int], int, int, Sequence[int] | None, list[int]]:
    """What comes always; how many of how many others, their places (None: all), those closed."""
    if size - len(met) > count:
        return [], count, size - len(met), None, sorted(met)
    always = [place for place in range(size) if place not in met]
    groups: dict[tuple[int, int], list[int]] = {}
    for place in sorted(met):
        groups.setdefault(met[place], []).append(place)
    for rank in sorted(groups):
        if len(always) + len(groups[rank]) > count:
            return always, count - len(always), len(groups[rank]), groups[rank], []
        always += groups[rank]
    return always, count - len(always), 0, (), []


class _ByElement:
    """Makes forms where some units are sets: whole forms are counted, without sums and enemies."""

    def __init__(self, pool: Pool, table: Table) -> None:
        self.pool = pool
        self.table = table
        self.forms = table.sums

    def trial(self, stream: Stream) -> Trial:
        """A form of the best by sight, each equally likely."""
        return self.table.form(0, stream)

    def expected(self, trial: Trial) -> int:
        """Its expected score, in thousandths."""
        return gathering.expected(self.pool, [place for unit in trial for place in unit])

    def units(self, trial: Trial) -> list[Unit]:
        """Its units."""
        return trial


def _maker(pool: Pool, layout: Layout, seen: Seen) -> _ByCell | _ByElement:
    if layout.plain:
        return _ByCell(pool, seen)
    if not any(seen) and "whole" in pool.kept:
        return _ByElement(pool, pool.kept["whole"])
    table = _every(pool, layout, seen)
    if not any(seen):
        pool.kept["whole"] = table
    return _ByElement(pool, table)


def _table(pool: Pool, layout: Layout, seen: Seen) -> Table | None:
    """The numbers of all forms that are allowed; None when there is too much to count."""
    first = not any(seen)
    if first and "table" in pool.kept:
        kept: Table | None = pool.kept["table"]
        return kept
    table = None
    if layout.knots is not None:
        elements = _elements(pool, layout, layout.free, layout.knots, seen, valued=True)
        table = counting.table(elements, layout.need, layout.bits, layout.size, limited=True)
    if first:
        pool.kept["table"] = table
    return table


def _apart(pool: Pool, layout: Layout, seen: Seen) -> Table | None:
    """The numbers of forms in which no enemies meet, without their sums; None as `_table` gives."""
    if layout.knots is None:
        return None
    elements = _elements(pool, layout, layout.free, layout.knots, seen, valued=False)
    return counting.table(elements, layout.need, layout.bits, layout.bits, limited=True)


def _every(pool: Pool, layout: Layout, seen: Seen) -> Table:
    """The numbers of all forms, whatever enemies meet in them, without their sums."""
    elements = _elements(pool, layout, layout.kinds, (), seen, valued=False)
    table = counting.table(elements, layout.need, layout.bits, layout.bits, limited=False)
    assert table is not None  # noqa: S101 - without a limit there is one
    return table


def _elements(
    pool: Pool,
    layout: Layout,
    kinds: Sequence[Kind],
    knots: Sequence[Sequence[Selection]],
    seen: Seen,
    *,
    valued: bool,
) -> list[Element]:
    """What forms are counted by, in order: by their first cell, units alike before knots."""
    ranks = sorted({rank for met in seen for rank in met.values()})
    scale = pool.length + 1
    worth = {rank: scale ** (len(ranks) - 1 - k) for k, rank in enumerate(ranks)}
    unseen = scale ** len(ranks)

    def merit(unit: Unit) -> int:
        return sum(
            unseen if (rank := seen[cell].get(place)) is None else worth[rank]
            for cell, place in unit
        )

    found: list[tuple[tuple[int, int], Element]] = []
    touched = {
        layout.where.get((number, place), ((number, place),))
        for number, met in enumerate(seen)
        for place in met
    }
    for kind in kinds:
        first = kind.sizes[0][0]
        classes: dict[int, dict[int, list[int]]] = {}
        closed: dict[int, list[int]] = {}
        for index in _indices(kind, touched):
            unit = kind.units[index]
            one = units.value(pool, layout.lowest, unit) if valued else 0
            classes.setdefault(merit(unit), {}).setdefault(one, []).append(index)
            closed.setdefault(one, []).append(index)
        values = kind.values if valued else {0: range(len(kind.units))}
        fresh = {v: (at, counting.closed_in(at, closed.get(v, ()))) for v, at in values.items()}
        whole = unseen * sum(count for _, count in kind.sizes)
        alike = {whole: fresh} | {
            worth_: {v: (at, ()) for v, at in by.items()} for worth_, by in classes.items()
        }
        for worth_ in sorted(alike, reverse=True):
            by = dict(sorted(alike[worth_].items()))
            element = Alike(kind.sizes, worth_, kind.units, by, layout.need, layout.bits)
            if element.there:
                found.append(((first, 0), element))
    for knot in knots:
        cells = [cell for one in knot for cell, _ in one.takes]
        if cells:
            merits = [sum(merit(unit) for unit in one.units) for one in knot]
            counted = [one.value if valued else 0 for one in knot]
            found.append(((min(cells), 1), Knot(knot, merits, counted, layout.bits)))
    found.sort(key=lambda one: one[0])
    return [element for _, element in found]


def _indices(kind: Kind, touched: set[Unit]) -> list[int]:
    """Where the touched units of a kind stand in it, ascending."""
    found = []
    for unit in touched:
        if isinstance(kind.units, Alone):
            if len(unit) > 1 or unit[0][0] != kind.units.cell:
                continue
            index = kind.units.index_of(unit[0][1])
        else:
            index = bisect_left(kind.units, unit)
        if index < len(kind.units) and kind.units[index] == unit:
            found.append(index)
    return sorted(found)
