"""What is an attempt worth, in all and for each outcome, and is it a pass?

Every question is worth one mark. Scores are whole thousandths of a mark, so that partial credit
adds up exactly on every machine.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from assess.bank import cells
from assess.bank.cells import Placing
from assess.bank.items import Content
from assess.bank.kinds import FULL_MARK, KINDS, Answer, pack
from assess.bank.specification import Quota, Specification
from assess.delivery.draw import Drawn

RULE = "marking/1"
"""Names this rule in every stored mark. Another rule takes another name."""

BY_A_PERSON = "person/1"
"""The same for a mark that a person gave on request."""

WITH_LATE = "late/1"
"""The same for a mark in which answers count that came after the end and were accepted."""

WORDS: Mapping[bool, str] = MappingProxyType({True: "Pass", False: "Not yet passed"})
"""The exact words of a result. There are no others."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One question, marked. `score` in thousandths of a mark; `option_mask` has bit k set for the
    version's own option k; `correct` means the full mark.
    """

    place: int
    item: int
    version: int
    outcome: str
    score: int
    option_mask: int
    answered: bool
    correct: bool


@dataclass(frozen=True, slots=True)
class OutcomeMark:
    """One outcome, marked: `score` in thousandths, `out_of` and `minimum` in marks.

    `met` says that the minimum is reached, which the pass rule asks. `short` says that a mark was
    lost, which is when there is something to revise.
    """

    outcome: str
    score: int
    out_of: int
    minimum: int
    met: bool

    @property
    def short(self) -> bool:
        """Whether less than the full mark was reached."""
        return self.score < self.out_of * FULL_MARK


@dataclass(frozen=True, slots=True)
class Mark:
    """An attempt, marked: `score` in thousandths of a mark, `out_of` and `cut` in marks.

    `outcomes` in the order of the specification's quotas, one for all quotas of an outcome;
    `questions` in order of place.
    """

    score: int
    out_of: int
    cut: int
    passed: bool
    outcomes: tuple[OutcomeMark, ...]
    questions: tuple[Scored, ...]
    rule: str = RULE

    @property
    def words(self) -> str:
        """The result in its exact words."""
        return WORDS[self.passed]


def mark(
    specification: Specification,
    drawn: Sequence[Drawn],
    contents: Mapping[int, Content],
    answers: Mapping[int, Answer],
) -> Mark:
    """Mark a form: `contents` by version, `answers` by place (from 1), in the version's own order.

    A place without an answer scores nothing. Passed when the total reaches the cut score and every
    outcome its minimum. ValueError for a question that belongs to no quota, an answer beyond the
    form, or an answer that is none to its question; KeyError for a version without content.
    """
    placing = Placing(specification.quotas)
    beyond = [place for place in answers if not 1 <= place <= len(drawn)]
    if beyond:
        raise ValueError(f"answers at places {beyond} of a form of {len(drawn)}")
    questions = tuple(
        _scored(place, one, contents[one.version], answers.get(place, ()), placing)
        for place, one in enumerate(drawn, start=1)
    )
    outcomes = tuple(_outcome(quota, questions) for quota in specification.outcomes)
    score = sum(question.score for question in questions)
    passed = score >= specification.cut * FULL_MARK and all(one.met for one in outcomes)
    return Mark(score, len(questions), specification.cut, passed, outcomes, questions)


def again(mark: Mark, given: Collection[int]) -> Mark:
    """The mark after a person has looked at it: full marks for the questions at these places too.

    Nobody is worse off by asking: marks are only given. ValueError for a place the form has not.
    """
    if beyond := [place for place in given if not 1 <= place <= mark.out_of]:
        raise ValueError(f"places {beyond} of a form of {mark.out_of}")
    return _summed(
        mark,
        tuple(
            replace(one, score=FULL_MARK, correct=True) if one.place in given else one
            for one in mark.questions
        ),
        BY_A_PERSON,
    )


def with_late(
    mark: Mark, contents: Mapping[int, Content], late: Mapping[int, Answer], *, lower: bool = False
) -> Mark:
    """The mark with these late answers, by place in the version's own order, accepted.

    Each question keeps the better of its two scores, so that nobody is worse off; where `lower`,
    the late answer counts whatever it scores. Of two answers worth the same the later one counts.
    ValueError for a place the form has not; KeyError for a version without content.
    """
    if beyond := [place for place in late if not 1 <= place <= mark.out_of]:
        raise ValueError(f"places {beyond} of a form of {mark.out_of}")
    return _summed(
        mark,
        tuple(
            _with_late(one, contents[one.version], late[one.place], lower)
            if one.place in late
            else one
            for one in mark.questions
        ),
        WITH_LATE,
    )


def _with_late(one: Scored, content: Content, answer: Answer, lower: bool) -> Scored:
    score = KINDS[content.kind].score(content, answer)
    if score < one.score and not lower:
        return one
    return replace(
        one,
        score=score,
        option_mask=pack(answer),
        answered=bool(answer),
        correct=score == FULL_MARK,
    )


def _summed(mark: Mark, questions: tuple[Scored, ...], rule: str) -> Mark:
    outcomes = tuple(
        _outcome(Quota(one.outcome, one.out_of, one.minimum), questions) for one in mark.outcomes
    )
    score = sum(question.score for question in questions)
    passed = score >= mark.cut * FULL_MARK and all(one.met for one in outcomes)
    return Mark(score, mark.out_of, mark.cut, passed, outcomes, questions, rule)


def _scored(place: int, drawn: Drawn, content: Content, answer: Answer, placing: Placing) -> Scored:
    score = KINDS[content.kind].score(content, answer)
    return Scored(
        place=place,
        item=drawn.item,
        version=drawn.version,
        outcome=counted_for(placing, content),
        score=score,
        option_mask=pack(answer),
        answered=bool(answer),
        correct=score == FULL_MARK,
    )


def counted_for(placing: Placing, content: Content) -> str:
    """The outcome that a question counts for: that of the quota it was drawn for."""
    quota = cells.counts_for(placing, content)
    if quota is None:
        raise ValueError(f"outcome {content.outcome!r} belongs to no quota of the specification")
    return quota.outcome


def _outcome(quota: Quota, questions: Sequence[Scored]) -> OutcomeMark:
    own = [question for question in questions if question.outcome == quota.outcome]
    score = sum(question.score for question in own)
    met = score >= quota.minimum * FULL_MARK
    return OutcomeMark(quota.outcome, score, len(own), quota.minimum, met)
