"""What would a file of people do, line by line, and what of it can't be done?

Pure: what is known is handed in. A plan with a line that is refused is not carried out at all.
A file adds and changes; it never removes a person, a role or a registration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from assess.bank import canonical
from assess.delivery import accounts, calendar, mailing, registration
from assess.delivery.people_file import Row
from assess.delivery.registration import Conditions, Entry
from assess.reasons import Code, Helper, Reason, Value
from assess.roles import QUALITY_ROLES, Role

OF_PLACES = ("group", "tutor", "language", "starts", "ends", "needs")
"""The columns of a registration, which say nothing where no programme is named."""

NO_NEEDS = frozenset({"none", "no", "-", "–"})
"""What stands in the column `needs` of somebody who was asked and needs nothing."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the centre, before or after the file."""

    name: str
    born_on: date | None
    roles: frozenset[Role]
    active: bool = True
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A registration: who is the tutor, by log-in name, what it says, and of which day it is."""

    tutor: str
    entry: Entry
    registered: date | None = None  # None: it is being made


@dataclass(frozen=True, slots=True)
class Known:
    """What the record holds: people by log-in name, programmes by name, places by both."""

    people: Mapping[str, Person]
    elsewhere: frozenset[str]  # log-in names of the file that are in use at other centres
    programmes: Mapping[str, Conditions]
    places: Mapping[tuple[str, str], Place]  # by programme and log-in name
    groups: Mapping[tuple[str, str], int]  # candidates by programme and group
    actor: str | None  # who brings the file, by log-in name; None for the operator


class State(StrEnum):
    """What becomes of a line."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the plan: what it `will` do, or the `reasons` why it can't be done.

    `person` is how the person will be, `new_roles` what they are given; `place` how their
    registration on `programme` will be. Each is None where the line changes nothing of it.
    """

    number: int
    username: str
    state: State
    will: tuple[Reason, ...] = ()
    reasons: tuple[Reason, ...] = ()
    person: Person | None = None
    is_new: bool = False
    new_roles: tuple[Role, ...] = ()
    programme: str | None = None
    place: Place | None = None
    is_registered: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a file would do. Carried out only when no line is refused."""

    lines: tuple[Line, ...]
    warnings: tuple[Reason, ...]

    @property
    def counts(self) -> Mapping[State, int]:
        """How many lines are in each state."""
        found = Counter(line.state for line in self.lines)
        return {state: found[state] for state in State}

    @property
    def refused(self) -> bool:
        """Whether there is a line that cannot be done."""
        return any(line.state is State.REFUSED for line in self.lines)

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The log-in names of those who are added, in order."""
        return tuple(line.username for line in self.lines if line.is_new)

    @property
    def changing(self) -> tuple[str, ...]:
        """The log-in names of those of whom anything is written, in order."""
        return tuple(line.username for line in self.lines if line.state is not State.UNCHANGED)

    def digest(self) -> str:
        """SHA-256 of what is planned: another plan of the same file has another."""
        lines = [
            [line.number, line.username, line.state.value, _plain(line.will), _plain(line.reasons)]
            for line in self.lines
        ]
        return canonical.digest({"lines": lines})


@dataclass(slots=True)
class _Draft:
    """A line that is being planned."""

    row: Row
    username: str
    will: list[Reason] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    person: Person | None = None
    is_new: bool = False
    new_roles: tuple[Role, ...] = ()
    programme: str | None = None
    place: Place | None = None
    is_registered: bool = False

    def line(self) -> Line:
        if self.reasons:
            reasons = tuple(self.reasons)
            return Line(self.row.number, self.username, State.REFUSED, reasons=reasons)
        state = State.CHANGED if self.will else State.UNCHANGED
        return Line(
            self.row.number,
            self.username,
            State.ADDED if self.is_new else state,
            tuple(self.will),
            (),
            self.person,
            self.is_new,
            self.new_roles,
            self.programme,
            self.place,
            self.is_registered,
        )


def plan(rows: Sequence[Row], known: Known, today: date, zone: str) -> Plan:
    """Weigh every line against what is known and against the lines before it."""
    people = dict(known.people)
    places = dict(known.places)
    drafts = [
        _Draft(row, accounts.log_in_name(row["username"]), reasons=list(row.problems))
        for row in rows
    ]
    told: dict[tuple[str, str], tuple[int, object]] = {}
    for draft in drafts:  # everybody first, so that a tutor may stand below their candidates
        draft.reasons += _contradicting(draft, told)
        if not draft.reasons:
            _plan_person(draft, known, people, today)
    seen: dict[tuple[str, str], int] = {}
    for draft in drafts:
        if draft.reasons or not draft.row["programme"]:
            if not draft.reasons and any(draft.row[column] for column in OF_PLACES):
                draft.reasons.append(registration.amiss("programme", "empty"))
            continue
        key = (draft.row["programme"], draft.username)
        if key in seen:
            values: dict[str, Value] = {"what": "line_repeated", "first": seen[key]}
            draft.reasons.append(Reason(Code.DUPLICATE, values, who=Helper.YOU))
            continue
        seen[key] = draft.row.number
        _plan_place(draft, known, people, places, today, zone)
    return Plan(tuple(d.line() for d in drafts), _warnings(known, places))


def _contradicting(
    draft: _Draft, told: dict[tuple[str, str], tuple[int, object]]
) -> tuple[Reason, ...]:
    """Why a line cannot be about whom a line before it was; what it says is noted in `told`.

    `told` holds, by log-in name and column, the first line that filled it and what it said.
    """
    for column in ("name", "born_on", "email"):
        text = draft.row[column]
        if not text:
            continue
        said = (calendar.read_day(text) or text) if column == "born_on" else text
        first, before = told.setdefault((draft.username, column), (draft.row.number, said))
        if before != said:
            values: dict[str, Value] = {"what": "person_contradicts", "first": first}
            return (Reason(Code.DUPLICATE, values, who=Helper.YOU),)
    return ()


def _plan_person(draft: _Draft, known: Known, people: dict[str, Person], today: date) -> None:
    row, username = draft.row, draft.username
    draft.reasons += accounts.why_not_log_in_as(username)
    if username in known.elsewhere:
        taken: dict[str, Value] = {"what": "elsewhere", "username": username}
        draft.reasons.append(Reason(Code.TAKEN, taken, who=Helper.YOU))
    before = people.get(username)
    name = accounts.plain(row["name"]) or (before.name if before else "")
    draft.reasons += accounts.why_not_call(name)
    born_on = _day(draft, "born_on") or (before.born_on if before else None)
    draft.reasons += registration.why_not_born(born_on, today)
    email = mailing.plain_address(row["email"]) or (before.email if before else None)
    draft.reasons += mailing.why_not_write_to(email)
    roles = _roles(draft, is_new=before is None)
    given = roles - (before.roles if before else frozenset())
    if username == known.actor and given & QUALITY_ROLES:
        draft.reasons.append(Reason(Code.SELF, {"what": "quality_role"}, who=Helper.ADMINISTRATOR))
    if draft.reasons:
        return
    said = ", ".join(sorted(given))
    held = before.roles if before else frozenset()
    after = Person(name, born_on, roles | held, email=email)
    if before is None:
        draft.is_new = True
        draft.will.append(will("person", name=name, roles=said))
    else:
        after = replace(after, active=before.active)
        if name != before.name:
            draft.will.append(will("name", before=before.name, name=name))
        if given:
            draft.will.append(will("roles", roles=said))
    born_before, email_before = (before.born_on, before.email) if before else (None, None)
    if born_on is not None and born_on != born_before:
        draft.will.append(_set("birth", born_before, day=born_on))
    if email is not None and email != email_before:
        draft.will.append(_set("email", email_before, email=email))
    if draft.will:
        draft.person, draft.new_roles = after, tuple(r for r in Role if r in given)
    people[username] = after


def _plan_place(
    draft: _Draft,
    known: Known,
    people: Mapping[str, Person],
    places: dict[tuple[str, str], Place],
    today: date,
    zone: str,
) -> None:
    key = (draft.row["programme"], draft.username)
    conditions = known.programmes.get(key[0])
    if conditions is None:
        allowed = ", ".join(known.programmes) or "–"
        amiss = registration.amiss("programme", "unknown", found=key[0], allowed=allowed)
        draft.reasons.append(amiss)
        return
    before = places.get(key)
    place = _place(draft, before)
    person = people[draft.username]
    if before is None or place.tutor != before.tutor:
        draft.reasons += _why_not_tutor(place.tutor, draft.username, people)
    if before is None:
        if Role.CANDIDATE not in person.roles:
            draft.reasons.append(registration.amiss("roles", "no_candidate"))
        draft.reasons += registration.why_not_register(
            conditions, place.entry, person.born_on, today, zone
        )
        last = registration.last_day(conditions, place.entry, today)
        place = replace(place, entry=replace(place.entry, ends=last))
    else:
        draft.reasons += registration.why_not_change(
            conditions, before.entry, place.entry, person.born_on, before.registered or today, zone
        )
    if draft.reasons or place == before:
        return
    draft.will += _changes(key[0], before, place)
    draft.programme, draft.place, draft.is_registered = key[0], place, before is not None
    places[key] = place


def _place(draft: _Draft, before: Place | None) -> Place:
    """The registration that a line asks for; what it does not say stays as it is."""
    row = draft.row
    entry = before.entry if before else Entry("")
    needs = row["needs"]
    return Place(
        accounts.log_in_name(row["tutor"]) or (before.tutor if before else ""),
        Entry(
            group=row["group"] or entry.group,
            language=row["language"].lower() or entry.language,
            starts=_day(draft, "starts") or entry.starts,
            ends=_day(draft, "ends") or entry.ends,
            needs=entry.needs if not needs else "" if needs.casefold() in NO_NEEDS else needs,
        ),
        before.registered if before else None,
    )


def _why_not_tutor(tutor: str, username: str, people: Mapping[str, Person]) -> tuple[Reason, ...]:
    if tutor == username:
        own: dict[str, Value] = {"field": "tutor", "what": "own_tutor"}
        return (Reason(Code.SELF, own, who=Helper.YOU),)
    one = people.get(tutor)
    if one is None or not one.active or Role.TUTOR not in one.roles:
        return (registration.amiss("tutor", "no_tutor"),)
    return ()


def _changes(programme: str, before: Place | None, place: Place) -> list[Reason]:
    entry = place.entry
    if before is None:
        group, tutor = entry.group, place.tutor
        values: dict[str, Value] = {"programme": programme, "group": group, "tutor": tutor}
        if entry.ends is None:
            return [will("registration_open", **values)]
        return [will("registration", ends=entry.ends, **values)]
    was, found = before.entry, []
    if entry.group != was.group:
        found.append(will("group", programme=programme, before=was.group, group=entry.group))
    if place.tutor != before.tutor:
        found.append(will("tutor", programme=programme, before=before.tutor, tutor=place.tutor))
    if entry.language != was.language:
        language, spoken = (registration.LANGUAGES[one.language] for one in (entry, was))
        found.append(will("language", programme=programme, before=spoken, language=language))
    if entry.starts is not None and entry.starts != was.starts:
        found.append(_set("starts", was.starts, programme=programme, day=entry.starts))
    if entry.ends is not None and entry.ends != was.ends:
        found.append(_set("ends", was.ends, programme=programme, day=entry.ends))
    if entry.needs != was.needs:
        found.append(_set("needs", was.needs, programme=programme))
    return found


def _warnings(known: Known, places: Mapping[tuple[str, str], Place]) -> tuple[Reason, ...]:
    """A warning for each group that the file makes larger than is well."""
    sizes = Counter(known.groups)
    for key, place in places.items():
        before = known.places.get(key)
        if before is None or before.entry.group != place.entry.group:
            sizes[key[0], place.entry.group] += 1
            if before is not None:
                sizes[key[0], before.entry.group] -= 1
    return tuple(
        warning
        for (programme, group), size in sorted(sizes.items())
        if size > known.groups.get((programme, group), 0)
        for warning in registration.warnings(group, size)
    )


def _roles(draft: _Draft, is_new: bool) -> frozenset[Role]:
    """The roles that a line names; a newcomer who is to be registered is a candidate anyway."""
    said = [part.strip().casefold() for part in draft.row["roles"].replace(";", ",").split(",")]
    named = {part.replace(" ", "-") for part in said if part}
    unknown = named - {role.value for role in Role}
    if unknown:
        allowed = ", ".join(role.value for role in Role)
        found = ", ".join(sorted(unknown))
        draft.reasons.append(registration.amiss("roles", "unknown", found=found, allowed=allowed))
    elif not named and is_new:
        if draft.row["programme"]:
            return frozenset({Role.CANDIDATE})
        draft.reasons.append(registration.amiss("roles", "empty"))
    return frozenset(role for role in Role if role.value in named)


def _day(draft: _Draft, column: str) -> date | None:
    if not draft.row[column]:
        return None
    day = calendar.read_day(draft.row[column])
    if day is None:
        draft.reasons.append(registration.amiss(column, "no_date"))
    return day


def will(what: str, **values: Value) -> Reason:
    """What a line is about to do [I-WILL]."""
    return Reason(Code.WILL, {"what": what, **values})


def _set(what: str, before: Value | None, **values: Value) -> Reason:
    """The same of a field, naming what it takes the place of: another makes another plan."""
    return will(f"{what}_again", before=before, **values) if before else will(what, **values)


def _plain(reasons: Sequence[Reason]) -> list[list[object]]:
    return [
        [
            r.code.value,
            {k: v.isoformat() if isinstance(v, date) else v for k, v in r.values.items()},
        ]
        for r in reasons
    ]
