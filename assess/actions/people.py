"""Adding people, giving and taking roles, resetting a password, barring the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assess import seeds, store
from assess.actions import notices, overtaken, passwords
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.delivery import accounts, calendar, mailing, registration
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import QUALITY_ROLES, Role
from assess.store import centres, people, roles_held, sessions
from assess.store.centres import Centre
from assess.store.people import Person
from assess.store.roles_held import RoleHeld


@dataclass(frozen=True, slots=True)
class Added:
    """Somebody new, with the password to hand to them; they must change it when they log in."""

    person_id: int
    username: str
    password: str


def add_centre(context: Context, code: str, name: str, timezone: str) -> int:
    """Make a centre; if one with this code is there, say its number."""
    with store.write() as session:
        store.alone(session, f"centre:{code}")
        if (there := centres.by_code(session, code)) is not None:
            return there.id
        centre = Centre(code=code, name=name, timezone=timezone, created_at=context.now)
        session.add(centre)
        session.flush()
        record(session, context_of(context, centre.id), Event.CENTRE_CREATED, {"code": code})
        return centre.id


def context_of(context: Context, centre: int) -> Context:
    """The same surroundings at another centre."""
    return Context(context.now, context.settings, centre, context.actor, context.session_id)


def add(
    context: Context,
    name: str,
    username: str,
    roles: Sequence[str],
    password: str | None = None,
    born_on: date | None = None,
    email: str | None = None,
) -> Added | Refused:
    """Add a person to the centre, with roles and a first password."""
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    name, username = accounts.plain(name), accounts.log_in_name(username)
    given = seeds.passphrase() if password is None else password
    hashed = passwords.hash_of(given, context.settings)
    try:
        with store.write() as session:
            store.alone(session, f"username:{username}")
            today = calendar.day_of(context.now, centres.get(session, context.centre).timezone)
            reasons = _why_not_add(name, username, roles)
            reasons += registration.why_not_born(born_on, today)
            reasons += mailing.why_not_write_to(email)
            if not reasons and (there := people.by_username(session, username)) is not None:
                reasons.append(_taken(there, context.centre))
            if reasons:
                refused = Refused(Code.FIELD, tuple(reasons), 422)
                return refuse(session, context, Event.PERSON_ADDED, refused)
            person = insert(session, context, name, username, hashed, password is None, born_on)
            person.email = email
            for role in roles:
                give(session, context, person.id, Role(role))
            record(
                session,
                context,
                Event.PERSON_ADDED,
                {"person": person.id, "roles": " ".join(roles)},
                {"name": name, "username": username},
            )
            return Added(person.id, username, given)
    except IntegrityError:  # a file of people brought somebody with this name at the same moment
        taken = Reason(Code.TAKEN, {"field": "username"}, who=Helper.YOU)
        with store.write() as session:
            refused = Refused(Code.FIELD, (taken,), 422)
            return refuse(session, context, Event.PERSON_ADDED, refused)


def insert(
    session: Session,
    context: Context,
    name: str,
    username: str,
    hashed: str,
    must_change: bool,
    born_on: date | None,
) -> Person:
    """Write a new person down."""
    person = Person(
        centre_id=context.centre,
        username=username,
        name=name,
        pseudonym=seeds.pseudonym(),
        password_hash=hashed,
        must_change_password=must_change,
        born_on=born_on,
        created_at=context.now,
    )
    session.add(person)
    session.flush()
    return person


def set_roles(
    context: Context,
    person_id: int,
    roles: Sequence[str],
    until: Mapping[str, date] | None = None,
    seen: str | None = None,
) -> Refused | None:
    """Make these a person's roles, and no others.

    `until` holds the last day of those roles that end by themselves, in the centre's time zone;
    None leaves the roles that are held already as long as they are. `seen` is what they held when
    it was decided, as `in_short` says it: where they hold something else by now, nothing is
    changed [E-CHANGED], for a role that somebody else gave meanwhile would be taken unnoticed.
    """
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    with store.write() as session:
        person = people.held(session, context.centre, person_id)
        if person is None:
            return not_found()
        zone = centres.get(session, context.centre).timezone
        held = roles_held.held_by(session, person_id, context.now)
        reasons = _unknown(roles) + _over(until or {}, calendar.day_of(context.now, zone))
        wanted: dict[Role, datetime | None] = {}
        if not reasons:
            for role in (Role(r) for r in roles):
                last = None if until is None else until.get(role.value)
                kept = held.get(role) if until is None else None
                wanted[role] = kept if last is None else calendar.ends(last, zone)
        given = {r: end for r, end in wanted.items() if r not in held or held[r] != end}
        taken = [r for r in held if r not in wanted or r in given]
        if person_id == context.actor:
            reasons += _why_not_oneself(frozenset(wanted), frozenset(given))
        if reasons:
            refused = Refused(Code.FIELD, tuple(reasons), 422)
            return refuse(session, context, Event.ROLE_GIVEN, refused)
        # What is as it should be already, after a second click perhaps, is no reason.
        if (given or taken) and seen is not None and seen != in_short(held):
            refused = Refused.of(Code.CHANGED, status=409, who=Helper.YOU, what="roles")
            return refuse(session, context, Event.ROLE_GIVEN, refused)
        for role in sorted(taken):
            take(session, context, person_id, role)
            if role not in wanted:
                notices.out(session, context, person, [role])
                facts: dict[str, Fact] = {"person": person_id, "role": role.value}
                record(session, context, Event.ROLE_TAKEN, facts)
        for role in sorted(given):
            give(session, context, person_id, role, given[role])
            facts = {"person": person_id, "role": role.value, "until": _said(given[role])}
            record(session, context, Event.ROLE_GIVEN, facts)
    return None


def in_short(held: Mapping[Role, datetime | None]) -> str:
    """The roles that somebody holds, each with its end, so that two moments can be compared."""
    return " ".join(f"{role}:{_said(held[role]) or ''}" for role in sorted(held))


def change(
    context: Context,
    person_id: int,
    name: str,
    born_on: date | None,
    email: str | None,
    seen: str | None = None,
) -> Refused | None:
    """Put a person's name, date of birth and address for mails right.

    `seen`: what they were when it was decided, as `overtaken.details` says it [E-CHANGED].
    """
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    name = accounts.plain(name)
    with store.write() as session:
        person = people.held(session, context.centre, person_id)
        if person is None:
            return not_found()
        today = calendar.day_of(context.now, centres.get(session, context.centre).timezone)
        reasons = (
            *accounts.why_not_call(name),
            *registration.why_not_born(born_on, today),
            *mailing.why_not_write_to(email),
        )
        if reasons:
            refused = Refused(Code.FIELD, reasons, 422)
            return refuse(session, context, Event.PERSON_CHANGED, refused)
        wanted = overtaken.short(name, born_on, email)
        if (late := overtaken.why_not(seen, overtaken.details(person), wanted)) is not None:
            return refuse(session, context, Event.PERSON_CHANGED, late)
        amend(session, context, person, name, born_on, email)
    return None


def amend(
    session: Session,
    context: Context,
    person: Person,
    name: str,
    born_on: date | None,
    email: str | None,
) -> None:
    """Write down a person's name, date of birth and address, if they are others than before."""
    if (person.name, person.born_on, person.email) == (name, born_on, email):
        return
    details: dict[str, Fact] = {}
    if person.name != name:
        details |= {"name": name, "name_before": person.name}
    if person.born_on != born_on:
        details["born_on"] = None if born_on is None else born_on.isoformat()
    if person.email != email:
        details["email"] = email
        notices.address(session, context, person)
    person.name, person.born_on, person.email = name, born_on, email
    record(session, context, Event.PERSON_CHANGED, {"person": person.id}, details)


