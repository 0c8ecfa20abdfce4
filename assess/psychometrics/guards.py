"""Are there enough answers to say this much about an item?

The numbers are working choices: the standard error of a correlation is about 0.18 at 30
answers, 0.10 at 100 and 0.07 at 200.
"""

from __future__ import annotations

from enum import StrEnum

FACILITY_FROM = 30
DISCRIMINATION_FROM = 100
FLAGS_FROM = 200


class Shows(StrEnum):
    """What a page may show of an item; each step includes those before."""

    COUNT = "n"
    FACILITY = "facility"
    DISCRIMINATION = "discrimination"
    ALL = "all"  # upper-lower, the option table and flags too


# What is shown below each number of answers.
STEPS = (
    (FACILITY_FROM, Shows.COUNT),
    (DISCRIMINATION_FROM, Shows.FACILITY),
    (FLAGS_FROM, Shows.DISCRIMINATION),
)


def shows(n: int) -> Shows:
    """What a page may show of an item with n answers."""
    return next((step for limit, step in STEPS if n < limit), Shows.ALL)


def allows(step: Shows, what: Shows) -> bool:
    """Whether a page that may show so much of an item may show this of it."""
    steps = tuple(Shows)
    return steps.index(step) >= steps.index(what)


def guard(n: int) -> str | None:
    """None, or what stands in the way of the next step, such as "too few: 57 < 100"."""
    return next((f"too few: {n} < {limit}" for limit, _ in STEPS if n < limit), None)
