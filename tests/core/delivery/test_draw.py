"""What every form of a draw is sure to be."""

from __future__ import annotations

import dataclasses
import itertools
import random
from array import array
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.delivery import draw, sight
from assess.delivery.draw import Band, Cell, Draw, Entries, Entry, Pool, Seen, Stream
from assess.delivery.gathering import Far
from assess.reasons import Code, Refused

SEED = bytes(range(32))
DIGEST = "ab" * 32


def pool_of(*sizes: tuple[int, int], options: int = 4, shuffle: bool = True) -> Pool:
    """A pool with a cell for each (size, count), its items numbered on from 1."""
    cells, first = [], 1
    for number, (size, count) in enumerate(sizes):
        entries = tuple(Entry(i, 1000 + i, options, None) for i in range(first, first + size))
        cells.append(Cell(f"u/{number}", count, entries))
        first += size
    return Pool(DIGEST, tuple(cells), shuffle)


def drawn(pool: Pool, history: draw.History, ordinal: int = 1, candidate: str = "ann") -> Draw:
    form = draw.draw(pool, history, Stream(SEED, candidate, ordinal))
    assert isinstance(form, Draw)
    return form


M02 = pool_of(*[(8, 2)] * 7)


@st.composite
def situations(given_draw: st.DrawFn) -> tuple[Pool, dict[int, Seen], int]:
    """A pool that can be filled, what the candidate met before, and an ordinal."""
    cells, first = [], 1
    for number in range(given_draw(st.integers(1, 4))):
        size = given_draw(st.integers(0, 9))
        entries = [
            Entry(first + i, 100 + i, given_draw(st.integers(0, 5)), None) for i in range(size)
        ]
        first += size
        cells.append(Cell(f"u/{number}", given_draw(st.integers(0, size)), tuple(entries)))
    history = given_draw(
        st.dictionaries(
            st.integers(1, first + 3),  # items of other pools as well
            st.builds(Seen, times=st.integers(1, 3), last=st.integers(1, 4)),
        )
    )
    return (
        Pool(DIGEST, tuple(cells), given_draw(st.booleans())),
        history,
        given_draw(st.integers(1, 99)),
    )


@given(situations())
def test_every_form_meets_its_quotas_exactly_and_repeats_nothing(
    situation: tuple[Pool, dict[int, Seen], int],
) -> None:
    pool, history, ordinal = situation
    items = [one.item for one in drawn(pool, history, ordinal).questions]
    assert len(items) == len(set(items)) == pool.length
    for cell in pool.cells:
        own = {entry.item for entry in cell.entries}
        assert len(own.intersection(items)) == cell.count


@given(situations())
def test_no_better_item_is_left_lying_for_one_seen_more_often_or_more_recently(
    situation: tuple[Pool, dict[int, Seen], int],
) -> None:
    pool, history, ordinal = situation
    items = {one.item for one in drawn(pool, history, ordinal).questions}
    for cell in pool.cells:
        ranks = {
            entry.item: (seen.times, seen.last)
            if (seen := history.get(entry.item)) is not None
            else (0, 0)
            for entry in cell.entries
        }
        taken = [rank for item, rank in ranks.items() if item in items]
        left = [rank for item, rank in ranks.items() if item not in items]
        assert not taken or not left or max(taken) <= min(left)


@given(situations())
def test_the_orders_of_options_are_permutations_and_versions_belong_to_their_items(
    situation: tuple[Pool, dict[int, Seen], int],
) -> None:
    pool, history, ordinal = situation
    entries = {entry.item: entry for cell in pool.cells for entry in cell.entries}
    for one in drawn(pool, history, ordinal).questions:
        assert one.version == entries[one.item].version
        assert sorted(one.order) == list(range(entries[one.item].options))


@given(situations())
def test_the_same_seed_pool_history_and_person_give_the_same_form(
    situation: tuple[Pool, dict[int, Seen], int],
) -> None:
    pool, history, ordinal = situation
    stored = Pool.from_document(pool.as_document())
    backwards = dict(reversed(history.items()))
    assert drawn(stored, backwards, ordinal) == drawn(pool, history, ordinal)


