"""What is well formed, what is an answer, and what is it worth, for each kind of question?

One table, `KINDS`. A kind says what content it refuses, which answers exist, and the mark of an
answer in whole thousandths of one mark. An answer is the tuple of chosen option indices in the
version's own order, ascending; the empty tuple is no answer and scores nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from assess.bank.appearance import is_blank
from assess.bank.items import (
    EXACT,
    FACILITY_SCALE,
    MAX_OPTIONS,
    PARTIAL,
    SCORINGS,
    Content,
    letter,
)
from assess.bank.problems import problem, shown
from assess.reasons import Reason

Answer = tuple[int, ...]

FULL_MARK = 1000  # thousandths of one mark
MIN_OPTIONS = 2
MAX_STEM = 20_000  # characters
MAX_OPTION = 5_000  # characters of an option or a rationale
MAX_TEXT = 5_000  # characters of a pointer to what to revise
MAX_OUTCOME = 300  # characters of a path
MAX_SET = 200  # characters of the identifier of a set
MAX_STIMULUS = 20_000  # characters
MAX_ENEMIES = 500  # characters of the names of all groups


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of question behaves.

    `malformed(content)` gives every reason why content of this kind is refused, empty when none.
    `well_formed_answer(content, answer)` takes the content or its number of options.
    `score(content, answer)` gives 0 to 1000 and raises ValueError for what is no answer.
    `scorings` are the ways of marking that make a difference to it.
    """

    name: str
    title: str
    instruction: str
    control: str
    malformed: Callable[[Content], tuple[Reason, ...]]
    well_formed_answer: Callable[[Content | int, Answer], bool]
    score: Callable[[Content, Answer], int]
    scorings: tuple[str, ...] = (EXACT,)


def malformed(content: Content) -> tuple[Reason, ...]:
    """Every reason why this content cannot be a question, its kind being one of the reasons."""
    kind = KINDS.get(content.kind)
    if kind is None:
        unknown = problem("kind_unknown", found=shown(content.kind), allowed=", ".join(KINDS))
        return (unknown, *_malformed_anyway(content))
    return kind.malformed(content)


def pack(answer: Answer) -> int:
    """The bit mask of an answer: bit k stands for option k, 0 for no answer.

    Raises ValueError for an index outside 0 to 25.
    """
    mask = 0
    for index in answer:
        if not 0 <= index < MAX_OPTIONS:
            raise ValueError(f"option {index} is outside 0 to {MAX_OPTIONS - 1}")
        mask |= 1 << index
    return mask


def unpack(mask: int) -> Answer:
    """The answer of a bit mask, ascending. Raises ValueError for a mask no answer packs to."""
    if not 0 <= mask < 1 << MAX_OPTIONS:
        raise ValueError(f"mask {mask} is outside 0 to {(1 << MAX_OPTIONS) - 1}")
    return tuple(index for index in range(MAX_OPTIONS) if mask >> index & 1)


def _malformed_single(content: Content) -> tuple[Reason, ...]:
    found = list(_malformed_anyway(content))
    if len(content.key) > 1:
        found.append(problem("one_key_needed", found=len(content.key)))
    return tuple(found)


def _malformed_multiple(content: Content) -> tuple[Reason, ...]:
    return tuple(_malformed_anyway(content))


def _malformed_anyway(content: Content) -> Iterator[Reason]:
    """What no kind of question allows."""
    if is_blank(content.stem):
        yield problem("no_stem")
    if len(content.stem) > MAX_STEM:
        yield problem("stem_too_long", found=len(content.stem), allowed=MAX_STEM)
    if len(content.options) < MIN_OPTIONS:
        yield problem("too_few_options", found=len(content.options), allowed=MIN_OPTIONS)
    if len(content.options) > MAX_OPTIONS:
        yield problem("too_many_options", found=len(content.options), allowed=MAX_OPTIONS)
    for index, option in enumerate(content.options[:MAX_OPTIONS]):
        if is_blank(option.text):
            yield problem("option_empty", column=letter(index))
        if len(option.text) > MAX_OPTION:
            yield problem(
                "option_too_long",
                column=letter(index),
                found=len(option.text),
                allowed=MAX_OPTION,
            )
    if content.options and not content.key:
        yield problem("no_key")
    if content.scoring not in SCORINGS:
        yield problem("scoring_unknown", found=shown(content.scoring), allowed=", ".join(SCORINGS))
    facility = content.expected_facility
    if facility is not None and not 0 <= facility <= FACILITY_SCALE:
        yield problem("facility_not_share", found=f"{facility / FACILITY_SCALE:.3f}")
    if content.set and is_blank(content.stimulus):
        yield problem("set_without_stimulus", set=shown(content.set))
    if content.stimulus and is_blank(content.set):
        yield problem("stimulus_without_set")
    for column, text, allowed in _texts(content):
        if allowed and len(text) > allowed:
            yield problem("text_too_long", column=column, found=len(text), allowed=allowed)
        if "\0" in text:
            yield problem("nul", column=column)
        lone = _lone_surrogate(text)
        if lone is not None:
            yield problem("surrogate", column=column, character=lone)


def _texts(content: Content) -> Iterator[tuple[str, str, int]]:
    """Each text with its column and its limit; 0 where the limit has a reason of its own."""
    yield "stem", content.stem, 0
    for index, option in enumerate(content.options[:MAX_OPTIONS]):
        yield letter(index), option.text, 0
        yield f"rationale_{letter(index)}", option.rationale, MAX_OPTION
    yield "revise", content.revise, MAX_TEXT
    yield "outcome", content.outcome or "", MAX_OUTCOME
    yield "set", content.set, MAX_SET
    yield "stimulus", content.stimulus, MAX_STIMULUS
    yield "enemies", "; ".join(content.enemies), MAX_ENEMIES


def _lone_surrogate(text: str) -> int | None:
    """The place (from 1) of a half of a character, which JSON can spell and nobody can store."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start + 1
    return None


def _is_choice(options: Content | int, answer: Answer) -> bool:
    """Ascending, each option at most once, and only options that exist."""
    count = options if isinstance(options, int) else len(options.options)
    return all(0 <= index < count for index in answer) and all(
        earlier < later for earlier, later in pairwise(answer)
    )


def _is_single_choice(options: Content | int, answer: Answer) -> bool:
    return len(answer) <= 1 and _is_choice(options, answer)


def _score_single(content: Content, answer: Answer) -> int:
    if not _is_single_choice(content, answer):
        raise ValueError(f"{answer} is no answer to a single choice")
    return FULL_MARK if answer and answer == content.key else 0


def _score_multiple(content: Content, answer: Answer) -> int:
    """Exact: all of the key and nothing else. Partial: right choices less wrong ones, over keys.

    The share is rounded to the nearest thousandth, halves up, and is never below nothing.
    """
    if not _is_choice(content, answer):
        raise ValueError(f"{answer} is no answer to a multiple response")
    key = content.key
    if not answer or not key:
        return 0
    if content.scoring != PARTIAL:
        return FULL_MARK if answer == key else 0
    right = len(set(answer) & set(key))
    earned = max(0, right - (len(answer) - right))
    return (2 * FULL_MARK * earned + len(key)) // (2 * len(key))


_ALL = (
    Kind(
        "single_choice",
        "Single choice",
        "Choose one answer.",
        "radios",
        _malformed_single,
        _is_single_choice,
        _score_single,
    ),
    Kind(
        "multiple_response",
        "Multiple response",
        "Choose all the answers that apply.",
        "checkboxes",
        _malformed_multiple,
        _is_choice,
        _score_multiple,
        SCORINGS,
    ),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
