"""The people of a centre: finding and adding them, their roles, their way in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store, wording
from assess.actions import people
from assess.actions.context import not_found
from assess.reasons import Refused
from assess.roles import Role
from assess.store import people as rows
from assess.web import access, in_use, pages, problems, signing

bp = Blueprint("administrator", __name__)

LONGEST = 1000  # characters of a field that are looked at: beyond any that are taken
LONGEST_SEARCH = 200  # characters: no name is longer


@bp.get("/people", endpoint="people")
@access.only(Role.ADMINISTRATOR)
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
        roles = rows.roles_of_many(session, [p.id for p in found], signing.now())
    return render_template(
        "administrator/people.html",
        found=found,
        count=count,
        roles=roles,
        words=words,
        number=number,
        last=last,
        links=_links(number, last, words),
    )


@bp.route("/people/new", methods=["GET", "POST"])
@access.only(Role.ADMINISTRATOR)
def add() -> ResponseReturnValue:
    """Add a person; the page that follows shows their first password, once."""
    if request.method == "GET":
        return _add_form("", "", [])
    name = request.form.get("name", "")[:LONGEST]
    username = request.form.get("username", "")[:LONGEST]
    chosen = _chosen()
    done = people.add(signing.context(), name, username, chosen)
    if isinstance(done, Refused):
        if problems.wants_json():
            return problems.answer(done)
        return _add_form(name, username, chosen, done)
    said = " ".join(name.split())
    return render_template("administrator/password.html", added=done, name=said, new=True)


@bp.get("/people/<int:person_id>")
@access.only(Role.ADMINISTRATOR)
def person(person_id: int) -> ResponseReturnValue:
    """One person: what is known of them, their roles, their way in."""
    return _person(person_id)


@bp.post("/people/<int:person_id>/roles")
@access.only(Role.ADMINISTRATOR)
def roles(person_id: int) -> ResponseReturnValue:
    """Make the chosen roles the person's, and no others."""
    chosen = _chosen()
    refused = people.set_roles(signing.context(), person_id, chosen)
    if refused is not None:
        if refused.status == 404 or problems.wants_json():
            return problems.answer(refused)
        return _person(person_id, chosen, refused)
    flash(_("The roles are changed."), "success")
    return redirect(url_for("administrator.person", person_id=person_id))


@bp.post("/people/<int:person_id>/deactivate")
@access.only(Role.ADMINISTRATOR)
def deactivate(person_id: int) -> ResponseReturnValue:
    """Close a person's account and log them out everywhere."""
    return _set_active(person_id, False, _("The account is closed."))


@bp.post("/people/<int:person_id>/activate")
@access.only(Role.ADMINISTRATOR)
def activate(person_id: int) -> ResponseReturnValue:
    """Open a person's account again."""
    return _set_active(person_id, True, _("The account is open again."))


@bp.post("/people/<int:person_id>/password")
@access.only(Role.ADMINISTRATOR)
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
        chosen=chosen,
        reasons=_beside(refused),
    )
    return page, 200 if refused is None else refused.status


def _person(
    person_id: int, chosen: Sequence[str] | None = None, refused: Refused | None = None
) -> ResponseReturnValue:
    with store.read() as session:
        found = rows.get(session, current_user.centre_id, person_id)
        if found is None:
            return problems.answer(not_found())
        held = rows.held_by(session, person_id, signing.now())
        open_sessions = len(in_use.of(session, person_id))
        last = rows.last_log_in(session, person_id)
    page = render_template(
        "administrator/person.html",
        person=found,
        held=[role for role in Role if role in held],
        chosen=[role.value for role in held] if chosen is None else chosen,
        open_sessions=open_sessions,
        last=last,
        own=person_id == current_user.person_id,
        reasons=_beside(refused),
    )
    return page, 200 if refused is None else refused.status


def _chosen() -> list[str]:
    """The roles that were ticked, each once."""
    return list(dict.fromkeys(request.form.getlist("roles")))


def _beside(refused: Refused | None) -> dict[str, wording.Words]:
    """The words of each reason by its field, which the words call by its label."""
    labels = {"name": _("Name"), "username": _("Log-in name"), "roles": _("Roles")}
    found: dict[str, wording.Words] = {}
    for reason in () if refused is None else refused.reasons:
        field = str(reason.values.get("field", "roles"))
        named = replace(reason, values={**reason.values, "field": labels.get(field, field)})
        found.setdefault(field, wording.words(named, pages.zone()))
    return found


def _span(number: int) -> tuple[int, int]:
    return (number - 1) * pages.PER_PAGE, pages.PER_PAGE


def _links(number: int, last: int, words: str) -> dict[str, Any]:
    """The addresses of the pages around this one, as the design system takes them."""

    def at(page: int) -> str:
        return url_for("administrator.people", q=words or None, page=page)

    near = [n for n in range(1, last + 1) if n in (1, last) or abs(n - number) <= 1]
    items: list[dict[str, Any]] = []
    before = 0
    for n in near:
        if n - before > 1:
            items.append({"ellipsis": True})
        items.append({"number": n, "href": at(n), "current": n == number})
        before = n
    return {
        "items": items,
        "previous": {"href": at(number - 1)} if number > 1 else None,
        "next": {"href": at(number + 1)} if number < last else None,
    }