def test_a_committed_form_catches_any_change_of_the_draw() -> None:
    history = {1: Seen(1, 1), 2: Seen(1, 1), 3: Seen(2, 2), 4: Seen(1, 2), 9: Seen(1, 1)}
    pool = Pool(
        DIGEST,
        (
            Cell("u/1", 3, tuple(Entry(i, 10 * i, 4, 500) for i in range(1, 6))),
            Cell("u/2", 2, tuple(Entry(i, 10 * i, i % 2 * 3, None) for i in range(8, 14))),
        ),
        schema="pool/1",
    )
    stream = Stream(SEED, "0123456789abcdef", 3, draw.FIRST_LABEL)
    form = draw.draw(pool, history, stream)
    assert isinstance(form, Draw)
    # These values stand in the decision record as well, for those who write their own replay.
    assert [(one.item, one.version, one.order) for one in form.questions] == [
        (10, 100, ()),
        (13, 130, (1, 0, 2)),
        (1, 10, (2, 1, 3, 0)),
        (5, 50, (0, 1, 2, 3)),
        (2, 20, (2, 1, 3, 0)),
    ]
    assert [
        pool.fingerprint(),
        draw.history_fingerprint(history),
        form.fingerprint,
        draw.commitment(SEED),
    ] == [
        "ff2d7bbf8dbacfdd1427e4607384fe30b0090ef0e6924b72a4c15593114e5216",
        "323afc2b6c2b29b72e3326fddd74b14e8d8dbd4c93992232ca570d72fd11eb34",
        "c23eb8ce0e6975193277c5ffabe3c4027e6a6078add63eccfd8f0ed9ecd9e3e3",
        "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd",
    ]


def test_committed_forms_catch_any_change_of_the_balanced_draw() -> None:
    """By trying, and by counting: no form has the second band's sum, and two lie next to it."""
    met = {1: (1, 1), 2: (1, 1), 3: (2, 2), 4: (1, 2), 9: (1, 1), 19: (1, 2)}
    history = {item: Seen(*sight) for item, sight in met.items()}
    cells = (
        Cell("u/1", 3, [Entry(i, 10 * i, 4, 100 * i) for i in range(1, 9)]),
        Cell(
            "u/2",
            3,
            [Entry(i, 10 * i, i % 2 * 3, 1500 - 50 * i, int(i in (20, 21))) for i in range(18, 28)],
            "level=apply",
        ),
    )
    enemies = ((5, 22), (18, 23, 24))
    found = []
    for band in (Band(3050, 60), Band(3025, 0)):
        pool = Pool(DIGEST, cells, enemies=enemies, band=band)
        form = draw.draw(pool, history, Stream(SEED, "0123456789abcdef", 10))
        assert isinstance(form, Draw)
        questions = [(one.item, one.version, one.order) for one in form.questions]
        found.append([pool.fingerprint(), form.fingerprint, form.expected, form.in_band, questions])
    # These values stand in the decision record as well.
    assert found == [
        [
            "ba24ec828d7b4856a03e45ce34590d8b28f7638c640e2b4b2a0884bb958a2753",
            "09c117d597ffec53a7fe32477f134b0342f7c9c379233d10e3a1b205c0a8c7ca",
            *(3100, True),
            [
                (20, 200, ()),
                (21, 210, (0, 1, 2)),
                (5, 50, (1, 2, 3, 0)),
                (7, 70, (2, 3, 1, 0)),
                (8, 80, (1, 2, 0, 3)),
                (27, 270, (0, 1, 2)),
            ],
        ],
        [
            "84f9ab39fc59db2f4bb4bbcbacf9d0f08bee730f5ebf588f2a596af94f295879",
            "bfc5e3934d7a7ce814c1ee29d45c5064494aca2c269f9f5c0dcdcb70563c874d",
            *(3000, False),
            [
                (25, 250, (1, 0, 2)),
                (20, 200, ()),
                (21, 210, (2, 1, 0)),
                (5, 50, (0, 1, 2, 3)),
                (6, 60, (3, 0, 2, 1)),
                (7, 70, (1, 2, 3, 0)),
            ],
        ],
    ]


def test_a_second_attempt_shares_no_item_with_the_first_while_the_bank_suffices() -> None:
    history: dict[int, Seen] = {}
    for attempt in range(1, 5):  # eight items an outcome, two a form: four fresh attempts
        form = drawn(M02, history, attempt)
        items = [one.item for one in form.questions]
        assert not history.keys() & set(items)
        history |= {item: Seen(1, attempt) for item in items}
    fifth = {one.item for one in drawn(M02, history, 5).questions}
    assert {history[item].last for item in fifth} == {1}


def test_when_one_unseen_item_is_left_it_comes_and_the_least_recently_seen_with_it() -> None:
    pool = pool_of((5, 3))
    history = {1: Seen(1, 4), 2: Seen(2, 1), 3: Seen(1, 2), 4: Seen(1, 3)}
    for candidate in "abcdefgh":
        form = drawn(pool, history, 5, candidate)
        assert {one.item for one in form.questions} == {5, 3, 4}


