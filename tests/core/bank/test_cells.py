"""Does every live item belong to one quota at the most, the most specific one that it fits?"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assess.bank.cells import Facts, Placing, sort_out
from assess.bank.items import Level
from assess.bank.specification import Quota, Sets, Specification
from assess.bank.specification_file import read_blueprint
from assess.reasons import Refused

BASE = read_blueprint("{bank: b, cut: 1, quotas: [{outcome: a, count: 1}]}")


def asking(*quotas: Quota, enemies: tuple[tuple[str, ...], ...] = ()) -> Specification:
    assert not isinstance(BASE, Refused)
    return replace(BASE, quotas=quotas, enemies=enemies)


def placed(live: list[Facts], *quotas: Quota) -> list[list[int]]:
    found = sort_out(asking(*quotas), live, {})
    return [[one.item for one in items] for items in found.items]


def test_the_deepest_outcome_then_the_most_narrowings_then_the_first_declared_takes_an_item() -> (
    None
):
    live = [
        Facts(1, "u/1", level="apply", difficulty=500),
        Facts(2, "u/1", level="recall", difficulty=500),
        Facts(3, "u/1/k", level="apply", difficulty=500),
        Facts(4, "u/2", level="apply"),
        Facts(5, "v", level="apply"),
    ]
    quotas = (
        Quota("u", 1),
        Quota("u/1", 1, difficulty=(400, 500)),
        Quota("u/1", 1, level=Level.APPLY),
        Quota("u/1/k", 1, difficulty=(500, 600)),
        Quota("u/1", 1, level=Level.APPLY, difficulty=(0, 499)),
    )
    assert placed(live, *quotas) == [[4], [1, 2], [], [3], []]
    assert sort_out(asking(*quotas), live, {}).elsewhere == (3, 1, 2, 0, 0)


def test_a_case_is_drawn_whole_only_where_the_whole_of_it_belongs_to_the_quota() -> None:
    live = [
        Facts(1, "a", set="one"),
        Facts(2, "a", set="one"),
        Facts(3, "a", set="torn"),
        Facts(4, "b", set="torn"),
        Facts(5, "a"),
    ]
    whole = sort_out(asking(Quota("a", 2, set=Sets.WHOLE)), live, {})
    assert whole.cases(0) == ((1, 2),)
    assert whole.broken == (1,)
    assert placed(live, Quota("a", 1, set=Sets.ALONE), Quota("a", 1)) == [[5], [1, 2, 3]]


def test_enemies_are_named_by_the_items_and_by_the_specification() -> None:
    live = [Facts(1, "a", enemies=("x",)), Facts(2, "a", enemies=("x", "y")), Facts(3, "a")]
    ask = asking(Quota("a", 1), enemies=(("one", "three"), ("two", "gone")))
    found = sort_out(ask, live, {"one": 1, "two": 2, "three": 3})
    assert found.enemies == (frozenset({1, 2}), frozenset({1, 3}))


QUOTAS = st.lists(
    st.builds(
        Quota,
        st.sampled_from(["u", "u/1", "u/1/k", "u/2"]),
        st.just(1),
        level=st.none() | st.sampled_from(Level),
        difficulty=st.none() | st.sampled_from([(0, 500), (300, 1000)]),
        set=st.none() | st.sampled_from(Sets),
    ),
    max_size=6,
    unique_by=lambda quota: quota.label,
)
ITEMS = st.lists(
    st.builds(
        Facts,
        st.integers(1, 50),
        st.sampled_from(["u", "u/1", "u/1/k", "u/2/z", "v"]),
        level=st.none() | st.sampled_from(Level),
        difficulty=st.none() | st.integers(0, 1000),
        set=st.sampled_from(["", "", "s", "t"]),
    ),
    max_size=12,
    unique_by=lambda one: one.item,
)


@given(QUOTAS, ITEMS)
def test_an_item_stands_in_one_cell_or_in_none(quotas: list[Quota], live: list[Facts]) -> None:
    found = sort_out(asking(*quotas), live, {})
    items = [one.item for cell in found.items for one in cell]
    assert len(items) == len(set(items))
    assert all(list(cell) == sorted(cell, key=lambda one: one.item) for cell in found.items)
    placing = Placing(quotas)
    fit = [one for one in live if placing.fitting(one)]
    assert len(items) + sum(found.broken) == len(fit)
    for quota, cell in zip(quotas, found.items, strict=True):
        assert all(one.outcome.startswith(quota.outcome) for one in cell)
        assert quota.level is None or {one.level for one in cell} <= {quota.level.value}
