#!/usr/bin/env python3
"""Was every form of an epoch drawn as the rules say? Draws them all again from verification files.

`python3 verify_draw.py FILE ...` needs nothing but Python 3.11. It is written from
docs/decisions/0020-the-balanced-draw.md and uses nothing of the program that drew the forms.
Exit code 0: all forms agree; 1: something differs; 2: a file cannot be read.
"""

import hashlib
import hmac
import json
import struct
import sys
from bisect import bisect
from collections import Counter, defaultdict, namedtuple
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import accumulate, chain, count, islice, product
from math import comb, prod
from pathlib import Path
from typing import Any

SCHEMA, LABEL = "verification/2 with pool/2", "assess-draw/2"
TRIES, MORE_TRIES, MOST_SELECTIONS = 100, 5_000, 1_000
MOST_STEPS, MOST_WORK = 20_000, 1_000_000_000
MERIT = 1 << 64  # a value is merit by sight times this, plus expected score

# A question of the pool; enemies: the groups it is in of those that may not meet.
Row = namedtuple("Row", "cell item version options difficulty set enemies")
Unit = tuple[Row, ...]  # what is drawn as one: a question, or all of a set
State = tuple[int, ...]  # how many questions each cell still needs
Units = tuple[Unit, ...]
# Forms from some state on: how many there are by sum of values, and what can be taken first:
Node = namedtuple("Node", "numbers options")
# `k` of these units, with `total` as the sum of their values, in so many ways; and the node after.
Option = namedtuple("Option", "ways total k units values after")


