"""Putting a mail into the outbox within a deed; sending what is due; trying again by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from assess import seeds, store, wording
from assess.actions import post
from assess.actions.context import Context, record
from assess.delivery import mailing
from assess.delivery.mailing import Kind
from assess.journal import Event, Fact
from assess.reasons import Value
from assess.store import centres, holds
from assess.store import mail as rows
from assess.store.mail import Mail
from assess.store.people import Person
from assess.store.specifications import Test

LEASE = timedelta(minutes=15)  # a worker holds mails so long; longer than BATCH times its patience
BATCH = 20  # mails of one session with the server
LONGEST_ERROR = 500  # characters kept of what a server says

_gone: set[int] = set()
"""Mails that the server has taken and of which the database does not say so: it was away then."""


def put(
    session: Session, context: Context, kind: Kind, to: Person, number: int, **values: Value
) -> None:
    """Put a mail to somebody into the outbox, in the transaction of the deed it tells of.

    `number` is that of the object which the mail leads to, and with the kind and the reader names
    the mail: the same deed mails once. Nothing is done for somebody without an address, nor, but
    for what is told even then, for somebody who cannot log in.
    """
    if to.email is None:
        return
    centre = centres.get(session, to.centre_id)
    if not (to.active and centre.active) and kind not in mailing.EVEN_CLOSED:
        return
    key = f"{kind.value}:{values.pop('deed', number)}:{to.id}"
    if rows.is_there(session, key):
        return
    settings = context.settings
    said: dict[str, Value] = {
        "name": to.name,
        "service": settings.name,
        "centre": centre.name,
        "link": settings.origin + mailing.PATHS[kind].format(number=number),
        **values,
    }
    subject, body = wording.mail(kind.value, said, centre.timezone)
    _, _, domain = (settings.mail_from or post.NOBODY).rpartition("@")
    session.add(
        Mail(
            centre_id=to.centre_id,
            person_id=to.id,
            kind=kind.value,
            key=key,
            message_id=f"<{seeds.pseudonym()}@{domain}>",
            address=to.email,
            subject=subject,
            body=body,
            created_at=context.now,
            due_at=context.now,
        )
    )


def put_result(
    session: Session,
    context: Context,
    candidate: Person,
    test: Test,
    attempt_id: int,
    deed: str | int | None = None,
) -> None:
    """Tell a candidate that there is a result to read: not of practice, nor while it is held back.

    `deed` names what made it a result again, such as another mark; None: the hand-in.
    """
    if test.practice or candidate.email is None or holds.keep_back(session, test, candidate.id):
        return
    said: dict[str, Value] = {"test": test.title, "deed": attempt_id if deed is None else deed}
    put(session, context, Kind.RESULT, candidate, attempt_id, **said)


def send(context: Context) -> int:
    """Send what is due, some at a time; says how many went.

    Each mail is claimed first and marked afterwards. A worker that dies between the two leaves it
    to be sent again, with the same Message-ID; one whose database is away between the two marks it
    at its next turn.
    """
    for number in sorted(_gone):
        _mark(context, number)
    with store.read() as session:
        if not rows.is_any_due(session, context.now):
            return 0
    with store.write() as session:
        batch = rows.claim(session, context.now, LEASE, BATCH)
    if not batch:
        return 0
    sent = 0
    try:
        with post.opened(context.settings) as way:
            for k, mail in enumerate(batch, start=1):
                sent += _send(context, way, mail)
                if way.lost:  # those behind it go at the next turn: they are at no fault
                    with store.write() as session:
                        rows.let_go(session, [untried.id for untried in batch[k:]], context.now)
                    break
    except post.NotNow as error:
        for mail in batch:
            _in_vain(context, mail.id, str(error), forever=False)
    return sent


def _send(context: Context, way: post.Post, mail: Mail) -> bool:
    try:
        way.send(mail)
    except post.Never as error:
        _in_vain(context, mail.id, str(error), forever=True)
        return False
    except post.NotNow as error:
        _in_vain(context, mail.id, str(error), forever=False)
        return False
    _gone.add(mail.id)
    _mark(context, mail.id)
    return True


def _mark(context: Context, mail_id: int) -> None:
    """Write down that a mail went."""
    with store.write() as session:
        row = rows.locked(session, mail_id)
        if row is not None and row.sent_at is None:
            row.sent_at = context.now
            row.subject = row.body = row.error = None  # it went: its words are nobody's business
            _record(session, context, row, Event.MAIL_SENT)
    _gone.discard(mail_id)


def _in_vain(context: Context, mail_id: int, error: str, *, forever: bool) -> None:
    """Write down that a try failed: when the next is, or that the mail is given up."""
    with store.write() as session:
        row = rows.locked(session, mail_id)
        if row is None or row.sent_at is not None:
            return
        row.tries += 1
        row.error = error.replace("\0", "")[:LONGEST_ERROR]
        later = None if forever else mailing.next_try(row.tries, context.now)
        if later is not None:
            row.due_at = later
            return
        row.given_up_at = context.now
        post.log.error("mail %d is given up after %d tries: %s", row.id, row.tries, row.error)
        _record(session, context, row, Event.MAIL_GIVEN_UP)


def retry(context: Context, numbers: Sequence[int] = ()) -> list[int]:
    """Send mails that were given up after all, these or every one; gives the numbers of those.

    They go to the address that is known now. A number of no mail, or of one that has gone or was
    forgotten, is not among them.
    """
    with store.write() as session:
        wanted = set(numbers) or set(rows.given_up(session))
        again = []
        for number in sorted(wanted):
            row = rows.locked(session, number)
            # Of what has gone or was forgotten no words are left.
            if row is None or row.body is None:
                continue
            now_at = session.get_one(Person, row.person_id).email
            if now_at is not None and row.kind != Kind.ADDRESS_CHANGED:
                row.address = now_at
            row.given_up_at = None
            row.tries = 0
            row.due_at = context.now
            again.append(number)
            _record(session, context, row, Event.MAIL_RETRIED)
        return again


def forget(context: Context, numbers: Sequence[int]) -> list[int]:
    """Let mails go that were given up: nobody is reached with them. Gives the numbers of those."""
    with store.write() as session:
        gone = []
        for number in sorted(set(numbers)):
            row = rows.locked(session, number)
            if row is None or row.given_up_at is None or row.body is None:
                continue
            row.subject = row.body = None
            gone.append(number)
            _record(session, context, row, Event.MAIL_FORGOTTEN)
        return gone


def _record(session: Session, context: Context, row: Mail, event: Event) -> None:
    """Write down what became of a mail, at its own centre."""
    there = Context(context.now, context.settings, row.centre_id, context.actor, context.session_id)
    facts: dict[str, Fact] = {"mail": row.id, "kind": row.kind, "tries": row.tries}
    record(session, there, event, facts)
