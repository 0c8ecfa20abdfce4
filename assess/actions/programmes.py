"""Programmes, registrations, and the statement of authenticity that a candidate signs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from assess import store
from assess.actions import handover, overtaken
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.delivery import accounts, calendar, registration
from assess.delivery import statement as rules
from assess.delivery.registration import Conditions, Entry
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.roles import Role
from assess.store import centres, frameworks, people, programmes, roles_held
from assess.store.people import Person
from assess.store.programmes import Programme, Registration, Signature, Statement

NONE = Conditions()


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature is in the record."""

    version: int
    hash: str


def create(
    context: Context, name: str, framework: str, conditions: Conditions = NONE
) -> int | Refused:
    """Make a programme of a framework at the centre; if it is there so, say its number."""
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    name = accounts.plain(name)
    with store.write() as session:
        row = frameworks.by_key(session, framework)
        if row is None:
            return not_found()
        if reasons := registration.why_not_ask(name, conditions):
            refused = Refused(Code.FIELD, reasons, 422)
            return refuse(session, context, Event.PROGRAMME_CREATED, refused)
        store.alone(session, f"programme:{context.centre}:{name}")
        if (there := programmes.by_name(session, context.centre, name)) is not None:
            if (there.framework_id, there.conditions()) == (row.id, conditions):
                return there.id
            taken = Refused.of(Code.TAKEN, who=Helper.YOU, what="programme", field="name")
            return refuse(session, context, Event.PROGRAMME_CREATED, taken)
        programme = Programme(
            centre_id=context.centre,
            framework_id=row.id,
            name=name,
            created_at=context.now,
            minimum_age=conditions.minimum_age,
            last_registration=conditions.last_registration,
            months=conditions.months,
        )
        session.add(programme)
        session.flush()
        facts: dict[str, Fact] = {"programme": programme.id, "framework": framework}
        record(session, context, Event.PROGRAMME_CREATED, facts | _said(conditions))
        return programme.id


def change(
    context: Context,
    programme_id: int,
    name: str,
    conditions: Conditions,
    seen: str | None = None,
) -> Refused | None:
    """Call a programme something else, or ask something else of registrations from now on.

    `seen`: what it was when it was decided, as `overtaken.programme` says it [E-CHANGED].
    """
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    name = accounts.plain(name)
    with store.write() as session:
        programme = programmes.get(session, context.centre, programme_id)
        if programme is None:
            return not_found()
        reasons = list(registration.why_not_ask(name, conditions))
        store.alone(session, f"programme:{context.centre}:{name}")
        there = programmes.by_name(session, context.centre, name)
        if there is not None and there.id != programme.id:
            values: dict[str, Value] = {"field": "name", "what": "programme"}
            reasons.append(Reason(Code.TAKEN, values, who=Helper.YOU))
        if reasons:
            refused = Refused(Code.FIELD, tuple(reasons), 422)
            return refuse(session, context, Event.PROGRAMME_CHANGED, refused)
        session.refresh(programme, with_for_update={"key_share": True})
        wanted = overtaken.short(
            name, conditions.minimum_age, conditions.last_registration, conditions.months
        )
        if (late := overtaken.why_not(seen, overtaken.programme(programme), wanted)) is not None:
            return refuse(session, context, Event.PROGRAMME_CHANGED, late)
        programme.name = name
        programme.minimum_age = conditions.minimum_age
        programme.last_registration = conditions.last_registration
        programme.months = conditions.months
        facts: dict[str, Fact] = {"programme": programme.id, "name": name}
        record(session, context, Event.PROGRAMME_CHANGED, facts | _said(conditions))
    return None


