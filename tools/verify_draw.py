#!/usr/bin/env python3
"""Was every form of an epoch drawn as the rules say? Draws them all again from verification files.

    python3 verify_draw.py FILE ...

Needs nothing but Python 3.11. It is written from docs/decisions/0020-the-balanced-draw.md and uses
nothing of the program that drew the forms. Exit code 0: all forms agree; 1: something differs;
2: a file cannot be read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
import sys
from bisect import bisect
from collections import Counter, defaultdict, namedtuple
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import accumulate, count, islice, product
from math import comb, prod
from pathlib import Path
from typing import Any

SCHEMA, LABEL = "verification/2 with pool/2", "assess-draw/2"
TRIES, MORE_TRIES, MOST_SELECTIONS = 100, 5_000, 1_000
MOST_STEPS, MOST_WORK = 20_000, 1_000_000_000


# A question of the pool; enemies: the groups it is in of those that may not meet.
Row = namedtuple("Row", "cell item version options difficulty enemies")
Unit = tuple[Row, ...]  # what is drawn as one: a question, or all of a set
Pairs = tuple[tuple[int, int], ...]
State = tuple[int, ...]  # how many questions each cell still needs


class Stream:
    """The words of a draw, and the numbers and orders made of them."""

    def __init__(self, seed: bytes, draw: dict[str, Any]) -> None:
        """HMAC-SHA256 of who draws, for the how-manieth time, and a counter: four words each."""
        who = f"{draw['label']}\0{draw['candidate']}\0".encode() + draw["ordinal"].to_bytes(4)
        blocks = (hmac.digest(seed, who + c.to_bytes(8), "sha256") for c in count())
        self.words = (block[i : i + 8] for block in blocks for i in range(0, 32, 8))

    def below(self, n: int) -> int:
        """A number from 0 to n - 1; for n = 1 no word is taken."""
        size = max(1, -(-(n - 1).bit_length() // 64))
        while n > 1:
            number = int.from_bytes(b"".join(islice(self.words, size)))
            if number < 2 ** (64 * size) // n * n:
                return number % n
        return 0

    def shuffle(self, values: list[Any]) -> None:
        """Put them into an order."""
        for i in range(len(values) - 1, 0, -1):
            j = self.below(i + 1)
            values[i], values[j] = values[j], values[i]

    def one_of(self, options: Sequence[tuple[int, Any]]) -> Any:
        """One of these (weight, value) that have a weight; no word is taken for one alone."""
        options = [option for option in options if option[0]]
        ends = list(accumulate(weight for weight, _ in options))
        rank = self.below(ends[-1]) if len(options) > 1 else 0
        return options[bisect(ends, rank)][1]


def text(value: str) -> bytes:
    """A text as fingerprints take it."""
    return len(value.encode()).to_bytes(4) + value.encode()


def fingerprint(label: str, parts: Sequence[bytes], head: bytes = b"") -> str:
    """SHA-256 of the label, what stands in front, and so many parts."""
    head = label.encode() + b"\0" + head + len(parts).to_bytes(4)
    return hashlib.sha256(head + b"".join(parts)).hexdigest()


def pool_fingerprint(pool: dict[str, Any]) -> str:
    """The fingerprint of all that a draw can depend on."""
    head = text(pool["specification"]) + bytes([pool["shuffle_questions"]])
    head += b"\0" if pool["band"] is None else struct.pack(">Bqq", 1, *pool["band"])
    head += text(pool["unbalanced"]) + len(pool["cells"]).to_bytes(4)
    for cell in pool["cells"]:
        head += text(cell["outcome"]) + text(cell["narrowing"])
        head += struct.pack(">II", cell["count"], len(cell["rows"]))
        for code, column in zip("qqBiI", zip(*cell["rows"], strict=True), strict=False):
            head += struct.pack(f">{len(column)}{code}", *column)
    groups = [struct.pack(f">I{len(group)}q", len(group), *group) for group in pool["enemies"]]
    return fingerprint("assess-pool/2", groups, head)


class Pool:
    """What forms are drawn from: the units in their order, and what enmities tie together."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Without a band all difficulties are as good as 0."""
        cells, self.band = document["cells"], document["band"]
        self.target, self.half = self.band or [0, 0]
        self.need: State = tuple(cell["count"] for cell in cells)
        groups = [{*group} for group in document["enemies"]]
        sets: dict[tuple[int, int], list[Row]] = defaultdict(list)
        for c, cell in enumerate(cells):
            for item, version, options, hard, of_set in cell["rows"]:
                enemies = tuple(n for n, group in enumerate(groups) if item in group)
                row = Row(c, item, version, options, hard if self.band else 0, enemies)
                sets[of_set, of_set or item].append(row)
        rows = [row for together in sets.values() for row in together]
        self.hard = {row.item: row.difficulty for row in rows}
        self.units = [unit for unit in sorted(map(tuple, sets.values())) if not clash([unit])]
        self.knots: list[list[Unit]] = []
        for unit in (unit for unit in self.units if any(row.enemies for row in unit)):
            near = [knot for knot in self.knots if any(clash([unit, other]) for other in knot)]
            apart = [knot for knot in self.knots if knot not in near]
            self.knots = [*apart, sorted(sum(near, [unit]))]
        there = Counter(row.cell for row in rows)
        forms = prod(comb(there[c], min(n, there[c] // 2)) for c, n in enumerate(self.need))
        sums = sum(self.need) * (max(self.hard.values()) - min(self.hard.values())) + 1
        self.bits = (forms.bit_length() + 8) // 8 * 8 * sums  # of the numbers of forms, by sum

    def selections(self, knot: list[Unit], taken: tuple[Unit, ...] = ()) -> Iterator[Any]:
        """All lots of these units that can be had together, besides those taken."""
        yield taken, len(taken)
        for i, unit in enumerate(knot, 1):
            both = (*taken, unit)
            if not clash(both) and all(n <= self.need[cell] for cell, n in sizes(both)):
                yield from self.selections(knot[i:], both)


def clash(units: Iterable[Sequence[Row]]) -> bool:
    """Whether enemies meet in these."""
    met = [group for unit in units for row in unit for group in row.enemies]
    return len(set(met)) < len(met)


def sizes(units: Iterable[Unit]) -> Pairs:
    """How many questions of which cell these are."""
    return tuple(sorted(Counter(row.cell for unit in units for row in unit).items()))


def expected(units: Iterable[Unit]) -> int:
    """What the borderline candidate can expect of these."""
    return sum(row.difficulty for unit in units for row in unit)


@cache
def lots(values: Pairs, k: int) -> Counter[int]:
    """How many lots of k units there are, by sum; `values`: (value, how many units have it).

    Newton's identities: lots of fewer, each with one unit more, less those that hold it twice, ...
    """
    found = Counter({0: 1} if k == 0 else ())
    for i in range(1, k + 1):
        for value, there in values:
            for total, ways in lots(values, k - i).items():
                found[total + i * value] -= (-1) ** i * there * ways
    return Counter({total: ways // max(k, 1) for total, ways in found.items() if ways})


def others(values: Pairs, k: int, total: int, value: int) -> int:
    """How many lots of k units have this sum and are without a certain one of this value."""
    with_it = others(values, k - 1, total - value, value) if k else 0
    return lots(values, k)[total] - with_it


class Forms:
    """The forms that are best by sight, put together from elements: how many there are, by sum.

    An element is a list of choices. Of units that are alike, 0, 1, 2, ... are taken; of a knot one
    selection, all of it. `exact`: by value, and without those forms in which enemies meet.
    """

    def __init__(self, pool: Pool, seen: frozenset[Any], exact: bool) -> None:
        """The elements in their order: whether it is a knot, and its choices."""
        self.pool, met = pool, dict(seen)
        self.value = {unit[0].item: expected([unit]) if exact else 0 for unit in pool.units}
        ranks, scale = sorted(set(met.values())), sum(pool.need) + 1
        worth = {rank: scale ** (len(ranks) - k) for k, rank in enumerate([None, *ranks])}

        def merit(units: Iterable[Unit]) -> int:
            return sum(worth[met.get(row.item)] for unit in units for row in unit)

        knots, found = pool.knots if exact else [], list[tuple[Any, list[Any]]]()
        for knot in knots:
            choices = list(islice(pool.selections(knot), MOST_SELECTIONS + 1))
            if cells := [cell for units, _ in choices for cell, _ in sizes(units)]:
                found.append(((min(cells), 1, knot), choices))
        alike: dict[Any, list[Unit]] = defaultdict(list)
        for unit in sorted({*pool.units}.difference(*knots)):
            alike[unit[0].cell, 0, sizes([unit]), -merit([unit])].append(unit)
        for key, units in alike.items():
            most = min([len(units), *(pool.need[cell] // size for cell, size in key[2])])
            found.append((key, [(units, k) for k in range(most + 1)]))
        self.elements, self.last = list[tuple[bool, list[Any]]](), dict[int, int]()
        for i, (key, choices) in enumerate(sorted(found, key=lambda one: one[0])):
            ready = [(sizes(units[:k]), merit(units[:k]), units, k) for units, k in choices]
            self.elements.append((key[1] == 1, ready))
            self.last |= {cell: i for taken, *_ in ready for cell, _ in taken}

    def after(self, i: int, state: State, taken: Pairs) -> State | None:
        """What is needed after the i-th element has given that; None where it cannot be had."""
        left = tuple(need - dict(taken).get(cell, 0) for cell, need in enumerate(state))
        late = any(need and self.last.get(cell, -1) <= i for cell, need in enumerate(left))
        return None if late or min(left) < 0 else left

    def countable(self) -> bool:
        """Whether counting takes no more selections, steps and work than are allowed."""
        bits, steps, states = self.pool.bits, 0, {self.pool.need}
        work = sum(len(choices) ** 2 for knotty, choices in self.elements if not knotty)
        for i, (knotty, choices) in enumerate(self.elements):
            steps += len(states) * len(choices)
            tangled = knotty and len(choices) > MOST_SELECTIONS
            if tangled or steps > MOST_STEPS or (steps + work) * bits > MOST_WORK:
                return False
            after = {self.after(i, state, taken) for state in states for taken, *_ in choices}
            states = {state for state in after if state}
        return True

    def counts(self, units: Iterable[Unit]) -> Pairs:
        """How many of these units have which value."""
        return tuple(sorted(Counter(self.value[unit[0].item] for unit in units).items()))

    @lru_cache(maxsize=100_000)  # noqa: B019 - of those that `forms_of` keeps
    def rest(self, i: int, state: State) -> tuple[int, Counter[int], list[Any]]:
        """Of the elements from the i-th on: the best merit, how many forms by sum have it, and how.

        How: the choices that lead there, each with its lots by sum, the forms of the elements after
        it, and what these need.
        """
        if i == len(self.elements):
            return 0, Counter(() if any(state) else {0: 1}), []
        ways = list[Any]()
        for taken, own, units, k in self.elements[i][1]:
            left = self.after(i, state, taken)
            merit, forms, _ = self.rest(i + 1, left) if left else (0, None, ())
            if forms:
                ways.append((own + merit, lots(self.counts(units), k), forms, left, units, k))
        best, sums = max((way[0] for way in ways), default=0), Counter[int]()
        ways = [way for merit, *way in ways if merit == best]
        for own, forms, *_ in ways:
            for (one, number), (other, more) in product(own.items(), forms.items()):
                sums[one + other] += number * more
        return best, sums, ways

    def form(self, total: int, stream: Stream, i: int = 0, state: State = ()) -> list[Unit]:
        """A form of the best merit and this sum; of the elements from the i-th on."""
        if i == len(self.elements):
            return []
        options = []
        for own, forms, *how in self.rest(i, state or self.pool.need)[2]:
            options += [(own[one] * forms[total - one], (one, *how)) for one in sorted(own)]
        one, left, units, k = stream.one_of(options)
        picked = self.pick(units, k, one, stream)
        return [*picked, *self.form(total - one, stream, i + 1, left)]

    def pick(self, units: Sequence[Unit], k: int, total: int, stream: Stream) -> Sequence[Unit]:
        """`k` of these units with this sum of values."""
        if k in (0, len(units)):
            return units[:k]
        there = self.counts(units)
        weights = [(n * others(there, k - 1, total - value, value), value) for value, n in there]
        value = stream.one_of(weights)
        same = [unit for unit in units if self.value[unit[0].item] == value]
        taken = same[stream.below(len(same))]
        left = [unit for unit in units if unit != taken]
        return [taken, *self.pick(left, k - 1, total - value, stream)]


forms_of = lru_cache(maxsize=64)(Forms)  # kept for the next who has met the same


def choose(pool: Pool, seen: frozenset[Any], stream: Stream) -> list[Unit]:
    """The units of a form; none where there is no form."""
    tried = forms_of(pool, seen, exact=False)
    forms = sum(tried.rest(0, pool.need)[1].values())
    nearest: list[tuple[int, list[Unit]]] = []
    for tries in range(min(forms, TRIES) + MORE_TRIES if forms else 0):
        if tries == min(forms, TRIES) and (exact := forms_of(pool, seen, exact=True)).countable():
            numbers = sorted(exact.rest(0, pool.need)[1].items())
            least = min((abs(total - pool.target) for total, _ in numbers), default=0)
            reach = max(least, pool.half)
            near = [(ways, total) for total, ways in numbers if abs(total - pool.target) <= reach]
            return exact.form(stream.one_of(near), stream) if near else []
        units = tried.form(0, stream)
        if not clash(units):
            nearest.append((abs(expected(units) - pool.target), units))
            if nearest[-1][0] <= pool.half or forms == 1:
                return units
    return min(nearest, key=lambda one: one[0], default=(0, []))[1]


def problems(document: dict[str, Any]) -> Iterator[str]:
    """What differs in a file, in words."""
    pool, seed, draws = Pool(document["pool"]), bytes.fromhex(document["seed"]), document["draws"]
    if hashlib.sha256(seed).hexdigest() != document["commitment"]:
        yield "the seed is not the one that was committed to"
    if pool_fingerprint(document["pool"]) != document["pool_fingerprint"]:
        yield "the pool is not the one with the recorded fingerprint"
    if len(draws) != document["draws_counted"]:
        yield f"{len(draws)} draws are listed, {document['draws_counted']} were counted"
    for draw in draws:
        if draw["label"] == LABEL:
            differs = differences(pool, document["pool"]["shuffle_questions"], seed, draw)
            yield from (f"attempt {draw['attempt']}: {what}" for what in differs)
        else:
            yield f"attempt {draw['attempt']} was drawn under {draw['label']}, not {LABEL}"


def differences(pool: Pool, shuffle: bool, seed: bytes, draw: dict[str, Any]) -> Iterator[str]:
    """What differs in a draw when it is drawn again."""
    parts = [struct.pack(">qII", *met) for met in sorted(draw["history"])]
    if fingerprint("assess-history/1", parts) != draw["history_fingerprint"]:
        yield "the history is not the one with the recorded fingerprint"
    seen = frozenset((i, (times, last)) for i, times, last in draw["history"] if i in pool.hard)
    stream, form, parts = Stream(seed, draw), [], []
    units = sorted(choose(pool, seen, stream))
    if shuffle:
        stream.shuffle(units)
    for row in (row for unit in units for row in unit):
        order = list(range(row.options))
        stream.shuffle(order)
        form.append([row.item, row.version, order])
        parts.append(struct.pack(">qqB", row.item, row.version, row.options) + bytes(order))
    inside = abs(expected(units) - pool.target) <= pool.half
    score = [expected(units), inside] if pool.band else [None, None]
    if form != draw["form"] or fingerprint("assess-form/1", parts) != draw["form_fingerprint"]:
        yield "the draw gives another form"
    elif [draw["expected"], draw["in_band"]] != score:
        yield "its expected score, or whether it lies in the band, is not as recorded"


def main(files: Sequence[str]) -> int:
    """Verify each file, and say what was found."""
    worst = 0
    for name in files:
        try:
            document = json.loads(Path(name).read_text(encoding="utf-8"))
            schema = f"{document['schema']} with {document['pool']['schema']}"
            if schema != SCHEMA:
                raise ValueError(f"{schema} is not {SCHEMA}: have the file written again")
            found = [f"DIFFERS: {what}" for what in problems(document)]
            worst = max(worst, 1 if found else 0)
            end = "see above" if found else "all as recorded"
            said = [f"{name}: test {document['test']}, epoch {document['epoch']}"]
            said += [f"commitment {document['commitment']}", f"pool {document['pool_fingerprint']}"]
            print(*said, *found, f"{len(document['draws'])} draws: {end}", sep="\n  ")
        except (OSError, ValueError, LookupError, TypeError, OverflowError, struct.error) as error:
            print(f"{name}: no verification file: {error!r}")
            worst = 2
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if sys.argv[1:] else str(__doc__))
