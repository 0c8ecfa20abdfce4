"""Which programmes does the centre deliver, on what conditions, and who is registered on them?"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import overtaken
from assess.actions import programmes as deeds
from assess.actions.context import not_found
from assess.delivery.registration import LARGEST_GROUP, Conditions
from assess.delivery.registration import amiss as no_value
from assess.reasons import Code, Reason, Refused
from assess.store import frameworks
from assess.store import programmes as rows
from assess.store import progress as progress_rows
from assess.web import pages, paging, problems, signing
from assess.web.administrator import typed
from assess.web.administrator.blueprint import administrators, bp

FIELDS = ("name", "framework", "minimum_age", "last_registration", "months")


@bp.get("/programmes", endpoint="programmes")
@administrators
def programmes_() -> str:
    """The programmes of the centre, each with its conditions and its candidates."""
    with store.read() as session:
        mine = [
            (programme, sum(rows.groups(session, programme.id, signing.now()).values()))
            for programme in rows.of_centre(session, current_user.centre_id)
        ]
    return render_template("administrator/programmes.html", programmes=mine)


@bp.route("/programmes/new", methods=["GET", "POST"])
@administrators
def new_programme() -> ResponseReturnValue:
    """Deliver a framework as a programme of the centre."""
    if request.method == "GET":
        return _form(None)
    amiss: list[Reason] = []
    conditions = _conditions(amiss)
    framework = typed.line("framework")
    if not framework:
        amiss.append(no_value("framework", "empty"))
    done: int | Refused
    if amiss:
        done = Refused(Code.FIELD, tuple(amiss), 422)
    else:
        done = deeds.create(signing.context(), typed.line("name"), framework, conditions)
    if isinstance(done, Refused):
        again = done.status != 404 and not problems.wants_json()
        return _form(None, done) if again else problems.answer(done)
    flash(_("The programme is there."), "success")
    return redirect(url_for("administrator.programme", programme_id=done))


@bp.get("/programmes/<int:programme_id>")
@administrators
def programme(programme_id: int) -> ResponseReturnValue:
    """One programme: conditions, statement, groups, and the candidates with their progress."""
    group = request.args.get("group", "")[: typed.LONGEST] or None
    number, now = pages.page_number(), signing.now()
    with store.read() as session:
        found = rows.get(session, current_user.centre_id, programme_id)
        if found is None:
            return problems.answer(not_found())
        offset = (number - 1) * pages.PER_PAGE
        listed, count = rows.on_programme(session, found.id, group, offset, pages.PER_PAGE)
        last = max(1, -(-count // pages.PER_PAGE))
        if number > last:
            number = last
            offset = (number - 1) * pages.PER_PAGE
            listed, count = rows.on_programme(session, found.id, group, offset, pages.PER_PAGE)
        modules = progress_rows.modules(session, found)
        progress = progress_rows.of(session, modules, [c.id for _, c, _ in listed])
        framework = frameworks.load(session, found.framework_id)
        groups = rows.groups(session, found.id, now)
        statement = rows.current_statement(session, found.id)
    links = paging.links(
        number, last, lambda n: url_for(".programme", programme_id=found.id, group=group, page=n)
    )
    return render_template(
        "administrator/programme.html",
        programme=found,
        framework=framework,
        statement=statement,
        groups=groups,
        group=group,
        largest=LARGEST_GROUP,
        listed=listed,
        count=count,
        progress=progress,
        number=number,
        last=last,
        links=links,
    )


@bp.route("/programmes/<int:programme_id>/edit", methods=["GET", "POST"])
@administrators
def edit_programme(programme_id: int) -> ResponseReturnValue:
    """Change a programme's name, or what it asks of registrations from now on."""
    with store.read() as session:
        found = rows.get(session, current_user.centre_id, programme_id)
    if found is None:
        return problems.answer(not_found())
    if request.method == "GET":
        return _form(found)
    amiss: list[Reason] = []
    conditions = _conditions(amiss)
    refused: Refused | None
    if amiss:
        refused = Refused(Code.FIELD, tuple(amiss), 422)
    else:
        name, seen = typed.line("name"), request.form.get("seen")
        refused = deeds.change(signing.context(), programme_id, name, conditions, seen)
    if refused is not None:
        again = refused.status != 404 and not problems.wants_json()
        return _form(found, refused) if again else problems.answer(refused)
    flash(_("The programme is changed. It holds for registrations from now on."), "success")
    return redirect(url_for("administrator.programme", programme_id=programme_id))


def _conditions(amiss: list[Reason]) -> Conditions:
    return Conditions(
        minimum_age=typed.number("minimum_age", amiss),
        last_registration=typed.day("last_registration", amiss),
        months=typed.number("months", amiss),
    )


def _form(found: rows.Programme | None, refused: Refused | None = None) -> ResponseReturnValue:
    with store.read() as session:
        offered = frameworks.every(session)
        if found is not None:
            found = rows.get(session, found.centre_id, found.id)  # as it is after a refusal
    said = {name: typed.line(name) for name in FIELDS}
    now = {} if found is None else _as_it_is(found)
    page = render_template(
        "administrator/programme_form.html",
        programme=found,
        frameworks=offered,
        typed=now if found is not None and refused is None else said,
        stands=typed.stands(refused, now),
        seen="" if found is None else pages.seen("seen", overtaken.programme(found), refused),
        reasons=typed.beside(refused, "name"),
    )
    return page, 200 if refused is None else refused.status


def _as_it_is(found: rows.Programme) -> dict[str, str]:
    """The fields of the form as the programme stands; its framework stays what it is."""
    last = found.last_registration
    return {
        "name": found.name,
        "minimum_age": str(found.minimum_age or ""),
        "last_registration": "" if last is None else last.isoformat(),
        "months": str(found.months or ""),
    }
