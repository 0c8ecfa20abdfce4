"""Adding people, giving and taking roles, resetting a password, barring the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from assess import seeds, store
from assess.actions import passwords
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.roles import QUALITY_ROLES, Role
from assess.store import centres, people
from assess.store.centres import Centre
from assess.store.people import Person, RoleHeld

LONGEST_NAME = 200  # characters


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
    context: Context, name: str, username: str, roles: Sequence[str], password: str | None = None
) -> Added | Refused:
    """Add a person to the centre, with roles and a first password."""
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    name, username = " ".join(name.split()), username.strip().lower()
    given = seeds.passphrase() if password is None else password
    hashed = passwords.hash_of(given, context.settings)
    with store.write() as session:
        store.alone(session, f"username:{username}")
        reasons = _why_not_add(name, username, roles)
        if not reasons and people.by_username(session, username) is not None:
            # Names are unique over all centres, so this says no more than that one is in use.
            reasons.append(Reason(Code.TAKEN, {"field": "username"}, who=Helper.YOU))
        if reasons:
            refused = Refused(Code.FIELD, tuple(reasons), 422)
            return refuse(session, context, Event.PERSON_ADDED, refused)
        person = Person(
            centre_id=context.centre,
            username=username,
            name=name,
            pseudonym=seeds.pseudonym(),
            password_hash=hashed,
            must_change_password=password is None,
            created_at=context.now,
        )
        session.add(person)
        session.flush()
        for role in roles:
            _give(session, context, person.id, Role(role))
        record(
            session,
            context,
            Event.PERSON_ADDED,
            {"person": person.id, "roles": " ".join(roles)},
            {"name": name, "username": username},
        )
        return Added(person.id, username, given)


def set_roles(context: Context, person_id: int, roles: Sequence[str]) -> Refused | None:
    """Make these a person's roles, and no others."""
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    with store.write() as session:
        store.alone(session, f"roles:{person_id}")
        person = people.get(session, context.centre, person_id)
        if person is None:
            return not_found()
        reasons = _unknown(roles)
        held = people.roles_of(session, person_id)
        wanted = frozenset() if reasons else frozenset(Role(r) for r in roles)
        if person_id == context.actor:
            if (wanted - held) & QUALITY_ROLES:
                reasons.append(
                    Reason(Code.SELF, {"what": "quality_role"}, who=Helper.ADMINISTRATOR)
                )
            if Role.ADMINISTRATOR not in wanted:
                reasons.append(Reason(Code.SELF, {"what": "own_role"}, who=Helper.ADMINISTRATOR))
        if reasons:
            refused = Refused(Code.FIELD, tuple(reasons), 422)
            return refuse(session, context, Event.ROLE_GIVEN, refused)
        for role in sorted(wanted - held):
            _give(session, context, person_id, role)
            record(session, context, Event.ROLE_GIVEN, {"person": person_id, "role": role.value})
        for role in sorted(held - wanted):
            session.execute(
                update(RoleHeld)
                .where(
                    RoleHeld.person_id == person_id,
                    RoleHeld.role == role.value,
                    RoleHeld.taken_at.is_(None),
                )
                .values(taken_at=context.now)
            )
            record(session, context, Event.ROLE_TAKEN, {"person": person_id, "role": role.value})
    return None


def set_active(context: Context, person_id: int, active: bool) -> Refused | None:
    """Let a person in again, or bar the door and end their sessions."""
    if not context.may(Role.ADMINISTRATOR):
        return wrong_role()
    with store.write() as session:
        person = people.get(session, context.centre, person_id)
        if person is None:
            return not_found()
        if person_id == context.actor:
            refused = Refused.of(Code.SELF, who=Helper.ADMINISTRATOR, what="own_account")
            return refuse(session, context, Event.PERSON_DEACTIVATED, refused)
        if person.active == active:
            return None
        person.active = active
        if not active:
            people.end_sessions(session, person_id, context.now)
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
        person = people.get(session, context.centre, person_id)
        if person is None:
            return not_found()
        person.password_hash = hashed
        person.must_change_password = True
        people.end_sessions(session, person_id, context.now)
        record(session, context, Event.PASSWORD_RESET, {"person": person_id})
        return Added(person.id, person.username, given)


def _give(session: Session, context: Context, person_id: int, role: Role) -> None:
    session.add(
        RoleHeld(
            centre_id=context.centre,
            person_id=person_id,
            role=role.value,
            given_at=context.now,
            given_by=context.actor,
        )
    )


def _why_not_add(name: str, username: str, roles: Sequence[str]) -> list[Reason]:
    found = []
    for field, text in (("name", name), ("username", username)):
        if not text:
            found.append(Reason(Code.FIELD, {"field": field, "what": "empty"}, who=Helper.YOU))
        elif len(text) > LONGEST_NAME:
            values: dict[str, Value] = {"field": field, "what": "long", "allowed": LONGEST_NAME}
            found.append(Reason(Code.FIELD, values, who=Helper.YOU))
    if any(c.isspace() for c in username):
        found.append(Reason(Code.FIELD, {"field": "username", "what": "space"}, who=Helper.YOU))
    if not roles:
        found.append(Reason(Code.FIELD, {"field": "roles", "what": "empty"}, who=Helper.YOU))
    return found + _unknown(roles)


def _unknown(roles: Sequence[str]) -> list[Reason]:
    if set(roles) <= {r.value for r in Role}:
        return []
    return [Reason(Code.FIELD, {"field": "roles", "what": "unknown"}, who=Helper.YOU)]
