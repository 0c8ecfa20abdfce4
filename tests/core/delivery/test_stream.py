"""The specified stream of a draw: its words, and that its numbers are uniform."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.delivery import stream
from assess.delivery.stream import FIRST_LABEL, Stream

SEED = bytes(range(32))


def test_the_words_are_those_of_the_record() -> None:
    taken = Stream(SEED, "c0ffee", 2)
    expected = b"".join(
        hmac.new(
            SEED,
            b"assess-draw/2\x00c0ffee\x00\x00\x00\x00\x02" + counter.to_bytes(8, "big"),
            hashlib.sha256,
        ).digest()
        for counter in range(3)
    )
    words = [int.from_bytes(expected[i : i + 8], "big") for i in range(0, len(expected), 8)]
    assert [taken.word() for _ in range(12)] == words


def test_a_committed_vector_catches_any_change_of_the_stream() -> None:
    taken = Stream(SEED, "0123456789abcdef", 1, FIRST_LABEL)
    numbers = [taken.below(n) for n in (2, 3, 8, 56, 1_000_000, 2**64)]
    assert numbers == [0, 0, 3, 52, 27612, 2631256815360526989]


@pytest.mark.parametrize(
    "other",
    [
        Stream(SEED[::-1], "a", 1),
        Stream(SEED, "b", 1),
        Stream(SEED, "a", 2),
        Stream(SEED, "a", 1, FIRST_LABEL),
    ],
)
def test_seed_candidate_ordinal_and_label_each_give_another_stream(other: Stream) -> None:
    assert Stream(SEED, "a", 1).word() != other.word()


def test_a_number_below_one_takes_no_word() -> None:
    untouched, asked = Stream(SEED, "a", 1), Stream(SEED, "a", 1)
    assert [asked.below(1) for _ in range(9)] == [0] * 9
    assert asked.word() == untouched.word()


class Scripted(Stream):
    """A stream whose words are given."""

    def __init__(self, *words: int) -> None:
        super().__init__(SEED, "scripted", 1)
        self._words = list(reversed(words))


def test_words_above_the_largest_multiple_are_thrown_away() -> None:
    limit = 2**64 - 2**64 % 10
    assert Scripted(2**64 - 1, limit, limit - 1).below(10) == 9
    assert Scripted(0, 1).below(10) == 0


def test_two_to_the_sixty_four_takes_a_word_as_it_is() -> None:
    assert Scripted(2**64 - 1).below(2**64) == 2**64 - 1


@given(st.integers(1, 2**64), st.integers(1, 1000))
def test_every_number_is_below_its_bound(n: int, ordinal: int) -> None:
    assert 0 <= Stream(SEED, "a", ordinal).below(n) < n


@given(st.lists(st.one_of(st.integers(1, 20), st.integers(1, 2**70))), st.integers(1, 1000))
def test_several_numbers_are_those_that_come_one_by_one(bounds: list[int], ordinal: int) -> None:
    together, one_by_one = Stream(SEED, "a", ordinal), Stream(SEED, "a", ordinal)
    assert together.several(bounds) == [one_by_one.below(n) for n in bounds]
    assert together.word() == one_by_one.word()


def test_several_numbers_throw_away_the_same_words() -> None:
    limit = 2**64 - 2**64 % 10
    assert Scripted(2**64 - 1, 13, limit, limit - 1).several([10, 10]) == [3, 9]


@given(st.lists(st.integers(0, 6)))
def test_orders_are_those_of_one_shuffle_after_another(sizes: list[int]) -> None:
    together, one_by_one = Stream(SEED, "a", 1), Stream(SEED, "a", 1)
    shuffled = [list(range(size)) for size in sizes]
    for order in shuffled:
        one_by_one.shuffle(order)
    assert together.orders(sizes) == shuffled


@given(st.lists(st.integers()), st.integers(1, 1000))
def test_a_shuffle_loses_nothing(values: list[int], ordinal: int) -> None:
    shuffled = list(values)
    Stream(SEED, "a", ordinal).shuffle(shuffled)
    assert sorted(shuffled) == sorted(values)


def test_a_larger_bound_takes_the_words_it_needs_the_first_in_front() -> None:
    assert Scripted(7, 9).below(2**65) == (7 * 2**64 + 9) % 2**65
    assert Scripted(2**64 - 1, 2**64 - 1, 0, 5).below(2**64 + 1) == 5
    assert Scripted(1, 0, 0).below(2**192) == 2**128


@pytest.mark.parametrize("n", [0, -1, -(2**64)])
def test_there_is_no_number_below_nothing(n: int) -> None:
    with pytest.raises(ValueError, match="no number below"):
        Stream(SEED, "a", 1).below(n)


@pytest.mark.parametrize(
    ("seed", "candidate", "ordinal"),
    [(b"short", "a", 1), (SEED, "", 1), (SEED, "a", 0), (SEED, "a", 2**32)],
)
def test_a_stream_without_secret_person_or_ordinal_is_refused(
    seed: bytes, candidate: str, ordinal: int
) -> None:
    with pytest.raises(ValueError, match=r"seed|pseudonym|ordinal"):
        Stream(seed, candidate, ordinal)


def test_a_commitment_is_the_sha_256_of_the_seed() -> None:
    assert stream.commitment(SEED) == hashlib.sha256(SEED).hexdigest()