def set_active(context: Context, person_id: int, active: bool) -> Refused | None:
    """Let a person in again, or bar the door and end their sessions."""
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    with store.write() as session:
        person = people.held(session, context.centre, person_id)
        if person is None:
            return not_found()
        if person_id == context.actor:
            refused = Refused.of(Code.SELF, who=Helper.ADMINISTRATOR, what="own_account")
            return refuse(session, context, Event.PERSON_DEACTIVATED, refused)
        if person.active == active:
            return None
        if not active:
            held = roles_held.roles_of(session, person_id, context.now)
            notices.out(session, context, person, held)
            sessions.end_sessions(session, person_id, context.now)
        person.active = active
        event = Event.PERSON_ACTIVATED if active else Event.PERSON_DEACTIVATED
        record(session, context, event, {"person": person_id})
    return None


def reset_password(context: Context, person_id: int) -> Added | Refused:
    """Give a person a new first password and end their sessions."""
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    given = seeds.passphrase()
    hashed = passwords.hash_of(given, context.settings)
    with store.write() as session:
        person = people.held(session, context.centre, person_id)
        if person is None:
            return not_found()
        person.password_hash = hashed
        person.must_change_password = True
        sessions.end_sessions(session, person_id, context.now)
        record(session, context, Event.PASSWORD_RESET, {"person": person_id})
        notices.password(session, context, person)
        return Added(person.id, person.username, given)


