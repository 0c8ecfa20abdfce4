"""Who is told by mail that a way in was changed by somebody else, or who checks a centre's work?

An administrator can give anybody a new first password, and with it be them: approve as a tutor,
decide as the quality team. Nothing of it can be forbidden to whoever sees to accounts. So those
who would notice are told, in the transaction of the deed.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from assess.actions import mail
from assess.actions.context import Context
from assess.delivery.mailing import Kind
from assess.roles import QUALITY_ROLES, Role
from assess.store import roles_held
from assess.store.people import Person

WATCHED = QUALITY_ROLES | {Role.ADMINISTRATOR}
"""Roles of which those who check a centre's work are told who holds them, and by whose hand."""


def password(session: Session, context: Context, person: Person) -> None:
    """Tell somebody that they were given a new first password; of who is watched, the others."""
    _tell(session, context, Kind.PASSWORD_RESET, person, person)
    if roles_held.roles_of(session, person.id, context.now) & WATCHED:
        _tell_checkers(session, context, Kind.CHECKER_RESET, person)


def address(session: Session, context: Context, person: Person) -> None:
    """Tell somebody, at the address they had until now, that their mails go elsewhere."""
    _tell(session, context, Kind.ADDRESS_CHANGED, person, person)


def role(session: Session, context: Context, person_id: int, given: Role) -> None:
    """Tell those who check a centre's work who is one of them now, or an administrator."""
    if given in WATCHED:
        _tell_checkers(session, context, Kind.CHECKER_GIVEN, session.get_one(Person, person_id))


def out(session: Session, context: Context, person: Person, held: Iterable[Role]) -> None:
    """Tell somebody who checks a centre's work that they do so no more, of `held` roles.

    Whoever wants nobody to be told of another one could put those who would be told out before.
    """
    if person.id != context.actor and not QUALITY_ROLES.isdisjoint(held):
        _tell(session, context, Kind.CHECKER_TAKEN, person, person)


def _tell_checkers(session: Session, context: Context, kind: Kind, about: Person) -> None:
    held = (
        roles_held.holders(session, about.centre_id, one, context.now)
        for one in sorted(QUALITY_ROLES)
    )
    for to in {person.id: person for people in held for person in people}.values():
        if to.id not in (about.id, context.actor):
            _tell(session, context, kind, to, about)


def _tell(session: Session, context: Context, kind: Kind, to: Person, about: Person) -> None:
    by = None if context.actor is None else session.get(Person, context.actor)
    mail.put(
        session,
        context,
        kind,
        to,
        about.id,
        about=about.name,
        by=context.settings.name if by is None else by.name,
        at=context.now,
        deed=f"{about.id}-{context.now:%Y%m%dT%H%M%S.%f}",
    )