class Stream:
    """The bytes of a draw, and the numbers and orders made of them."""

    def __init__(self, seed: bytes, draw: dict[str, Any]) -> None:
        who = f"{draw['label']}\0{draw['candidate']}\0".encode() + draw["ordinal"].to_bytes(4)
        blocks = (hmac.digest(seed, who + c.to_bytes(8), "sha256") for c in count())
        self.bytes = chain.from_iterable(blocks)

    def below(self, n: int) -> int:
        """A number from 0 to n - 1, of as many words of 8 bytes as it needs: none for n = 1."""
        size = -(-(n - 1).bit_length() // 64) * 8
        while True:
            number = int.from_bytes(islice(self.bytes, size))
            if number < 256**size // n * n:
                return number % n

    def shuffled(self, values: Iterable[Any]) -> list[Any]:
        """These in an order."""
        order = list(values)
        for i in range(len(order) - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order

    def one_of(self, options: Iterable[tuple[int, Any]]) -> Any:
        """One of these (weight, value) that have a weight; no word is taken for one alone."""
        weights, values = zip(*(option for option in options if option[0]), strict=True)
        ends = list(accumulate(weights))
        return values[bisect(ends, self.below(ends[-1])) if len(values) > 1 else 0]


def text(value: str) -> bytes:
    """A text as fingerprints take it."""
    return len(value.encode()).to_bytes(4) + value.encode()


def fingerprint(label: str, parts: list[bytes], head: bytes = b"") -> str:
    """SHA-256 of the label, what stands in front, and so many parts."""
    head = label.encode() + b"\0" + head + len(parts).to_bytes(4)
    return hashlib.sha256(head + b"".join(parts)).hexdigest()


def pool_fingerprint(pool: dict[str, Any]) -> str:
    """The fingerprint of all that a draw can depend on."""
    head = text(pool["specification"]) + bytes([pool["shuffle_questions"]])
    head += struct.pack(">Bqq", 1, *pool["band"]) if pool["band"] else b"\0"
    head += text(pool["unbalanced"]) + len(pool["cells"]).to_bytes(4)
    for cell in pool["cells"]:
        head += text(cell["outcome"]) + text(cell["narrowing"])
        head += struct.pack(">II", cell["count"], len(cell["rows"]))
        for code, column in zip("qqBiI", zip(*cell["rows"], strict=True), strict=False):
            head += struct.pack(f">{len(column)}{code}", *column)
    groups = [struct.pack(f">I{len(group)}q", len(group), *group) for group in pool["enemies"]]
    return fingerprint("assess-pool/2", groups, head)


def clash(units: Iterable[Unit]) -> bool:
    """Whether enemies meet in these."""
    met = [group for row in chain(*units) for group in row.enemies]
    return len(set(met)) < len(met)


def expected(units: Iterable[Unit]) -> int:
    """What the borderline candidate can expect of these; without a band nothing."""
    return sum(row.difficulty for row in chain(*units))


def less(need: State, units: Iterable[Unit]) -> State:
    """What is still needed besides these; below 0 where they are too many."""
    cells = [row.cell for row in chain(*units)]
    return tuple(n - cells.count(cell) for cell, n in enumerate(need))


class Pool:
    """What forms are drawn from: units in their order, and knots of those that enmities tie."""

    def __init__(self, document: dict[str, Any]) -> None:
        cells, enemies = document["cells"], list(enumerate(document["enemies"]))
        self.shuffle, self.band = document["shuffle_questions"], document["band"]
        self.target, self.half = self.band or [0, 0]
        self.need: State = tuple(cell["count"] for cell in cells)
        sets = defaultdict[Any, Unit](tuple)
        for c, cell in enumerate(cells):
            for item, version, options, hard, number in cell["rows"]:
                groups = tuple(n for n, group in enemies if item in group)
                row = Row(c, item, version, options, hard if self.band else 0, number, groups)
                sets[number, number or item] += (row,)
        self.units = sorted(unit for unit in sets.values() if not clash([unit]))
        knots: list[Units] = []
        for unit in (unit for unit in self.units if any(row.enemies for row in unit)):
            near = [knot for knot in knots if any(clash([unit, other]) for other in knot)]
            knots = [knot for knot in knots if knot not in near] + [sum(near, (unit,))]
        self.knots = {knot: self.selections(knot) for knot in knots}
        forms = prod(comb(len(c["rows"]), min(c["count"], len(c["rows"]) // 2)) for c in cells)
        values = [row.difficulty for row in chain(*sets.values())]
        bits = (forms.bit_length() + 8) // 8 * 8  # of a number of forms, and of those of all sums:
        self.sizes = bits, bits * (sum(self.need) * (max(values) - min(values)) + 1)

    def selections(self, knot: Units) -> list[Units]:
        """All lots of these units that can be had together, in order; not all, where too many."""
        found: list[Units] = [()]
        for unit in sorted(knot):
            more = [(*lot, unit) for lot in found if len(found) <= MOST_SELECTIONS]
            found += [lot for lot in more if not clash(lot) and min(less(self.need, lot)) >= 0]
        return sorted(found)


@cache
def lots(values: tuple[int, ...], k: int) -> Counter[int]:
    """How many lots of k units there are, by sum of their values."""
    found = [Counter({0: 1}), *(Counter[int]() for _ in range(k))]
    for value, size in product(values, range(k, 0, -1)):
        for total, ways in found[size - 1].items():
            found[size][total + value] += ways
    return found[k]


def others(values: tuple[int, ...], k: int, total: int, value: int) -> int:
    """How many lots of k units have this sum and are without a certain one of this value."""
    with_it = others(values, k - 1, total - value, value) if k else 0
    return lots(values, k)[total] - with_it


@lru_cache(maxsize=64)  # for the next who has met the same
def forms_of(pool: Pool, seen: frozenset[Any], apart: bool, scored: bool) -> Node:
    """The forms that are best by sight: what can be taken, element by element.

    An element is a list of choices. Of units that are alike, 0, 1, 2, ... are taken; of a knot one
    selection, all of it. `apart`: without those forms in which enemies meet, which are not counted
    where that takes more selections, steps or work than are allowed; `scored`: by expected score.
    """
    met, ranks = dict(seen), sorted({rank for _, rank in seen}, reverse=True)
    worth = {rank: MERIT * (sum(pool.need) + 1) ** k for k, rank in enumerate([*ranks, None])}
    value, elements, steps = dict[Unit, int](), defaultdict[Any, list[Any]](list), 0
    for unit in pool.units:
        merit = sum(worth[met.get(row.item)] for row in unit)
        value[unit] = merit + expected([unit]) * scored
        if not (apart and any(row.enemies for row in unit)):
            sizes = tuple(sorted(Counter(row.cell for row in unit).items()))
            elements[unit[0].cell, 0, sizes, -merit].append(unit)
    for key, units in elements.items():
        most = min(len(units), *(pool.need[cell] // size for cell, size in key[2]))
        elements[key] = [(units[:k], units) for k in range(most + 1)]
    work = sum(len(choices) ** 2 for choices in elements.values())
    for knot, selections in pool.knots.items() if apart else ():
        if cells := [row.cell for row in chain(*chain(*selections))]:
            elements[min(cells), 1, min(knot)] = [(lot, lot) for lot in selections]
        work += MOST_WORK * (len(selections) > MOST_SELECTIONS)
    ordered = [choices for _, choices in sorted(elements.items())]
    takes = [{row.cell for lot, _ in choices for row in chain(*lot)} for choices in ordered]
    later = [set[int]().union(*takes[i:]) for i, _ in enumerate(takes, start=1)]

    @cache
    def node(i: int, state: State) -> Node:
        nonlocal steps
        if i == len(ordered):
            return Node(Counter(() if any(state) else {0: 1}), [])
        steps += len(ordered[i])
        if apart and (steps > MOST_STEPS or (steps + work) * pool.sizes[scored] > MOST_WORK):
            raise OverflowError
        sums, options = Counter[int](), []
        for lot, units in ordered[i]:
            left, values = less(state, lot), tuple(value[unit] for unit in units)
            if all(n == 0 or (n > 0 and cell in later[i]) for cell, n in enumerate(left)):
                after = node(i + 1, left)
                for total, ways in sorted(lots(values, len(lot)).items()):
                    options.append(Option(ways, total, len(lot), units, values, after))
                    for rest, more in after.numbers.items():
                        sums[total + rest] += ways * more
        best = max(sums, default=0) // MERIT
        return Node(Counter({t: n for t, n in sums.items() if t // MERIT == best}), options)

    try:
        return node(0, pool.need)
    except OverflowError:
        return Node(None, [])


def form_of(node: Node, total: int, stream: Stream) -> list[Unit]:
    """A form of this sum, each equally likely."""
    form = list[Unit]()
    while node.options:
        options = [(one.ways * one.after.numbers[total - one.total], one) for one in node.options]
        _, here, k, units, values, node = stream.one_of(options)
        total -= here
        while 0 < k < len(units):
            k -= 1
            there = sorted(Counter(values).items())
            value = stream.one_of([(n * others(values, k, here - v, v), v) for v, n in there])
            same = [place for place, one in enumerate(values) if one == value]
            at = same[stream.below(len(same))]
            form.append(units[at])
            units, values = units[:at] + units[at + 1 :], values[:at] + values[at + 1 :]
            here -= value
        form += units[:k]
    return form


def choose(pool: Pool, seen: frozenset[Any], stream: Stream) -> list[Unit]:
    """The units of a form; none where there is no form."""
    nearest = list[tuple[int, list[Unit]]]()

    def found(node: Node, tries: int, only: bool = False) -> bool:
        """Whether one of so many tries, or the only form there is, is taken: the last of these."""
        for _ in range(tries if node.numbers else 0):
            units = form_of(node, max(node.numbers), stream)
            if not clash(units):
                nearest.append((abs(expected(units) - pool.target), units))
                if nearest[-1][0] <= pool.half or only:
                    return True
        return False

    tried = forms_of(pool, seen, False, False)
    forms = max(tried.numbers.items(), default=(0, 0))[1]
    if found(tried, min(forms, TRIES), forms == 1):
        return nearest[-1][1]
    if (exact := forms_of(pool, seen, True, True)).numbers is not None:
        off = {total: abs(total % MERIT - pool.target) for total in sorted(exact.numbers)}
        reach = max(pool.half, min(off.values(), default=0))
        near = [(exact.numbers[total], total) for total in off if off[total] <= reach]
        return form_of(exact, stream.one_of(near), stream) if near else []
    apart = forms_of(pool, seen, True, False)
    best, left = (max(one.numbers or [0]) for one in (tried, apart))
    barred = apart.numbers is not None and left < best  # enemies meet in all that could be tried
    if (barred or not found(tried, MORE_TRIES)) and not nearest:
        found(apart, TRIES)
    return min(nearest, key=lambda one: one[0], default=(0, []))[1]


def compared(document: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """All that is on record: what it is, as it is recorded, and as it is found."""
    if (schema := f"{document['schema']} with {document['pool']['schema']}") != SCHEMA:
        raise ValueError(f"{schema} is not {SCHEMA}: have the file written again")
    pool, seed, draws = Pool(document["pool"]), bytes.fromhex(document["seed"]), document["draws"]
    yield "commitment to the seed", document["commitment"], hashlib.sha256(seed).hexdigest()
    yield "pool", document["pool_fingerprint"], pool_fingerprint(document["pool"])
    yield "number of draws", document["draws_counted"], len(draws)
    for draw in draws:
        of = f"of attempt {draw['attempt']}"
        yield f"rule {of}", draw["label"], LABEL
        met = [struct.pack(">qII", *one) for one in sorted(draw["history"])]
        yield f"history {of}", draw["history_fingerprint"], fingerprint("assess-history/1", met)
        seen = frozenset((item, (times, last)) for item, times, last in draw["history"])
        stream = Stream(seed, draw)
        units = sorted(choose(pool, seen, stream))
        shown = chain(*(stream.shuffled(units) if pool.shuffle else units))
        form = [[row.item, row.version, stream.shuffled(range(row.options))] for row in shown]
        parts = [struct.pack(">qqB", i, version, len(o)) + bytes(o) for i, version, o in form]
        yield f"form {of}", draw["form"], form
        yield f"receipt {of}", draw["form_fingerprint"], fingerprint("assess-form/1", parts)
        score = expected(units)
        found = [score, abs(score - pool.target) <= pool.half] if pool.band else [None, None]
        yield f"expected score {of}", [draw["expected"], draw["in_band"]], found


def verify(name: str) -> int:
    """Verify a file, and say what was found; its exit code."""
    sys.setrecursionlimit(20_000)  # elements are counted one within another
    try:
        document = json.loads(Path(name).read_bytes())
        differs = [what for what, recorded, found in compared(document) if recorded != found]
        said = [f"{name}: {len(document['draws'])} draws of {document['test']}"]
        said += [f"commitment {document['commitment']}", f"pool {document['pool_fingerprint']}"]
    except (OSError, ValueError, LookupError, TypeError, OverflowError, struct.error) as error:
        print(f"{name}: no verification file: {error!r}")
        return 2
    said += [f"DIFFERS: {what}" for what in differs] or ["all as recorded"]
    print(*said, sep="\n  ")
    return 1 if differs else 0


if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1] in {"-h", "--help"}:
        print(__doc__)
        sys.exit(0 if sys.argv[1:] else 2)
    sys.exit(max(map(verify, sys.argv[1:])))
