"""The decision record is enough: a replay written from its words alone gives the same forms.

Nothing of the project is used between seed and form: plain lists, `hmac`, `hashlib`, `struct`.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assess.delivery import draw
from assess.delivery.draw import Cell, Draw, Entry, Pool, Seen, Stream

SEED = b"\x5a" * 32


def words(seed: bytes, candidate: str, ordinal: int) -> Iterator[int]:
    counter = 0
    while True:
        message = b"assess-draw/1\0" + candidate.encode() + b"\0"
        message += struct.pack(">IQ", ordinal, counter)
        yield from struct.unpack(">4Q", hmac.new(seed, message, hashlib.sha256).digest())
        counter += 1


def below(stream: Iterator[int], n: int) -> int:
    if n == 1:
        return 0
    while True:
        word = next(stream)
        if word < (1 << 64) // n * n:
            return word % n


def subset(stream: Iterator[int], free: list[Any], count: int) -> list[Any]:
    free = list(free)
    return [free.pop(below(stream, len(free))) for _ in range(count)]


def shuffled(stream: Iterator[int], values: list[Any]) -> list[Any]:
    for i in range(len(values) - 1, 0, -1):
        j = below(stream, i + 1)
        values[i], values[j] = values[j], values[i]
    return values


def replay(
    document: dict[str, Any], history: dict[int, tuple[int, int]], stream: Iterator[int]
) -> list[tuple[int, int, tuple[int, ...]]]:
    form = []
    for cell in document["cells"]:
        rows = sorted(zip(cell["items"], cell["versions"], cell["options"], strict=True))
        unseen = [row for row in rows if row[0] not in history]
        if len(unseen) >= cell["count"]:
            chosen = subset(stream, unseen, cell["count"])
        else:
            chosen = unseen
            for rank in sorted({history[row[0]] for row in rows if row[0] in history}):
                group = [row for row in rows if history.get(row[0]) == rank]
                missing = cell["count"] - len(chosen)
                chosen += group if len(group) <= missing else subset(stream, group, missing)
                if len(chosen) == cell["count"]:
                    break
        form += sorted(chosen)
    if document["shuffle_questions"]:
        form = shuffled(stream, form)
    return [(i, v, tuple(shuffled(stream, list(range(n))))) for i, v, n in form]


def text(value: str) -> bytes:
    return struct.pack(">I", len(value.encode())) + value.encode()


def pool_fingerprint(document: dict[str, Any]) -> str:
    raw = b"assess-pool/1\0" + text(document["specification"])
    raw += bytes([document["shuffle_questions"]]) + struct.pack(">I", len(document["cells"]))
    for cell in document["cells"]:
        n = len(cell["items"])
        difficulties = [-(2**31) if d is None else d for d in cell["difficulties"]]
        raw += text(cell["outcome"]) + struct.pack(">II", cell["count"], n)
        raw += struct.pack(f">{n}q", *cell["items"]) + struct.pack(f">{n}q", *cell["versions"])
        raw += bytes(cell["options"]) + struct.pack(f">{n}i", *difficulties)
    return hashlib.sha256(raw).hexdigest()


def form_fingerprint(form: list[tuple[int, int, tuple[int, ...]]]) -> str:
    raw = b"assess-form/1\0" + struct.pack(">I", len(form))
    for item, version, order in form:
        raw += struct.pack(">qqB", item, version, len(order)) + bytes(order)
    return hashlib.sha256(raw).hexdigest()


def history_fingerprint(history: dict[int, tuple[int, int]]) -> str:
    raw = b"assess-history/1\0" + struct.pack(">I", len(history))
    for item, (times, last) in sorted(history.items()):
        raw += struct.pack(">qII", item, times, last)
    return hashlib.sha256(raw).hexdigest()


@given(
    sizes=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=5),
    options=st.integers(0, 26),
    shuffle=st.booleans(),
    met=st.dictionaries(
        st.integers(1, 60), st.tuples(st.integers(1, 3), st.integers(1, 4)), max_size=60
    ),
    candidate=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
    ordinal=st.integers(1, 2**32 - 1),
)
def test_an_outsider_draws_the_same_form_byte_for_byte(
    sizes: list[tuple[int, int]],
    options: int,
    shuffle: bool,
    met: dict[int, tuple[int, int]],
    candidate: str,
    ordinal: int,
) -> None:
    cells, first = [], 1
    for number, (one, other) in enumerate(sizes):
        size, count = max(one, other), min(one, other)
        entries = tuple(Entry(first + i, 7 * i, options, i if i % 2 else None) for i in range(size))
        cells.append(Cell(f"u/{number}", count, entries))
        first += size
    pool = Pool("ab" * 32, tuple(cells), shuffle, schema="pool/1")
    history = {item: Seen(*sight) for item, sight in met.items()}

    form = draw.draw(pool, history, Stream(SEED, candidate, ordinal, draw.FIRST_LABEL))

    assert isinstance(form, Draw)
    again = replay(pool.as_document(), met, words(SEED, candidate, ordinal))
    assert [(one.item, one.version, one.order) for one in form.questions] == again
    assert form.fingerprint == form_fingerprint(again)
    assert pool.fingerprint() == pool_fingerprint(pool.as_document())
    assert draw.history_fingerprint(history) == history_fingerprint(met)
