"""Has what somebody decides about been changed since they looked at it?"""

from __future__ import annotations

import hashlib

from assess.reasons import Code, Helper, Refused
from assess.store.people import Person
from assess.store.programmes import Programme, Registration

DIGITS = 16  # of a hash: nobody has to find another text with the same, only to notice a change


def details(person: Person) -> str:
    """What the form for a person's details shows, so that two moments can be compared."""
    return short(person.name, person.born_on, person.email)


def registration(row: Registration) -> str:
    """What the form of a registration shows."""
    return short(row.tutor_id, row.group, row.language, row.starts_at, row.ends_at, row.needs)


def programme(row: Programme) -> str:
    """What the form of a programme shows."""
    return short(row.name, row.minimum_age, row.last_registration, row.months)


def short(*said: object) -> str:
    """The fields of a form, in their order, as a few signs."""
    return hashlib.sha256(repr(said).encode()).hexdigest()[:DIGITS]


def why_not(seen: str | None, now: str, wanted: str) -> Refused | None:
    """E-CHANGED where a page showed something else than there is now, and than is asked for.

    What is as it should be already, after a second click perhaps, is no reason. None for `seen`
    where nobody looked.
    """
    if seen is None or now in (seen, wanted):
        return None
    return Refused.of(Code.CHANGED, status=409, who=Helper.YOU)
