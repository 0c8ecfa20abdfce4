"""What has a candidate met of a bank, and what of it is in front of them now?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from assess.delivery.draw import History, Seen
from assess.store import cursor

NEVER = 2**63 - 1  # no attempt has this number
FORMS = """
SELECT id, form FROM attempts WHERE candidate_id = :candidate AND bank_id = :bank AND id < :before
ORDER BY id
"""


def history(
    session: Session, candidate_id: int, bank_id: int, before: int | None = None
) -> History:
    """What a candidate has met of a bank, in which of their draws; before an attempt if given."""
    values = {"candidate": candidate_id, "bank": bank_id}
    rows = cursor.ask(session, FORMS, {**values, "before": NEVER if before is None else before})
    return met(cursor.document(form) for _, form in rows)


def in_front_of(session: Session, candidate_id: int, bank_id: int) -> dict[int, datetime]:
    """Which items of a bank a candidate is being asked now, and since when: of forms they see.

    Not those of a sealed form: whoever is told that these are left out knows what is in it.
    """
    rows = cursor.ask(session, _BEGUN, {"candidate": candidate_id, "bank": bank_id})
    return {i: cursor.moment_of(at) for form, at in rows for i, _, _ in cursor.document(form)}


_BEGUN = """
SELECT form, opened_at FROM attempts WHERE candidate_id = :candidate AND bank_id = :bank
AND state IN ('open', 'paused') ORDER BY opened_at DESC
"""


def met(forms: Iterable[Sequence[Sequence[Any]]]) -> History:
    """What somebody has met who was given these forms, in this order."""
    seen: dict[int, Seen] = {}
    for running, form in enumerate(forms, 1):
        _meet(seen, form, running)
    return seen


def _meet(seen: dict[int, Seen], form: Sequence[Sequence[Any]], running: int) -> None:
    for item, _, _ in form:
        times = seen[item].times if item in seen else 0
        seen[item] = Seen(times + 1, running)


class Histories:
    """What candidates had met of a bank before each of their attempts, asked for in their order.

    The forms of a candidate are read once: to read those before each anew takes a quarter of a
    minute for somebody who has practised seven hundred times.
    """

    def __init__(self, session: Session, bank_id: int) -> None:
        self._session, self._bank = session, bank_id
        self._known: dict[int, tuple[deque[tuple[int, Any]], dict[int, Seen], Iterator[int]]] = {}

    def before(self, candidate_id: int, attempt_id: int) -> History:
        """What the candidate had met before this attempt."""
        if candidate_id not in self._known:
            values = {"candidate": candidate_id, "bank": self._bank, "before": NEVER}
            forms = deque(cursor.ask(self._session, FORMS, values))
            self._known[candidate_id] = (forms, {}, count(1))
        forms, seen, running = self._known[candidate_id]
        while forms and forms[0][0] < attempt_id:
            _meet(seen, cursor.document(forms.popleft()[1]), next(running))
        return dict(seen)
