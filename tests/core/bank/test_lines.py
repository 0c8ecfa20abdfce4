"""Do bytes from outside become lines, in bounds, whatever they hold?"""

from __future__ import annotations

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.bank.formats import lines as reading
from assess.bank.formats.lines import CHUNK, FileRefused, lines
from assess.reasons import Code


def texts(data: bytes, limit: int = 1 << 30) -> list[str | None]:
    return [line.text for line in lines(io.BytesIO(data), limit)]


def why(data: bytes, limit: int = 1 << 30) -> dict[str, object]:
    with pytest.raises(FileRefused) as caught:
        texts(data, limit)
    assert caught.value.refused.code is Code.FILE
    (reason,) = caught.value.refused.reasons
    return dict(reason.values)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\ufeff"))))
def test_lines_are_those_of_the_text_packed_or_not(wanted: list[str]) -> None:
    text = "\n".join(["first", *wanted, "last"])
    ends = [f"{line}\n" for line in text.split("\n")[:-1]] + ["last"]
    for mark in (b"", b"\xef\xbb\xbf"):
        data = mark + text.encode()
        assert texts(data) == ends
        assert texts(gzip.compress(data)) == ends


@given(st.binary(min_size=1, max_size=300_000), st.integers(1, 5))
def test_members_of_a_packed_file_are_read_one_after_another(data: bytes, parts: int) -> None:
    size = len(data) // parts + 1
    packed = b"".join(
        gzip.compress(data[start : start + size]) for start in range(0, len(data), size)
    )
    assert b"".join(reading._unpacked(io.BytesIO(packed + b"\0" * 100), 1 << 30)) == data


def test_output_that_outgrows_its_input_is_given_out_whole() -> None:
    data = b"x" * (5 * CHUNK + 17)
    assert b"".join(reading._unpacked(io.BytesIO(gzip.compress(data)), 1 << 30)) == data


def test_a_line_beyond_the_limit_is_counted_but_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LINE", 100_000)
    data = b"a\n" + b"x" * 100_000 + b"\nb\n" + b"y" * 99_999 + b"\nc"
    assert [None if t is None else t[:1] for t in texts(data)] == ["a", None, "b", "y", "c"]


def test_a_byte_that_is_no_utf8_is_named_by_line_and_place_in_the_file() -> None:
    data = b"\xef\xbb\xbfone\ntwo caf\xe9\nthree"
    place = data.index(b"\xe9") + 1
    assert why(data) == {"what": "file_not_utf8", "line": 2, "byte": place}
    assert why("id,stem".encode("utf-16")) == {"what": "file_not_utf8", "line": 1, "byte": 1}


def test_an_empty_file_is_named_packed_or_not() -> None:
    assert why(b"") == why(gzip.compress(b"")) == {"what": "file_empty"}


def test_a_file_that_is_too_large_is_refused_packed_or_not() -> None:
    limit = 3 * reading.MEGABYTE
    assert why(b"x" * 99_999 + b"\n" + b"x" * limit, limit) == {
        "what": "file_too_large",
        "allowed": 3,
    }
    bomb = gzip.compress(b"x" * 50 * reading.MEGABYTE)
    assert len(bomb) < 100_000
    assert why(bomb, limit) == {"what": "gzip_too_large", "allowed": 3}


def test_a_file_of_nothing_but_line_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LINES", 1000)
    assert len(texts(b"\n" * 1000)) == 1000
    assert why(b"\n" * 1001) == {"what": "file_too_many_lines", "allowed": 1000}


def test_a_packed_file_that_is_damaged_or_cut_off_is_refused() -> None:
    packed = gzip.compress(b"one\ntwo\n" * 10_000)
    wrong = bytearray(packed)
    wrong[-5] ^= 1  # the check sum
    for data in (packed[:-1], packed[:40], packed[:3], bytes(wrong), packed + b"litter"):
        assert why(data) == {"what": "gzip_damaged"}


def test_a_packed_file_of_countless_members_is_refused() -> None:
    empty = gzip.compress(b"", mtime=0)
    assert why(empty * (reading.MAX_MEMBERS + 1) + gzip.compress(b"x")) == {"what": "gzip_damaged"}


@given(st.binary(max_size=2_000), st.booleans())
def test_arbitrary_bytes_give_lines_or_a_refusal(data: bytes, packed: bool) -> None:
    if packed:
        data = b"\x1f\x8b" + data
    try:
        texts(data)
    except FileRefused:
        return
