"""Can a question be answered without knowing the trade, by the look of its options?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache, partial
from itertools import pairwise
from math import log

from assess.bank.items import Content
from tests.core.content import demo

WORD = re.compile(r"[a-z']+")
# Words that say nothing of the trade. In an early state of the banks "and" and "what" stood three
# times as often in keys as in distractors, and ", since" the other way round: who had noticed it
# found two keys in five.
STYLE = frozenset(
    WORD.findall(
        "a about after all also always an and any as at be because been before being both but "
        "by can cannot could did do does each either else even ever every few first for from "
        "had has have her him his how if in into is it its just last least less like may "
        "might more most much must never no nor not now of off on once one only or other "
        "others over own same she should since so some still such than that the their them "
        "then there these they this those though through to too under until up very was well "
        "were what when where whether which while who whom whose why will with without would "
        "yes you your"
    )
)
SEEN_ENOUGH = 6  # options with a clue before a guesser believes in it
# With the words of the trade a guesser may do somewhat better than by chance: keys speak of what
# somebody needs, and that is what is to be known.
ALL_WORDS_AT_MOST = 1 / 3

Read = Callable[[str], frozenset[str]]


def style(text: str) -> frozenset[str]:
    """The clues of an option that have nothing to do with what it says."""
    clues = {word for word in WORD.findall(text.lower()) if word in STYLE}
    if "," in text:
        clues.add(",")
    if re.search(r"[£\d]", text):
        clues.add("figure")
    return frozenset(clues)


@cache
def every_word(text: str) -> frozenset[str]:
    """Every word and every two words of an option, its first word, and about how long it is."""
    words = WORD.findall(text.lower()) or ["figure"]
    pairs = {f"{one} {other}" for one, other in pairwise(words)}
    return frozenset({*words, *pairs, f"{words[0]} ...", f"length {min(len(words) // 3, 6)}"})


def learnt(items: Iterable[Content], read: Read) -> dict[str, float]:
    """For each clue, by how much it speaks for a key (log odds, one added to each count)."""
    keys: Counter[str] = Counter()
    others: Counter[str] = Counter()
    of_keys = of_others = 0
    for item in items:
        for option in item.options:
            (keys if option.correct else others).update(read(option.text))
            of_keys += option.correct
            of_others += not option.correct
    return {
        clue: log((keys[clue] + 1) / (of_keys + 2)) - log((others[clue] + 1) / (of_others + 2))
        for clue in keys.keys() | others.keys()
        if keys[clue] + others[clue] >= SEEN_ENOUGH
    }


def found(items: Iterable[Content], weights: dict[str, float], read: Read) -> float:
    """How many keys the guesser finds; of several best options one is drawn."""
    hits = 0.0
    for item in items:
        scores = [
            sum(weights.get(clue, 0) for clue in read(option.text)) for option in item.options
        ]
        best = [index for index, score in enumerate(scores) if score == max(scores)]
        hits += (item.key[0] in best) / len(best)
    return hits


def guessed(read: Read) -> tuple[float, int]:
    """Keys found and questions asked, each module by a guesser who has studied all others."""
    by_module = {
        module: [
            item
            for practice in (False, True)
            for item in demo.single_choice(demo.questions(module, practice))
        ]
        for module in demo.MODULES
    }
    hits = 0.0
    for module, asked in by_module.items():
        studied = [item for other in by_module if other != module for item in by_module[other]]
        hits += found(asked, learnt(studied, read), read)
    return hits, sum(map(len, by_module.values()))


def test_the_style_of_an_option_does_not_tell_the_key() -> None:
    hits, asked = guessed(style)
    assert demo.at_least(round(hits), asked) > demo.RARE


def test_nor_do_all_its_words_help_much() -> None:
    hits, asked = guessed(every_word)
    assert hits / asked < ALL_WORDS_AT_MOST


def test_the_guesser_finds_a_pattern_where_there_is_one() -> None:
    """Else the tests above would prove nothing."""
    items = demo.single_choice(demo.questions("M02"))
    marked = partial(_with_mark, {option.text for item in items for option in item.options[:1]})
    tells = [item for item in items if item.key[0] == 0]
    rest = [item for item in items if item.key[0] != 0]
    assert len(tells) > SEEN_ENOUGH
    assert found(tells, learnt(tells, marked), marked) == len(tells)
    assert found(rest, learnt(tells, marked), marked) == 0


def _with_mark(marked: set[str], text: str) -> frozenset[str]:
    return frozenset({"mark"} if text in marked else ())
