"""Which questions does this candidate get, in which order: a form drawn at random by rule.

The order of rules: the quota of every cell exactly; then unseen items, and where they do not
suffice all of them and the items seen fewest times, among these the least recently seen; then
uniform among what is left. Cells are disjoint, so drawing uniformly in each is drawing uniformly
among all forms that the rules allow. The work depends on the length of the form and of the
history, never on the size of the bank. `docs/decisions/0004-the-draw.md` describes it byte for
byte.
"""

from __future__ import annotations

import hashlib
import struct
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assess.bank.problems import because
from assess.delivery.entries import Entries, Entry
from assess.delivery.pool import Cell, Pool
from assess.delivery.stream import Stream, commitment
from assess.reasons import Code, Refused

__all__ = [
    "Cell",
    "Draw",
    "Drawn",
    "Entries",
    "Entry",
    "History",
    "Pool",
    "Seen",
    "Stream",
    "commitment",
    "draw",
    "form_fingerprint",
    "history_fingerprint",
]

FORM_LABEL = b"assess-form/1\0"
HISTORY_LABEL = b"assess-history/1\0"
COUNT = struct.Struct(">I")
QUESTION = struct.Struct(">qqB")
SIGHT = struct.Struct(">qII")


@dataclass(frozen=True, slots=True)
class Seen:
    """How often a candidate has met an item, and in which of their draws last (running number)."""

    times: int
    last: int


History = Mapping[int, Seen]
"""What a candidate has met before, by item. Items of no interest to the pool do no harm."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One question of a form: an item in a version, and the order of its options.

    `order[k]` is the version's own number of the option shown at position k, both from 0. An empty
    order means: all options, in the version's own order.
    """

    item: int
    version: int
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """A form as drawn: its questions in the order shown, and the fingerprint that names it."""

    questions: tuple[Drawn, ...]
    fingerprint: str


def draw(pool: Pool, history: History, stream: Stream) -> Draw | Refused:
    """Draw a form from `pool` for a candidate who has met `history`, by the words of `stream`.

    The stream must be fresh: a stream that has been used gives another form. Refused with
    E-BLUEPRINT (409), one reason for each cell that is short (values `what`, `outcome`, `need`,
    `have`), when a quota cannot be met: nobody is given a short form.
    """
    short = tuple(
        because(
            Code.BLUEPRINT,
            "quota_short",
            {"outcome": cell.outcome, "need": cell.count, "have": len(cell.entries)},
        )
        for cell in pool.cells
        if len(cell.entries) < cell.count
    )
    if short:
        return Refused(Code.BLUEPRINT, short, status=409)

    chosen: list[tuple[Entries, int]] = []
    for cell, seen in zip(pool.cells, _met(pool, history), strict=True):
        entries = cell.listed
        places = _choose(len(entries), cell.count, seen, stream)
        chosen.extend((entries, place) for place in places)
    if pool.shuffle_questions:
        stream.shuffle(chosen)
    questions = []
    for entries, place in chosen:
        order = list(range(entries.options[place]))
        stream.shuffle(order)
        questions.append(Drawn(entries.items[place], entries.versions[place], tuple(order)))
    form = tuple(questions)
    return Draw(form, form_fingerprint(form))


def _met(pool: Pool, history: History) -> list[dict[int, Seen]]:
    """For each cell, the places of the entries that the candidate has met."""
    met: list[dict[int, Seen]] = [{} for _ in pool.cells]
    for item, sight in history.items():
        for cell, seen in zip(pool.cells, met, strict=True):
            place = cell.listed.place_of(item)
            if place is not None:
                seen[place] = sight
                break  # an item stands in one cell only
    return met


def _choose(size: int, count: int, seen: dict[int, Seen], stream: Stream) -> list[int]:
    """`count` places below `size`, ascending, by the rules of sight and then by chance."""
    unseen = size - len(seen)
    if unseen >= count:
        return sorted(_some(count, size, sorted(seen), stream))

    # Fewer than `count` are unseen, so all entries together are few: this loop is short.
    taken = [place for place in range(size) if place not in seen]
    groups: dict[tuple[int, int], list[int]] = {}
    for place in sorted(seen):
        groups.setdefault((seen[place].times, seen[place].last), []).append(place)
    for rank in sorted(groups):
        group = groups[rank]
        missing = count - len(taken)
        if len(group) <= missing:
            taken.extend(group)
        else:
            taken.extend(group[i] for i in _some(missing, len(group), [], stream))
            break
    return sorted(taken)


def _some(count: int, size: int, closed: list[int], stream: Stream) -> list[int]:
    """`count` different places below `size`, none of them in `closed`, all sets equally likely.

    `closed` is ascending; it is used up. The r-th place still free is found by bisection among the
    closed ones, so nothing is tried in vain and nothing of the size of the bank is touched.
    """
    taken = []
    for _ in range(count):
        rank = stream.below(size - len(closed))
        # `closed[i] - i` places below closed[i] are free: the first i where that exceeds the rank
        # is how many closed places lie before the free place of that rank.
        low, high = 0, len(closed)
        while low < high:
            middle = (low + high) // 2
            if closed[middle] - middle <= rank:
                low = middle + 1
            else:
                high = middle
        place = rank + low
        taken.append(place)
        insort(closed, place)
    return taken


def form_fingerprint(questions: Sequence[Drawn]) -> str:
    """SHA-256 that names a form: its item versions and every order, hexadecimal."""
    digest = hashlib.sha256(FORM_LABEL)
    digest.update(COUNT.pack(len(questions)))
    for drawn in questions:
        digest.update(QUESTION.pack(drawn.item, drawn.version, len(drawn.order)))
        digest.update(bytes(drawn.order))
    return digest.hexdigest()


def history_fingerprint(history: History) -> str:
    """SHA-256 that names a history, hexadecimal; the order of the mapping does not count."""
    digest = hashlib.sha256(HISTORY_LABEL)
    digest.update(COUNT.pack(len(history)))
    for item in sorted(history):
        digest.update(SIGHT.pack(item, history[item].times, history[item].last))
    return digest.hexdigest()
