"""Where does a draw take its chance from, so that anyone with the seed can take it again?

The stream is specified, not a library's generator: HMAC-SHA256 under the secret seed, over who
draws for the how-manieth time and a counter. It depends on nothing that somebody can choose, and on
no version of Python. `docs/decisions/0004-the-draw.md` and `0020-the-balanced-draw.md` describe
it for other languages.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, MutableSequence, Sequence
from typing import TypeVar

FIRST_LABEL = "assess-draw/1"
LABEL = "assess-draw/2"
"""Names the definition of stream and draw. Another definition takes another label."""

WORDS = struct.Struct(">4Q")  # one HMAC-SHA256 value is four words
COUNTER = struct.Struct(">Q")
ORDINAL = struct.Struct(">I")
BLOCK = 64  # bytes that SHA-256 works on at a time, and that HMAC's key is padded to
INNER, OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
SPAN = 1 << 64
SMALL = 1 << 32
SURE = SPAN - SMALL  # no word below it is thrown away where the number is below SMALL
MIN_SEED = 16  # bytes; seeds.seed() gives 32

T = TypeVar("T")


class Stream:
    """The numbers behind one draw of one candidate: uniform, without end, the same every time.

    `seed` is the secret of the pool's epoch (at least 16 bytes), `candidate` the candidate's
    pseudonym, `ordinal` the running number of the attempt at this test, from 1; `label` names the
    draw that it serves. ValueError when one of them cannot be used.
    """

    __slots__ = ("_counter", "_inner", "_outer", "_words", "label")

    def __init__(self, seed: bytes, candidate: str, ordinal: int, label: str = LABEL) -> None:
        if len(seed) < MIN_SEED:
            raise ValueError(f"a seed of {len(seed)} bytes is shorter than {MIN_SEED}")
        if not candidate:
            raise ValueError("a stream needs the candidate's pseudonym")
        if not 1 <= ordinal < 1 << 32:
            raise ValueError(f"attempt ordinal {ordinal}")
        self.label = label
        # HMAC written out (RFC 2104): what all blocks have in common is hashed once. A call of
        # hmac.digest for each block takes five times as long as all else that a word costs.
        key = (seed if len(seed) <= BLOCK else hashlib.sha256(seed).digest()).ljust(BLOCK, b"\0")
        self._inner = hashlib.sha256(key.translate(INNER))
        self._inner.update(label.encode() + b"\0" + candidate.encode() + b"\0")
        self._inner.update(ORDINAL.pack(ordinal))
        self._outer = hashlib.sha256(key.translate(OUTER))
        self._counter = 0
        self._words: list[int] = []

    def word(self) -> int:
        """The next 64-bit word of the stream."""
        return (self._words or self._block()).pop()

    def _block(self) -> list[int]:
        """The next words, the first one last."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(COUNTER.pack(self._counter))
        outer.update(inner.digest())
        self._counter += 1
        self._words = list(WORDS.unpack(outer.digest()))
        self._words.reverse()
        return self._words

    def below(self, n: int) -> int:
        """A number from 0 to n - 1, each equally likely; n from 1.

        For n = 1 no word is taken. Words at or above the largest multiple of n are thrown away:
        taking the remainder of those as well would favour small numbers. Above 2**64 as many words
        as it needs are read as one number, the first word in front.
        """
        if n <= 1:
            if n == 1:
                return 0
            raise ValueError(f"no number below {n}")
        if n > SPAN:
            return self._below(n)
        while True:
            word = self._words.pop() if self._words else self.word()
            rest = word % n
            if word - rest <= SPAN - n:  # below the largest multiple of n that is at most SPAN
                return rest

    def several(self, bounds: Iterable[int]) -> list[int]:
        """A number below each of these, as `below` gives them one after another.

        One call for a whole form: a call for each number takes longer than the number.
        """
        found = []
        words = self._words
        for n in bounds:
            if not 1 < n < SMALL:
                found.append(self.below(n))
                words = self._words
                continue
            while True:
                if not words:
                    words = self._block()
                word = words.pop()
                rest = word % n
                if word < SURE or word - rest <= SPAN - n:
                    found.append(rest)
                    break
        return found

    def _below(self, n: int) -> int:
        words = -(-(n - 1).bit_length() // 64)
        span = 1 << 64 * words
        while True:
            number = 0
            for _ in range(words):
                number = number << 64 | self.word()
            if number < span - span % n:
                return number % n

    def shuffle(self, sequence: MutableSequence[T]) -> None:
        """Put a sequence into an order, each equally likely (Fisher and Yates, from the end)."""
        last = len(sequence)
        for other in self.several(range(last, 1, -1)):
            last -= 1
            sequence[last], sequence[other] = sequence[other], sequence[last]

    def orders(self, sizes: Sequence[int]) -> list[list[int]]:
        """The numbers below each of these sizes, each lot in an order as `shuffle` gives it."""
        found = [list(range(size)) for size in sizes]
        others = iter(self.several([n for size in sizes for n in range(size, 1, -1)]))
        for order in found:
            for last in range(len(order) - 1, 0, -1):
                other = next(others)
                order[last], order[other] = order[other], order[last]
        return found


def commitment(seed: bytes) -> str:
    """What is published of a seed before its first use: its SHA-256, hexadecimal."""
    return hashlib.sha256(seed).hexdigest()
