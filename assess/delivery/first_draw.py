"""Which form did `assess-draw/1` give? Kept, so that the forms drawn by it can be drawn again.

Quotas, then sight, cell by cell; it knows of no enemies, sets or band.
`docs/decisions/0004-the-draw.md` describes it byte for byte.
"""

from __future__ import annotations

from assess.delivery import sight
from assess.delivery.picking import some
from assess.delivery.pool import Pool
from assess.delivery.sight import History
from assess.delivery.stream import Stream


def choose(pool: Pool, history: History, stream: Stream) -> list[tuple[int, int]]:
    """The (cell, place) of each question in the order shown, by the words of `stream`."""
    chosen: list[tuple[int, int]] = []
    for number, (cell, seen) in enumerate(zip(pool.cells, sight.met(pool, history), strict=True)):
        places = _choose(len(cell.listed), cell.count, seen, stream)
        chosen.extend((number, place) for place in places)
    if pool.shuffle_questions:
        stream.shuffle(chosen)
    return chosen


def _choose(size: int, count: int, seen: dict[int, tuple[int, int]], stream: Stream) -> list[int]:
    """`count` places below `size`, ascending, by the rules of sight and then by chance."""
    unseen = size - len(seen)
    if unseen >= count:
        return sorted(some(count, size, sorted(seen), stream))

    # Fewer than `count` are unseen, so all entries together are few: this loop is short.
    taken = [place for place in range(size) if place not in seen]
    groups: dict[tuple[int, int], list[int]] = {}
    for place in sorted(seen):
        groups.setdefault(seen[place], []).append(place)
    for rank in sorted(groups):
        group = groups[rank]
        missing = count - len(taken)
        if len(group) <= missing:
            taken.extend(group)
        else:
            taken.extend(group[i] for i in some(missing, len(group), [], stream))
            break
    return sorted(taken)
