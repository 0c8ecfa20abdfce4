"""How do bytes from outside become lines of text, whatever they hold?

Streaming and bounded: gzip is recognised by its first bytes and unpacked up to a limit; a line
has a limit too, so no file can fill the memory. Text is UTF-8, with or without a byte order mark.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from assess.bank.formats import documents
from assess.bank.problems import problem
from assess.reasons import Reason, Refused

CHUNK = 1 << 16  # bytes
MEGABYTE = 1 << 20
MAX_UNPACKED = 512 * MEGABYTE  # bytes of a file, unpacked
MAX_LINES = 4_000_000
MAX_MEMBERS = 10_000  # of one gzip file; tools that pack in blocks make one for each 64 kilobytes
MAX_LINE = 4 * MEGABYTE  # bytes; the largest question, every character escaped, needs about half
GZIP = b"\x1f\x8b"
DELIMITERS = (",", ";", "\t")
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # Excel's files, new and old; archives too


class FileRefused(Exception):  # noqa: N818 - it is a refusal, and named like one
    """A file that is not what it should be, as a whole; `refused` says why [E-FILE]."""

    def __init__(self, *reasons: Reason) -> None:
        self.refused: Refused = documents.refuse(*reasons)
        super().__init__(", ".join(str(reason.values["what"]) for reason in reasons))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text with its number (from 1) and its line ending; None where it was too long."""

    number: int
    text: str | None


def delimiter(header: str) -> str:
    """What stands between the cells of a table: whichever the names of its columns have most of."""
    return max(DELIMITERS, key=header.count)


def lines(stream: BinaryIO, limit: int = MAX_UNPACKED) -> Iterator[Line]:
    """The lines of a stream, as they are read. Raises FileRefused, at once or on the way.

    A line ends at LF; a CR before it, or on its own, stays in the text.
    """
    offset = 0  # bytes before this line
    for number, (raw, size) in enumerate(_split(_unpacked(stream, limit)), start=1):
        if number > MAX_LINES:
            raise FileRefused(problem("file_too_many_lines", allowed=MAX_LINES))
        if raw is None:
            yield Line(number, None)
        else:
            if number == 1:
                if raw.startswith(WORKBOOKS):
                    raise FileRefused(problem("file_workbook"))
                raw = raw.removeprefix(codecs.BOM_UTF8)
            try:
                yield Line(number, raw.decode("utf-8"))
            except UnicodeDecodeError as error:
                at = offset + size - len(raw) + error.start + 1
                raise FileRefused(problem("file_not_utf8", line=number, byte=at)) from None
        offset += size


def _split(chunks: Iterator[bytes]) -> Iterator[tuple[bytes | None, int]]:
    """Each line with its size in bytes; None in place of a line beyond the limit."""
    pending: list[bytes] = []
    size = 0
    for chunk in chunks:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            size += end + 1 - start
            pending.append(chunk[start : end + 1])
            yield (b"".join(pending) if size <= MAX_LINE else None), size
            pending, size, start = [], 0, end + 1
        size += len(chunk) - start
        # What is beyond the limit is counted, but not kept.
        pending = [*pending, chunk[start:]] if size <= MAX_LINE else []
    if size:
        yield (b"".join(pending) if size <= MAX_LINE else None), size


def _unpacked(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    """The stream's bytes, unpacked if they are gzip, in small chunks, up to the limit."""
    first = stream.read(CHUNK)
    if not first:
        raise FileRefused(problem("file_empty"))
    packed = first.startswith(GZIP)
    total = 0
    for chunk in _gunzip(first, stream) if packed else _plain(first, stream):
        total += len(chunk)
        if total > limit:
            what = "gzip_too_large" if packed else "file_too_large"
            raise FileRefused(problem(what, allowed=limit // MEGABYTE))
        yield chunk
    if not total:
        raise FileRefused(problem("file_empty"))


def _plain(first: bytes, stream: BinaryIO) -> Iterator[bytes]:
    while first:
        yield first
        first = stream.read(CHUNK)


def _gunzip(data: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """Unpack the members of a gzip file; never more than a chunk at a time is held."""
    members = 1
    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        while True:
            chunk = member.decompress(data, CHUNK)
            if chunk:
                yield chunk
            if member.eof:
                # Another member may follow; zeros after the last one are padding.
                data = member.unused_data.lstrip(b"\0") or stream.read(CHUNK).lstrip(b"\0")
                members += 1
                if not data or members > MAX_MEMBERS:
                    break
                member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            elif member.unconsumed_tail:
                data = member.unconsumed_tail
            elif len(chunk) == CHUNK:
                data = b""  # all was taken in, but not all was given out
            else:
                data = stream.read(CHUNK)
                if not data:
                    break
    except zlib.error:
        raise FileRefused(problem("gzip_damaged")) from None
    if not member.eof or members > MAX_MEMBERS:
        raise FileRefused(problem("gzip_damaged"))