def register(
    context: Context,
    programme_id: int,
    candidate_id: int,
    tutor_id: int,
    group: str,
    language: str = "en",
    starts: date | None = None,
    ends: date | None = None,
    needs: str | None = None,
) -> int | Refused:
    """Register a candidate on a programme with a named tutor; if they are, say its number.

    `starts` is the first day of the period (None: today) and `ends` the last (None: as the
    programme says); `needs` as in `registration.Entry`. If they are otherwise: E-CHANGED `at` it.
    """
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    entry = Entry(accounts.plain(group), language, starts, ends, needs)
    with store.write() as session:
        programme = programmes.get(session, context.centre, programme_id)
        candidate = people.held(session, context.centre, candidate_id)
        tutor = people.get(session, context.centre, tutor_id)
        if programme is None or candidate is None or tutor is None:
            return not_found()
        zone = centres.get(session, context.centre).timezone
        today = calendar.day_of(context.now, zone)
        if (there := programmes.registration(session, programme_id, candidate_id)) is not None:
            last = registration.last_day(programme.conditions(), entry, today)
            wanted = overtaken.short(*_columns(tutor_id, replace(entry, ends=last), zone).values())
            if wanted == overtaken.registration(there):
                return there.id
            late = Refused.of(Code.CHANGED, who=Helper.YOU, what="registered", at=there.id)
            return refuse(session, context, Event.REGISTERED, late)
        reasons = (
            *_why_not_these(session, context, candidate, tutor),
            *registration.why_not_register(
                programme.conditions(), entry, candidate.born_on, today, zone
            ),
        )
        if reasons:
            refused = Refused(Code.FIELD, reasons, 422)
            return refuse(session, context, Event.REGISTERED, refused)
        return enter(session, context, programme, candidate.id, tutor.id, entry, zone).id


def enter(
    session: Session,
    context: Context,
    programme: Programme,
    candidate_id: int,
    tutor_id: int,
    entry: Entry,
    zone: str,
) -> Registration:
    """Write a registration down that the rules let pass."""
    today = calendar.day_of(context.now, zone)
    last = registration.last_day(programme.conditions(), entry, today)
    row = Registration(
        centre_id=context.centre,
        programme_id=programme.id,
        candidate_id=candidate_id,
        tutor_id=tutor_id,
        group=entry.group,
        language=entry.language,
        registered_at=context.now,
        starts_at=None if entry.starts is None else calendar.begins(entry.starts, zone),
        ends_at=None if last is None else calendar.ends(last, zone),
        needs=entry.needs,
    )
    session.add(row)
    session.flush()
    facts: dict[str, Fact] = {
        "programme": programme.id,
        "candidate": candidate_id,
        "tutor": tutor_id,
        "language": entry.language,
    }
    details: dict[str, Fact] | None = {"needs": entry.needs} if entry.needs else None
    record(session, context, Event.REGISTERED, facts, details)
    return row


def change_registration(
    context: Context,
    registration_id: int,
    tutor_id: int,
    entry: Entry,
    seen: str | None = None,
) -> Refused | None:
    """Give a registration another tutor, group, language, period or needs.

    Its programme and its candidate stay; `entry` is taken as it is: no last day means no end.
    `seen`: what it was when it was decided, as `overtaken.registration` says it [E-CHANGED].
    """
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    with store.write() as session:
        found = programmes.registered(session, context.centre, registration_id)
        tutor = people.get(session, context.centre, tutor_id)
        if found is None or tutor is None:
            return not_found()
        row, programme, candidate = found
        session.refresh(candidate, with_for_update={"key_share": True})
        session.refresh(row)
        zone = centres.get(session, context.centre).timezone
        entry = replace(entry, group=accounts.plain(entry.group))
        reasons = (
            *(
                ()
                if tutor_id == row.tutor_id
                else why_not_tutor(session, context, candidate.id, tutor)
            ),
            *registration.why_not_change(
                programme.conditions(),
                entry_of(row, zone),
                entry,
                candidate.born_on,
                calendar.day_of(row.registered_at, zone),
                zone,
            ),
        )
        if reasons:
            refused = Refused(Code.FIELD, reasons, 422)
            return refuse(session, context, Event.REGISTRATION_CHANGED, refused)
        wanted = overtaken.short(*_columns(tutor_id, entry, zone).values())
        if (late := overtaken.why_not(seen, overtaken.registration(row), wanted)) is not None:
            return refuse(session, context, Event.REGISTRATION_CHANGED, late)
        amend(session, context, row, tutor_id, entry, zone)
    return None


def amend(
    session: Session,
    context: Context,
    row: Registration,
    tutor_id: int,
    entry: Entry,
    zone: str,
) -> None:
    """Write down what is different about a registration, if anything is."""
    values = _columns(tutor_id, entry, zone)
    changed = {name: v for name, v in values.items() if getattr(row, name) != v}
    if not changed:
        return
    for name, value in changed.items():
        setattr(row, name, value)
    facts: dict[str, Fact] = {"registration": row.id, "changed": " ".join(sorted(changed))}
    details: dict[str, Fact] = {
        n: v.isoformat() if isinstance(v, datetime) else v for n, v in changed.items()
    }
    record(session, context, Event.REGISTRATION_CHANGED, facts, details)
    if "tutor_id" in changed:
        handover.tell(session, context, row)


