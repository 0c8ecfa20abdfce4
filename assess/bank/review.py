"""Who may make which move of an item's version, and with which words?

Nobody approves what they wrote (four eyes): a question goes live only when somebody else has read
it. Whoever has saved the working copy has written it, and so has whoever wrote a version that came
back and was worked on again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from assess.bank.lifecycle import Move
from assess.reasons import Code, Helper, Reason, Value
from assess.roles import Role

LONGEST_WORDS = 5_000  # characters of a comment, or of the words of a decision
FEWEST_WORDS = 3  # characters: below this nobody has said why

BOTH = frozenset({Role.AUTHOR, Role.REVIEWER})
MAKERS: Mapping[Move, frozenset[Role]] = MappingProxyType(
    {
        Move.SUBMIT: frozenset({Role.AUTHOR}),
        Move.WITHDRAW: frozenset({Role.AUTHOR}),
        Move.RETURN: frozenset({Role.REVIEWER}),
        Move.APPROVE: frozenset({Role.REVIEWER}),
        # Taking a question out of use does no candidate harm, so whoever sees the fault may act.
        Move.SUSPEND: BOTH,
        Move.RESUME: frozenset({Role.REVIEWER}),
        Move.RETIRE: BOTH,
    }
)
"""Which roles may make a move. What a newer version supersedes, nobody has to move."""
FOUR_EYES = frozenset({Move.APPROVE, Move.RESUME})
"""The moves that make a version live: of somebody else's work only."""
NEED_WORDS = frozenset({Move.RETURN, Move.SUSPEND, Move.RETIRE})
"""The moves that somebody else will ask the reason of."""


def why_not(
    move: Move, person: int | None, writers: Collection[int], words: str
) -> tuple[Reason, ...]:
    """Every reason why this person may not make this move with these words; empty means go.

    `person` is None for whoever runs the service, who wrote nothing.
    """
    found: list[Reason] = []
    if move in FOUR_EYES and person is not None and person in writers:
        found.append(Reason(Code.FOUR_EYES, who=Helper.AUTHOR))
    if move in NEED_WORDS and len(words.strip()) < FEWEST_WORDS:
        found.append(Reason(Code.FIELD, {"what": "words_needed", "field": "words"}, who=Helper.YOU))
    return (*found, *too_long(words))


def why_not_say(words: str) -> tuple[Reason, ...]:
    """Every reason why these words are no comment."""
    if not words.strip():
        return (Reason(Code.FIELD, {"what": "words_needed", "field": "words"}, who=Helper.YOU),)
    return too_long(words)


def too_long(words: str) -> tuple[Reason, ...]:
    """The reason why these words are too many, if they are."""
    if len(words) <= LONGEST_WORDS:
        return ()
    long: dict[str, Value] = {"what": "words_long", "field": "words", "allowed": LONGEST_WORDS}
    return (Reason(Code.FIELD, long, who=Helper.YOU),)
