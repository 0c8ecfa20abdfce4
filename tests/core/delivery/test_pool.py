"""What a pool holds, and what its fingerprint names."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.delivery.pool import Cell, Entries, Entry, Pool

A = (Entry(1, 11, 4, 500), Entry(2, 12, 3), Entry(7, 17, 0, -20))
B = (Entry(3, 13, 4), Entry(5, 15, 4, 1000))
POOL = Pool("ab" * 32, (Cell("x/1", 2, A), Cell("x/2", 1, B)))

entries = st.builds(
    Entry,
    item=st.integers(0, 2**62),
    version=st.integers(0, 2**62),
    options=st.integers(0, 26),
    difficulty=st.none() | st.integers(-9999, 9999),
)
several = st.lists(entries, unique_by=lambda entry: entry.item, max_size=12)


@given(several)
def test_entries_come_back_as_they_went_in_by_item(given_entries: list[Entry]) -> None:
    kept = Entries(given_entries)
    assert list(kept) == sorted(given_entries, key=lambda entry: entry.item)
    assert kept[:] == tuple(kept)
    for place, entry in enumerate(kept):
        assert kept.place_of(entry.item) == place
        assert kept[place] == entry
    assert kept.place_of(-1) is None


def test_an_entry_costs_21_bytes() -> None:
    many = Entries(Entry(i, i, 4, 500) for i in range(1000))
    assert sum(len(column) for column in many.columns()) == 21_000
    assert sum(c.itemsize for c in (many.items, many.versions, many.options)) == 17
    assert many.difficulties.itemsize == 4


def test_the_order_of_loading_does_not_change_a_fingerprint() -> None:
    other = Pool("ab" * 32, (Cell("x/1", 2, A[::-1]), Cell("x/2", 1, B[::-1])))
    assert other == POOL
    assert other.fingerprint() == POOL.fingerprint()


@pytest.mark.parametrize(
    "other",
    [
        Pool("cd" * 32, POOL.cells),
        Pool("ab" * 32, POOL.cells, shuffle_questions=False),
        Pool("ab" * 32, POOL.cells[::-1]),
        Pool("ab" * 32, POOL.cells[:1]),
        Pool("ab" * 32, (Cell("x/3", 2, A), Cell("x/2", 1, B))),
        Pool("ab" * 32, (Cell("x/1", 1, A), Cell("x/2", 1, B))),
        Pool("ab" * 32, (Cell("x/1", 2, A[:2]), Cell("x/2", 1, B))),
        Pool("ab" * 32, (Cell("x/1", 2, (*A[:2], Entry(7, 18, 0, -20))), Cell("x/2", 1, B))),
        Pool("ab" * 32, (Cell("x/1", 2, (*A[:2], Entry(7, 17, 1, -20))), Cell("x/2", 1, B))),
        Pool("ab" * 32, (Cell("x/1", 2, (*A[:2], Entry(7, 17, 0, None))), Cell("x/2", 1, B))),
        Pool("ab" * 32, (Cell("x/1", 2, (*A[:2], Entry(8, 17, 0, -20))), Cell("x/2", 1, B))),
    ],
)
def test_whatever_a_draw_can_depend_on_changes_the_fingerprint(other: Pool) -> None:
    assert other != POOL
    assert other.fingerprint() != POOL.fingerprint()


def test_a_committed_fingerprint_catches_any_change_of_the_layout() -> None:
    committed = "98afe110cfe24a0742bf6c41d1d06b24d210632a1e0b6bfdb4b25951a6684790"
    assert POOL.fingerprint() == committed
    assert POOL.fingerprint() == committed  # the second time it is the kept one


@given(several, several, st.booleans())
def test_a_pool_comes_back_from_its_json_document(
    first: list[Entry], second: list[Entry], shuffle: bool
) -> None:
    taken = {entry.item for entry in first}
    cells = (
        Cell("x/1", 1, tuple(first)),
        Cell("x/ü", 2, tuple(entry for entry in second if entry.item not in taken)),
    )
    pool = Pool("ab" * 32, cells, shuffle)
    again = Pool.from_document(json.loads(json.dumps(pool.as_document())))
    assert again == pool
    assert again.fingerprint() == pool.fingerprint()


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"schema": "pool/2"},
        {"schema": "pool/1"},
        {**POOL.as_document(), "cells": [{"outcome": "x"}]},
        {**POOL.as_document(), "cells": 3},
    ],
)
def test_a_document_that_is_no_pool_says_so(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="pool/1"):
        Pool.from_document(broken)


def test_columns_of_different_length_are_no_pool() -> None:
    document = json.loads(json.dumps(POOL.as_document()))
    document["cells"][0]["versions"].pop()
    with pytest.raises(ValueError, match="shorter"):
        Pool.from_document(document)


def test_an_item_stands_in_one_cell_once() -> None:
    with pytest.raises(ValueError, match="item 1 stands twice"):
        Cell("x/1", 1, (A[0], A[0]))
    with pytest.raises(ValueError, match="item 1 stands in two cells"):
        Pool("ab" * 32, (Cell("x/1", 1, A), Cell("x/2", 1, A[:1])))


def test_impossible_entries_are_refused() -> None:
    with pytest.raises(ValueError, match="options"):
        Entries([Entry(1, 1, 256)])
    with pytest.raises(ValueError, match="-1 questions"):
        Cell("x/1", -1, A)


def test_a_pool_knows_its_length_and_cannot_be_changed() -> None:
    assert POOL.length == 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        POOL.specification = "other"  # type: ignore[misc]
