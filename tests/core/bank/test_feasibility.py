"""Is what the solver says about a form what looking at every form says?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from assess.bank import feasibility
from assess.bank.cells import Cells, Facts, sort_out
from assess.bank.feasibility import Demand, Kind, Verdict, judge
from assess.bank.freshness import Fresh, fresh_attempts
from assess.bank.specification import Quota, Sets
from assess.bank.specification_file import read_blueprint
from assess.reasons import Refused

BASE = read_blueprint("{bank: b, cut: 1, quotas: [{outcome: a, count: 1}]}")
BANKS = 300


def bank(rng: np.random.Generator) -> tuple[Cells, int | None]:
    """Up to three quotas and seven items, some on shared cases, some enemies of others."""
    assert not isinstance(BASE, Refused)
    names = "abc"[: rng.integers(1, 4)]
    quotas = tuple(
        Quota(name, int(rng.integers(1, 4)), set=Sets.WHOLE if rng.random() < 0.5 else None)
        for name in names
    )
    live = []
    for item in range(1, int(rng.integers(2, 8))):
        name = names[rng.integers(len(names))]
        case = f"{name}{rng.integers(2)}" if rng.random() < 0.8 else ""
        enemies = tuple(e for e in "xyz" if rng.random() < 0.2)
        live.append(Facts(item, name, set=case, enemies=enemies))
    length = sum(q.count for q in quotas) + int(rng.integers(-1, 2))
    asked = replace(BASE, quotas=quotas)
    return sort_out(asked, live, {}), length if length > 0 and rng.random() < 0.2 else None


def met(demand: Demand, form: frozenset[int], cells: Cells) -> bool:
    match demand.kind:
        case Kind.QUOTA:
            own = {one.item for one in cells.items[demand.place]}
            return len(own & form) == demand.count
        case Kind.ENEMIES:
            return len(form.intersection(demand.items)) <= 1
        case Kind.CASE:
            return len(form.intersection(demand.items)) in (0, len(demand.items))
        case Kind.LENGTH:
            return len(form) == demand.count


def every_form(cells: Cells) -> list[frozenset[int]]:
    items = [one.item for cell in cells.items for one in cell]
    return [frozenset(f) for size in range(len(items) + 1) for f in combinations(items, size)]


def demands_of(cells: Cells, questions: int | None) -> list[Demand]:
    """What a form must meet, written down again from the cells."""
    found = [Demand(Kind.QUOTA, k, count=quota.count) for k, quota in enumerate(cells.quotas)]
    for k, quota in enumerate(cells.quotas):
        if quota.set is Sets.WHOLE:
            for case in {one.set for one in cells.items[k]}:
                own = tuple(one.item for one in cells.items[k] if one.set == case)
                found += [Demand(Kind.CASE, k, own)] if len(own) > 1 else []
    found += [Demand(Kind.ENEMIES, items=tuple(sorted(group))) for group in cells.enemies]
    return found + ([] if questions is None else [Demand(Kind.LENGTH, count=questions)])


def possible(
    forms: Iterable[frozenset[int]], asked: Sequence[Demand], cells: Cells
) -> list[frozenset[int]]:
    return [form for form in forms if all(met(one, form, cells) for one in asked)]


def test_verdict_witness_and_conflicts_are_those_of_looking_at_every_form() -> None:
    rng = np.random.default_rng(20261126)
    refused = tied = 0
    for _ in range(BANKS):
        cells, questions = bank(rng)
        asked, forms = demands_of(cells, questions), every_form(cells)
        verdict = judge(cells, questions)
        sound = possible(forms, asked, cells)
        if verdict.witness is not None:
            assert frozenset(verdict.witness) in sound
            assert verdict.conflicts == ()
            continue
        refused += 1
        assert not sound
        said = [demand for conflict in verdict.conflicts for demand in conflict]
        assert len(said) == len(set(said))
        for conflict in verdict.conflicts:
            tied += len(conflict) > 1
            assert set(conflict) <= set(asked)
            assert not possible(forms, conflict, cells)
            for one in conflict:
                assert possible(forms, [other for other in conflict if other != one], cells)
        # Nothing else stands in the way.
        assert possible(forms, [one for one in asked if one not in said], cells)
    assert BANKS // 5 < refused < BANKS * 4 // 5
    assert tied > BANKS // 20


def worst(sound: list[frozenset[int]]) -> int:
    """How many forms without a common item somebody gets who is given the worst ones."""
    return min((1 + worst([f for f in sound if not f & form]) for form in sound), default=0)


def test_fresh_attempts_are_exact_or_a_lower_bound() -> None:
    rng = np.random.default_rng(5)
    exact = several = 0
    for _ in range(BANKS):
        cells, _ = bank(rng)
        sound = possible(every_form(cells), demands_of(cells, None), cells)
        verdict = judge(cells)
        fresh = fresh_attempts(cells, verdict.witness is not None)
        true = worst(sound)
        assert fresh.attempts == true if fresh.exact else 1 <= fresh.attempts <= true
        exact += fresh.exact
        several += true > 1
    assert exact > BANKS * 3 // 4
    assert several > 10


def test_no_fresh_attempt_is_promised_that_enemies_of_several_groups_can_prevent() -> None:
    assert not isinstance(BASE, Refused)
    groups = {1: "vw", 2: "xy", 4: "z", 5: "vx", 6: "wy", 8: "z"}
    live = [Facts(n, "aaaabbbbccccc"[n - 1], enemies=(*groups.get(n, ""),)) for n in range(1, 14)]
    for names, fresh in (("ab", 2), ("abc", 1)):  # after 3 with 8 and 4 with 7 there is no form
        asked = replace(BASE, quotas=tuple(Quota(name, 1) for name in names))
        assert fresh_attempts(sort_out(asked, live, {})) == Fresh(fresh, exact=False)
    groups = {1: "x", 2: "x", 3: "x", 4: "y", 6: "x", 7: "x", 8: "x", 9: "y"}
    live = [Facts(n, "aaaaabbbbb"[n - 1], enemies=(*groups.get(n, ""),)) for n in range(1, 11)]
    asked = replace(BASE, quotas=(Quota("a", 1), Quota("b", 1)))  # 4 with 10, and 5 with 9
    assert fresh_attempts(sort_out(asked, live, {})) == Fresh(2, exact=False)
    # Of three cases in each quota, two of the one are enemies of two of the other.
    groups = {1: "vw", 5: "vw", 13: "v", 15: "w"}
    cases = [f"a{n // 4}" for n in range(12)] + [f"b{n // 2}" for n in range(6)]
    live = [
        Facts(n, case[0], set=case, enemies=(*groups.get(n, ""),))
        for n, case in enumerate(cases, start=1)
    ]
    quotas = (Quota("a", 4, set=Sets.WHOLE), Quota("b", 2, set=Sets.WHOLE))
    found = fresh_attempts(sort_out(replace(BASE, quotas=quotas), live, {}))
    assert found == Fresh(1, exact=False)


def test_twenty_thousand_items_are_judged_by_what_ties_them() -> None:
    assert not isinstance(BASE, Refused)
    quotas = (Quota("a", 20), Quota("b", 20))
    live = [Facts(n, "ab"[n % 2], enemies=("x",) if n < 200 else ()) for n in range(1, 20_001)]
    cells = sort_out(replace(BASE, quotas=quotas), live, {})
    witness = judge(cells).witness
    assert witness is not None
    assert len(witness) == 40
    assert fresh_attempts(cells).attempts > 400


@pytest.mark.parametrize(
    ("sizes", "count", "fresh"),
    [
        ((3, 3, 3), 3, 3),
        ((4, 2, 2, 2, 2), 4, 3),
        ((1, 1, 1, 2, 2, 2), 3, 1),  # once the three of one are gone, no two make three
        ((2,) * 3_001, 4, 1_500),
    ],
)
def test_whole_cases_are_counted_at_their_worst(
    sizes: tuple[int, ...], count: int, fresh: int
) -> None:
    assert not isinstance(BASE, Refused)
    cases = [name for k, size in enumerate(sizes) for name in [f"case {k}"] * size]
    live = [Facts(n, "a", set=case) for n, case in enumerate(cases, start=1)]
    asked = replace(BASE, quotas=(Quota("a", count, set=Sets.WHOLE),))
    found = fresh_attempts(sort_out(asked, live, {}))
    assert (found.attempts, found.exact) == (fresh, True)


def test_what_cannot_be_found_out_in_time_is_said_to_be_undecided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not isinstance(BASE, Refused)
    rng = np.random.default_rng(1)
    names: list[list[str]] = [[] for _ in range(150)]
    for pair in range(3_300):  # of which twenty without an enemy among them: too hard for a page
        for item in rng.choice(150, 2, replace=False).tolist():
            names[item].append(str(pair))
    live = [Facts(n, "a", enemies=tuple(groups)) for n, groups in enumerate(names, start=1)]
    cells = sort_out(replace(BASE, quotas=(Quota("a", 20),)), live, {})
    monkeypatch.setattr(feasibility, "PATIENCE", 0.1)
    assert judge(cells) == Verdict(None, (), undecided=True)
    free = sort_out(replace(BASE, quotas=(Quota("a", 2),)), [Facts(1, "a"), Facts(2, "a")], {})
    monkeypatch.setattr(feasibility, "PATIENCE", 0)
    assert judge(free).witness == (1, 2)  # what nothing ties needs no solver


def test_cases_of_many_sizes_get_a_lower_bound_in_place_of_a_search_without_end() -> None:
    assert not isinstance(BASE, Refused)
    sizes = [1, *(size for size in range(2, 26, 2) for _ in range(8))]
    cases = [name for k, size in enumerate(sizes) for name in [f"case {k}"] * size]
    live = [Facts(n, "a", set=case) for n, case in enumerate(cases, start=1)]
    live.append(Facts(len(live) + 1, "b", set="last"))
    live += [Facts(len(live) + n, "c", enemies=("x",)) for n in (1, 2)]
    quotas = (Quota("a", 199, set=Sets.WHOLE), Quota("b", 1, set=Sets.WHOLE), Quota("c", 1))
    cells = sort_out(replace(BASE, quotas=quotas), live, {})
    assert fresh_attempts(cells) == Fresh(1, exact=False)