def give(
    session: Session,
    context: Context,
    person_id: int,
    role: Role,
    until: datetime | None = None,
) -> None:
    """Let a person hold a role from now on. What they held of it before must be over or taken.

    Who checks a centre's work is told of another one, by mail.
    """
    session.execute(
        update(RoleHeld)
        .where(
            RoleHeld.person_id == person_id,
            RoleHeld.role == role.value,
            RoleHeld.taken_at.is_(None),
            RoleHeld.until <= context.now,
        )
        .values(taken_at=RoleHeld.until)  # it was over then, and makes room
    )
    session.add(
        RoleHeld(
            centre_id=context.centre,
            person_id=person_id,
            role=role.value,
            given_at=context.now,
            given_by=context.actor,
            until=until,
        )
    )
    notices.role(session, context, person_id, role)


def take(session: Session, context: Context, person_id: int, role: Role) -> None:
    """Let a person hold a role no longer."""
    session.execute(
        update(RoleHeld)
        .where(
            RoleHeld.person_id == person_id,
            RoleHeld.role == role.value,
            RoleHeld.taken_at.is_(None),
        )
        .values(taken_at=context.now)
    )


def _said(until: datetime | None) -> str | None:
    return None if until is None else until.isoformat()


def _over(until: Mapping[str, date], today: date) -> list[Reason]:
    """The last days that are over already."""
    return [
        Reason(Code.FIELD, {"field": f"until-{role}", "what": "over"}, who=Helper.YOU)
        for role, day in until.items()
        if day < today
    ]


def _why_not_oneself(wanted: frozenset[Role], given: frozenset[Role]) -> list[Reason]:
    """Why nobody may give these roles to themselves, or keep only these."""
    found = []
    if given & QUALITY_ROLES:
        found.append(Reason(Code.SELF, {"what": "quality_role"}, who=Helper.ADMINISTRATOR))
    if Role.ADMINISTRATOR not in wanted:
        found.append(Reason(Code.SELF, {"what": "own_role"}, who=Helper.ADMINISTRATOR))
    return found


def _why_not_add(name: str, username: str, roles: Sequence[str]) -> list[Reason]:
    found = [*accounts.why_not_call(name), *accounts.why_not_log_in_as(username)]
    if not roles:
        found.append(Reason(Code.FIELD, {"field": "roles", "what": "empty"}, who=Helper.YOU))
    return found + _unknown(roles)


def _taken(there: Person, centre: int) -> Reason:
    """Why nobody else can have this person's log-in name; said with their own, where they are ours.

    Names are unique over all centres: of another's it says no more than that one is in use.
    """
    if there.centre_id != centre:
        return Reason(Code.TAKEN, {"field": "username"}, who=Helper.YOU)
    ours = {"field": "username", "what": "here", "name": there.name}
    return Reason(Code.TAKEN, ours, who=Helper.YOU)


def _unknown(roles: Sequence[str]) -> list[Reason]:
    if set(roles) <= {r.value for r in Role}:
        return []
    return [Reason(Code.FIELD, {"field": "roles", "what": "unknown"}, who=Helper.YOU)]
