"""How much waits for whoever is here, on which page of which of their roles?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from assess.delivery.messages import OVERDUE_AFTER
from assess.roles import Role
from assess.store import approvals, drafts, evidence, messages, remarking, reviews
from assess.web import signing
from assess.web.signing import User

MOST = 100  # overdue requests that are counted; of more it is said that they are more

Count = Callable[[Session, User], int]


def _for_tutor(session: Session, me: User) -> int:
    asked = approvals.count(session, me.person_id)
    return asked + messages.count(session, me.centre_id, me.person_id)


def _returned(session: Session, me: User) -> int:
    mine = drafts.of_person(session, me.centre_id, me.person_id)
    return sum(drafts.is_returned(base) for _draft, _item, _bank, base in mine)


def _overdue(session: Session, me: User) -> int:
    before = signing.now() - OVERDUE_AFTER
    return len(messages.late(session, before, me.centre_id, limit=MOST + 1))


COUNTS: Mapping[tuple[Role, str], Count] = {
    (Role.TUTOR, "tutor.queue"): _for_tutor,
    (Role.AUTHOR, "author.waiting"): _returned,
    (Role.REVIEWER, "author.waiting"): lambda session, me: reviews.count(
        session, me.centre_id, me.person_id
    ),
    (Role.QUALITY, "quality.reviews"): lambda session, me: remarking.count(session, me.centre_id),
    (Role.QUALITY, "quality.late_answers"): lambda session, me: evidence.count(
        session, me.centre_id
    ),
    (Role.QUALITY, "quality.overdue"): _overdue,
    (Role.ADMINISTRATOR, "quality.overdue"): _overdue,
}
"""Of a role's page, by the endpoint of the navigation: how to count what waits there."""


def counts(session: Session, me: User) -> dict[tuple[str, str], int]:
    """How much waits, by role and endpoint; what is not there is nothing."""
    held = {key: count for key, count in COUNTS.items() if key[0] in me.roles}
    return {(role.value, goal): count(session, me) for (role, goal), count in held.items()}
