"""Can this sitting be closed, and what does its report say for good?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from assess import store, wording
from assess.delivery.attempt import Move
from assess.delivery.ledger import Entry
from assess.reasons import Code, Reason, Refused
from assess.store import people
from assess.web import pages, problems, signing
from invigilation import presence
from invigilation import sittings as rules
from invigilation.actions import closing as deeds
from invigilation.presence import Attendance
from invigilation.store import roster, sittings
from invigilation.web.blueprint import bp, find, invigilators

LONGEST = 20_000  # characters of the note that are looked at: beyond any that are taken
ON_THE_FORM = frozenset({Code.OPEN, Code.FIELD})


@bp.route("/sittings/<int:sitting_id>/close", methods=["GET", "POST"])
@invigilators
def close(sitting_id: int) -> ResponseReturnValue:
    """What still hinders closing; a free note; closing for good."""
    context = signing.context()
    if request.method == "GET":
        deeds.close_what_is_over(context, sitting_id)
        return _form(sitting_id)
    note = request.form.get("note", "").replace("\r\n", "\n")[:LONGEST]
    done = deeds.close(context, sitting_id, note)
    if isinstance(done, Refused):
        again = all(r.code in ON_THE_FORM for r in done.reasons) and not problems.wants_json()
        return _form(sitting_id, note, done) if again else problems.answer(done)
    flash(_("The sitting is closed and its report is fixed."), "success")
    return redirect(url_for("room.report", sitting_id=sitting_id))


@bp.get("/sittings/<int:sitting_id>/report")
@invigilators
def report(sitting_id: int) -> ResponseReturnValue:
    """The report of a closed sitting, as it was fixed."""
    with store.read() as session:
        sitting = find(session, sitting_id)
        if isinstance(sitting, Refused):
            return problems.answer(sitting, journalled=False)
        fixed = sittings.report(session, sitting.id)
        if fixed is None:  # it is not closed yet
            return redirect(url_for("room.sitting", sitting_id=sitting_id))
        names = {
            person: "–"
            if (row := people.get(session, sitting.centre_id, person)) is None
            else row.name
            for person in _people(fixed.document)
        }
    return render_template(
        "room/report.html",
        sitting=sitting,
        fixed=fixed,
        told=fixed.document,
        names=names,
        at=datetime.fromisoformat,
        attendances={a.value: _(title) for a, title in presence.TITLES.items()},
        methods={m.value: _(title) for m, title in presence.METHODS.items()},
        counts={
            a: sum(line["attendance"] == a.value for line in fixed.document["roster"])
            for a in Attendance
        },
        Attendance=Attendance,
        time_up=Move.TIME_UP.value,
        clocks=_clocks(fixed.document),
        Entry=Entry,
    )


def _form(sitting_id: int, note: str = "", refused: Refused | None = None) -> ResponseReturnValue:
    with store.read() as session:
        sitting = find(session, sitting_id)
        if isinstance(sitting, Refused):
            return problems.answer(sitting, journalled=False)
        if sitting.closed_at is not None:
            return redirect(url_for("room.report", sitting_id=sitting_id))
        lines = roster.lines(session, sitting)
    hinders: tuple[Reason, ...] = deeds.why_not(sitting, lines)
    page = render_template(
        "room/close.html",
        sitting=sitting,
        hinders=[wording.words(reason, pages.zone()) for reason in hinders],
        note=note,
        longest=rules.LONGEST_NOTE,
        errors_by_field=pages.by_field(refused.reasons) if refused else {},
    )
    return page, 200 if refused is None else refused.status


def _people(document: dict[str, Any]) -> set[int]:
    """Everybody whom a report names."""
    found = {document[part]["by"] for part in ("opened", "released", "closed")}
    for line in document["roster"]:
        found |= {line["candidate"], line["recorded"]["by"]}
    found |= {done["by"] for _candidate, done in _clocks(document)}
    return {person for person in found if person is not None}


def _clocks(document: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """What was done to whose clock; nothing in reports from before they said so."""
    return [
        (line["candidate"], done)
        for line in document["roster"]
        for work in [*line.get("earlier", ()), line]
        for done in work.get("clock", ())
    ]
