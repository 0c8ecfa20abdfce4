"""Chance in a draw: every form that the rules allow is equally likely.

Forms of small banks are enumerated and counted over many candidates with one fixed seed, so the
outcome of each test is the same every time; the bound is the 99.9th percentile of chi-square.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Hashable, Iterable

import pytest

from assess.delivery import draw
from assess.delivery.draw import Cell, Draw, Drawn, Entry, History, Pool, Seen, Stream
from tests import chances

SEED = bytes(range(32))
DRAWS = 3000


def forms(pool: Pool, history: History) -> Iterable[tuple[Drawn, ...]]:
    for number in range(DRAWS):
        form = draw.draw(pool, history, Stream(SEED, f"candidate-{number}", 1))
        assert isinstance(form, Draw)
        yield form.questions


def assert_uniform(seen: Iterable[Hashable], allowed: Iterable[Hashable]) -> None:
    counted = Counter(seen)
    expected = set(allowed)
    assert set(counted) == expected  # nothing that is not allowed, everything that is
    assert chances.of_even_counts(counted[form] for form in expected) > 0.001


def cell(outcome: str, count: int, first: int, size: int, options: int = 0) -> Cell:
    entries = tuple(Entry(i, i, options, None) for i in range(first, first + size))
    return Cell(outcome, count, entries)


def test_every_set_of_unseen_items_over_two_quotas_is_equally_likely() -> None:
    pool = Pool("ab", (cell("u/1", 2, 1, 5), cell("u/2", 1, 6, 3)), shuffle_questions=False)
    allowed = [
        (*pair, one) for pair in itertools.combinations(range(1, 6), 2) for one in range(6, 9)
    ]
    assert_uniform((tuple(q.item for q in form) for form in forms(pool, {})), allowed)


def test_items_seen_before_leave_the_others_equally_likely() -> None:
    pool = Pool("ab", (cell("u/1", 2, 1, 7),), shuffle_questions=False)
    history = {1: Seen(1, 1), 4: Seen(1, 1), 7: Seen(1, 1)}
    allowed = list(itertools.combinations((2, 3, 5, 6), 2))
    assert_uniform((tuple(q.item for q in form) for form in forms(pool, history)), allowed)


def test_in_the_group_that_is_cut_every_choice_is_equally_likely() -> None:
    pool = Pool("ab", (cell("u/1", 4, 1, 8),), shuffle_questions=False)
    history = {
        2: Seen(1, 1),  # the least recently seen: comes always, like the unseen 1
        **dict.fromkeys((3, 4, 5, 6), Seen(1, 2)),  # two of these four
        7: Seen(1, 3),
        8: Seen(2, 1),
    }
    allowed = [(1, 2, *pair) for pair in itertools.combinations((3, 4, 5, 6), 2)]
    assert_uniform((tuple(q.item for q in form) for form in forms(pool, history)), allowed)


def test_every_order_of_questions_is_equally_likely() -> None:
    pool = Pool("ab", (cell("u/1", 3, 1, 3), cell("u/2", 1, 4, 1)))
    allowed = list(itertools.permutations((1, 2, 3, 4)))
    assert_uniform((tuple(q.item for q in form) for form in forms(pool, {})), allowed)


@pytest.mark.parametrize("options", [2, 3, 4])
def test_every_order_of_options_is_equally_likely(options: int) -> None:
    pool = Pool("ab", (cell("u/1", 1, 1, 1, options),))
    allowed = list(itertools.permutations(range(options)))
    assert_uniform((form[0].order for form in forms(pool, {})), allowed)


def test_a_large_bank_is_drawn_from_evenly_from_end_to_end() -> None:
    pool = Pool("ab", (cell("u/1", 2, 0, 100_000),), shuffle_questions=False)
    history = {item: Seen(1, 1) for item in range(0, 100_000, 997)}
    tenths = Counter(q.item // 10_000 for form in forms(pool, history) for q in form)
    assert chances.of_even_counts(tenths[tenth] for tenth in range(10)) > 0.001
