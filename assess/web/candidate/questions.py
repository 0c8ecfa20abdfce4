"""What does a candidate see of one question of their attempt, and of the way to the others?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from assess.bank.resources import Resource
from assess.delivery import answering, form, timing
from assess.delivery import ledger as rules
from assess.delivery.form import Question
from assess.store import attempts, banks, ledger, specifications
from assess.store.attempts import Attempt
from assess.web import signing


@dataclass(frozen=True, slots=True)
class Place:
    """One question as the navigator shows it."""

    number: int
    answered: bool
    flagged: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """An attempt under way: which questions are answered and flagged, how much time is left.

    `resources` is what an open-book test lays beside its questions. `rest_seconds` is what the
    candidate may use for rest breaks of their own in all, `rest_left` what is left of it.
    """

    attempt_id: int
    title: str
    places: tuple[Place, ...]
    seconds: int
    seconds_left: int
    resources: tuple[Resource, ...] = ()
    rest_seconds: int = 0
    rest_left: int = 0

    @property
    def unanswered(self) -> tuple[int, ...]:
        """The numbers of the questions without an answer."""
        return tuple(place.number for place in self.places if not place.answered)

    @property
    def flagged(self) -> tuple[int, ...]:
        """The numbers of the questions that are flagged."""
        return tuple(place.number for place in self.places if place.flagged)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One question and the answer that counts now, in shown positions.

    `writer` and `sequence` are the numbers that the next answer bears.
    """

    question: Question
    chosen: tuple[int, ...]
    writer: int
    sequence: int


def paper(session: Session, row: Attempt, saves: Sequence[answering.Saved]) -> Paper:
    """Where a candidate stands in an attempt that is open; `saves` are all its answers."""
    assert row.deadline is not None  # noqa: S101 - an open attempt has one: a check holds it
    counting = answering.latest(saves)
    flagged = attempts.flags(session, row.id)
    now, rest_left = signing.now(), 0
    if row.rest_seconds:
        rest_left = rules.rest_left(ledger.of_attempt(session, row), row.rest_seconds, now)
    title, version = specifications.sat(session, row.test_id, row.specification_id)
    return Paper(
        attempt_id=row.id,
        title=title,
        places=tuple(
            Place(number, number in counting and bool(counting[number].answer), number in flagged)
            for number in range(1, len(row.form) + 1)
        ),
        seconds=row.seconds,
        seconds_left=timing.seconds_left(now, row.deadline),
        resources=version.specification().resources,
        rest_seconds=row.rest_seconds,
        rest_left=rest_left,
    )


def sheet(session: Session, row: Attempt, place: int, saves: Sequence[answering.Saved]) -> Sheet:
    """The question at a place of the form. The caller has made sure that the place exists."""
    drawn = row.drawn()[place - 1]
    content = banks.contents(session, [drawn.version])[drawn.version]
    counting = answering.latest(saves).get(place)
    return Sheet(
        question=form.question(place, len(row.form), drawn, content),
        chosen=form.own_to_shown(drawn.order, counting.answer) if counting else (),
        writer=row.writer,
        sequence=1 + max((save.sequence for save in saves if save.place == place), default=0),
    )
