"""Which answers of a device's journal are evidence, and which of them may still be taken up?

A journal holds what a device could not send. Its answers count when they come in time from the
device that may write. What comes later, or from a device that was taken over, is evidence: for
the candidate to take up question by question while time remains, for somebody to decide about
afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from assess.bank.kinds import Answer
from assess.delivery.answering import Saved, latest


class Cause(StrEnum):
    """Why an answer does not count by itself."""

    LATE = "late"  # it came after the end
    SUPERSEDED = "superseded"  # its device was taken over


@dataclass(frozen=True, slots=True)
class Held:
    """An answer that is evidence; `answer` in the version's own order.

    `unbroken` says whether its journal missed no number of this question before it.
    """

    cause: Cause
    place: int
    writer: int
    sequence: int
    answer: Answer
    received: datetime
    unbroken: bool = True


def unbroken(known: Mapping[int, int], entries: Iterable[tuple[int, int]]) -> tuple[bool, ...]:
    """For each (place, sequence) of a journal, in its order: is no number missing before it?

    `known` holds, by place, the highest number that the server had before. A journal may repeat
    what the server has.
    """
    reached = dict(known)
    found = []
    for place, sequence in entries:
        whole = sequence <= reached.get(place, 0) + 1
        if whole:
            reached[place] = max(sequence, reached.get(place, 0))
        found.append(whole)
    return tuple(found)


def offers(held: Sequence[Held], saves: Iterable[Saved], writer: int) -> tuple[Held, ...]:
    """What the current writer may be offered of what devices before it did not send, by place.

    Of each question the newest such answer, unless it is what counts already, or the current
    writer has answered the question since it came.
    """
    stored = tuple(saves)
    counting = latest(stored)
    newest: dict[int, Held] = {}
    for one in held:
        before = newest.get(one.place)
        if one.cause is not Cause.SUPERSEDED or one.writer >= writer:
            continue
        if before is None or (one.writer, one.sequence) > (before.writer, before.sequence):
            newest[one.place] = one
    return tuple(
        one
        for place, one in sorted(newest.items())
        if (place not in counting or counting[place].answer != one.answer)
        and not any(
            save.place == place
            and save.writer == writer
            and save.received.astimezone(UTC) >= one.received.astimezone(UTC)
            for save in stored
        )
    )


def acceptable(held: Iterable[Held], saves: Iterable[Saved]) -> dict[int, Held]:
    """By place, the late answers that would count if they were accepted beside what counts.

    Only late ones, never those of a device that was taken over: its candidate saw them and could
    have taken them up. The highest (writer, sequence) of a question counts, as always: a late
    answer from a device before does not overrule one of the device after it.
    """
    late = {(one.place, one.writer, one.sequence): one for one in held if one.cause is Cause.LATE}
    sent = [Saved(*key, one.answer, one.received) for key, one in late.items()]
    return {
        place: late[place, save.writer, save.sequence]
        for place, save in latest([*saves, *sent]).items()
        if (place, save.writer, save.sequence) in late
    }
