"""Which answers count, what did the browser send, and what is the receipt's digest?

An answer is a row that is inserted, never changed: the same question answered again is another row
with a higher number. What counts is the row with the highest (writer, sequence) of its question.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assess.bank.items import MAX_OPTIONS
from assess.bank.kinds import KINDS, Answer, Kind, pack
from assess.reasons import Code, Helper, Refused

LABEL = b"assess-answers/1\0"
COUNT = struct.Struct(">I")
ROW = struct.Struct(">IIQQq")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
POSITION = re.compile(r"0|[1-9][0-9]?", re.ASCII)  # no sign, no leading zero, no other digits


@dataclass(frozen=True, slots=True)
class Saved:
    """One stored answer to the question at `place` (from 1).

    `writer` is the number given at opening or taking over, `sequence` the writer's running number
    for this question. `answer` is in the version's own order; empty when the answer was cleared.
    """

    place: int
    writer: int
    sequence: int
    answer: Answer
    received: datetime


def latest(saves: Iterable[Saved]) -> Mapping[int, Saved]:
    """By place, the save that counts: the one with the highest (writer, sequence).

    The order in which saves arrived or are handed in does not matter. ValueError when two saves
    bear the same place, writer and sequence but not the same answer: the record is broken then.
    """
    counting: dict[int, Saved] = {}
    for save in saves:
        held = counting.get(save.place)
        if held is None or (save.writer, save.sequence) > (held.writer, held.sequence):
            counting[save.place] = save
        elif (save.writer, save.sequence) == (held.writer, held.sequence) and (
            save.answer != held.answer
        ):
            raise ValueError(
                f"two answers at place {save.place}: writer {save.writer}, sequence {save.sequence}"
            )
    return dict(sorted(counting.items()))


def digest(saves: Iterable[Saved]) -> str:
    """SHA-256 over all answer rows of an attempt, hexadecimal: what a receipt shows.

    Rows are put in the order of place, writer, sequence. Bytes: the label `assess-answers/1` and a
    zero byte; the number of rows (4 bytes); for each row place (4), writer (4), sequence (8), the
    mask of chosen options (8, bit k for option k of the version's own order), and the moment of
    receipt in microseconds since 1970-01-01 UTC (8, signed). All big-endian.
    """
    rows = sorted(saves, key=lambda save: (save.place, save.writer, save.sequence))
    hashed = hashlib.sha256(LABEL)
    hashed.update(COUNT.pack(len(rows)))
    for row in rows:
        moment = (row.received.astimezone(UTC) - EPOCH) // MICROSECOND
        hashed.update(ROW.pack(row.place, row.writer, row.sequence, pack(row.answer), moment))
    return hashed.hexdigest()


def parse(values: Sequence[object], n_options: int, kind: str | Kind) -> Answer | Refused:
    """The shown positions (from 0, ascending) that a browser sent, whatever it sent.

    `values` are the form's or the request's values for one question: the decimal numbers of the
    positions chosen. None at all, or one empty text, clears the answer: (). Refused with E-ANSWER
    (422) for everything that is no answer to a question of `n_options` options of this kind:
    `what` is `value_unreadable`, `value_repeated` or `too_many_choices`. What was sent is not
    repeated in the refusal.
    """
    of_kind = KINDS[kind] if isinstance(kind, str) else kind
    if isinstance(values, str | bytes):  # one text where a list belongs: its letters are no values
        return _refused("value_unreadable", n_options)
    if not values or (len(values) == 1 and values[0] == ""):
        return ()
    if len(values) > MAX_OPTIONS:
        return _refused("too_many_choices", n_options)
    chosen: set[int] = set()
    for value in values:
        if not isinstance(value, str) or POSITION.fullmatch(value) is None:
            return _refused("value_unreadable", n_options)
        position = int(value)
        if position >= n_options:
            return _refused("value_unreadable", n_options)
        if position in chosen:
            return _refused("value_repeated", n_options)
        chosen.add(position)
    answer = tuple(sorted(chosen))
    if not of_kind.well_formed_answer(n_options, answer):
        return _refused("too_many_choices", n_options)
    return answer


def _refused(what: str, n_options: int) -> Refused:
    return Refused.of(Code.ANSWER, status=422, who=Helper.YOU, what=what, options=n_options)
