"""What would a file of people do, line by line, and then: do it, all of it or nothing."""

from __future__ import annotations

import io

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from assess.actions import enrolment
from assess.bank.formats.lines import FileRefused
from assess.delivery import people_file
from assess.delivery.enrolment import Plan, State
from assess.delivery.people_file import Row
from assess.delivery.registration import amiss
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.web import problems, signing
from assess.web.administrator import typed
from assess.web.administrator.blueprint import administrators, bp

LARGEST = 400_000  # bytes of a file on this page; the command line takes larger ones
MOST_NEWCOMERS = 100
"""Hashing a first password takes up to a tenth of a second, and a page may take some seconds."""


@bp.route("/people/import", methods=["GET", "POST"])
@administrators
def bring_in() -> ResponseReturnValue:
    """Take a file of people and say what it would do; nothing is written yet."""
    if request.method == "GET":
        return _form()
    file = request.files.get("file")
    if file is None or not file.filename:
        return _look(b"", Refused(Code.FIELD, (amiss("file", "empty"),), 422))
    data = file.read(LARGEST + 1)
    return _look(data, _read(data))


@bp.post("/people/import/do")
@administrators
def bring_in_now() -> ResponseReturnValue:
    """Do what was shown, and show the first passwords of those who are added, once."""
    data = request.form.get("text", "").encode()
    rows = _read(data)
    if isinstance(rows, Refused):
        return _look(data, rows)
    done = enrolment.bring_in(signing.context(), rows, typed.line("digest"))
    if isinstance(done, Refused):
        if problems.wants_json():
            return problems.answer(done)
        return _look(data, rows, done)
    return render_template("administrator/brought_in.html", done=done, State=State)


def _read(data: bytes) -> tuple[Row, ...] | Refused:
    """The lines of the file, or why it cannot be taken here."""
    if len(data) > LARGEST:
        values: dict[str, Value] = {"what": "people_file_large", "allowed": LARGEST // 1000}
        return Refused(Code.FILE, (Reason(Code.FILE, values, who=Helper.YOU),), 422)
    try:
        return people_file.read(io.BytesIO(data))
    except FileRefused as refusal:
        return refusal.refused


def _look(
    data: bytes, rows: tuple[Row, ...] | Refused, because: Refused | None = None
) -> ResponseReturnValue:
    """What the file would do now; after a refusal of doing it, with its reasons."""
    plan = rows if isinstance(rows, Refused) else enrolment.look(signing.context(), rows)
    if not isinstance(plan, Refused) and len(plan.newcomers) > MOST_NEWCOMERS:
        values: dict[str, Value] = {
            "what": "newcomers",
            "found": len(plan.newcomers),
            "allowed": MOST_NEWCOMERS,
        }
        plan = Refused(Code.FILE, (Reason(Code.FILE, values, who=Helper.YOU),), 422)
    if isinstance(plan, Refused):
        return problems.answer(plan) if problems.wants_json() else _form(plan)
    if because is not None and because.code is Code.BUSY and not _is_to_do(plan):
        because = Refused.of(Code.BUSY, who=Helper.YOU, what="people_done")
    return _plan(data, plan, because), 200 if because is None else because.status


def _is_to_do(plan: Plan) -> bool:
    """Whether a file would do anything yet, or would if its lines were put right."""
    return any(line.state is not State.UNCHANGED for line in plan.lines)


def _form(refused: Refused | None = None) -> ResponseReturnValue:
    page = render_template(
        "administrator/bring_in.html",
        columns=people_file.COLUMNS,
        reasons=typed.beside(refused, "file"),
    )
    return page, 200 if refused is None else refused.status


def _plan(data: bytes, plan: Plan, because: Refused | None) -> str:
    return render_template(
        "administrator/plan.html",
        plan=plan,
        lines=sorted(plan.lines, key=lambda line: line.state is not State.REFUSED),
        State=State,
        text=data.decode("utf-8-sig"),
        digest=plan.digest(),
        because=typed.beside(because if because and because.code is Code.BUSY else None),
        words=typed.words,
        title=_("What the file would do"),
    )