def test_no_form_is_drawn_by_a_rule_that_is_not_known() -> None:
    with pytest.raises(ValueError, match="no draw is called 'assess-draw/3'"):
        draw.draw(M02, {}, Stream(SEED, "ann", 1, "assess-draw/3"))


def test_seen_fewer_times_goes_before_seen_longer_ago() -> None:
    pool = pool_of((2, 1))
    assert [one.item for one in drawn(pool, {1: Seen(2, 1), 2: Seen(1, 9)}).questions] == [2]


def test_a_short_cell_refuses_the_draw_and_names_each_one_that_is_short() -> None:
    refused = draw.draw(pool_of((2, 2), (1, 2), (0, 1)), {}, Stream(SEED, "ann", 1))
    assert isinstance(refused, Refused)
    assert refused.code is Code.BLUEPRINT
    assert refused.status == 409
    assert [dict(reason.values) for reason in refused.reasons] == [
        {"what": "quota_short", "outcome": "u/1", "need": 2, "have": 1},
        {"what": "quota_short", "outcome": "u/2", "need": 1, "have": 0},
    ]


def test_without_shuffling_questions_stand_by_quota_and_options_in_their_own_order() -> None:
    form = drawn(pool_of((6, 3), (6, 3), options=0, shuffle=False), {})
    items = [one.item for one in form.questions]
    assert items == sorted(items)
    assert {one.order for one in form.questions} == {()}


def test_form_and_fingerprint_change_together() -> None:
    forms = {drawn(M02, {}, ordinal) for ordinal in range(1, 40)}
    assert len({form.fingerprint for form in forms}) == len(forms) == 39
    one = next(iter(forms))
    assert draw.form_fingerprint(one.questions) == one.fingerprint
    assert draw.form_fingerprint(one.questions[::-1]) != one.fingerprint
    first = one.questions[0]
    turned = dataclasses.replace(first, order=first.order[::-1])
    assert draw.form_fingerprint((turned, *one.questions[1:])) != one.fingerprint


@pytest.mark.parametrize("other", [{}, {1: Seen(1, 1)}, {1: Seen(1, 2), 2: Seen(1, 1)}])
def test_histories_that_differ_have_different_fingerprints(other: dict[int, Seen]) -> None:
    history = {1: Seen(1, 1), 2: Seen(1, 1)}
    assert draw.history_fingerprint(other) != draw.history_fingerprint(history)
    turned = {2: Seen(1, 1), 1: Seen(1, 1)}
    assert draw.history_fingerprint(turned) == draw.history_fingerprint(history)


class Long:
    """The columns of a pool of any size without their memory, counting how much is looked at."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.looked = 0

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, _: object) -> None:
        raise AssertionError("one entry after another is looked at")

    def take(self, numbers: Sequence[int], axis: int) -> np.ndarray[Any, Any]:
        assert all(0 <= number < self.size for number in numbers)
        self.looked += len(numbers)
        return np.array([[number + 1, number + 1, 4] for number in numbers])


@pytest.mark.parametrize("size", [1_000, 1_000_000])
def test_a_draw_from_a_large_bank_looks_at_a_handful_of_entries(size: int) -> None:
    entries, columns = Entries(), Long(size)
    for name in ("items", "versions", "options"):
        setattr(entries, name, columns)
    pool = Pool(DIGEST, (Cell("u/1", 14, entries),))
    # Both are made once a pool.
    pool.kept["index"] = (array("q", [5, 77]), array("i", [4, 76]), [0])
    pool.kept["columns"] = Far([0], np.empty(0), cast("Any", columns))
    form = drawn(pool, {5: Seen(1, 1), 77: Seen(1, 1)})
    assert len(form.questions) == 14
    assert not {one.item for one in form.questions} & {5, 77}
    assert columns.looked == 14


def test_what_was_met_is_found_in_whatever_cell_it_stands() -> None:
    chance = random.Random(4)  # noqa: S311 - no secret
    for _ in range(50):
        items = chance.sample(range(1, 60), 30)
        bounds = [0, *sorted(chance.sample(range(31), 3)), 30]
        cells = [
            Cell(f"u/{k}", 0, [Entry(i, i, 0) for i in items[low:high]])
            for k, (low, high) in enumerate(itertools.pairwise(bounds))
        ]
        history = {item: Seen(1, item) for item in chance.sample(range(1, 70), 12)}
        found = sight.met(Pool(DIGEST, tuple(cells)), history)
        assert found == [
            {p: (1, e.item) for p, e in enumerate(cell.entries) if e.item in history}
            for cell in cells
        ]
