"""Bringing in people and registrations from a file: a dry run, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assess import seeds, store
from assess.actions import passwords
from assess.actions import people as person_deeds
from assess.actions import programmes as programme_deeds
from assess.actions.context import Context, record, refuse, wrong_role
from assess.delivery import accounts, calendar, enrolment
from assess.delivery.enrolment import Known, Line, Place, Plan, State
from assess.delivery.people_file import Row
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import centres, people, programmes, roles_held
from assess.store.people import Person
from assess.store.programmes import Programme

Progress = Callable[[int, int], None]  # (done, of)
Given = tuple[tuple[str, str, str], ...]  # (log-in name, name, first password)


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What a file did, with the first passwords of those who were added, each by log-in name."""

    plan: Plan
    passwords: Given


def look(context: Context, rows: Sequence[Row]) -> Plan | Refused:
    """What a file would do now; nothing is written."""
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    with store.read() as session:
        return _plan(session, context, rows)


def bring_in(
    context: Context,
    rows: Sequence[Row],
    digest: str | None = None,
    progress: Progress = lambda done, of: None,
    keep: Callable[[Given], None] = lambda given: None,
) -> BroughtIn | Refused:
    """Do what a file says, all of it or nothing.

    `keep` gets the first passwords before anybody is in the database for good: where it cannot
    keep them, nobody is brought in.

    `digest` names the plan that somebody has seen: when people have changed since, and the file
    would do something else, it is refused [E-BUSY], and nothing is written.
    """
    planned = look(context, rows)
    if isinstance(planned, Refused):
        return planned
    given: dict[str, tuple[str, str]] = {}
    newcomers = [] if planned.refused else planned.newcomers
    for done, username in enumerate(newcomers, start=1):  # slow on purpose: not under the lock
        password = seeds.passphrase()
        given[username] = (password, passwords.hash_of(password, context.settings))
        progress(done, len(newcomers))
    try:
        with store.write() as session:
            store.alone(session, f"enrolment:{context.centre}")
            # Whoever changes somebody's details, roles or registrations holds them as well.
            people.hold(session, context.centre, planned.changing)
            plan = _plan(session, context, rows)
            if plan.refused:
                reasons = tuple(r for line in plan.lines for r in line.reasons)
                refused = Refused(Code.FILE, reasons, 422)
                return refuse(session, context, Event.PEOPLE_IMPORTED, refused)
            if plan.digest() != (digest or planned.digest()):
                refused = Refused(Code.BUSY, (_changed(),), 409)
                return refuse(session, context, Event.PEOPLE_IMPORTED, refused)
            _carry_out(session, context, plan, {u: hashed for u, (_, hashed) in given.items()})
            counts = {state.value: number for state, number in plan.counts.items()}
            record(session, context, Event.PEOPLE_IMPORTED, counts)
            names = {line.username: line.person.name for line in plan.lines if line.person}
            handed = tuple((u, names[u], password) for u, (password, _) in given.items())
            keep(handed)
            return BroughtIn(plan, handed)
    except IntegrityError:  # somebody took a log-in name between the plan and the writing
        with store.write() as session:
            refused = Refused(Code.BUSY, (_changed(),), 409)
            return refuse(session, context, Event.PEOPLE_IMPORTED, refused)


def _changed() -> Reason:
    return Reason(Code.BUSY, {"what": "people_changed"}, who=Helper.YOU)


def _plan(session: Session, context: Context, rows: Sequence[Row]) -> Plan:
    zone = centres.get(session, context.centre).timezone
    today = calendar.day_of(context.now, zone)
    return enrolment.plan(rows, _known(session, context, rows, zone), today, zone)


def _known(session: Session, context: Context, rows: Sequence[Row], zone: str) -> Known:
    """What the record holds of everybody whom the file names."""
    named = {accounts.log_in_name(row[column]) for row in rows for column in ("username", "tutor")}
    found = people.by_usernames(session, named - {""})
    ours = {u: p for u, p in found.items() if p.centre_id == context.centre}
    roles = roles_held.roles_of_many(session, (p.id for p in ours.values()), context.now)
    by_id = {p.id: u for u, p in ours.items()}
    offered = programmes.of_centre(session, context.centre)
    return Known(
        people={
            u: enrolment.Person(p.name, p.born_on, frozenset(roles[p.id]), p.active, p.email)
            for u, p in ours.items()
        },
        elsewhere=frozenset(found) - frozenset(ours),
        programmes={p.name: p.conditions() for p in offered},
        places={
            (programme.name, by_id[r.candidate_id]): Place(
                tutor, programme_deeds.entry_of(r, zone), calendar.day_of(r.registered_at, zone)
            )
            for r, programme, tutor in programmes.places(session, by_id)
        },
        groups={
            (p.name, group): size
            for p in offered
            for group, size in programmes.groups(session, p.id, context.now).items()
        },
        actor=None if context.actor is None else _username(session, context),
    )


def _username(session: Session, context: Context) -> str | None:
    person = people.get(session, context.centre, context.actor or 0)
    return None if person is None else person.username


def _carry_out(session: Session, context: Context, plan: Plan, hashed: dict[str, str]) -> None:
    """Write every line down: everybody first, then where they are registered."""
    lines = [line for line in plan.lines if line.state is not State.UNCHANGED]
    there = people.by_usernames(
        session, (name for x in lines for name in (x.username, x.place.tutor if x.place else ""))
    )
    for line in lines:
        if line.person is not None:
            _person(session, context, line, line.person, there, hashed)
    zone = centres.get(session, context.centre).timezone
    offered = {p.name: p for p in programmes.of_centre(session, context.centre)}
    for line in lines:
        if line.place is not None and line.programme is not None:
            _place(session, context, line, line.place, offered[line.programme], there, zone)


def _person(
    session: Session,
    context: Context,
    line: Line,
    after: enrolment.Person,
    there: dict[str, Person],
    hashed: dict[str, str],
) -> None:
    if line.is_new:
        there[line.username] = person_deeds.insert(
            session,
            context,
            after.name,
            line.username,
            hashed[line.username],
            must_change=True,
            born_on=after.born_on,
        )
        there[line.username].email = after.email
        roles = " ".join(role.value for role in line.new_roles)
        record(
            session,
            context,
            Event.PERSON_ADDED,
            {"person": there[line.username].id, "roles": roles},
            {"name": after.name, "username": line.username},
        )
    person = there[line.username]
    person_deeds.amend(session, context, person, after.name, after.born_on, after.email)
    for role in line.new_roles:
        person_deeds.give(session, context, person.id, role)
        if not line.is_new:
            record(session, context, Event.ROLE_GIVEN, {"person": person.id, "role": role.value})


def _place(
    session: Session,
    context: Context,
    line: Line,
    place: Place,
    programme: Programme,
    there: dict[str, Person],
    zone: str,
) -> None:
    candidate, tutor = there[line.username], there[place.tutor]
    if not line.is_registered:
        programme_deeds.enter(
            session, context, programme, candidate.id, tutor.id, place.entry, zone
        )
        return
    row = programmes.registration(session, programme.id, candidate.id)
    assert row is not None  # noqa: S101 - the plan found it in this transaction
    programme_deeds.amend(session, context, row, tutor.id, place.entry, zone)
