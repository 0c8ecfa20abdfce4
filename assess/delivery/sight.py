"""What has a candidate met before, and what does that make an item worth to a draw?"""

from __future__ import annotations

import hashlib
import struct
from array import array
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assess.delivery.pool import Pool

LABEL = b"assess-history/1\0"
COUNT = struct.Struct(">I")
SIGHT = struct.Struct(">qII")
NOTHING = (np.empty(0, np.int64),) * 3
NO_ITEM = array("q", [0])  # in place of an empty column, whose bytes numpy does not take
Ints = npt.NDArray[np.int64]


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
    items, order, starts = _index(pool) if history else NOTHING
    if not len(items):
        return found
    wanted = np.fromiter(history, np.int64, len(history))
    at = np.searchsorted(items, wanted)
    at[at == len(items)] = 0
    places = np.where(items[at] == wanted, order[at], -1)
    cells = np.searchsorted(starts, places, side="right") - 1
    within = places - starts[cells]
    for sight, cell, place in zip(history.values(), cells.tolist(), within.tolist(), strict=True):
        if cell >= 0:
            found[cell][place] = (sight.times, sight.last)
    return found


def _index(pool: Pool) -> tuple[Ints, Ints, Ints]:
    """All items of a pool, ascending; of each where it stands when cells follow each other; and

    where each cell begins. One search finds an item, however many cells there are.
    """
    if "index" not in pool.kept:
        columns = [np.frombuffer(cell.listed.items or NO_ITEM, np.int64) for cell in pool.cells]
        sizes = [len(cell.listed) for cell in pool.cells]
        items = np.concatenate([one[:n] for one, n in zip(columns, sizes, strict=True)])
        order = np.argsort(items, kind="stable")
        starts = np.cumsum([0, *sizes[:-1]])
        pool.kept["index"] = (items[order], order, starts)
    kept: tuple[Ints, Ints, Ints] = pool.kept["index"]
    return kept


def fingerprint(history: History) -> str:
    """SHA-256 that names a history, hexadecimal; the order of the mapping does not count."""
    digest = hashlib.sha256(LABEL)
    digest.update(COUNT.pack(len(history)))
    for item in sorted(history):
        digest.update(SIGHT.pack(item, history[item].times, history[item].last))
    return digest.hexdigest()
