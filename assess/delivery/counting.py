"""How many forms are there of each expected score, and which of them does chance choose?

Forms are counted by *elements*: units alike in kind and sight, of which some number is taken, or a
knot, of which a selection is. Numbers of forms by sum are polynomials; each is kept as one whole
number, its value at 2 to the power of `bits`, so that sums and products of polynomials are those of
numbers. A count never grows out of its `bits`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from assess.delivery.picking import free_place
from assess.delivery.stream import Stream
from assess.delivery.units import Selection, Sizes, Unit

MOST_STEPS = 20_000  # of (element, state, choice); above it, counting would take seconds
MOST_WORK = 1_000_000_000  # bits to multiply; above it, counting would take seconds as well
State = tuple[int, ...]  # how many questions each cell still needs


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to take something of an element: what it takes, its merit, its numbers by sum."""

    takes: Sizes
    merit: int
    sums: int


class Element(Protocol):
    """Units of which something is chosen together."""

    @property
    def taking(self) -> Sequence[Sizes]:
        """What each of its choices takes, in order: known before anything is multiplied."""

    @property
    def work(self) -> int:
        """How many products of numbers its choices need before they can be used."""

    @property
    def choices(self) -> Sequence[Choice]:
        """What can be taken of it, in order."""

    def pick(self, choice: int, total: int, stream: Stream) -> Iterable[Unit]:
        """The units of a choice whose values have the sum `total`, each such lot equally likely."""


