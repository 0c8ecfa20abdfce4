"""The chain names the first entry that was changed, lost or put in, and survives erasure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assess import journal
from assess.journal import GENESIS, Entry, Seal, details_digest, link, verify

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
Row = tuple[Seal, Entry | None, tuple[bytes, str] | None]


def chain(length: int = 5) -> list[Row]:
    """A good chain, every entry with details."""
    rows: list[Row] = []
    head = GENESIS
    for n in range(1, length + 1):
        details = (bytes([n]) * 16, f'{{"name":"Person {n}"}}')
        entry = Entry(n * 10, AT, "person:add", 1, None, {"person": n}, details_digest(*details))
        head = link(head, entry)
        rows.append((Seal(n, entry.id, head), entry, details))
    return rows


def test_a_good_chain_is_good_and_says_its_head() -> None:
    rows = chain()
    verdict = verify(rows, unsealed=2)
    assert (verdict.sealed, verdict.unsealed, verdict.bad_entry) == (5, 2, None)
    assert verdict.head == rows[-1][0].hash


def test_an_empty_chain_is_good() -> None:
    assert verify([], 0).head == GENESIS


@pytest.mark.parametrize("place", range(5))
def test_a_changed_entry_is_the_first_bad_one(place: int) -> None:
    rows = chain()
    seal, entry, details = rows[place]
    assert entry is not None
    for changed in (
        replace(entry, facts={"person": 99}),
        replace(entry, event="person:deactivate"),
        replace(entry, actor=7),
        replace(entry, centre=None),
        replace(entry, at=AT.replace(microsecond=1)),
    ):
        rows[place] = (seal, changed, details)
        verdict = verify(rows, 0)
        assert (verdict.sealed, verdict.bad_entry) == (place, entry.id)


@pytest.mark.parametrize("place", range(5))
def test_an_entry_that_is_gone_is_named(place: int) -> None:
    rows = chain()
    rows[place] = (rows[place][0], None, None)
    assert verify(rows, 0).bad_entry == rows[place][0].entry


def test_a_seal_that_is_gone_is_noticed_at_the_next() -> None:
    rows = chain()
    verdict = verify(rows[:2] + rows[3:], 0)
    assert (verdict.sealed, verdict.bad_entry) == (2, 40)


def test_two_entries_that_changed_places_are_noticed() -> None:
    rows = chain()
    (one, first, d1), (two, second, d2) = rows[1], rows[2]
    rows[1], rows[2] = (one, second, d2), (two, first, d1)
    assert verify(rows, 0).sealed == 1


def test_changed_details_are_bad_and_erased_details_are_not() -> None:
    rows = chain()
    seal, entry, _ = rows[3]
    rows[3] = (seal, entry, (b"\4" * 16, '{"name":"Somebody Else"}'))
    assert verify(rows, 0).bad_entry == seal.entry
    rows[3] = (seal, entry, None)
    assert verify(rows, 0).bad_entry is None


def test_canonical_bytes_do_not_depend_on_the_order_of_keys() -> None:
    assert journal.canonical({"b": 1, "a": "é"}) == journal.canonical({"a": "é", "b": 1})
    assert journal.canonical({"a": "é"}) == '{"a":"é"}'.encode()
