"""The people of a centre: finding and adding them, their roles, their way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import overtaken, people
from assess.actions.context import not_found
from assess.delivery import calendar, mailing
from assess.reasons import Code, Reason, Refused
from assess.roles import QUALITY_ROLES, Role
from assess.store import arrangements, programmes, roles_held, sessions
from assess.store import people as rows
from assess.web import in_use, pages, paging, problems, signing
from assess.web.administrator import typed
from assess.web.administrator.blueprint import administrators, bp

LONGEST_SEARCH = 200  # characters: no name is longer


@bp.get("/people", endpoint="people")
@administrators
def people_() -> str:
    """The people of the centre, searched by name or log-in name, a page at a time."""
    words = " ".join(request.args.get("q", "")[:LONGEST_SEARCH].split())
    number = pages.page_number()
    with store.read() as session:
        found, count = rows.page(session, current_user.centre_id, words, *_span(number))
        last = max(1, -(-count // pages.PER_PAGE))
        if number > last:
            number = last
            found, count = rows.page(session, current_user.centre_id, words, *_span(number))
        roles = roles_held.roles_of_many(session, [p.id for p in found], signing.now())
    return render_template(
        "administrator/people.html",
        found=found,
        count=count,
        roles=roles,
        words=words,
        number=number,
        last=last,
        links=paging.links(number, last, lambda n: url_for(".people", q=words or None, page=n)),
    )


@bp.route("/people/new", methods=["GET", "POST"])
@administrators
def add() -> ResponseReturnValue:
    """Add a person; the page that follows shows their first password, once."""
    if request.method == "GET":
        return _add_form("", "", [])
    name, username = typed.line("name"), typed.line("username")
    chosen = _chosen()
    amiss: list[Reason] = []
    born_on = typed.day("born_on", amiss)
    done: people.Added | Refused
    if amiss:
        done = Refused(Code.FIELD, tuple(amiss), 422)
    else:
        email = mailing.plain_address(typed.line("email"))
        done = people.add(signing.context(), name, username, chosen, born_on=born_on, email=email)
    if isinstance(done, Refused):
        if problems.wants_json():
            return problems.answer(done)
        return _add_form(name, username, chosen, done)
    said = " ".join(name.split())
    return render_template("administrator/password.html", added=done, name=said, new=True)


@bp.get("/people/<int:person_id>")
@administrators
def person(person_id: int) -> ResponseReturnValue:
    """One person: what is known of them, their roles, their way in."""
    return _person(person_id)


@bp.post("/people/<int:person_id>/roles")
@administrators
def roles(person_id: int) -> ResponseReturnValue:
    """Make the chosen roles the person's, and no others."""
    chosen = _chosen()
    amiss: list[Reason] = []
    days = {role: typed.day(f"until-{role}", amiss) for role in chosen}
    until = {role: day for role, day in days.items() if day is not None}
    refused: Refused | None
    if amiss:
        refused = Refused(Code.FIELD, tuple(amiss), 422)
    else:
        refused = people.set_roles(
            signing.context(), person_id, chosen, until, request.form.get("seen")
        )
    if refused is not None:
        if refused.status == 404 or problems.wants_json():
            return problems.answer(refused)
        return _person(person_id, chosen, refused)
    flash(_("The roles are changed."), "success")
    return redirect(url_for("administrator.person", person_id=person_id))


@bp.route("/people/<int:person_id>/details", methods=["GET", "POST"])
@administrators
def details(person_id: int) -> ResponseReturnValue:
    """Put a person's name, date of birth or address for mails right."""
    if request.method == "GET":
        return _details(person_id)
    amiss: list[Reason] = []
    name, born_on = typed.line("name"), typed.day("born_on", amiss)
    refused: Refused | None
    if amiss:
        refused = Refused(Code.FIELD, tuple(amiss), 422)
    else:
        refused = people.change(
            signing.context(),
            person_id,
            name,
            born_on,
            mailing.plain_address(typed.line("email")),
            request.form.get("seen"),
        )
    if refused is not None:
        again = refused.status != 404 and not problems.wants_json()
        return _details(person_id, refused) if again else problems.answer(refused)
    flash(_("The details are changed."), "success")
    return redirect(url_for("administrator.person", person_id=person_id))


