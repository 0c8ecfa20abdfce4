"""Does the record still hold what a receipt stands for?"""

from __future__ import annotations

from assess import store
from assess.actions import closing
from assess.delivery import answering
from assess.delivery.receipts import Claim
from assess.store import attempts
from assess.store.attempts import Attempt


def holds(claim: Claim) -> bool:
    """Whether the attempt, its form, its moment of closing and all its answer rows are unchanged.

    Nothing else of the attempt is said: one that is not there and one that differs look alike.
    """
    with store.read() as session:
        row = session.get(Attempt, claim.attempt)
        if row is None or row.closed_at is None or row.receipt != claim.code:
            return False
        answers = attempts.answers(session, row.id)
        unchanged = answering.digest(answers) == row.answers_digest
        return unchanged and closing.receipt(row) == claim.code
