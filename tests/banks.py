"""Live items for rules of the bank, without a database."""

from __future__ import annotations

from collections.abc import Mapping

from assess.bank.cells import Facts


def facts_of(counts: Mapping[str, int]) -> list[Facts]:
    """So many live items at each of these paths, numbered from 1."""
    paths = [path for path, count in counts.items() for _ in range(count)]
    return [Facts(number, path) for number, path in enumerate(paths, start=1)]
