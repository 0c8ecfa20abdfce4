#!/usr/bin/env python3
"""Was every form of an epoch drawn as the rules say? Draws them all again from verification files.

    python3 verify_draw.py FILE ...

Needs nothing but Python 3.11. It is written from docs/decisions/0020-the-balanced-draw.md and uses
nothing of the program that drew the forms. Exit code 0: all forms agree; 1: something differs;
2: a file cannot be read.
"""

import base64
import hashlib
import hmac
import json
import struct
import sys
from collections import Counter
from functools import cache
from itertools import count as counter
from math import comb

TRIES, MORE_TRIES, MOST_SELECTIONS, MOST_STEPS = 100, 5_000, 1_000, 20_000
COLUMNS = {"items": "q", "versions": "q", "options": "B", "difficulties": "i", "sets": "I"}


class Stream:
    """The words of a draw, and the numbers and orders made of them."""

    def __init__(self, seed, draw):
        self.seed = seed
        self.message = draw["label"].encode() + b"\0" + draw["candidate"].encode() + b"\0"
        self.message += struct.pack(">I", draw["ordinal"])
        self.words = self.flow()

    def flow(self):
        for block in counter():
            message = self.message + struct.pack(">Q", block)
            yield from struct.unpack(">4Q", hmac.digest(self.seed, message, "sha256"))

    def below(self, n):
        if n == 1:
            return 0
        size = 1 if n <= 2**64 else -(-(n - 1).bit_length() // 64)
        while True:
            number = 0
            for _ in range(size):
                number = number * 2**64 + next(self.words)
            if number < 2 ** (64 * size) // n * n:
                return number % n

    def shuffle(self, values):
        for i in range(len(values) - 1, 0, -1):
            j = self.below(i + 1)
            values[i], values[j] = values[j], values[i]

    def by_weight(self, weights):
        """The place of one of these weights; no word where there is one only."""
        rank = self.below(sum(weights)) if len(weights) > 1 else 0
        for place, weight in enumerate(weights):
            if rank < weight:
                return place
            rank -= weight


class Pool:
    """The pool of a file: rows (item, version, options, difficulty, set) by cell."""

    def __init__(self, document):
        self.document = document
        self.cells = []
        for cell in document["cells"]:
            raw = [base64.b64decode(cell[name]) for name in COLUMNS]
            size = len(raw[0]) // 8
            columns = [struct.unpack(f">{size}{c}", r) for c, r in zip(COLUMNS.values(), raw)]
            self.cells.append(list(zip(*columns)))
        self.need = tuple(cell["count"] for cell in document["cells"])
        self.band = document["band"]
        self.place = {
            row[0]: (c, p) for c, rows in enumerate(self.cells) for p, row in enumerate(rows)
        }
        self.groups = {}
        for number, group in enumerate(document["enemies"]):
            for item in group:
                self.groups.setdefault(self.place[item], set()).add(number)
        sets = {}
        for c, rows in enumerate(self.cells):
            for p, row in enumerate(rows):
                sets.setdefault((row[4] or -1 - row[0]), []).append((c, p))
        units = sorted(tuple(places) for places in sets.values())
        self.units = [unit for unit in units if not self.clash(unit)]
        self.hot = [unit for unit in self.units if any(place in self.groups for place in unit)]
        self.tables = {}

    def fingerprint(self):
        d = self.document
        raw = b"assess-pool/2\0" + text(d["specification"]) + bytes([d["shuffle_questions"]])
        raw += bytes([self.band is not None])
        raw += struct.pack(">qq", *self.band) if self.band is not None else b""
        raw += text(d["unbalanced"]) + struct.pack(">I", len(d["cells"]))
        for cell, rows in zip(d["cells"], self.cells):
            raw += text(cell["outcome"]) + text(cell["narrowing"])
            raw += struct.pack(">II", cell["count"], len(rows))
            raw += b"".join(base64.b64decode(cell[name]) for name in COLUMNS)
        raw += struct.pack(">I", len(d["enemies"]))
        for group in d["enemies"]:
            raw += struct.pack(f">I{len(group)}q", len(group), *group)
        return hashlib.sha256(raw).hexdigest()

    def clash(self, places):
        met = [group for place in places for group in self.groups.get(place, ())]
        return len(set(met)) < len(met)

    def value(self, unit):
        return sum(self.cells[c][p][3] for c, p in unit) if self.band else 0


def text(value):
    return struct.pack(">I", len(value.encode())) + value.encode()


def takes(units):
    return tuple(sorted(Counter(c for unit in units for c, _ in unit).items()))


def less(state, taken):
    left = dict(enumerate(state))
    for cell, number in taken:
        left[cell] -= number
    return None if min(left.values()) < 0 else tuple(left.values())


def lots(values, most):
    """How many lots of 0 to `most` units there are by sum; `values`: how many units by value."""
    found = [Counter({0: 1})] + [Counter() for _ in range(most)]
    for value, there in values.items():
        for m in range(most, 0, -1):
            for j in range(1, min(m, there) + 1):
                for total, ways in list(found[m - j].items()):
                    found[m][total + j * value] += ways * comb(there, j)
    return found


class Alike:
    """Units of one kind and merit, of which some number is taken."""

    def __init__(self, pool, sizes, merit, units, valued):
        self.first = (sizes[0][0], 0, sizes, -merit)
        self.by_value = {}
        for unit in units:
            self.by_value.setdefault(pool.value(unit) if valued else 0, []).append(unit)
        self.by_value = dict(sorted(self.by_value.items()))
        self.there = len(units)
        most = min([len(units)] + [pool.need[cell] // size for cell, size in sizes])
        self.choices = [
            (tuple((cell, size * m) for cell, size in sizes if m), merit * m, sums)
            for m, sums in enumerate(lots({v: len(u) for v, u in self.by_value.items()}, most))
        ]

    def pick(self, m, total, stream):
        left = {value: list(units) for value, units in self.by_value.items()}
        if m == self.there:
            return [unit for units in left.values() for unit in units]
        found = []
        while m:
            there = {value: len(units) for value, units in left.items()}
            without = lots(there, m - 1) if len(there) > 1 else None
            options = []
            for value, number in there.items():
                # Lots of m - 1 others: those of all units, less those that hold this one, ...
                others = (
                    1
                    if without is None
                    else sum(
                        (-1) ** k * without[m - 1 - k][total - value * (k + 1)] for k in range(m)
                    )
                )
                if number * others:
                    options.append((number * others, value))
            value = options[stream.by_weight([weight for weight, _ in options])][1]
            found.append(left[value].pop(stream.below(there[value])))
            m, total = m - 1, total - value
        return found


class Knot:
    """Units that enmities tie together: one of the listed selections is taken."""

    def __init__(self, pool, number, selections, merit):
        self.first = (min(takes(u)[0][0] for u in selections if u), 1, number)
        self.selections = selections
        self.choices = [
            (takes(units), sum(map(merit, units)), Counter({sum(map(pool.value, units)): 1}))
            for units in selections
        ]

    def pick(self, choice, total, stream):
        return self.selections[choice]


def selections(pool):
    """The selections of each knot; None where there are too many."""
    left, knots = list(pool.hot), []
    while left:
        knot = [left.pop(0)]
        for unit in knot:
            groups = set().union(*(pool.groups.get(place, ()) for place in unit))
            near = [u for u in left if any(groups & pool.groups.get(p, set()) for p in u)]
            knot += near
            left = [u for u in left if u not in near]
        listed = [()]
        knot.sort()

        def further(taken, start):
            for i in range(start, len(knot)):
                more = (*taken, knot[i])
                fits = less(pool.need, takes(more)) is not None
                if fits and not pool.clash([p for u in more for p in u]):
                    listed.append(more)
                    if len(listed) > MOST_SELECTIONS:
                        return
                    further(more, i + 1)

        further((), 0)
        if len(listed) > MOST_SELECTIONS:
            return None
        if len(listed) > 1:
            knots.append(listed)
    return knots


class Table:
    """Forms put together from elements: how many there are by sum, and one of them by chance."""

    def __init__(self, pool, seen, exact):
        ranks = sorted(set(seen.values()))
        scale = sum(pool.need) + 1
        worth = {rank: scale ** (len(ranks) - 1 - k) for k, rank in enumerate(ranks)}

        def merit(unit):
            return sum(
                worth[seen[place]] if place in seen else scale ** len(ranks) for place in unit
            )

        knots = selections(pool) if exact else []
        classes = {}
        for unit in pool.units:
            if not (exact and any(place in pool.groups for place in unit)):
                classes.setdefault((takes([unit]), merit(unit)), []).append(unit)
        elements = [Alike(pool, s, m, units, exact) for (s, m), units in classes.items()]
        elements += [Knot(pool, n, listed, merit) for n, listed in enumerate(knots or ())]
        self.elements = sorted(elements, key=lambda one: one.first)
        self.need = pool.need
        self.possible = knots is not None and not (exact and self.too_long())
        self.rest = cache(self._rest)
        self.sums = self.rest(0, pool.need)[1] if self.possible else None

    def too_long(self):
        last = {c: i for i, e in enumerate(self.elements) for t, _, _ in e.choices for c, _ in t}
        states, steps = {self.need}, 0
        for i, element in enumerate(self.elements):
            steps += len(states) * len(element.choices)
            after = {less(state, t) for state in states for t, _, _ in element.choices} - {None}
            states = {s for s in after if not any(s[c] for c in last if last[c] == i)}
            if steps > MOST_STEPS:
                return True
        return False

    def _rest(self, i, state):
        if i == len(self.elements):
            return (0, Counter() if any(state) else Counter({0: 1}))
        best, sums = -1, Counter()
        for taken, merit, own in self.elements[i].choices:
            left = less(state, taken)
            after, ways = (0, None) if left is None else self.rest(i + 1, left)
            if ways and merit + after >= best:
                if merit + after > best:
                    best, sums = merit + after, Counter()
                for one, a in own.items():
                    for other, b in ways.items():
                        sums[one + other] += a * b
        return best, sums

    def form(self, total, stream):
        units, state = [], self.need
        for i, element in enumerate(self.elements):
            options, best = [], self.rest(i, state)[0]
            for number, (taken, merit, own) in enumerate(element.choices):
                left = less(state, taken)
                after, ways = (0, None) if left is None else self.rest(i + 1, left)
                if ways and merit + after == best:
                    for one in sorted(own):
                        if own[one] and ways[total - one]:
                            options.append((own[one] * ways[total - one], number, one, left))
            pick = options[stream.by_weight([option[0] for option in options])]
            units += element.pick(pick[1], pick[2], stream)
            total, state = total - pick[2], pick[3]
        return units


def table(pool, seen, exact):
    if seen:
        return Table(pool, seen, exact)
    if exact not in pool.tables:
        pool.tables[exact] = Table(pool, seen, exact)
    return pool.tables[exact]


def choose(pool, seen, stream):
    """The units of a form, None where there is none."""
    maker = table(pool, seen, exact=False)
    forms = sum(maker.sums.values())
    target, half = pool.band or (0, 0)
    nearest = None
    if not forms:
        return None

    def tried(tries):
        nonlocal nearest
        for _ in range(tries):
            units = maker.form(0, stream)
            if pool.clash([place for unit in units for place in unit]):
                continue
            off = abs(sum(map(pool.value, units)) - target) if pool.band else 0
            if off <= half or forms == 1:
                return units
            if nearest is None or off < nearest[0]:
                nearest = (off, units)
        return None

    if units := tried(min(forms, TRIES)):
        return units
    counted = table(pool, seen, exact=True)
    if not counted.possible:
        return tried(MORE_TRIES) or (nearest and nearest[1])
    sums = sorted(total for total, ways in counted.sums.items() if ways)
    if not sums:
        return None
    reach = max(half, min(abs(total - target) for total in sums))
    sums = [total for total in sums if abs(total - target) <= reach]
    place = stream.by_weight([counted.sums[total] for total in sums])
    return counted.form(sums[place], stream)


def form_of(pool, draw, seed):
    """The form of a draw, as the file writes forms."""
    stream = Stream(seed, draw)
    seen = {pool.place[i]: (t, l) for i, t, l in draw["history"] if i in pool.place}
    units = sorted(choose(pool, seen, stream) or ())
    if pool.document["shuffle_questions"]:
        stream.shuffle(units)
    form = []
    for cell, place in (place for unit in units for place in unit):
        item, version, options, *_ = pool.cells[cell][place]
        order = list(range(options))
        stream.shuffle(order)
        form.append([item, version, order])
    return form, sum(pool.value([pool.place[item]]) for item, _, _ in form)


def problems(document):
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
        if form != draw["form"] or hashlib.sha256(raw).hexdigest() != draw["form_fingerprint"]:
            yield f"{which}: the draw gives another form"
        elif pool.band and [expected, abs(expected - pool.band[0]) <= pool.band[1]] != [
            draw["expected"],
            draw["in_band"],
        ]:
            yield f"{which}: its expected score, or whether it lies in the band, is not as recorded"


def main(files):
    """Verify each file, say what was found."""
    if not files:
        print(__doc__)
        return 2
    worst = 0
    for name in files:
        try:
            with open(name, encoding="utf-8") as file:
                document = json.load(file)
            found = list(problems(document))
        except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
            print(f"{name}: no verification file: {error!r}")
            worst = 2
            continue
        print(f"{name}: test {document['test']}, epoch {document['epoch']}")
        print(f"  commitment {document['commitment']}\n  pool {document['pool_fingerprint']}")
        for problem in found:
            print(f"  DIFFERS: {problem}")
        print(f"  {len(document['draws'])} draws: " + ("see above" if found else "all as recorded"))
        worst = max(worst, 1 if found else 0)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
