"""Writing to one's tutor or candidate; telling the quality team of answers that are overdue."""

from __future__ import annotations

from assess import store
from assess.actions import mail
from assess.actions.context import Context, not_found, record, refuse
from assess.delivery import messages as rules
from assess.delivery.mailing import Kind
from assess.journal import Event
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import messages, people, programmes, roles_held
from assess.store.messages import Message, Overdue, Waiting

EACH_TURN = 100  # overdue answers that a turn of the worker tells of: its other duties wait for it


def write(context: Context, registration_id: int, words: str) -> int | Refused:
    """Write to the other one of a registration's two people; says the number of the message.

    A page that is sent again, because the answer to the first try was slow, writes nothing anew.
    """
    assert context.actor is not None  # noqa: S101 - the routes let only the two come
    with store.write() as session:
        found = programmes.registered(session, context.centre, registration_id)
        if found is None:
            return not_found()
        registration, _, candidate = found
        people.locked(session, candidate.id)  # given another tutor before this, or after it
        session.refresh(registration)
        if context.actor not in (candidate.id, registration.tutor_id):
            return not_found()
        before = messages.last(session, registration_id)
        own = before if before is not None and before.author_id == context.actor else None
        if own and rules.sent_again(words, context.now, own.words, own.written_at):
            return own.id
        asks = context.actor == registration.candidate_id
        waiting = messages.unanswered(session, registration_id) if asks else 0
        reasons = rules.why_not_write(words, waiting)
        if reasons:
            status = 409 if any(r.code is Code.ASKED for r in reasons) else 422
            refused = Refused(reasons[0].code, reasons, status)
            return refuse(session, context, Event.MESSAGE_WRITTEN, refused)
        row = Message(
            centre_id=context.centre,
            registration_id=registration_id,
            author_id=context.actor,
            from_candidate=asks,
            words=words.strip(),
            written_at=context.now,
        )
        session.add(row)
        session.flush()
        facts = {"message": row.id, "registration": registration_id, "asks": asks}
        record(session, context, Event.MESSAGE_WRITTEN, facts, {"words": row.words})
        tutor = people.get(session, context.centre, registration.tutor_id)
        assert tutor is not None  # noqa: S101 - a registration names one of the centre
        kind, to, about = (
            (Kind.MESSAGE_ASKED, tutor, candidate)
            if asks
            else (Kind.MESSAGE_ANSWERED, candidate, tutor)
        )
        mail.put(session, context, kind, to, registration_id, about=about.name, deed=row.id)
        return row.id


def tell_overdue(context: Context) -> int:
    """Tell the quality team, once, of everybody who has waited two days; says of how many.

    Where nobody holds that role, the administrators are told. Safe to run twice, or late.
    """
    before = context.now - rules.OVERDUE_AFTER
    with store.read() as session:
        found = messages.late(session, before, limit=EACH_TURN, untold=True)
    return sum(_tell(context, one) for one in found)


def _tell(context: Context, one: Waiting) -> bool:
    about = "message" if one.test is None else "request"
    there = Context(context.now, context.settings, one.centre_id)
    with store.write() as session:
        store.alone(session, f"overdue:{about}:{one.number}")
        if messages.told(session, one):
            return False
        number = {f"{about}_id": one.number}
        session.add(Overdue(centre_id=one.centre_id, at=context.now, **number))
        facts = {about: one.number, "registration": one.registration.id}
        record(session, there, Event.ANSWER_OVERDUE, facts)
        readers = roles_held.holders(session, one.centre_id, Role.QUALITY, context.now) or (
            roles_held.holders(session, one.centre_id, Role.ADMINISTRATOR, context.now)
        )
        for reader in readers:
            mail.put(
                session,
                there,
                Kind.OVERDUE,
                reader,
                one.number,
                about=one.candidate.name,
                tutor=one.tutor.name,
                since=one.since,
                deed=f"{about}-{one.number}",
            )
    return True
