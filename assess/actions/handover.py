"""A candidate has another tutor: what waits for an answer is told to the new one."""

from __future__ import annotations

from sqlalchemy.orm import Session

from assess.actions import mail
from assess.actions.context import Context
from assess.delivery.mailing import Kind
from assess.store import approvals, messages
from assess.store.people import Person
from assess.store.programmes import Registration


def tell(session: Session, context: Context, row: Registration) -> None:
    """Mail the tutor of a registration about each request and message that has no answer yet.

    The tutor before was mailed when it was written, and can answer it no more. Whoever is barred
    waits for nothing.
    """
    tutor = session.get_one(Person, row.tutor_id)
    candidate = session.get_one(Person, row.candidate_id)
    about, kind = candidate.name, Kind.APPROVAL_ASKED
    for request, test in approvals.asked_by(session, candidate.id, tutor.id):
        mail.put(session, context, kind, tutor, request.id, about=about, test=test.title)
    last, kind = messages.last(session, row.id), Kind.MESSAGE_ASKED
    if last is not None and last.from_candidate and candidate.active:
        mail.put(session, context, kind, tutor, row.id, about=about, deed=last.id)