class Alike:
    """Units of one kind and one merit: any number of them may be taken.

    `values` holds, by value and ascending, the indices of the units and those indices that are
    closed (both ascending).
    """

    def __init__(
        self,
        sizes: Sizes,
        merit: int,
        units: Sequence[Unit],
        values: Mapping[int, tuple[Sequence[int], Sequence[int]]],
        need: State,
        bits: int,
    ) -> None:
        self.units = units
        self.bits = bits
        self.merit = merit
        self.values = {v: (at, off) for v, (at, off) in values.items() if len(at) > len(off)}
        self.there = sum(len(at) - len(off) for at, off in self.values.values())
        most = min(self.there, *(need[cell] // count for cell, count in sizes))
        self.taking: list[Sizes] = [
            tuple((cell, count * m) for cell, count in sizes) if m else () for m in range(most + 1)
        ]
        self.work = len(self.taking) ** 2

    @cached_property
    def sums(self) -> list[int]:
        """The numbers of lots of 0, 1, ... units, by sum."""
        there = [(v, len(at) - len(off)) for v, (at, off) in self.values.items()]
        return elementary(there, len(self.taking) - 1, self.bits)

    @cached_property
    def choices(self) -> list[Choice]:
        """Of how many units there can be a lot, from none on."""
        return [
            Choice(takes, self.merit * m, sums)
            for m, (takes, sums) in enumerate(zip(self.taking, self.sums, strict=True))
        ]

    def pick(self, choice: int, total: int, stream: Stream) -> Iterator[Unit]:
        """One unit after the other: its value by weight, then one of those of that value.

        Where all are taken, there is nothing to choose and no word is taken.
        """
        if choice == self.there:
            for at, off in self.values.values():
                gone = set(off)
                yield from (self.units[index] for k, index in enumerate(at) if k not in gone)
            return
        sums, closed = self.sums, {v: list(off) for v, (_, off) in self.values.items()}
        for left in range(choice, 0, -1):
            found = self._value(sums, closed, left, total, stream)
            at, off = self.values[found][0], closed[found]
            rank = free_place(stream.below(len(at) - len(off)), off)
            insort(off, rank)
            yield self.units[at[rank]]
            total -= found
            if len(self.values) > 1:
                sums = without(sums[:left], found * self.bits)

    def _value(
        self,
        sums: Sequence[int],
        closed: Mapping[int, Sequence[int]],
        left: int,
        total: int,
        stream: Stream,
    ) -> int:
        if len(self.values) == 1:
            return next(iter(self.values))
        options = []
        for one, (at, _) in self.values.items():
            there = len(at) - len(closed[one])
            # How many lots of left - 1 others there are without one of this value.
            others, sign = 0, 1
            for k in range(left):
                rest = total - one * (k + 1)
                if rest < 0:
                    break
                others += sign * coefficient(sums[left - 1 - k], rest, self.bits)
                sign = -sign
            if there and others:
                options.append((there * others, one))
        return options[chosen([weight for weight, _ in options], stream)][1]


class Knot:
    """Units with enemies: one of the listed selections is taken; `values`: what each counts."""

    def __init__(
        self,
        selections: Sequence[Selection],
        merits: Sequence[int],
        values: Sequence[int],
        bits: int,
    ) -> None:
        self.selections = selections
        self.taking = [one.takes for one in selections]
        self.work = 0
        self.choices = [
            Choice(one.takes, merit, 1 << bits * value)
            for one, merit, value in zip(selections, merits, values, strict=True)
        ]

    def pick(self, choice: int, total: int, stream: Stream) -> Iterable[Unit]:
        """The units of the selection."""
        return self.selections[choice].units


@dataclass(frozen=True, slots=True)
class Table:
    """Of the elements from each on, by what is still needed: the best merit, and numbers by sum."""

    elements: Sequence[Element]
    need: State
    layers: Sequence[Mapping[State, tuple[int, int]]]
    bits: int

    @property
    def sums(self) -> int:
        """The numbers of forms of the best merit, by sum; 0 when there is no form."""
        return self.layers[0].get(self.need, (0, 0))[1]

    @property
    def merit(self) -> int:
        """The best merit of a form; 0 when there is none."""
        return self.layers[0].get(self.need, (0, 0))[0]

    def form(self, total: int, stream: Stream) -> list[Unit]:
        """A form of the best merit and of this sum, each equally likely."""
        units: list[Unit] = []
        state = self.need
        for element, layer, after in zip(self.elements, self.layers, self.layers[1:], strict=False):
            best = layer[state][0]
            options = []
            for number, choice in enumerate(element.choices):
                left = less(state, choice.takes)
                if left is None or left not in after or choice.merit + after[left][0] != best:
                    continue
                rest = Numbers(after[left][1], self.bits)
                for own, weight in Numbers(choice.sums, self.bits).below(total):
                    if others := rest[total - own]:
                        options.append((weight * others, number, own, left))
            _, number, own, state = options[chosen([one[0] for one in options], stream)]
            units.extend(element.pick(number, own, stream))
            total -= own
        return units


class Numbers:
    """The coefficients of a polynomial that is kept as one number."""

    def __init__(self, packed: int, bits: int) -> None:
        self.size = bits // 8
        count = -(-packed.bit_length() // bits)
        self.raw = packed.to_bytes(count * self.size, "little")

    def __getitem__(self, total: int) -> int:
        return int.from_bytes(self.raw[total * self.size : (total + 1) * self.size], "little")

    def below(self, most: int) -> Iterator[tuple[int, int]]:
        """All sums up to `most` of which there are any, with their numbers, ascending."""
        rows = np.frombuffer(self.raw, np.uint8).reshape(-1, self.size)
        for total in np.flatnonzero(rows[: most + 1].max(axis=1, initial=0)).tolist():
            yield total, self[total]


def table(
    elements: Sequence[Element], need: State, bits: int, size: int, limited: bool
) -> Table | None:
    """The numbers of forms that `elements` make; None when it is `limited` and takes too much.

    `size` is that of the largest number, in bits.
    """
    reached = reach(elements, need, size, limited)
    if reached is None:
        return None
    layers: list[dict[State, tuple[int, int]]] = [{(0,) * len(need): (0, 1)}]
    for element, states in zip(reversed(elements), reversed(reached[:-1]), strict=True):
        after, layer = layers[-1], {}
        for state in states:
            best, sums = -1, 0
            for choice in element.choices:
                left = less(state, choice.takes)
                if left is None or left not in after:
                    continue
                merit = choice.merit + after[left][0]
                if merit > best:
                    best, sums = merit, 0
                if merit == best:
                    sums += choice.sums * after[left][1]
            if sums:
                layer[state] = (best, sums)
        layers.append(layer)
    return Table(elements, need, layers[::-1], bits)


def reach(
    elements: Sequence[Element], need: State, size: int, limited: bool
) -> list[set[State]] | None:
    """What can still be needed before each element, and at the end; None as `table` gives it.

    Nothing is multiplied for it.
    """
    last = {cell: i for i, e in enumerate(elements) for takes in e.taking for cell, _ in takes}
    reached: list[set[State]] = [{need}]
    steps = work = 0
    for number, element in enumerate(elements):
        closing = [cell for cell, i in last.items() if i == number]
        after = set()
        for state in reached[-1]:
            for takes in element.taking:
                left = less(state, takes)
                if left is not None and not any(left[cell] for cell in closing):
                    after.add(left)
        steps += len(reached[-1]) * len(element.taking)
        work += element.work
        if limited and (steps > MOST_STEPS or (steps + work) * size > MOST_WORK):
            return None
        reached.append(after)
    return reached


def less(state: State, takes: Sizes) -> State | None:
    """What is still needed after taking this; None when it is too much."""
    if not takes:
        return state
    left = list(state)
    for cell, count in takes:
        left[cell] -= count
        if left[cell] < 0:
            return None
    return tuple(left)


def chosen(weights: Sequence[int], stream: Stream) -> int:
    """Which of these, by weight; where there is one only, no word of the stream is taken."""
    if len(weights) == 1:
        return 0
    rank = stream.below(sum(weights))
    for index, weight in enumerate(weights):
        rank -= weight
        if rank < 0:
            return index
    raise AssertionError("a rank below the sum lies within the sum")


def elementary(values: Sequence[tuple[int, int]], most: int, bits: int) -> list[int]:
    """In how many ways 0 to `most` of units can be taken, by sum; `values`: (value, how many).

    Elementary symmetric polynomials by Newton's identities, which hold for the packed numbers as
    they do for polynomials: k e_k = e_(k-1) p_1 - e_(k-2) p_2 + ...
    """
    powers = [sum(there << bits * one * i for one, there in values) for i in range(1, most + 1)]
    found = [1]
    for k in range(1, most + 1):
        total = 0
        for i in range(1, k + 1):
            total += found[k - i] * powers[i - 1] * (1 if i % 2 else -1)
        found.append(total // k)
    return found


def without(sums: Sequence[int], shift: int) -> list[int]:
    """The same numbers when one unit is gone; `shift`: its value in bits."""
    found = [1]
    for k in range(1, len(sums)):
        found.append(sums[k] - (found[-1] << shift))
    return found


def coefficient(packed: int, total: int, bits: int) -> int:
    """How many there are of one sum."""
    return packed >> bits * total & (1 << bits) - 1


def closed_in(at: Sequence[int], indices: Sequence[int]) -> list[int]:
    """Where those of `indices` (ascending) that are in `at` (ascending) stand in it."""
    if isinstance(at, range):
        return list(indices)
    found = []
    for index in indices:
        place = bisect_left(at, index)
        if place < len(at) and at[place] == index:
            found.append(place)
    return found
