"""Which headings, paragraphs and lists does the plain text of a statement hold?

Statements are written as plain text with the few marks of Markdown that such texts use: `#` before
a heading, `-` before each entry of a list, an empty line between paragraphs, `**` around strong
words. Everything else is text and is shown as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

OPENS = re.compile(r"\*\*(?=\S)")
CLOSES = re.compile(r"(?<=\S)\*\*")


class Kind(StrEnum):
    """What a block of text is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Run:
    """Some words in a row, strong or not."""

    text: str
    strong: bool


Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph (one line each), or a list (a line for each entry)."""

    kind: Kind
    lines: tuple[Line, ...]


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a text, in order. Every word of the text stands in exactly one of them."""
    found: list[tuple[Kind, list[str]]] = []
    fresh = True  # whether the next line begins a block
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            fresh = True
        elif line.startswith("#") and line.lstrip("#").startswith(" "):
            found.append((Kind.HEADING, [line.lstrip("#").strip()]))
            fresh = True
        elif line.startswith(("- ", "* ")):
            if not found or found[-1][0] is not Kind.LIST:
                found.append((Kind.LIST, []))
            found[-1][1].append(line[2:].strip())
            fresh = False
        elif fresh or not found:
            found.append((Kind.PARAGRAPH, [line]))
            fresh = False
        else:  # a line that goes on with the paragraph or the entry before it
            found[-1][1][-1] += f" {line}"
    return tuple(Block(kind, tuple(runs(line) for line in lines)) for kind, lines in found)


def runs(line: str) -> Line:
    """A line cut where strong words begin and end, looked through once from left to right."""
    found, plain_from = [], 0
    while opened := OPENS.search(line, plain_from):
        closed = CLOSES.search(line, opened.end() + 1)
        if closed is None:
            break
        found.append(Run(line[plain_from : opened.start()], False))
        found.append(Run(line[opened.end() : closed.start()], True))
        plain_from = closed.end()
    found.append(Run(line[plain_from:], False))
    return tuple(run for run in found if run.text)