@bp.post("/people/<int:person_id>/deactivate")
@administrators
def deactivate(person_id: int) -> ResponseReturnValue:
    """Close a person's account and log them out everywhere."""
    return _set_active(person_id, False, _("The account is closed."))


@bp.post("/people/<int:person_id>/activate")
@administrators
def activate(person_id: int) -> ResponseReturnValue:
    """Open a person's account again."""
    return _set_active(person_id, True, _("The account is open again."))


@bp.post("/people/<int:person_id>/password")
@administrators
def password(person_id: int) -> ResponseReturnValue:
    """Give a person a new first password, and show it once."""
    with store.read() as session:
        there = rows.get(session, current_user.centre_id, person_id)
    done = people.reset_password(signing.context(), person_id)
    if isinstance(done, Refused) or there is None:
        return problems.answer(done if isinstance(done, Refused) else not_found())
    return render_template("administrator/password.html", added=done, name=there.name, new=False)


def _set_active(person_id: int, active: bool, said: str) -> ResponseReturnValue:
    refused = people.set_active(signing.context(), person_id, active)
    if refused is not None:
        return problems.answer(refused)
    flash(said, "success")
    return redirect(url_for("administrator.person", person_id=person_id))


def _add_form(
    name: str, username: str, chosen: Sequence[str], refused: Refused | None = None
) -> ResponseReturnValue:
    page = render_template(
        "administrator/add.html",
        name=name,
        username=username,
        born_on=typed.line("born_on"),
        email=typed.line("email"),
        chosen=chosen,
        reasons=typed.beside(refused, "roles"),
    )
    return page, 200 if refused is None else refused.status


def _details(person_id: int, refused: Refused | None = None) -> ResponseReturnValue:
    with store.read() as session:
        found = rows.get(session, current_user.centre_id, person_id)
    if found is None:
        return problems.answer(not_found())
    now = {
        "name": found.name,
        "born_on": "" if found.born_on is None else found.born_on.isoformat(),
        "email": found.email or "",
    }
    page = render_template(
        "administrator/details.html",
        person=found,
        typed=now if refused is None else {name: typed.line(name) for name in now},
        stands=typed.stands(refused, now),
        seen=pages.seen("seen", overtaken.details(found), refused),
        reasons=typed.beside(refused, "name"),
    )
    return page, 200 if refused is None else refused.status


def _person(
    person_id: int, chosen: Sequence[str] | None = None, refused: Refused | None = None
) -> ResponseReturnValue:
    with store.read() as session:
        found = rows.get(session, current_user.centre_id, person_id)
        if found is None:
            return problems.answer(not_found())
        ends = roles_held.held_by(session, person_id, signing.now())
        open_sessions = len(in_use.of(session, person_id))
        last = sessions.last_log_in(session, person_id)
        registered = programmes.registrations_of(session, person_id)
        arranged = arrangements.in_force(session, person_id, signing.now())
    page = render_template(
        "administrator/person.html",
        person=found,
        held=[role for role in Role if role in ends],
        chosen=[role.value for role in ends] if chosen is None else chosen,
        until=_until(ends, asked=chosen is not None),
        ends=ends,
        seen=pages.seen("seen", people.in_short(ends), refused),
        quality=QUALITY_ROLES,
        open_sessions=open_sessions,
        last=last,
        registered=registered,
        arranged=arranged,
        now=signing.now(),
        own=person_id == current_user.person_id,
        reasons=typed.beside(refused, "roles"),
    )
    return page, 200 if refused is None else refused.status


def _until(ends: Mapping[Role, datetime | None], asked: bool) -> dict[str, str]:
    """The last day of each role as its field shows it: as typed, or as it is held."""
    if asked:
        return {role.value: typed.line(f"until-{role.value}") for role in Role}
    return {
        role.value: calendar.last_day(end, pages.zone()).isoformat()
        for role, end in ends.items()
        if end is not None
    }


def _chosen() -> list[str]:
    """The roles that were ticked, each once."""
    return list(dict.fromkeys(request.form.getlist("roles")))


def _span(number: int) -> tuple[int, int]:
    return (number - 1) * pages.PER_PAGE, pages.PER_PAGE
