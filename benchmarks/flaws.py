"""How often is a planted flaw named, and how often a sound item? Prints the figures of the docs.

Run from the repository's root: `python -m benchmarks.flaws`. Half a minute. Examinations of 8,000
attempts with forms of 20 of 160 items, about 1,000 answers an item, drawn by
`assess.psychometrics.scenario`: four items with each flaw.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from assess.psychometrics import analysis, scenario
from assess.psychometrics.analysis import Asked, Grouping, Timing
from assess.psychometrics.report import ItemKey
from assess.psychometrics.scenario import FLAWS, Scenario, Simulated
from assess.psychometrics.simulate import SINGLE

ROUNDS, EACH = 15, 4
# Which flags name the flaw. A second right answer that able candidates prefer to the key looks like
# the key itself: either way the author reads which option to look at.
NAMED = {
    "wrong_key": {"wrong_key"},
    "second_key": {"second_key", "wrong_key"},
    "dif": {"dif"},
    "non_uniform_dif": {"dif_non_uniform"},
    "drift": {"drift"},
    "no_discrimination": {"weak"},
    "too_easy": {"too_easy"},
    "too_hard": {"too_hard"},
}
# These say that something is wrong with an item; the others describe it (hard, below guessing).
ACCUSING = frozenset({"wrong_key", "second_key", "dif", "dif_non_uniform", "drift", "misfit"})


def main() -> None:
    """Print found of planted by flaw, and flags on sound items by code."""
    found: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    sound = accused = 0
    asked = Scenario(**dict.fromkeys(FLAWS, EACH))  # type: ignore[arg-type]
    for stream in np.random.default_rng(40).spawn(ROUNDS):
        one = scenario.simulated(stream, asked)
        codes = [{flag["code"] for flag in row["flags"]} for row in rows(one)]
        planted = set()
        for flaw, places in one.plan.planted.items():
            planted |= {int(k) for k in places}
            found[flaw] += sum(bool(NAMED[flaw] & codes[k]) for k in places)
        for k in set(range(len(codes))) - planted:
            wrong.update(codes[k])
            accused += bool(codes[k] & ACCUSING)
            sound += 1
    for flaw in FLAWS:
        print(f"{flaw}: {found[flaw]} of {ROUNDS * EACH} named {' or '.join(sorted(NAMED[flaw]))}")
    print(f"sound items accused: {accused} of {sound}")
    print("flags on sound items:", dict(wrong.most_common()))


def rows(one: Simulated) -> list[dict[str, Any]]:
    """The item rows of the report on one examination, with groups, time and a 2PL."""
    keys = [
        ItemKey(str(k), SINGLE, len(model.attractiveness), model.key)
        for k, model in enumerate(one.plan.items)
    ]
    asked = Asked(
        model="2pl",
        group=Grouping("group", [str(group) for group in one.group.tolist()]),
        time=Timing("day", one.day.astype(np.int64)),
    )
    found: list[dict[str, Any]] = analysis.analyse(one.responses, keys, {}, asked).document["items"]
    return found


if __name__ == "__main__":
    main()
