"""What has a candidate met before, and what does that make an item worth to a draw?"""

from __future__ import annotations

import hashlib
import struct
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from assess.delivery.pool import Pool

LABEL = b"assess-history/1\0"
COUNT = struct.Struct(">I")
SIGHT = struct.Struct(">qII")
NO_ITEM = array("q", [0])  # in place of an empty column, whose bytes numpy does not take
Index = tuple["array[int]", "array[int]", list[int]]
"""All items, ascending; where each stands when cells follow each other; where each cell begins."""


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
    if not history:
        return found
    items, order, starts = _index(pool)
    wanted = np.fromiter(history, np.int64, len(history))
    listed = np.frombuffer(items, np.int64, len(order))
    at = np.searchsorted(listed, wanted).tolist()  # together, so that memory is waited for once
    for k, (item, sight) in zip(at, history.items(), strict=True):
        if k < len(order) and items[k] == item:
            cell = bisect_right(starts, order[k]) - 1
            found[cell][order[k] - starts[cell]] = (sight.times, sight.last)
    return found


def _index(pool: Pool) -> Index:
    """The index of a pool's items, made once: one search finds an item in however many cells."""
    if "index" not in pool.kept:
        columns = [np.frombuffer(cell.listed.items or NO_ITEM, np.int64) for cell in pool.cells]
        sizes = [len(cell.listed) for cell in pool.cells]
        items = np.concatenate([one[:n] for one, n in zip(columns, sizes, strict=True)])
        order = np.argsort(items, kind="stable")
        starts = [0, *accumulate(sizes[:-1])]
        pool.kept["index"] = (
            array("q", [*NO_ITEM] if not sum(sizes) else items[order].tobytes()),
            array("i", order.astype(np.int32).tobytes()),
            starts,
        )
    kept: Index = pool.kept["index"]
    return kept


def fingerprint(history: History) -> str:
    """SHA-256 that names a history, hexadecimal; the order of the mapping does not count."""
    digest = hashlib.sha256(LABEL)
    digest.update(COUNT.pack(len(history)))
    for item in sorted(history):
        digest.update(SIGHT.pack(item, history[item].times, history[item].last))
    return digest.hexdigest()
