"""What has a candidate met before, and what does that make an item worth to a draw?"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from assess.delivery.pool import Pool

LABEL = b"assess-history/1\0"
COUNT = struct.Struct(">I")
SIGHT = struct.Struct(">qII")


@dataclass(frozen=True, slots=True)
class Seen:
    """How often a candidate has met an item, and in which of their draws last (running number)."""

    times: int
    last: int


History = Mapping[int, Seen]
"""What a candidate has met before, by item. Items of no interest to the pool do no harm."""


def met(pool: Pool, history: History) -> list[dict[int, tuple[int, int]]]:
    """For each cell, the places of the entries that the candidate has met: (times, last)."""
    found: list[dict[int, tuple[int, int]]] = [{} for _ in pool.cells]
    for item, sight in history.items():
        for cell, seen in zip(pool.cells, found, strict=True):
            place = cell.listed.place_of(item)
            if place is not None:
                seen[place] = (sight.times, sight.last)
                break  # an item stands in one cell only
    return found


def fingerprint(history: History) -> str:
    """SHA-256 that names a history, hexadecimal; the order of the mapping does not count."""
    digest = hashlib.sha256(LABEL)
    digest.update(COUNT.pack(len(history)))
    for item in sorted(history):
        digest.update(SIGHT.pack(item, history[item].times, history[item].last))
    return digest.hexdigest()
