"""What does the player send, and what does it get? Strict: a field too many is refused.

All positions are shown positions, from 0: of the author's order nothing is said.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_ENTRIES = 500  # of one journal: more come in parts
MOST_OPTIONS = 26

Number = Annotated[int, Field(ge=1, lt=1 << 31)]
Position = Annotated[int, Field(ge=0, lt=MOST_OPTIONS)]
Positions = Annotated[list[Position], Field(max_length=MOST_OPTIONS)]
Token = Annotated[str, Field(max_length=16_384)]


class Shape(BaseModel):
    """No type is guessed, no field is ignored."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Stimulus(Shape):
    """The case that a question is about."""

    text: str


class Resource(Shape):
    """What an open-book test lays beside its questions."""

    title: str
    text: str = ""
    url: str = ""


class Question(Shape):
    """One question as shown. `choose` says how to answer, `control` how to ask: radios, boxes."""

    place: int
    kind: str
    control: str
    choose: str
    stem: str
    options: list[str]
    stimulus: Stimulus | None


class Counting(Shape):
    """The answer that counts, and the highest number that an answer to this question bears."""

    sequence: int
    answer: list[int]


class Form(Shape):
    """An open attempt: its questions, what is answered and flagged, who writes, how much time."""

    attempt: int
    title: str
    state: str
    writer: int
    token: str
    now: str
    seconds_left: int
    seconds: int
    deadline: str
    length: int
    open_book: list[Resource]
    questions: list[Question]
    answers: dict[str, Counting]
    flags: list[int]


class AnswerIn(Shape):
    """An answer to save; none clears the question."""

    token: Token
    writer: Number
    place: Number
    sequence: Number
    answer: Positions


class SavedOut(Shape):
    """The answer is on the disk."""

    saved: bool
    place: int
    sequence: int
    seconds_left: int


class EntryIn(Shape):
    """One entry of a device's journal."""

    place: Number
    sequence: Number
    answer: Positions


class JournalIn(Shape):
    """What a device could not send before, in its order."""

    token: Token
    writer: Number
    entries: Annotated[list[EntryIn], Field(max_length=MOST_ENTRIES)]


class OutcomeOut(Shape):
    """What became of an entry: saved, already, conflict, evidence-late, evidence-superseded."""

    place: int
    sequence: int
    outcome: str


class OutcomesOut(Shape):
    """What became of a journal, in its order."""

    outcomes: list[OutcomeOut]


class FlagIn(Shape):
    """A question to come back to, or no more."""

    place: Number
    flagged: bool


class FlagOut(Shape):
    """How the flag stands now."""

    place: int
    flagged: bool


class WriterOut(Shape):
    """The number of the device that may write, and its token."""

    writer: int
    token: str


class Offer(Shape):
    """An answer of a device before, which may be taken up by saving it."""

    place: int
    answer: list[int]
    writer: int
    sequence: int
    received: str


class OffersOut(Shape):
    """What devices before did not send in time, by question."""

    offers: list[Offer]


class HandInIn(Shape):
    """Hand in for good."""

    token: Token
    writer: Number


class HandedInOut(Shape):
    """Closed and marked: the receipt, and where the result is."""

    receipt: str
    result: str


class TimeOut(Shape):
    """How much time is left by the server's clock, and whether this session may write.

    While an attempt is paused `seconds_left` is what the clock stands at. `rest_left`: seconds of
    rest breaks that the candidate may still begin; while one lasts (`resting`) how long it can.
    """

    now: str
    seconds_left: int
    state: str
    writer_is_me: bool
    resting: bool
    rest_left: int


class Reason(Shape):
    """Why not, and what to do; `who` can help, and at `until` it clears by itself."""

    code: str
    what: str
    do: str
    who: str
    until: str | None


class Problem(Shape):
    """A refusal (RFC 9457). `kept`: came late, and is evidence; `fields`: those that are wrong."""

    type: str
    title: str
    status: int
    code: str
    reasons: list[Reason]
    kept: bool = False
    fields: list[str] = []
