"""Are flaws found that were planted, and sound items left in peace?

Histories of 2,300 candidates with random forms of 14 of 56 items, two from each of 7 cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assess.psychometrics import report, simulate
from assess.psychometrics.report import ItemKey
from assess.psychometrics.responses import from_arrays
from assess.psychometrics.simulate import MULTIPLE, SINGLE, ItemModel

ITEMS, CELLS, EACH, CANDIDATES = 56, 7, 2, 2300


def sound(rng: np.random.Generator) -> list[ItemModel]:
    """One item in eight a multiple response, none with a flaw."""
    items = []
    for place in range(ITEMS):
        kind, n = (MULTIPLE, 5) if place % 8 == 0 else (SINGLE, 4)
        key = rng.choice(n, 2 if kind == MULTIPLE else 1, replace=False).tolist()
        items.append(simulate.ordinary(rng, kind, n, tuple(sorted(key))))
    return items


def history(rng: np.random.Generator, items: list[ItemModel]) -> list[Any]:
    """The item rows of the report on one simulated history."""
    attempt, item = simulate.draw(rng, CANDIDATES, ITEMS, CELLS, EACH)
    option = simulate.respond_all(rng, rng.standard_normal(CANDIDATES), items, attempt, item)
    answers = from_arrays(
        attempt,
        item,
        simulate.exact_scores(option, items, item),
        option,
        versions=np.arange(ITEMS),
        attempts=CANDIDATES,
    )
    keys = [
        ItemKey(f"item-{i} v1", m.kind, len(m.attractiveness), m.key) for i, m in enumerate(items)
    ]
    rows = report.item_report(answers, keys, {})["items"]
    assert isinstance(rows, list)
    return rows


def flagged(row: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(flag["code"], flag["option"]) for flag in row["flags"]]


def test_planted_flaws_are_named_and_at_most_one_sound_item_in_a_hundred() -> None:
    # Counts over hundreds of histories: python -m benchmarks.flaws.
    rounds, several_keys, second_keys, sound_items, in_error = 12, 0, 0, 0, 0
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        items = sound(rng)
        dead, key = (items[2].key[0] + 1) % 4, items[5].key[0]
        lure = (key + 1) % 4
        items[1] = simulate.with_wrong_key(items[1])
        items[2] = simulate.with_dead_option(items[2], dead)
        items[3] = simulate.very_easy(items[3])
        items[5] = ItemModel(SINGLE, (key,), (1.0,) * 4, a=1.3, d=0.7, lure=lure, lured=0.45)
        items[8] = simulate.with_wrong_key(items[8])  # a multiple response
        missing = (set(items[8].truth) - set(items[8].key)).pop()
        rows = history(rng, items)
        assert ("wrong_key", items[1].truth[0]) in flagged(rows[1])
        assert ("dead_distractor", dead) in flagged(rows[2])
        assert ("too_easy", None) in flagged(rows[3])
        second_keys += ("second_key", lure) in flagged(rows[5])
        several_keys += ("wrong_key", missing) in flagged(rows[8])
        others = [row for k, row in enumerate(rows) if k not in (1, 2, 3, 5, 8)]
        in_error += sum(bool(row["flags"]) for row in others)
        sound_items += len(others)
    assert second_keys >= rounds - 1
    assert several_keys >= rounds - 1
    assert in_error <= sound_items / 100
