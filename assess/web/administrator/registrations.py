"""How is somebody registered on a programme, and how is a registration put right?"""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store, wording
from assess.actions import overtaken
from assess.actions import programmes as deeds
from assess.actions.context import not_found
from assess.delivery import accounts, calendar, registration
from assess.delivery.registration import LANGUAGES, Entry
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.roles import Role
from assess.store import people, programmes, roles_held
from assess.store import progress as progress_rows
from assess.store.programmes import Registration
from assess.web import pages, problems, signing
from assess.web.administrator import typed
from assess.web.administrator.blueprint import administrators, bp

FIELDS = ("programme", "tutor", "group", "language", "starts", "ends", "asked")
NONE, SOME = "none", "some"  # what was answered when the candidate was asked for needs


@bp.route("/people/<int:person_id>/register", methods=["GET", "POST"])
@administrators
def register(person_id: int) -> ResponseReturnValue:
    """Register a person on a programme, with a tutor, a group, a period, and their needs."""
    if request.method == "GET":
        return _register_form(person_id)
    amiss: list[Reason] = []
    entry = _entry(amiss, None, must_ask=True)
    programme_id, tutor_id = typed.key("programme"), typed.key("tutor")
    if not programme_id:
        amiss.append(registration.amiss("programme", "empty"))
    if not tutor_id:
        amiss.append(registration.amiss("tutor", "empty"))
    done: int | Refused
    if amiss:
        done = Refused(Code.FIELD, tuple(amiss), 422)
    else:
        done = deeds.register(
            signing.context(),
            programme_id,
            person_id,
            tutor_id,
            entry.group,
            entry.language,
            entry.starts,
            entry.ends,
            entry.needs,
        )
    if isinstance(done, Refused):
        if done.status == 404 or problems.wants_json():
            return problems.answer(done)
        # Who is registered already, by somebody else perhaps, has a registration to put right.
        there = done.reasons[0].values.get("at")
        if isinstance(there, int):
            return _registration(there, done)
        return _register_form(person_id, done)
    flash(_("The registration is recorded."), "success")
    _warn(programme_id, entry.group)
    return redirect(url_for("administrator.registration", registration_id=done))


@bp.route("/registrations/<int:registration_id>", methods=["GET", "POST"], endpoint="registration")
@administrators
def registration_(registration_id: int) -> ResponseReturnValue:
    """One registration: what it says, how far the candidate is, and the form to put it right."""
    if request.method == "GET":
        return _registration(registration_id)
    amiss: list[Reason] = []
    with store.read() as session:
        found = programmes.registered(session, current_user.centre_id, registration_id)
    said = None if found is None else found[0].needs
    entry, tutor = _entry(amiss, said, must_ask=False), typed.key("tutor")
    if not tutor:
        amiss.append(registration.amiss("tutor", "empty"))
    refused: Refused | None
    if amiss:
        refused = Refused(Code.FIELD, tuple(amiss), 422)
    else:
        refused = deeds.change_registration(
            signing.context(), registration_id, tutor, entry, request.form.get("seen")
        )
    if refused is not None:
        again = refused.status != 404 and not problems.wants_json()
        return _registration(registration_id, refused) if again else problems.answer(refused)
    flash(_("The registration is changed."), "success")
    if found is not None:
        _warn(found[1].id, entry.group)
    return redirect(url_for("administrator.registration", registration_id=registration_id))


def _entry(amiss: list[Reason], before: str | None, *, must_ask: bool) -> Entry:
    """What the form says; everybody who is registered here is asked what they need.

    Who writes down something else than was needed `before` has to say that it is needed.
    """
    asked, needs = typed.line("asked"), typed.text("needs").strip()
    if asked != SOME and needs not in ("", before):
        denied: dict[str, Value] = {"field": "asked", "what": "needs_denied"}
        amiss.append(Reason(Code.FIELD, denied, who=Helper.YOU))
    elif asked not in (NONE, SOME) and must_ask:
        amiss.append(registration.amiss("asked", "empty"))
    if asked == SOME and not needs:
        amiss.append(registration.amiss("needs", "empty"))
    return Entry(
        group=typed.line("group"),
        language=typed.line("language"),
        starts=typed.day("starts", amiss),
        ends=typed.day("ends", amiss),
        needs=needs if asked == SOME else "" if asked == NONE else None,
    )


def _warn(programme_id: int, group: str) -> None:
    """Say it when a group has become larger than a tutor can follow well."""
    group = accounts.plain(group)
    with store.read() as session:
        size = programmes.groups(session, programme_id, signing.now()).get(group, 0)
    for reason in registration.warnings(group, size):
        said = wording.words(reason, pages.zone())
        flash(f"{said.what} {said.do}", "warning")


def _register_form(person_id: int, refused: Refused | None = None) -> ResponseReturnValue:
    with store.read() as session:
        person = people.get(session, current_user.centre_id, person_id)
        if person is None:
            return problems.answer(not_found())
        taken = {programme.id for _, programme in programmes.registrations_of(session, person.id)}
        offered = [p for p in programmes.of_centre(session, person.centre_id) if p.id not in taken]
        shared = _shared(session)
        groups = {p.id: programmes.groups(session, p.id, signing.now()) for p in offered}
    page = render_template(
        "administrator/register.html",
        registered=bool(taken),
        person=person,
        offered=offered,
        groups=groups,
        typed={name: typed.line(name) for name in FIELDS} | {"needs": typed.text("needs")},
        reasons=typed.beside(refused, "programme"),
        **shared,
    )
    return page, 200 if refused is None else refused.status


def _registration(registration_id: int, refused: Refused | None = None) -> ResponseReturnValue:
    with store.read() as session:
        found = programmes.registered(session, current_user.centre_id, registration_id)
        if found is None:
            return problems.answer(not_found())
        row, programme, candidate = found
        tutor = people.get(session, current_user.centre_id, row.tutor_id)
        modules = progress_rows.modules(session, programme)
        progress = progress_rows.of(session, modules, [candidate.id])[candidate.id]
        signed = programmes.last_signature(session, programme.id, candidate.id)
        shared = _shared(session)
    said = {name: typed.line(name) for name in FIELDS} | {"needs": typed.text("needs")}
    page = render_template(
        "administrator/registration.html",
        registration=row,
        programme=programme,
        candidate=candidate,
        tutor=tutor,
        progress=progress,
        signed=signed,
        now=signing.now(),
        typed=_as_it_is(row) if refused is None else said,
        seen=pages.seen("seen", overtaken.registration(row), refused),
        reasons=typed.beside(refused, "tutor"),
        **shared,
    )
    return page, 200 if refused is None else refused.status


def _shared(session: Session) -> dict[str, object]:
    """What both forms offer: the tutors of the centre, and the languages."""
    centre, now = current_user.centre_id, signing.now()
    return {
        "tutors": roles_held.holders(session, centre, Role.TUTOR, now),
        "languages": LANGUAGES,
    }


def _as_it_is(row: Registration) -> Mapping[str, str]:
    """The fields of the form as the registration stands."""
    zone = pages.zone()
    starts, ends = row.starts_at, row.ends_at
    return {
        "tutor": str(row.tutor_id),
        "group": row.group,
        "language": row.language,
        "starts": "" if starts is None else calendar.day_of(starts, zone).isoformat(),
        "ends": "" if ends is None else calendar.last_day(ends, zone).isoformat(),
        "asked": "" if row.needs is None else SOME if row.needs else NONE,
        "needs": row.needs or "",
    }
