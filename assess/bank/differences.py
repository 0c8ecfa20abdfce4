"""What has changed from one version of a question to the next, word by word?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from assess.bank import appearance
from assess.bank.items import Content, Option

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
LETTER = re.compile(r"\w")
MOST_PAIRS = 100_000  # of a word and its like: more take seconds
LONG = 200  # words of a text of which difflib calls those common that are more than a hundredth


class Fate(StrEnum):
    """What became of a stretch of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text and what became of it."""

    text: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a question that reads otherwise.

    `part` is a field of the content, or `option`, `key`, `rationale` of an option; `was` and `now`
    are the option's places (from 0) before and after, None where it was not or is no longer there,
    and for parts that belong to no option.
    """

    part: str
    segments: tuple[Segment, ...]
    was: int | None = None
    now: int | None = None


def words(before: str, after: str) -> tuple[Segment, ...]:
    """The text `after` with what was removed from `before`; equal neighbours are one segment.

    What two changes have between them and is no word (a space, a comma) counts as changed too:
    a sentence written anew is struck out and put in as a whole, not in shreds.
    """
    old, new = WORDS.findall(before), WORDS.findall(after)
    blocks = _blocks(old, new)
    found: list[Segment] = []
    removed = added = ""
    for place, (kind, a, b, c, d) in enumerate(blocks):
        left, right = "".join(old[a:b]), "".join(new[c:d])
        between_changes = 0 < place < len(blocks) - 1
        if kind != "equal" or (between_changes and not LETTER.search(left)):
            removed, added = removed + left, added + right
            continue
        found += _change_of(removed, added)
        found.append(Segment(left, Fate.SAME))
        removed = added = ""
    return (*found, *_change_of(removed, added))


def _blocks(old: list[str], new: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """Which words stayed, as `difflib` says it.

    It compares each word with all its like, again for each stretch that it finds. Where these are
    many it is not to begin a stretch at common words; where they are many still, all is new.
    """
    of_old, of_new = Counter(old), Counter(new)
    alike = {word: count * of_old[word] for word, count in of_new.items()}
    if sum(alike.values()) <= MOST_PAIRS:
        return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    common = len(new) // 100 + 1 if len(new) >= LONG else len(new)
    if sum(pairs for word, pairs in alike.items() if of_new[word] <= common) <= MOST_PAIRS:
        return SequenceMatcher(None, old, new, autojunk=True).get_opcodes()
    return [("replace", 0, len(old), 0, len(new))]


def _change_of(removed: str, added: str) -> list[Segment]:
    """What went and what came; where both look the same, with the characters that nobody sees."""
    if appearance.look(removed) == appearance.look(added):
        removed, added = appearance.spelled(removed), appearance.spelled(added)
    pair = (Segment(removed, Fate.REMOVED), Segment(added, Fate.ADDED))
    return [segment for segment in pair if segment.text]


def between(old: Content, new: Content) -> tuple[Change, ...]:
    """Every part that differs, in the order in which a question is read; empty for none.

    An option is followed where its text stayed; options between those are compared in their order.
    """
    return tuple(_changes(old, new))


def _changes(old: Content, new: Content) -> Iterator[Change]:
    for part in ("kind", "set", "stimulus", "stem"):
        yield from _change(part, getattr(old, part), getattr(new, part))
    yield from _options(old.options, new.options)
    for part, before, after in (
        ("outcome", old.outcome or "", new.outcome or ""),
        ("level", _said(old.level), _said(new.level)),
        ("facility", _per_cent(old), _per_cent(new)),
        ("revise", old.revise, new.revise),
        ("shuffle", _yes(old.shuffle), _yes(new.shuffle)),
        ("scoring", old.scoring, new.scoring),
        ("enemies", "; ".join(old.enemies), "; ".join(new.enemies)),
    ):
        yield from _change(part, before, after)


def _options(old: tuple[Option, ...], new: tuple[Option, ...]) -> Iterator[Change]:
    matcher = SequenceMatcher(None, [o.text for o in old], [o.text for o in new], autojunk=False)
    for _kind, a, b, c, d in matcher.get_opcodes():
        both = min(b - a, d - c)
        for k in range(both):
            yield from _option(old[a + k], new[c + k], a + k, c + k)
        for k in range(a + both, b):
            yield from _option(old[k], Option("", False), k, None)
        for k in range(c + both, d):
            yield from _option(Option("", False), new[k], None, k)


def _option(old: Option, new: Option, was: int | None, now: int | None) -> Iterator[Change]:
    yield from _change("option", old.text, new.text, was, now)
    yield from _change("key", _key(old), _key(new), was, now)
    yield from _change("rationale", old.rationale, new.rationale, was, now)


def _change(
    part: str, before: str, after: str, was: int | None = None, now: int | None = None
) -> Iterator[Change]:
    if before != after:
        yield Change(part, words(before, after), was, now)


def _key(option: Option) -> str:
    return ("key" if option.correct else "distractor") if option.text else ""


def _said(value: object) -> str:
    return "" if value is None else str(value)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _per_cent(content: Content) -> str:
    share = content.expected_facility
    return "" if share is None else f"{share / 10:.1f}".removesuffix(".0") + " %"
