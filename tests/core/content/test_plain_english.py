"""Is the demonstration written so that a reader of 12 to 14 takes it in at once?

By the Flesch-Kincaid grade (Kincaid and others 1975): 0.39 words per sentence + 11.8 syllables per
word - 15.59, a year of American school; grade 9 is read at 14 to 15. Syllables are counted as
groups of vowels, less a silent ending, which is right for most English words and a little too
many for the rest.
"""

from __future__ import annotations

import re

import pytest

from assess.bank.items import Content
from tests.core.content import demo

SENTENCE_END = re.compile(r"[.!?:;]+(?:\s+|$)")
LETTERS = re.compile(r"[A-Za-z][A-Za-z']*")
VOWELS = re.compile(r"[aeiouy]+")
SILENT = re.compile(r"[^aeioul]e$|[^aeioutd]ed$|[^aeioucghlsxz]es$")
MODULE_AT_MOST = 7.0  # grade: an age of 12 to 13
QUESTION_AT_MOST = 9.0  # a few questions are about a long term of the trade


def syllables(word: str) -> int:
    """How many syllables a word has, about."""
    word = word.lower().replace("'", "")
    return max(len(VOWELS.findall(word)) - bool(SILENT.search(word)), 1)


def grade(texts: list[str]) -> float:
    """The Flesch-Kincaid grade of some texts; an option is a sentence of its own."""
    sentences = [
        words
        for text in texts
        for one in SENTENCE_END.split(text)
        if (words := LETTERS.findall(one))
    ]
    words = [word for sentence in sentences for word in sentence]
    return (
        0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    )


def texts(item: Content) -> list[str]:
    """Everything that a candidate reads of a question, the reasons too."""
    found = [item.stimulus, item.stem]
    for option in item.options:
        found += [option.text, option.rationale]
    return [text for text in found if text]


def test_syllables_are_counted_about_right() -> None:
    known = {"complaint": 2, "service": 2, "asked": 1, "wanted": 2, "services": 3, "comes": 1,
             "table": 2, "customer": 3, "organisation": 5, "the": 1, "agreed": 2}  # fmt: skip
    assert {word: syllables(word) for word in known} == known


def test_the_grade_tells_plain_from_hard() -> None:
    plain = "We will ring you on Friday. If you are out, we will leave a note."
    hard = "Notification of appointment availability is communicated telephonically, subsequently."
    assert grade([plain]) < 3
    assert grade([hard]) > 15


@pytest.mark.parametrize("practice", [False, True], ids=["bank", "practice"])
@pytest.mark.parametrize("module", demo.MODULES)
def test_every_module_is_read_with_ease(module: str, practice: bool) -> None:
    items = demo.questions(module, practice).values()
    assert grade([text for item in items for text in texts(item)]) < MODULE_AT_MOST
    assert grade([text for item in items for text in (item.stimulus, item.stem) if text]) < (
        MODULE_AT_MOST
    )


def test_no_question_is_hard_to_read() -> None:
    grades = {name: grade(texts(item)) for name, item in demo.all_questions().items()}
    assert {name: found for name, found in grades.items() if found >= QUESTION_AT_MOST} == {}
