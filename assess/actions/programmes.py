"""Programmes, registrations, and the statement of authenticity that a candidate signs."""

from __future__ import annotations

from dataclasses import dataclass

from assess import store
from assess.actions.context import Context, not_found, record, refuse
from assess.delivery import statement as rules
from assess.journal import Event, Fact
from assess.reasons import Code, Refused
from assess.store import frameworks, people, programmes
from assess.store.programmes import Programme, Registration, Signature, Statement


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature is in the record."""

    version: int
    hash: str


def create(context: Context, name: str, framework: str) -> int | Refused:
    """Make a programme of a framework at the centre; if it is there, say its number."""
    with store.write() as session:
        row = frameworks.by_key(session, framework)
        if row is None:
            return not_found()
        store.alone(session, f"programme:{context.centre}:{name}")
        if (there := programmes.by_name(session, context.centre, name)) is not None:
            return there.id
        programme = Programme(
            centre_id=context.centre, framework_id=row.id, name=name, created_at=context.now
        )
        session.add(programme)
        session.flush()
        facts: dict[str, Fact] = {"programme": programme.id, "framework": framework}
        record(session, context, Event.PROGRAMME_CREATED, facts)
        return programme.id


def register(
    context: Context, programme_id: int, candidate_id: int, tutor_id: int, group: str
) -> int | Refused:
    """Register a candidate on a programme with a named tutor, all of one centre."""
    with store.write() as session:
        programme = programmes.get(session, context.centre, programme_id)
        candidate = people.get(session, context.centre, candidate_id)
        tutor = people.get(session, context.centre, tutor_id)
        if programme is None or candidate is None or tutor is None:
            return not_found()
        store.alone(session, f"registration:{programme_id}:{candidate_id}")
        if (there := programmes.registration(session, programme_id, candidate_id)) is not None:
            return there.id
        registration = Registration(
            centre_id=context.centre,
            programme_id=programme_id,
            candidate_id=candidate_id,
            tutor_id=tutor_id,
            group=group,
            language="en",
            registered_at=context.now,
        )
        session.add(registration)
        session.flush()
        facts = {"programme": programme_id, "candidate": candidate_id, "tutor": tutor_id}
        record(session, context, Event.REGISTERED, facts)
        return registration.id


def publish_statement(context: Context, programme_id: int, words: str) -> int | Refused:
    """Put a new version of the statement in force, if its text changed; says its number."""
    with store.write() as session:
        if programmes.get(session, context.centre, programme_id) is None:
            return not_found()
        store.alone(session, f"statement:{programme_id}")
        current = programmes.current_statement(session, programme_id)
        hashed = rules.text_hash(words)
        if current is not None and current.hash == hashed:
            return current.number
        number = 1 if current is None else current.number + 1
        session.add(
            Statement(
                centre_id=context.centre,
                programme_id=programme_id,
                number=number,
                words=words,
                hash=hashed,
                published_at=context.now,
            )
        )
        facts: dict[str, Fact] = {
            "programme": programme_id,
            "version": number,
            "hash": hashed,
        }
        record(session, context, Event.STATEMENT_PUBLISHED, facts)
        return number


def sign(context: Context, programme_id: int, version: int, typed: str) -> Signed | Refused:
    """Sign the statement with one's typed name. Signing the same version twice is one signature."""
    assert context.actor is not None  # noqa: S101 - the route lets only candidates come
    with store.write() as session:
        store.alone(session, f"signature:{programme_id}:{context.actor}")
        registration = programmes.registration(session, programme_id, context.actor)
        current = programmes.current_statement(session, programme_id)
        person = people.get(session, context.centre, context.actor)
        if registration is None or current is None or person is None:
            return not_found()
        reasons = rules.why_not_sign(typed, person.name, version, current.number)
        if reasons:
            refused = Refused(Code.SIGN, reasons, 422)
            return refuse(session, context, Event.STATEMENT_SIGNED, refused)
        last = programmes.last_signature(session, programme_id, person.id)
        if last is not None and last[1].id == current.id:
            return Signed(current.number, last[0].hash)
        session.add(
            Signature(
                centre_id=context.centre,
                statement_id=current.id,
                person_id=person.id,
                typed_name=" ".join(typed.split()),
                hash=current.hash,
                signed_at=context.now,
            )
        )
        record(
            session,
            context,
            Event.STATEMENT_SIGNED,
            {"programme": programme_id, "version": current.number, "hash": current.hash},
            {"name": " ".join(typed.split())},
        )
        return Signed(current.number, current.hash)
