#!/usr/bin/env python3
"""Was every form of an epoch drawn as the rules say? Draws them all again from verification files.

    python3 verify_draw.py FILE ...

Needs nothing but Python 3.11. It is written from docs/decisions/0020-the-balanced-draw.md and uses
nothing of the program that drew the forms. Exit code 0: all forms agree; 1: something differs;
2: a file cannot be read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import count, islice
from math import comb, prod
from pathlib import Path
from typing import Any

Place = tuple[int, int]  # a cell, and a place in it
Unit = tuple[Place, ...]  # what is drawn as one
Sizes = tuple[tuple[int, int], ...]  # of some units: how many questions of which cell
State = tuple[int, ...]  # how many questions each cell still needs
Seen = frozenset[tuple[Place, Place]]  # of some places: how often they were met, and when last
Valued = list[tuple[int, Unit]]  # units with what can be expected of them
Choice = tuple[Sizes, int, Valued, int]  # what it takes, its merit: so many of these units
TRIES, MORE_TRIES, MOST_SELECTIONS, MOST_STEPS = 100, 5_000, 1_000, 20_000
MOST_WORK = 1_000_000_000
COLUMNS = {"items": "q", "versions": "q", "options": "B", "difficulties": "i", "sets": "I"}


class Stream:
    """The words of a draw, and the numbers and orders made of them."""

    def __init__(self, seed: bytes, draw: dict[str, Any]) -> None:
        message = f"{draw['label']}\0{draw['candidate']}\0".encode()
        message += struct.pack(">I", draw["ordinal"])
        blocks = (hmac.digest(seed, message + struct.pack(">Q", c), "sha256") for c in count())
        self.words = (word for block in blocks for word in struct.unpack(">4Q", block))

    def below(self, n: int) -> int:
        """A number from 0 to n - 1."""
        size = 1 if n <= 2**64 else -(-(n - 1).bit_length() // 64)
        while n > 1:
            number = 0
            for _ in range(size):
                number = number * 2**64 + next(self.words)
            if number < 2 ** (64 * size) // n * n:
                return number % n
        return 0

    def shuffle(self, values: list[Any]) -> None:
        """Put them into an order."""
        for i in range(len(values) - 1, 0, -1):
            j = self.below(i + 1)
            values[i], values[j] = values[j], values[i]

    def one_of(self, options: Sequence[tuple[int, Any]]) -> Any:
        """One of these (weight, value); no word where there is one only."""
        rank = self.below(sum(weight for weight, _ in options)) if len(options) > 1 else 0
        for weight, value in options:
            if rank < weight:
                return value
            rank -= weight


class Pool:
    """The pool of a file: its rows (item, version, options, difficulty, set) and its units."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document, self.band = document, document["band"]
        self.need: State = tuple(cell["count"] for cell in document["cells"])
        self.rows: dict[Place, list[int]] = {}
        for c, cell in enumerate(document["cells"]):
            raw = [(code, base64.b64decode(cell[name])) for name, code in COLUMNS.items()]
            columns = [[n for (n,) in struct.iter_unpack(f">{code}", one)] for code, one in raw]
            self.rows |= {(c, p): [*row] for p, row in enumerate(zip(*columns, strict=True))}
        self.place = {row[0]: place for place, row in self.rows.items()}
        self.groups: dict[Place, list[int]] = defaultdict(list)
        for number, group in enumerate(document["enemies"]):
            for item in group:
                self.groups[self.place[item]].append(number)
        sets: dict[tuple[int, int], list[Place]] = defaultdict(list)
        for place, (item, _, _, _, of_set) in self.rows.items():
            sets[of_set, 0 if of_set else item].append(place)
        units = sorted(tuple(places) for places in sets.values())
        self.units: list[Unit] = [unit for unit in units if not self.clash([unit])]
        self.hot = [unit for unit in self.units if any(place in self.groups for place in unit)]

    def clash(self, units: Iterable[Unit]) -> bool:
        """Whether enemies meet in these."""
        met = [group for unit in units for p in unit for group in self.groups.get(p, ())]
        return len(set(met)) < len(met)

    def value(self, *units: Unit) -> int:
        """What the borderline candidate can expect of these; 0 where there is no band."""
        return sum(self.rows[place][3] for u in units for place in u) if self.band else 0

    def size(self) -> int:
        """How many bits the numbers of forms by sum take."""
        there = Counter(cell for cell, _ in self.rows)
        forms = prod(comb(there[c], min(n, there[c] // 2)) for c, n in enumerate(self.need))
        hard = [row[3] for row in self.rows.values()] if self.band else [0]
        bits = (forms.bit_length() + 8) // 8 * 8
        return bits * (sum(self.need) * (max(hard) - min(hard)) + 1)

    def fingerprint(self) -> str:
        """The SHA-256 of all that a draw can depend on."""
        d = self.document
        raw = text(d["specification"]) + bytes([d["shuffle_questions"]])
        raw += struct.pack(">Bqq", 1, *self.band) if self.band is not None else b"\0"
        raw += text(d["unbalanced"]) + struct.pack(">I", len(d["cells"]))
        for cell in d["cells"]:
            columns = [base64.b64decode(cell[name]) for name in COLUMNS]
            raw += text(cell["outcome"]) + text(cell["narrowing"])
            raw += struct.pack(">II", cell["count"], len(columns[2])) + b"".join(columns)
        groups = [struct.pack(f">I{len(group)}q", len(group), *group) for group in d["enemies"]]
        return digest("assess-pool/2", groups, raw)


def text(value: str) -> bytes:
    """A text as fingerprints take it."""
    return struct.pack(">I", len(value.encode())) + value.encode()


def digest(label: str, parts: Sequence[bytes], head: bytes = b"") -> str:
    """A fingerprint."""
    raw = label.encode() + b"\0" + head + struct.pack(">I", len(parts)) + b"".join(parts)
    return hashlib.sha256(raw).hexdigest()


def takes(units: Iterable[Unit]) -> Sizes:
    """How many questions of which cell these units are."""
    return tuple(sorted(Counter(cell for unit in units for cell, _ in unit).items()))


@cache
def lots(values: tuple[tuple[int, int], ...], k: int) -> Counter[int]:
    """How many lots of k units there are, by sum; `values`: (value, how many units have it).

    Newton's identities: lots of fewer, each with one unit more, less those that hold it twice, ...
    """
    found = Counter({0: 1} if k == 0 else ())
    for i in range(1, k + 1):
        for value, there in values:
            for total, ways in lots(values, k - i).items():
                found[total + i * value] -= (-1) ** i * there * ways
    return Counter({total: ways // max(k, 1) for total, ways in found.items() if ways})


def counts(units: Valued) -> tuple[tuple[int, int], ...]:
    """How many of them have which value, ascending."""
    return tuple(sorted(Counter(value for value, _ in units).items()))


def pick(left: Valued, k: int, total: int, stream: Stream) -> Iterator[Unit]:
    """`k` of these units with this sum of values."""
    if k == len(left):
        yield from (unit for _, unit in left)
        return
    for rest in reversed(range(k)):
        there, options = counts(left), []
        for value, n in there:  # lots of `rest` others: all, less those that hold this one, ...
            signed = [
                (-1) ** i * lots(there, rest - i)[total - value * (i + 1)] for i in range(rest + 1)
            ]
            options.append((n * sum(signed), value))
        value = stream.one_of([option for option in options if option[0]])
        same = [one for one in left if one[0] == value]
        taken = same[stream.below(len(same))]
        left = [one for one in left if one is not taken]
        total -= value
        yield taken[1]


def knots(pool: Pool) -> Iterator[list[tuple[Unit, ...]]]:
    """The selections of each lot of units that enmities tie together; one more than are allowed."""
    left = list(pool.hot)
    while left:
        knot = [left.pop(0)]
        for unit in knot:
            near = [other for other in left if pool.clash([unit, other])]
            knot += near
            left = [other for other in left if other not in near]

        def further(taken: tuple[Unit, ...], more: list[Unit]) -> Iterator[tuple[Unit, ...]]:
            yield taken
            for i, unit in enumerate(more, 1):
                both = (*taken, unit)
                fits = all(number <= pool.need[cell] for cell, number in takes(both))
                if fits and not pool.clash(both):
                    yield from further(both, more[i:])

        yield list(islice(further((), sorted(knot)), MOST_SELECTIONS + 1))


class Forms:
    """The forms that are best by sight, put together from elements: how many there are, by sum.

    An element is a list of choices. Of units that are alike, 0, 1, 2, ... are taken; of a knot one
    selection, all of it. `exact`: without those forms in which enemies meet.
    """

    def __init__(self, pool: Pool, seen: Seen, exact: bool) -> None:
        self.pool, met = pool, dict(seen)
        ranks, scale = sorted(set(met.values())), sum(pool.need) + 1
        worth = {rank: scale ** (len(ranks) - k) for k, rank in enumerate([None, *ranks])}

        def merit(*units: Unit) -> int:
            return sum(worth[met.get(place)] for unit in units for place in unit)

        def choice(units: Sequence[Unit], k: int) -> Choice:
            valued = [(pool.value(unit) if exact else 0, unit) for unit in units]
            return takes(units[:k]), merit(*units[:k]), valued, k

        alike: dict[tuple[Sizes, int], list[Unit]] = defaultdict(list)
        for unit in pool.units:
            if not (exact and unit in pool.hot):
                alike[takes([unit]), -merit(unit)].append(unit)
        found: list[tuple[tuple[Any, ...], list[tuple[Sequence[Unit], int]]]] = []
        for (sizes, worst), units in alike.items():
            most = min([len(units), *(pool.need[cell] // size for cell, size in sizes)])
            found.append(((sizes[0][0], 0, sizes, worst), [(units, k) for k in range(most + 1)]))
        for number, listed in enumerate(knots(pool) if exact else ()):
            cells = [cell for units in listed for unit in units for cell, _ in unit]
            if cells:
                found.append(((min(cells), 1, number), [(units, len(units)) for units in listed]))
        found.sort(key=lambda one: one[0])
        self.elements = [[choice(*one) for one in choices] for _, choices in found]
        self.knotty = [key[1] for key, _ in found]
        self.last: dict[int, int] = {}
        for i, choices in enumerate(self.elements):
            self.last |= {cell: i for taken, *_ in choices for cell, _ in taken}
        self.ways, self.rest = cache(self._ways), cache(self._rest)

    def after(self, i: int, state: State, taken: Sizes) -> State | None:
        """What is needed after the i-th element has given that; None where it cannot be had."""
        gone = dict(taken)
        left = tuple(need - gone.get(cell, 0) for cell, need in enumerate(state))
        late = any(need and self.last.get(cell, -1) <= i for cell, need in enumerate(left))
        return None if late or min(left) < 0 else left

    def countable(self) -> bool:
        """Whether counting takes no more selections, steps and work than are allowed."""
        states, steps, size = {self.pool.need}, 0, self.pool.size()
        both = list(zip(self.knotty, self.elements, strict=True))
        work = sum(len(choices) ** 2 for knotty, choices in both if not knotty)
        for i, (knotty, choices) in enumerate(both):
            steps += len(states) * len(choices)
            tangled = knotty and len(choices) > MOST_SELECTIONS
            if tangled or steps > MOST_STEPS or (steps + work) * size > MOST_WORK:
                return False
            after = {self.after(i, state, taken) for state in states for taken, *_ in choices}
            states = {state for state in after if state}
        return True

    def _ways(self, i: int, state: State) -> list[tuple[Any, ...]]:
        """The choices of the i-th element that lead to forms of the best merit.

        Each with its lots by sum, the forms of the elements after it, and what these need.
        """
        found: list[tuple[Any, ...]] = []
        for taken, own, units, k in self.elements[i]:
            left = self.after(i, state, taken)
            merit, rest = self.rest(i + 1, left) if left else (0, None)
            if rest:
                found.append((own + merit, lots(counts(units), k), rest, left, units, k))
        return [way for way in found if way[0] == max(other[0] for other in found)]

    def _rest(self, i: int, state: State) -> tuple[int, Counter[int]]:
        """Of the elements from the i-th on: the best merit, and how many forms by sum have it."""
        if i == len(self.elements):
            return 0, Counter(() if any(state) else {0: 1})
        sums, best = Counter[int](), 0
        for best, own, rest, *_ in self.ways(i, state):  # noqa: B007 - all have the same
            for one, number in own.items():
                for other, ways in rest.items():
                    sums[one + other] += number * ways
        return best, sums

    def form(self, total: int, stream: Stream) -> list[Unit]:
        """A form of the best merit and this sum."""
        form: list[Unit] = []
        state = self.pool.need
        for i in range(len(self.elements)):
            options = [
                (own[one] * rest[total - one], (one, left, units, k))
                for _, own, rest, left, units, k in self.ways(i, state)
                for one in sorted(own)
                if rest[total - one]
            ]
            one, state, units, k = stream.one_of(options)
            form += pick(units, k, one, stream)
            total -= one
        return form


forms_of = lru_cache(maxsize=64)(Forms)  # kept for the next who has met the same


def choose(pool: Pool, seen: Seen, stream: Stream) -> list[Unit]:
    """The units of a form; none where there is no form."""
    tried = forms_of(pool, seen, exact=False)
    forms = sum(tried.rest(0, pool.need)[1].values())
    target, half = pool.band or (0, 0)
    nearest: list[tuple[int, list[Unit]]] = []
    for tries in (min(forms, TRIES), MORE_TRIES) if forms else ():
        for _ in range(tries):
            units = tried.form(0, stream)
            if not pool.clash(units):
                nearest.append((abs(pool.value(*units) - target), units))
                if nearest[-1][0] <= half or forms == 1:
                    return units
        counted = forms_of(pool, seen, exact=True)
        if counted.countable():
            numbers = sorted(counted.rest(0, pool.need)[1].items())
            reach = max([half, min((abs(total - target) for total, _ in numbers), default=0)])
            near = [(ways, total) for total, ways in numbers if abs(total - target) <= reach]
            return counted.form(stream.one_of(near), stream) if near else []
    return min(nearest, key=lambda one: one[0], default=(0, []))[1]


def form_of(pool: Pool, draw: dict[str, Any], seed: bytes) -> tuple[list[Any], int]:
    """The form of a draw as the file writes forms, and its expected score."""
    stream = Stream(seed, draw)
    met = {pool.place.get(item): (times, last) for item, times, last in draw["history"]}
    units = sorted(choose(pool, frozenset((p, rank) for p, rank in met.items() if p), stream))
    if pool.document["shuffle_questions"]:
        stream.shuffle(units)
    form = []
    for item, version, options, *_ in (pool.rows[place] for unit in units for place in unit):
        order = list(range(options))
        stream.shuffle(order)
        form.append([item, version, order])
    return form, pool.value(*units)


def problems(document: dict[str, Any]) -> Iterator[str]:
    """What differs in a file, in words."""
    pool, seed = Pool(document["pool"]), bytes.fromhex(document["seed"])
    if hashlib.sha256(seed).hexdigest() != document["commitment"]:
        yield "the seed is not the one that was committed to"
    if pool.fingerprint() != document["pool_fingerprint"]:
        yield "the pool is not the one with the recorded fingerprint"
    if len(document["draws"]) != document["draws_counted"]:
        yield f"{len(document['draws'])} draws are listed, {document['draws_counted']} were counted"
    for draw in document["draws"]:
        which, history = f"attempt {draw['attempt']}", sorted(draw["history"])
        if draw["label"] != "assess-draw/2":
            yield f"{which} was drawn under {draw['label']}, which this script does not know"
            continue
        parts = [struct.pack(">qII", *seen) for seen in history]
        if digest("assess-history/1", parts) != draw["history_fingerprint"]:
            yield f"{which}: the history is not the one with the recorded fingerprint"
        form, expected = form_of(pool, draw, seed)
        parts = [struct.pack(">qqB", i, v, len(order)) + bytes(order) for i, v, order in form]
        inside = pool.band and abs(expected - pool.band[0]) <= pool.band[1]
        if form != draw["form"] or digest("assess-form/1", parts) != draw["form_fingerprint"]:
            yield f"{which}: the draw gives another form"
        elif pool.band and (expected, inside) != (draw["expected"], draw["in_band"]):
            yield f"{which}: its expected score, or whether it lies in the band, is not as recorded"


def main(files: Sequence[str]) -> int:
    """Verify each file, and say what was found."""
    worst = 0 if files else 2
    for name in files:
        try:
            document = json.loads(Path(name).read_text(encoding="utf-8"))
            found = list(problems(document))
            print(f"{name}: test {document['test']}, epoch {document['epoch']}")
        except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
            print(f"{name}: no verification file: {error!r}")
            worst = 2
            continue
        print(f"  commitment {document['commitment']}\n  pool {document['pool_fingerprint']}")
        for problem in found:
            print(f"  DIFFERS: {problem}")
        print(f"  {len(document['draws'])} draws: {'see above' if found else 'all as recorded'}")
        worst = max(worst, 1 if found else 0)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if sys.argv[1:] else str(__doc__))
