"""Which questions does this candidate get, in which order: a form drawn at random by rule.

The order of rules: quotas and enemies always; then unseen items, and where they do not suffice
those seen fewest times, among these the least recently seen; then the band; then uniform among all
forms that are left. A stream carries the label of the draw it serves: forms drawn under an earlier
one are drawn again by the rules of their time.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from assess.bank.problems import because
from assess.delivery import first_draw, gathering, second_draw
from assess.delivery.entries import Entries, Entry
from assess.delivery.pool import Band, Cell, Pool
from assess.delivery.second_draw import Account, Chosen, account, countable
from assess.delivery.sight import History, Seen
from assess.delivery.sight import fingerprint as history_fingerprint
from assess.delivery.stream import FIRST_LABEL, LABEL, Stream, commitment
from assess.reasons import Code, Reason, Refused

__all__ = [
    "FIRST_LABEL",
    "LABEL",
    "Account",
    "Band",
    "Cell",
    "Draw",
    "Drawn",
    "Entries",
    "Entry",
    "History",
    "Pool",
    "Seen",
    "Stream",
    "account",
    "commitment",
    "countable",
    "draw",
    "form_fingerprint",
    "history_fingerprint",
    "why_not_found",
]

FORM_LABEL = b"assess-form/1\0"
COUNT = struct.Struct(">I")
QUESTION = struct.Struct(">qqB")
TRIALS = 8  # forms that are drawn before a test with entangled enemies is published


@dataclass(frozen=True, slots=True)
class Drawn:
    """One question of a form: an item in a version, and the order of its options.

    `order[k]` is the version's own number of the option shown at position k, both from 0. An empty
    order means: all options, in the version's own order.
    """

    item: int
    version: int
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """A form as drawn: its questions in the order shown, and the fingerprint that names it.

    `expected` is its expected score for the borderline candidate in thousandths of a mark, and
    `in_band` whether that lies in the pool's band; both None where the pool has no band.
    """

    questions: tuple[Drawn, ...]
    fingerprint: str
    expected: int | None = None
    in_band: bool | None = None


def draw(pool: Pool, history: History, stream: Stream) -> Draw | Refused:
    """Draw a form from `pool` for a candidate who has met `history`, by the words of `stream`.

    The stream must be fresh: a stream that has been used gives another form. Refused with
    E-BLUEPRINT (409): one reason for each cell that is short (`quota_short` with `outcome`, `need`,
    `have`), or `no_form` when sets and enemies leave none: nobody is given a short form. ValueError
    for a stream whose label names no draw.
    """
    short = tuple(
        because(
            Code.BLUEPRINT,
            "quota_short",
            {"outcome": cell.key, "need": cell.count, "have": len(cell.entries)},
        )
        for cell in pool.cells
        if len(cell.entries) < cell.count
    )
    if short:
        return Refused(Code.BLUEPRINT, short, status=409)
    if stream.label == FIRST_LABEL:
        chosen: Chosen | None = Chosen(first_draw.choose(pool, history, stream), None, None)
    elif stream.label == LABEL:
        chosen = second_draw.choose(pool, history, stream)
    else:
        raise ValueError(f"no draw is called {stream.label!r}")
    if chosen is None:
        return Refused(Code.BLUEPRINT, (because(Code.BLUEPRINT, "no_form", {}),), status=409)
    rows = gathering.rows(pool, chosen.places)
    orders = stream.orders([options for _, _, options in rows])
    form = tuple(
        Drawn(item, version, tuple(order))
        for (item, version, _), order in zip(rows, orders, strict=True)
    )
    return Draw(form, form_fingerprint(form), chosen.expected, chosen.in_band)


def why_not_found(pool: Pool) -> tuple[Reason, ...]:
    """E-BLUEPRINT where there are forms, but so few that trying hardly finds one.

    Enemies that are too entangled to be counted are kept apart by trying, and whoever starts in
    vain is refused. So a few forms are drawn before, always by the same stream.
    """
    if not pool.enemies or countable(pool):
        return ()
    drawn = [draw(pool, {}, Stream(bytes(32), "trial", n)) for n in range(1, TRIALS + 1)]
    failed = sum(isinstance(one, Refused) for one in drawn)
    values = {"failed": failed, "trials": TRIALS}
    return (because(Code.BLUEPRINT, "hardly_found", values),) if failed else ()


def form_fingerprint(questions: Sequence[Drawn]) -> str:
    """SHA-256 that names a form: its item versions and every order, hexadecimal."""
    digest = hashlib.sha256(FORM_LABEL)
    digest.update(COUNT.pack(len(questions)))
    for drawn in questions:
        digest.update(QUESTION.pack(drawn.item, drawn.version, len(drawn.order)))
        digest.update(bytes(drawn.order))
    return digest.hexdigest()
