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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import count
from math import comb, prod
from pathlib import Path
from typing import Any

Place = tuple[int, int]  # a cell, and a place in it
Unit = tuple[Place, ...]  # what is drawn as one
State = tuple[int, ...]  # how many questions each cell still needs
Choice = tuple[tuple[Place, ...], int, Counter[int]]  # what it takes, its merit, its lots by sum
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
    """The pool of a file: rows (item, version, options, difficulty, set) by cell, and its units."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document, self.band = document, document["band"]
        self.need: State = tuple(cell["count"] for cell in document["cells"])
        self.rows: dict[Place, tuple[int, ...]] = {}
        for c, cell in enumerate(document["cells"]):
            raw = [base64.b64decode(cell[name]) for name in COLUMNS]
            size = len(raw[0]) // 8
            columns = zip(COLUMNS.values(), raw, strict=True)
            read = [struct.unpack(f">{size}{code}", column) for code, column in columns]
            self.rows |= {(c, p): row for p, row in enumerate(zip(*read, strict=True))}
        self.place = {row[0]: place for place, row in self.rows.items()}
        self.groups: dict[Place, set[int]] = {}
        for number, group in enumerate(document["enemies"]):
            for item in group:
                self.groups.setdefault(self.place[item], set()).add(number)
        sets: dict[tuple[int, int], list[Place]] = {}
        for place, row in self.rows.items():
            sets.setdefault((row[4], 0 if row[4] else row[0]), []).append(place)
        units = sorted(tuple(places) for places in sets.values())
        self.units: list[Unit] = [unit for unit in units if not self.clash([unit])]
        self.tables: dict[bool, Table] = {}
        there = Counter(cell for cell, _ in self.rows)
        forms = prod(comb(there[c], min(n, there[c] // 2)) for c, n in enumerate(self.need))
        hard = [row[3] for row in self.rows.values()] if self.band else [0]
        bits = (forms.bit_length() + 8) // 8 * 8
        self.size = bits * (sum(self.need) * (max(hard) - min(hard)) + 1)

    def clash(self, units: Iterable[Unit]) -> bool:
        """Whether enemies meet in these."""
        met = [group for unit in units for p in unit for group in self.groups.get(p, ())]
        return len(set(met)) < len(met)

    def hot(self, unit: Unit) -> bool:
        """Whether it has enemies."""
        return any(place in self.groups for place in unit)

    def value(self, units: Iterable[Unit]) -> int:
        """What the borderline candidate can expect of these; 0 where there is no band."""
        return sum(self.rows[place][3] for u in units for place in u) if self.band else 0

    def fingerprint(self) -> str:
        """The SHA-256 of all that a draw can depend on."""
        d = self.document
        raw = b"assess-pool/2\0" + text(d["specification"]) + bytes([d["shuffle_questions"]])
        raw += struct.pack(">Bqq", 1, *self.band) if self.band is not None else b"\0"
        raw += text(d["unbalanced"]) + struct.pack(">I", len(d["cells"]))
        for cell in d["cells"]:
            columns = [base64.b64decode(cell[name]) for name in COLUMNS]
            raw += text(cell["outcome"]) + text(cell["narrowing"])
            raw += struct.pack(">II", cell["count"], len(columns[2])) + b"".join(columns)
        raw += struct.pack(">I", len(d["enemies"]))
        for group in d["enemies"]:
            raw += struct.pack(f">I{len(group)}q", len(group), *group)
        return hashlib.sha256(raw).hexdigest()


def text(value: str) -> bytes:
    """A text as fingerprints take it."""
    return struct.pack(">I", len(value.encode())) + value.encode()


def takes(units: Iterable[Unit]) -> tuple[Place, ...]:
    """How many questions of which cell these units are: (cell, number)."""
    return tuple(sorted(Counter(cell for unit in units for cell, _ in unit).items()))


def less(state: State, taken: Iterable[Place]) -> State | None:
    """What is still needed after that; None when it is too much."""
    gone = dict(taken)
    left = tuple(need - gone.get(cell, 0) for cell, need in enumerate(state))
    return None if min(left) < 0 else left


def lots(values: dict[int, int], most: int) -> list[Counter[int]]:
    """How many lots of 0 to `most` units there are by sum; `values`: how many units by value."""
    found = [Counter({0: 1}), *(Counter[int]() for _ in range(most))]
    for value, there in values.items():
        for m in range(most, 0, -1):
            for j in range(1, min(m, there) + 1):
                for total, ways in found[m - j].items():
                    found[m][total + j * value] += ways * comb(there, j)
    return found


class Alike:
    """Units of one kind and merit, of which some number is taken."""

    def __init__(
        self, pool: Pool, sizes: tuple[Place, ...], merit: int, units: list[Unit], valued: bool
    ) -> None:
        self.first = (sizes[0][0], 0, sizes, -merit)
        self.there = len(units)
        values = {unit: pool.value([unit]) if valued else 0 for unit in units}
        self.by_value = {
            v: [u for u in units if values[u] == v] for v in sorted(set(values.values()))
        }
        most = min([len(units), *(pool.need[cell] // size for cell, size in sizes)])
        self.taking = [tuple((c, size * m) for c, size in sizes if m) for m in range(most + 1)]
        self.work, self.merit = (most + 1) ** 2, merit

    @cached_property
    def choices(self) -> list[Choice]:
        """Of how many units there can be a lot, and the lots by sum."""
        numbers = lots({v: len(u) for v, u in self.by_value.items()}, len(self.taking) - 1)
        both = zip(self.taking, numbers, strict=True)
        return [(taken, self.merit * m, sums) for m, (taken, sums) in enumerate(both)]

    def pick(self, m: int, total: int, stream: Stream) -> list[Unit]:
        """`m` units whose values have this sum."""
        left = {value: list(units) for value, units in self.by_value.items()}
        if m == self.there:
            return [unit for units in left.values() for unit in units]
        found = []
        for rest in range(m - 1, -1, -1):
            there = {value: len(units) for value, units in left.items()}
            if len(there) == 1:
                value = next(iter(there))
            else:
                # Lots of `rest` others: those of all units, less those that hold this one, ...
                all_ = lots(there, rest)
                weights = [
                    (n * sum((-1) ** k * all_[rest - k][total - v * (k + 1)] for k in range(m)), v)
                    for v, n in there.items()
                    if n
                ]
                value = stream.one_of([option for option in weights if option[0]])
            found.append(left[value].pop(stream.below(there[value])))
            m, total = rest, total - value
        return found


class Knot:
    """Units that enmities tie together: one of the listed selections is taken."""

    def __init__(
        self, pool: Pool, number: int, listed: list[tuple[Unit, ...]], merit: Callable[[Unit], int]
    ) -> None:
        self.first = (min(takes(units)[0][0] for units in listed if units), 1, ((number, 0),), 0)
        self.selections, self.work = listed, 0
        self.taking = [takes(units) for units in listed]
        self.choices: list[Choice] = [
            (takes(units), sum(map(merit, units)), Counter({pool.value(units): 1}))
            for units in listed
        ]

    def pick(self, choice: int, total: int, stream: Stream) -> list[Unit]:
        """The units of the selection."""
        return list(self.selections[choice])


def selections(pool: Pool) -> list[list[tuple[Unit, ...]]] | None:
    """The selections of each knot; None where one has too many."""
    left, knots = [unit for unit in pool.units if pool.hot(unit)], []
    while left:
        knot = [left.pop(0)]
        for unit in knot:
            near = [other for other in left if pool.clash([unit, other])]
            knot += near
            left = [other for other in left if other not in near]
        listed = []
        waiting: list[tuple[tuple[Unit, ...], int]] = [((), 0)]
        knot.sort()
        while waiting:
            taken, start = waiting.pop()
            listed.append(taken)
            if len(listed) > MOST_SELECTIONS:
                return None
            for i in range(len(knot) - 1, start - 1, -1):
                more = (*taken, knot[i])
                if not pool.clash(more) and less(pool.need, takes(more)) is not None:
                    waiting.append((more, i + 1))
        if len(listed) > 1:
            knots.append(listed)
    return knots


class Table:
    """Forms put together from elements: how many there are by sum, and one of them by chance."""

    def __init__(self, pool: Pool, seen: dict[Place, tuple[int, int]], exact: bool) -> None:
        ranks, scale = sorted(set(seen.values())), sum(pool.need) + 1
        worth = {rank: scale ** (len(ranks) - 1 - k) for k, rank in enumerate(ranks)}

        def merit(unit: Unit) -> int:
            return sum(worth[seen[p]] if p in seen else scale ** len(ranks) for p in unit)

        knots = selections(pool) if exact else []
        classes: dict[tuple[tuple[Place, ...], int], list[Unit]] = {}
        for unit in pool.units:
            if not (exact and pool.hot(unit)):
                classes.setdefault((takes([unit]), merit(unit)), []).append(unit)
        found: list[Alike | Knot] = [Alike(pool, *k, u, exact) for k, u in classes.items()]
        found += [Knot(pool, n, listed, merit) for n, listed in enumerate(knots or ())]
        self.elements = found = sorted(found, key=lambda one: one.first)
        self.need, self.size = pool.need, pool.size
        self.last = {c: i for i, e in enumerate(found) for t in e.taking for c, _ in t}
        self.possible = knots is not None and not (exact and self.too_long())
        self.rest = cache(self._rest)

    def too_long(self) -> bool:
        """Whether counting takes more steps, or more work, than is allowed."""
        states, steps, work = {self.need}, 0, 0
        for i, element in enumerate(self.elements):
            steps += len(states) * len(element.taking)
            work += element.work
            after = {less(state, taken) for state in states for taken in element.taking}
            states = {s for s in after if s and not self.missed(s, i + 1)}
            if steps > MOST_STEPS or (steps + work) * self.size > MOST_WORK:
                return True
        return False

    def missed(self, state: State, i: int) -> bool:
        """Whether something is needed of which the elements from the i-th on have nothing."""
        return any(need and self.last.get(cell, -1) < i for cell, need in enumerate(state))

    def _rest(self, i: int, state: State | None) -> tuple[int, Counter[int]]:
        """Of the elements from the i-th on: the best merit, and how many forms by sum have it."""
        best, sums = -1, Counter[int]()
        if state is None or self.missed(state, i):
            return 0, sums
        if i == len(self.elements):
            return 0, Counter({0: 1})
        for taken, own, values in self.elements[i].choices:
            after, ways = self.rest(i + 1, less(state, taken))
            if ways and own + after > best:
                best, sums = own + after, Counter()
            if ways and own + after == best:
                for one, a in values.items():
                    for other, b in ways.items():
                        sums[one + other] += a * b
        return best, sums

    def form(self, total: int, stream: Stream) -> list[Unit]:
        """A form of the best merit and this sum."""
        units: list[Unit] = []
        state: State | None = self.need
        for i, element in enumerate(self.elements):
            assert state is not None  # noqa: S101
            options, best = [], self.rest(i, state)[0]
            for number, (taken, own, values) in enumerate(element.choices):
                left = less(state, taken)
                after, ways = self.rest(i + 1, left)
                for one in sorted(values) if ways and own + after == best else ():
                    if values[one] * ways[total - one]:
                        options.append((values[one] * ways[total - one], (number, one, left)))
            number, one, state = stream.one_of(options)
            units += element.pick(number, one, stream)
            total -= one
        return units


def table(pool: Pool, seen: dict[Place, tuple[int, int]], exact: bool) -> Table:
    """The forms best by sight: all of them, or `exact`: without those in which enemies meet."""
    if seen or exact not in pool.tables:
        made = Table(pool, seen, exact)
        if seen:
            return made
        pool.tables[exact] = made
    return pool.tables[exact]


def choose(pool: Pool, seen: dict[Place, tuple[int, int]], stream: Stream) -> list[Unit]:
    """The units of a form; none where there is no form."""
    maker = table(pool, seen, exact=False)
    forms = sum(maker.rest(0, pool.need)[1].values())
    target, half = pool.band or (0, 0)
    nearest: list[tuple[int, list[Unit]]] = []

    def tried(tries: int) -> list[Unit]:
        for _ in range(tries):
            units = maker.form(0, stream)
            if not pool.clash(units):
                off = abs(pool.value(units) - target) if pool.band else 0
                if off <= half or forms == 1:
                    return units
                nearest.append((off, units))
        return []

    if (units := tried(min(forms, TRIES))) or not forms:
        return units
    counted = table(pool, seen, exact=True)
    if not counted.possible:
        return tried(MORE_TRIES) or min(nearest, key=lambda one: one[0], default=(0, []))[1]
    numbers = sorted((t, ways) for t, ways in counted.rest(0, pool.need)[1].items() if ways)
    if not numbers:
        return []
    reach = max(half, min(abs(total - target) for total, _ in numbers))
    options = [(ways, total) for total, ways in numbers if abs(total - target) <= reach]
    return counted.form(stream.one_of(options), stream)


def form_of(pool: Pool, draw: dict[str, Any], seed: bytes) -> tuple[list[Any], int]:
    """The form of a draw as the file writes forms, and its expected score."""
    stream = Stream(seed, draw)
    met = {pool.place.get(item): (times, last) for item, times, last in draw["history"]}
    units = sorted(choose(pool, {p: rank for p, rank in met.items() if p}, stream))
    if pool.document["shuffle_questions"]:
        stream.shuffle(units)
    form = []
    for place in (place for unit in units for place in unit):
        item, version, options, *_ = pool.rows[place]
        order = list(range(options))
        stream.shuffle(order)
        form.append([item, version, order])
    return form, pool.value(units)


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
        which = f"attempt {draw['attempt']}"
        if draw["label"] != "assess-draw/2":
            yield f"{which} was drawn under {draw['label']}, which this script does not know"
            continue
        raw = b"assess-history/1\0" + struct.pack(">I", len(draw["history"]))
        raw += b"".join(struct.pack(">qII", *seen) for seen in sorted(draw["history"]))
        if hashlib.sha256(raw).hexdigest() != draw["history_fingerprint"]:
            yield f"{which}: the history is not the one with the recorded fingerprint"
        form, expected = form_of(pool, draw, seed)
        raw = b"assess-form/1\0" + struct.pack(">I", len(form))
        raw += b"".join(struct.pack(">qqB", i, v, len(o)) + bytes(o) for i, v, o in form)
        inside = pool.band and abs(expected - pool.band[0]) <= pool.band[1]
        if form != draw["form"] or hashlib.sha256(raw).hexdigest() != draw["form_fingerprint"]:
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
