"""What a pool holds, and what its fingerprint names."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.delivery.entries import TYPECODES, Entries, Entry
from assess.delivery.pool import FIRST_SCHEMA, NOT_ENOUGH_DATA, Band, Cell, Pool

A = (Entry(1, 11, 4, 500), Entry(2, 12, 3), Entry(7, 17, 0, -20))
B = (Entry(3, 13, 4), Entry(5, 15, 4, 1000))
POOL = Pool("ab" * 32, (Cell("x/1", 2, A), Cell("x/2", 1, B)))
FIRST = dataclasses.replace(POOL, schema=FIRST_SCHEMA)
NARROWED = Cell("x/1", 2, (*A[:2], Entry(7, 17, 0, -20, set=1)), "level=apply")
BALANCED = Pool(
    "ab" * 32,
    (
        Cell("x/1", 2, (Entry(1, 11, 4, 500), Entry(2, 12, 3, 600, 1), Entry(7, 17, 0, 300, 1))),
        Cell("x/1", 1, (Entry(3, 13, 4, 0), Entry(5, 15, 4, 1000)), "level=apply"),
    ),
    enemies=((5, 3), (7, 99, 1), (8, 2)),
    band=Band(1800, 30),
)

entries = st.builds(
    Entry,
    item=st.integers(0, 2**62),
    version=st.integers(0, 2**62),
    options=st.integers(0, 26),
    difficulty=st.none() | st.integers(-9999, 9999),
    set=st.integers(0, 2**32 - 1),
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


def test_an_entry_costs_25_bytes() -> None:
    many = Entries(Entry(i, i, 4, 500) for i in range(1000))
    assert sum(len(many.column(name)) for name in TYPECODES) == 25_000
    assert sum(getattr(many, name).itemsize for name in TYPECODES) == 25


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
        Pool("ab" * 32, (Cell("x/1", 2, (*A[:2], Entry(7, 17, 0, -20, 1))), Cell("x/2", 1, B))),
        Pool("ab" * 32, (Cell("x/1", 2, A, "level=apply"), Cell("x/2", 1, B))),
        Pool("ab" * 32, POOL.cells, enemies=((1, 7),)),
        Pool("ab" * 32, POOL.cells, unbalanced=NOT_ENOUGH_DATA),
        dataclasses.replace(BALANCED, band=None),
        dataclasses.replace(BALANCED, band=Band(1800, 31)),
        dataclasses.replace(BALANCED, band=Band(1801, 30)),
        dataclasses.replace(BALANCED, enemies=((3, 5),)),
        FIRST,
    ],
)
def test_whatever_a_draw_can_depend_on_changes_the_fingerprint(other: Pool) -> None:
    for one in (POOL, BALANCED):
        assert other != one
        assert other.fingerprint() != one.fingerprint()


def test_a_committed_fingerprint_catches_any_change_of_the_layout() -> None:
    first = "98afe110cfe24a0742bf6c41d1d06b24d210632a1e0b6bfdb4b25951a6684790"
    assert FIRST.fingerprint() == first
    assert FIRST.fingerprint() == first  # the second time it is the kept one
    second = "f7aa4b09351a180328285cb40baa29ab7f3e6b1d84791a0b2c70d511061f9fc5"
    assert BALANCED.fingerprint() == second


@given(several, several, st.booleans())
def test_a_pool_comes_back_from_its_json_document(
    first: list[Entry], second: list[Entry], shuffle: bool
) -> None:
    taken = {entry.item for entry in first}
    cells = (
        Cell("x/1", 1, tuple(first), "kind=numeric"),
        Cell("x/ü", 2, tuple(entry for entry in second if entry.item not in taken)),
    )
    pool = Pool("ab" * 32, cells, shuffle, (tuple(taken), tuple(e.item for e in second)))
    for one in (pool, FIRST, BALANCED):
        again = Pool.from_document(json.loads(json.dumps(one.as_document())))
        assert again == one
        assert again.fingerprint() == one.fingerprint()


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"schema": "pool/3"},
        {"schema": "pool/2"},
        {"schema": "pool/1"},
        {**POOL.as_document(), "cells": [{"outcome": "x"}]},
        {**POOL.as_document(), "cells": 3},
        {**POOL.as_document(), "band": 3},
        {**FIRST.as_document(), "cells": [{"outcome": "x"}]},
        {**FIRST.as_document(), "cells": 3},
    ],
)
def test_a_document_that_is_no_pool_says_so(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"pool/[12]"):
        Pool.from_document(broken)


def test_columns_of_different_length_are_no_pool() -> None:
    document = json.loads(json.dumps(FIRST.as_document()))
    document["cells"][0]["versions"].pop()
    with pytest.raises(ValueError, match="shorter"):
        Pool.from_document(document)
    document = json.loads(json.dumps(POOL.as_document()))
    document["cells"][0]["options"] = document["cells"][1]["options"]
    with pytest.raises(ValueError, match="shorter"):
        Pool.from_document(document)


def test_an_item_stands_in_one_cell_once() -> None:
    with pytest.raises(ValueError, match="item 1 stands twice"):
        Cell("x/1", 1, (A[0], A[0]))
    with pytest.raises(ValueError, match="item 1 stands in two cells"):
        Pool("ab" * 32, (Cell("x/1", 1, A), Cell("x/2", 1, A[:1])))


def test_what_a_pool_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="two cells are named x/1"):
        Pool("ab" * 32, (Cell("x/1", 1, A), Cell("x/1", 1, B)))
    with pytest.raises(ValueError, match="difficulties that are not known"):
        Pool("ab" * 32, (Cell("x/1", 1, A),), band=Band(500, 10))
    with pytest.raises(ValueError, match="to each side"):
        Band(500, -1)
    for later in ({"cells": (NARROWED,)}, {"enemies": ((1, 2),)}):
        with pytest.raises(ValueError, match="pool/1 has no"):
            dataclasses.replace(FIRST, **later)


def test_enemies_are_kept_in_order_and_without_those_that_are_not_there() -> None:
    assert BALANCED.enemies == ((1, 7), (3, 5))
    assert Pool("ab" * 32, POOL.cells, enemies=((7, 1), (1, 7), (1, 1))).enemies == ((1, 7),)


def test_a_band_holds_both_its_ends() -> None:
    assert [score in Band(1800, 30) for score in (1769, 1770, 1830, 1831)] == [
        *(False, True, True, False)
    ]


def test_impossible_entries_are_refused() -> None:
    with pytest.raises(ValueError, match="options"):
        Entries([Entry(1, 1, 256)])
    with pytest.raises(ValueError, match="-1 questions"):
        Cell("x/1", -1, A)


def test_a_pool_knows_its_length_and_cannot_be_changed() -> None:
    assert POOL.length == 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        POOL.specification = "other"  # type: ignore[misc]