def entry_of(row: Registration, zone: str) -> Entry:
    """What a registration says as it stands."""
    return Entry(
        group=row.group,
        language=row.language,
        starts=None if row.starts_at is None else calendar.day_of(row.starts_at, zone),
        ends=None if row.ends_at is None else calendar.last_day(row.ends_at, zone),
        needs=row.needs,
    )


def _columns(tutor_id: int, entry: Entry, zone: str) -> dict[str, Any]:
    """What can be changed of a registration, by column."""
    return {
        "tutor_id": tutor_id,
        "group": entry.group,
        "language": entry.language,
        "starts_at": None if entry.starts is None else calendar.begins(entry.starts, zone),
        "ends_at": None if entry.ends is None else calendar.ends(entry.ends, zone),
        "needs": entry.needs,
    }


def _why_not_these(
    session: Session, context: Context, candidate: Person, tutor: Person
) -> tuple[Reason, ...]:
    """Why these two cannot be candidate and tutor of one registration."""
    found = []
    if Role.CANDIDATE not in roles_held.roles_of(session, candidate.id, context.now):
        no_candidate: dict[str, Value] = {"field": "candidate", "what": "no_candidate"}
        found.append(Reason(Code.FIELD, no_candidate, who=Helper.YOU))
    return (*found, *why_not_tutor(session, context, candidate.id, tutor))


def why_not_tutor(
    session: Session, context: Context, candidate_id: int, tutor: Person
) -> tuple[Reason, ...]:
    """Why somebody cannot be the named tutor of a candidate."""
    if tutor.id == candidate_id:
        own: dict[str, Value] = {"field": "tutor", "what": "own_tutor"}
        return (Reason(Code.SELF, own, who=Helper.YOU),)
    if not tutor.active or Role.TUTOR not in roles_held.roles_of(session, tutor.id, context.now):
        return (Reason(Code.FIELD, {"field": "tutor", "what": "no_tutor"}, who=Helper.YOU),)
    return ()


def _said(conditions: Conditions) -> dict[str, Fact]:
    last = conditions.last_registration
    return {
        "minimum_age": conditions.minimum_age,
        "last_registration": None if last is None else last.isoformat(),
        "months": conditions.months,
    }


def publish_statement(
    context: Context, programme_id: int, words: str, after: int | None = None
) -> int | Refused:
    """Put a new version of the statement in force, if its text changed; says its number.

    `after`: the number of the version that it was written over, 0 for none. Where another is in
    force by now, nothing is published [E-CHANGED].
    """
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    words = words.replace("\r\n", "\n").strip()
    with store.write() as session:
        if programmes.get(session, context.centre, programme_id) is None:
            return not_found()
        if reasons := rules.why_not_publish(words):
            refused = Refused(Code.FIELD, reasons, 422)
            return refuse(session, context, Event.STATEMENT_PUBLISHED, refused)
        store.alone(session, f"statement:{programme_id}")
        current = programmes.current_statement(session, programme_id)
        hashed = rules.text_hash(words)
        if current is not None and current.hash == hashed:
            return current.number
        before = 0 if current is None else current.number
        if after is not None and after != before:
            refused = Refused.of(Code.CHANGED, status=409, who=Helper.YOU)
            return refuse(session, context, Event.STATEMENT_PUBLISHED, refused)
        number = before + 1
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
        facts: dict[str, Fact] = {"programme": programme_id, "version": number, "hash": hashed}
        record(session, context, Event.STATEMENT_PUBLISHED, facts)
        return number


def sign(context: Context, programme_id: int, version: int, typed: str) -> Signed | Refused:
    """Sign the statement with one's typed name. Signing the same version twice is one signature."""
    assert context.actor is not None  # noqa: S101 - the route lets only candidates come
    with store.write() as session:
        store.alone(session, f"signature:{programme_id}:{context.actor}")
        registered = programmes.registration(session, programme_id, context.actor)
        current = programmes.current_statement(session, programme_id)
        person = people.get(session, context.centre, context.actor)
        if registered is None or current is None or person is None:
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
