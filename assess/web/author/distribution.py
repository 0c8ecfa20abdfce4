"""How are the marks of a test spread? Bars for a small chart that is a table at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MOST_BARS = 21
FULL = 1000  # thousandths in one mark


@dataclass(frozen=True, slots=True)
class Bar:
    """The attempts with `least` to `most` whole marks.

    `share` is of all attempts (0 to 1); `length` is in hundredths of the longest bar; `cut` says
    that a cut score lies in it, `reached` that all its marks reach the highest cut.
    """

    least: int
    most: int
    n: int
    share: float
    length: int
    cut: bool
    reached: bool


def bars(scores: Sequence[int], out_of: int, cuts: Sequence[int]) -> tuple[Bar, ...]:
    """The spread of these marks (thousandths) from 0 to `out_of`; () without attempts.

    A part of a mark is dropped. Long tests get bars of several marks.
    """
    if not scores:
        return ()
    width = -(-(out_of + 1) // MOST_BARS)
    found = Counter(score // FULL // width for score in scores)
    longest = max(found.values())
    return tuple(
        Bar(
            least=place * width,
            most=min(place * width + width - 1, out_of),
            n=found[place],
            share=found[place] / len(scores),
            # A bar for a single attempt among thousands can still be seen.
            length=max(round(100 * found[place] / longest), 1) if found[place] else 0,
            cut=any(place * width <= cut < (place + 1) * width for cut in cuts),
            reached=bool(cuts) and place * width >= max(cuts),
        )
        for place in range(-(-(out_of + 1) // width))
    )
