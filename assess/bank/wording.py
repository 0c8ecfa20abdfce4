"""How could this question be worded better? Advice for its author; advice never blocks.

The guidelines are those of item writing: Haladyna, Downing & Rodriguez, "A review of
multiple-choice item-writing guidelines for classroom assessment", Applied Measurement in
Education 15 (2002), 309-334. They name no figures; the thresholds here are our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assess.bank import appearance
from assess.bank.items import Content, letter

# By code: so many questions “with ...”, where they are not named one by one.
IN_SHORT = {
    "negative_stem": "a word such as “not” in what is asked",
    "equal_options": "two options that say the same",
    "longest_is_key": "a key that is much the longest option",
    "points_at_others": "an option that points at others",
    "missing_rationale": "no reason why each option is right or wrong",
    "missing_revise": "nothing to revise",
    "repeated_stem": "the words of another question",
}
LONGER_BY = 1.5  # ours: how many times as long as the longest distractor a key stands out
LONGER_BY_CHARACTERS = 20  # ours: below this no reader would notice
NEGATIVE = re.compile(r"(?<!\bat )\b(?:not|except|never|least|neither|cannot)\b")
LAST_SENTENCE = re.compile(r"[.!?]\s+(?=\S)")
POINTS_AT_OTHERS = re.compile(
    r"\b(?:all|none|both|neither|any|either) of (?:the )?"
    r"(?:above|these|other (?:options|answers))\b"
    r"|\b(?:both|neither) [a-h] (?:and|nor) [a-h]\b"
    r"|^\(?[a-h]\)?,? (?:and|or) \(?[a-h]\)?(?: only)?\.?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing an author may want to change: a fixed `code`, and an English sentence."""

    code: str
    sentence: str


def advice(content: Content) -> tuple[Advice, ...]:
    """All advice on one question, in the order in which an author reads the question."""
    found = [
        _negative(content),
        _equal_options(content),
        _longest_is_key(content),
        _points_at_others(content),
        _rationales(content),
        _revise(content),
    ]
    return tuple(one for one in found if one is not None)


def repeated_stems(stems: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Groups of identifiers whose stems look the same, but for case.

    `stems` holds (identifier, stem); the groups, each of two or more, come in the order of their
    first members.
    """
    groups: dict[int, list[str]] = {}
    for identifier, stem in stems:
        # The hash alone is kept: a bank of a million stems would not be held twice.
        groups.setdefault(hash(plain(stem)), []).append(identifier)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def plain(text: str) -> str:
    """The text without the differences that make no other question: those unseen, and case."""
    return appearance.in_line(text).casefold()


def _negative(content: Content) -> Advice | None:
    """A small "not" is overlooked. Only the question itself is looked at, not its story."""
    asked = LAST_SENTENCE.split(content.stem)[-1]
    word = NEGATIVE.search(asked)
    if word is None:
        return None
    return Advice(
        "negative_stem",
        f"The question turns on the word “{word.group()}”, which is easily overlooked: ask it the "
        "other way round, or write the word in capitals.",
    )


def _equal_options(content: Content) -> Advice | None:
    first: dict[str, int] = {}
    for index, option in enumerate(content.options):
        # Case counts: in genetics, and in mathematics, "Aa" is not "aa".
        earlier = first.setdefault(appearance.look(option.text), index)
        if earlier != index:
            return Advice(
                "equal_options",
                f"Options {letter(earlier)} and {letter(index)} say the same.",
            )
    return None


def _longest_is_key(content: Content) -> Advice | None:
    lengths = [len(option.text) for option in content.options]
    wrong = [n for n, option in zip(lengths, content.options, strict=True) if not option.correct]
    if len(content.key) != 1 or not wrong:
        return None
    longest = lengths[content.key[0]]
    if longest < max(wrong) * LONGER_BY or longest - max(wrong) < LONGER_BY_CHARACTERS:
        return None
    return Advice(
        "longest_is_key",
        f"The correct option {letter(content.key[0])} is much the longest, which gives it away: "
        "make the options about equally long.",
    )


def _points_at_others(content: Content) -> Advice | None:
    if not content.shuffle:
        return None
    for index, option in enumerate(content.options):
        if POINTS_AT_OTHERS.search(option.text.strip()):
            return Advice(
                "points_at_others",
                f"Option {letter(index)} points at other options, but the order is shuffled: "
                "word it anew, or keep the order.",
            )
    return None


def _rationales(content: Content) -> Advice | None:
    missing = [letter(i) for i, option in enumerate(content.options) if not option.rationale]
    if not missing:
        return None
    if len(missing) == len(content.options):
        said = "No option says why it is right or wrong"
    else:
        said = f"No rationale for {', '.join(missing)}"
    return Advice("missing_rationale", f"{said}: candidates learn from it after the test.")


def _revise(content: Content) -> Advice | None:
    if content.revise:
        return None
    return Advice("missing_revise", "Nothing says what to revise for somebody who gets it wrong.")
