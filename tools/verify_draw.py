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

    def shuffled(self, values: Iterable[Any]) -> list[Any]:
        """These in an order."""
        order = list(values)
        for i in range(len(order) - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order

    def one_of(self, options: Sequence[tuple[int, Any]]) -> Any:
        """One of these (weight, value) that have a weight; no word is taken for one alone."""
        options = [option for option in options if option[0]]
        ends = list(accumulate(weight for weight, _ in options))
        return options[bisect(ends, self.below(ends[-1]) if len(options) > 1 else 0)][1]


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
    head += struct.pack(">Bqq", 1, *pool["band"]) if pool["band"] else b"\0"
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
        """A knot: units that enmities tie together. `bits`: the size of the numbers of forms."""
        cells, groups = document["cells"], list(enumerate(document["enemies"]))
        self.shuffle, self.band = document["shuffle_questions"], document["band"]
        self.target, self.half = self.band or [0, 0]
        self.need: State = tuple(cell["count"] for cell in cells)
        sets = defaultdict[Any, list[Row]](list)
        for c, cell in enumerate(cells):
            for row in cell["rows"]:
                one = Row._make([c, *row, tuple(n for n, group in groups if row[0] in group)])
                sets[one.set, one.set or one.item].append(one)
        self.units = sorted(unit for unit in map(tuple, sets.values()) if not clash([unit]))
        self.knots: list[list[Unit]] = []
        for unit in (unit for unit in self.units if any(row.enemies for row in unit)):
            near = [knot for knot in self.knots if any(clash([unit, other]) for other in knot)]
            self.knots = [knot for knot in self.knots if knot not in near]
            self.knots.append(sorted(sum(near, [unit])))
        forms = prod(comb(len(c["rows"]), min(c["count"], len(c["rows"]) // 2)) for c in cells)
        hard = [self.expected([[row]]) for row in chain(*sets.values())]
        sums = sum(self.need) * (max(hard) - min(hard)) + 1
        self.bits = (forms.bit_length() + 8) // 8 * 8 * sums

    def expected(self, units: Iterable[Sequence[Row]]) -> int:
        """What the borderline candidate can expect of these; without a band all are alike."""
        return sum(row.difficulty for row in chain(*units)) if self.band else 0

    def selections(self, knot: Sequence[Unit]) -> list[tuple[Unit, ...]]:
        """All lots of these units that can be had together, in order; not all, where too many."""
        found: list[tuple[Unit, ...]] = [()]
        for unit in knot:
            more = [(*lot, unit) for lot in found if len(found) <= MOST_SELECTIONS]
            found += [lot for lot in more if not clash(lot) and min(less(self.need, lot)) >= 0]
        return sorted(found)


def clash(units: Iterable[Unit]) -> bool:
    """Whether enemies meet in these."""
    met = [group for row in chain(*units) for group in row.enemies]
    return len(set(met)) < len(met)


def sizes(units: Iterable[Unit]) -> Pairs:
    """How many questions of which cell these are."""
    return tuple(sorted(Counter(row.cell for row in chain(*units)).items()))


def less(need: State, units: Iterable[Unit]) -> State:
    """What is still needed besides these; below 0 where they are too many."""
    there = dict(sizes(units))
    return tuple(n - there.get(cell, 0) for cell, n in enumerate(need))


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
    selection, all of it. `exact`: by expected score, without those forms in which enemies meet, and
    `countable` only where that takes no more selections, steps and work than are allowed.
    """

    def __init__(self, pool: Pool, seen: frozenset[Any], exact: bool) -> None:
        """The elements in their order, and where their choices lead from what is still needed."""
        met, ranks = dict(seen), sorted({rank for _, rank in seen}, reverse=True)
        worth = {rank: MERIT * (sum(pool.need) + 1) ** k for k, rank in enumerate([*ranks, None])}
        self.value, alike = dict[Unit, int](), defaultdict[Any, list[Unit]](list)
        for unit in pool.units:
            merit = sum(worth[met.get(row.item)] for row in unit)
            self.value[unit] = merit + pool.expected([unit]) * exact
            if not (exact and any(row.enemies for row in unit)):
                alike[unit[0].cell, 0, sizes([unit]), -merit].append(unit)
        found = list[tuple[Any, list[Any]]]()
        for key, units in alike.items():
            most = min(len(units), *(pool.need[cell] // size for cell, size in key[2]))
            found.append((key, [(units, k) for k in range(most + 1)]))
        work = sum(len(choices) ** 2 for _, choices in found)
        for knot in pool.knots if exact else ():
            selections = [(units, len(units)) for units in pool.selections(knot)]
            if cells := [row.cell for units, _ in selections for row in chain(*units)]:
                found.append(((min(cells), 1, knot), selections))
            work += MOST_WORK * (len(selections) > MOST_SELECTIONS)
        elements = [choices for _, choices in sorted(found, key=lambda one: one[0])]
        takes = [{row.cell for units, k in one for row in chain(*units[:k])} for one in elements]
        self.leads, states, steps = list[dict[State, list[Any]]](), {pool.need}, 0
        for i, choices in enumerate(elements):
            steps += len(states) * len(choices)
            if exact and (steps > MOST_STEPS or (steps + work) * pool.bits > MOST_WORK):
                break
            lead, later = defaultdict[State, list[Any]](list), set[int]().union(*takes[i + 1 :])
            for state, (units, k) in product(states, choices):
                left = less(state, units[:k])
                if all(n == 0 or (n > 0 and cell in later) for cell, n in enumerate(left)):
                    lead[state].append((left, self.counts(units), units, k))
            self.leads.append(lead)
            states = {left for ways in lead.values() for left, *_ in ways}
        self.countable = len(self.leads) == len(elements)

    def counts(self, units: Iterable[Unit]) -> Pairs:
        """How many of these units have which value."""
        return tuple(sorted(Counter(self.value[unit] for unit in units).items()))

    @lru_cache(maxsize=100_000)  # noqa: B019 - of those that `forms_of` keeps
    def numbers(self, i: int, state: State) -> Counter[int]:
        """How many lots of the elements from the i-th on have the best merit, by sum of values."""
        if i == len(self.leads):
            return Counter(() if any(state) else {0: 1})
        sums = Counter[int]()
        for left, values, _, k in self.leads[i][state]:
            both = product(lots(values, k).items(), self.numbers(i + 1, left).items())
            for (one, number), (other, more) in both:
                sums[one + other] += number * more
        best = max(sums, default=0) // MERIT
        return Counter({total: n for total, n in sums.items() if total // MERIT == best})

    def form(self, total: int, state: State, stream: Stream) -> list[Unit]:
        """A form of the best merit and this sum."""
        form = list[Unit]()
        for i, lead in enumerate(self.leads):
            options = []
            for left, values, units, k in lead[state]:
                own, rest = lots(values, k), self.numbers(i + 1, left)
                options += [(own[t] * rest[total - t], (t, left, units, k)) for t in sorted(own)]
            one, state, units, k = stream.one_of(options)
            form += self.pick(units, k, one, stream)
            total -= one
        return form

    def pick(self, units: Sequence[Unit], k: int, total: int, stream: Stream) -> Sequence[Unit]:
        """`k` of these units with this sum of values."""
        if k in (0, len(units)):
            return units[:k]
        there = self.counts(units)
        value = stream.one_of([(n * others(there, k - 1, total - v, v), v) for v, n in there])
        same = [unit for unit in units if self.value[unit] == value]
        taken = same[stream.below(len(same))]
        left = [unit for unit in units if unit != taken]
        return [taken, *self.pick(left, k - 1, total - value, stream)]


forms_of = lru_cache(maxsize=64)(Forms)  # kept for the next who has met the same


def choose(pool: Pool, seen: frozenset[Any], stream: Stream) -> list[Unit]:
    """The units of a form; none where there is no form."""
    tried, nearest = forms_of(pool, seen, exact=False), list[tuple[int, list[Unit]]]()
    merit, forms = next(iter(tried.numbers(0, pool.need).items()), (0, 0))
    for tries in range(min(forms, TRIES) + MORE_TRIES if forms else 0):
        if tries == min(forms, TRIES) and (exact := forms_of(pool, seen, exact=True)).countable:
            numbers = sorted(exact.numbers(0, pool.need).items())
            off = {total: abs(total % MERIT - pool.target) for total, _ in numbers}
            reach = max(pool.half, min(off.values(), default=0))
            near = [(ways, total) for total, ways in numbers if off[total] <= reach]
            return exact.form(stream.one_of(near), pool.need, stream) if near else []
        units = tried.form(merit, pool.need, stream)
        if not clash(units):
            nearest.append((abs(pool.expected(units) - pool.target), units))
            if nearest[-1][0] <= pool.half or forms == 1:
                return units
    return min(nearest, key=lambda one: one[0], default=(0, []))[1]


def compared(document: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """All that is on record: what it is, as it is recorded, and as it is found."""
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
        score = pool.expected(units)
        found = [score, abs(score - pool.target) <= pool.half] if pool.band else [None, None]
        yield f"expected score {of}", [draw["expected"], draw["in_band"]], found


def verify(name: str) -> int:
    """Verify a file, and say what was found; its exit code."""
    try:
        document = json.loads(Path(name).read_text(encoding="utf-8"))
        schema = f"{document['schema']} with {document['pool']['schema']}"
        if schema != SCHEMA:
            raise ValueError(f"{schema} is not {SCHEMA}: have the file written again")
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
    sys.exit(max(map(verify, sys.argv[1:])) if sys.argv[1:] else str(__doc__))
