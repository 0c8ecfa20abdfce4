"""Which arrangements has this person, and how is one recorded or ended?"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import arrangements as deeds
from assess.actions.context import not_found
from assess.delivery.arrangements import FORMS, Kind, Proposal
from assess.reasons import Code, Reason, Refused
from assess.store import arrangements as rows
from assess.store import people
from assess.web import pages, problems, signing
from assess.web.administrator import typed
from assess.web.administrator.blueprint import administrators, bp

FIELDS = (
    *("kind", "percent", "minutes", "colours", "text_size", "spacing", "language"),
    *("words", "evidence"),
)
NUMBERS = {Kind.EXTRA_TIME.value: "percent", Kind.REST_BREAKS.value: "minutes"}
"""Kinds whose value is a number, and the field that it is typed into."""


@bp.route("/people/<int:person_id>/arrangements", methods=["GET", "POST"])
@administrators
def arrangements(person_id: int) -> ResponseReturnValue:
    """The arrangements of a person, and the form that records another."""
    if request.method == "GET":
        return _page(person_id)
    amiss: list[Reason] = []
    kind = typed.line("kind")
    value = typed.line(NUMBERS.get(kind, kind)) if kind else ""
    starts, ends = typed.day("starts", amiss), typed.day("ends", amiss)
    words, evidence = typed.text("words"), typed.text("evidence")
    done: int | Refused
    if amiss:
        done = Refused(Code.FIELD, tuple(amiss), 422)
    else:
        proposal = Proposal(kind, value, words, evidence, starts, ends)
        seen = pages.number("seen")
        done = deeds.arrange(signing.context(), person_id, proposal, seen)
    if isinstance(done, Refused):
        again = done.status != 404 and not problems.wants_json()
        return _page(person_id, done) if again else problems.answer(done)
    flash(_("The arrangement is recorded. It applies to every test by itself."), "success")
    return redirect(url_for("administrator.arrangements", person_id=person_id))


@bp.post("/people/<int:person_id>/arrangements/<int:arrangement_id>/end")
@administrators
def end_arrangement(person_id: int, arrangement_id: int) -> ResponseReturnValue:
    """End an arrangement now."""
    refused = deeds.end(signing.context(), person_id, arrangement_id)
    if refused is not None:
        return problems.answer(refused)
    flash(_("The arrangement is ended."), "success")
    return redirect(url_for("administrator.arrangements", person_id=person_id))


def _page(person_id: int, refused: Refused | None = None) -> ResponseReturnValue:
    now = signing.now()
    with store.read() as session:
        person = people.get(session, current_user.centre_id, person_id)
        if person is None:
            return problems.answer(not_found())
        every = rows.of_person(session, person_id)
        in_force = {row.id for row in rows.in_force(session, person_id, now)}
        names = {
            number: one.name
            for number in {row.approved_by for row in every if row.approved_by is not None}
            if (one := people.get(session, current_user.centre_id, number)) is not None
        }
    page = render_template(
        "administrator/arrangements.html",
        person=person,
        every=every,
        in_force=in_force,
        ahead={
            row.id
            for row in every
            if row.starts_at > now and (row.ended_at is None or row.ended_at > row.starts_at)
        },
        now=now,
        names=names,
        forms=FORMS,
        Kind=Kind,
        typed={name: request.form.get(name, "")[: typed.LONGEST_TEXT] for name in FIELDS}
        | {name: typed.line(name) for name in ("starts", "ends")}
        | ({} if refused else {"kind": request.args.get("kind", "")}),
        own=person_id == current_user.person_id,
        seen=pages.seen("seen", str(max((row.id for row in every), default=0)), refused),
        reasons=typed.beside(refused, "kind"),
    )
    return page, 200 if refused is None else refused.status
