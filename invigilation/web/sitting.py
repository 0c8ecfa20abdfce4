"""Who of the roster is here and how far are they? The page of a sitting, and its release."""

from __future__ import annotations

import hashlib

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from assess import journal, store
from assess.reasons import Refused
from assess.store import people, specifications
from assess.web import problems, signing
from invigilation.actions import closing
from invigilation.actions import sittings as deeds
from invigilation.sittings import Stage
from invigilation.store import roster
from invigilation.store.roster import Line
from invigilation.store.sittings import Sitting
from invigilation.web import words
from invigilation.web.blueprint import bp, find, invigilators


@bp.get("/sittings/<int:sitting_id>")
@invigilators
def sitting(sitting_id: int) -> ResponseReturnValue:
    """The roster, what is recorded of everybody, and what can be done next."""
    closing.close_what_is_over(signing.context(), sitting_id)
    with store.read() as session:
        found = find(session, sitting_id)
        if isinstance(found, Refused):
            return problems.answer(found, journalled=False)
        lines = roster.lines(session, found)
        test = specifications.get(session, found.centre_id, found.test_id)
        by = (
            None
            if found.released_by is None
            else people.get(session, found.centre_id, found.released_by)
        )
    return render_template(
        "room/sitting.html",
        sitting=found,
        test=test,
        lines=lines,
        figures=words.figures(lines),
        attendance=words.attendance,
        since=words.since,
        work=words.work,
        tags=words.TAGS,
        shape=_shape(found, lines),
        stage=found.course.stage,
        Stage=Stage,
        released_by=by,
    )


@bp.get("/sittings/<int:sitting_id>/state")
@invigilators
def state(sitting_id: int) -> ResponseReturnValue:
    """What changes on the page of a sitting, for its script; 304 while nothing has changed."""
    with store.read() as session:
        found = find(session, sitting_id)
        if isinstance(found, Refused):
            return problems.answer(found, journalled=False)
        lines = roster.lines(session, found)
    return _state(found, lines)


@bp.post("/sittings/<int:sitting_id>/release")
@invigilators
def release(sitting_id: int) -> ResponseReturnValue:
    """Release the test to everybody who is admitted; before its time only when said twice."""
    if "sure" not in request.form:
        with store.read() as session:
            found = find(session, sitting_id)
            if isinstance(found, Refused):
                return problems.answer(found, journalled=False)
            admitted = words.figures(roster.lines(session, found)).admitted
        early = found.course.stage is Stage.PLANNED and signing.now() < found.begins_at
        if early and admitted:
            return render_template("room/release.html", sitting=found, admitted=admitted)
    done = deeds.release(signing.context(), sitting_id)
    if isinstance(done, Refused):
        return problems.answer(done)
    if done > signing.now():
        said = _("The test is released. The first questions are delivered in a few seconds.")
    else:  # a colleague was faster
        said = _("The test was released before, at %(time)s.", time=words.clock(done))
    flash(said, "success")
    return redirect(url_for("room.sitting", sitting_id=sitting_id))


def _state(found: Sitting, lines: list[Line]) -> ResponseReturnValue:
    counted = words.figures(lines)
    texts = {f"work-{line.entry.id}": words.work(line) for line in lines}
    texts |= {f"attendance-{line.entry.id}": words.attendance(line) for line in lines}
    texts |= {f"since-{line.entry.id}": words.since(line) for line in lines}
    for name in ("all", "unset", "admitted", "waiting", "working", "done"):
        texts[f"figure-{name}"] = str(getattr(counted, name))
    colours = {f"attendance-{line.entry.id}": words.TAGS[line.attendance] for line in lines}
    shape = _shape(found, lines)
    response = jsonify(texts=texts, colours=colours, shape=shape)
    response.set_etag(hashlib.sha256(journal.canonical([texts, shape])).hexdigest()[:32])
    return response.make_conditional(request)


def _shape(found: Sitting, lines: list[Line]) -> str:
    """What of the page is more than its texts: a roster, a release or a closing changes it."""
    whole = [found.course.stage.value, *(line.entry.id for line in lines)]
    return hashlib.sha256(journal.canonical(whole)).hexdigest()[:16]
