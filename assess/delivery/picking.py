"""Which places does chance take, when some are taken already? The work is that of those taken."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from assess.delivery.stream import Stream


def free_place(rank: int, closed: Sequence[int]) -> int:
    """The place of the `rank`-th (from 0) that is not in `closed`, which is ascending.

    Found by bisection: nothing is tried in vain and nothing of the size of the bank is touched.
    """
    # `closed[i] - i` places below closed[i] are free: the first i where that exceeds the rank is
    # how many closed places lie before the free place of that rank.
    low, high = 0, len(closed)
    while low < high:
        middle = (low + high) // 2
        if closed[middle] - middle <= rank:
            low = middle + 1
        else:
            high = middle
    return rank + low


def some(count: int, size: int, closed: list[int], stream: Stream) -> list[int]:
    """`count` different places below `size`, none of them in `closed`, all sets equally likely.

    `closed` is ascending; what is taken is added to it.
    """
    taken = []
    for _ in range(count):
        place = free_place(stream.below(size - len(closed)), closed)
        taken.append(place)
        insort(closed, place)
    return taken
