"""How hard is each item of a pool taken to be, and where shall the expected score of a form lie?

A difficulty is the mark that the borderline candidate can expect, in whole thousandths. One source
serves a whole pool: values of two sources stand on two scales, and their difference would look like
one of difficulty.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from assess.delivery.pool import Band

# A working choice. An item without a value of its own gets the mean of its cell, so luck is left in
# the forms by the square root of the share of such items: at most half of what it was.
ENOUGH = Fraction(3, 4)
Values = Sequence[Sequence[int | None]]


def settled(cells: Values) -> list[list[int]] | None:
    """Difficulties by cell, where unknown ones are filled with the mean of the known ones.

    None where fewer than three quarters of the items of a cell have one: there is not enough data.
    """
    found = []
    for values in cells:
        known = [value for value in values if value is not None]
        if len(known) < ENOUGH * len(values):
            return None
        mean = rounded(Fraction(sum(known), len(known))) if known else 0
        found.append([mean if value is None else value for value in values])
    return found


def band(counts: Sequence[int], cells: Sequence[Sequence[int]], share: int) -> Band:
    """The band of a pool: about the expected score of a form drawn from these cells at random.

    `share`: how far a form may lie from it, in thousandths of the full marks.
    """
    target = sum(
        (count * Fraction(sum(cell), len(cell)) for count, cell in zip(counts, cells, strict=True)),
        start=Fraction(0),
    )
    return Band(rounded(target), share * sum(counts))


def rounded(value: Fraction) -> int:
    """The nearest whole number, halves up: whole numbers of whole numbers, the same everywhere."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
