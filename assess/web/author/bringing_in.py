"""What would a file of questions do to a bank? Then: bring it in, for a reviewer to read."""

from __future__ import annotations

import io
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from assess import store, wording
from assess.actions import banks as deeds
from assess.actions.banks import Import, Imported
from assess.bank.formats import tabular
from assess.bank.formats.lines import GZIP, FileRefused
from assess.bank.formats.rows import Row
from assess.bank.importing import Plan
from assess.bank.lifecycle import State
from assess.bank.problems import problem, shown
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.store import banks, frameworks
from assess.store.banks import HIGH_STAKES, PRACTICE
from assess.web import pages, problems, signing
from assess.web.author.blueprint import bp, writers

LARGEST = 400_000  # bytes of a file on this page; the command line takes larger ones
SHOWN = 100  # problems, and pieces of advice, that are shown


@dataclass(frozen=True, slots=True)
class Sent:
    """A file of questions as it was sent, and the bank it is meant for."""

    bank: str
    framework: str
    purpose: str
    name: str
    data: bytes


@bp.route("/banks/new", methods=["GET", "POST"])
@writers
def new_bank() -> ResponseReturnValue:
    """Make an empty bank, to write questions in; one of this name that is there is shown."""
    if request.method == "GET":
        return _form(Sent("", "", HIGH_STAKES, "", b""), page="author/new_bank.html")
    sent = _sent("", b"")
    with store.read() as session:
        there = banks.by_name(session, current_user.centre_id, sent.bank)
    if there is not None:
        flash(_("There is a bank of this name already. This is it."), "warning")
        return redirect(url_for("author.bank", bank_id=there.id))
    done = deeds.bring_in(signing.context(), _import(sent, [], dry_run=False))
    if isinstance(done, Refused):
        if problems.wants_json():
            return problems.answer(done)
        return _form(sent, done, page="author/new_bank.html")
    flash(_("The bank is there. Write its first question, or bring in a file."), "success")
    return redirect(url_for("author.bank", bank_id=done.bank_id))


@bp.route("/banks/import", methods=["GET", "POST"])
@writers
def bring_in() -> ResponseReturnValue:
    """Take a file of questions and say what it would do; nothing is written yet."""
    if request.method == "GET":
        return _form(Sent(request.args.get("bank", "")[:200], "", HIGH_STAKES, "", b""))
    file = request.files.get("file")
    name = (file.filename or "") if file is not None else ""
    data = file.read(LARGEST + 1) if file is not None and name else b""
    return _look(_sent(name, data))


@bp.post("/banks/import/do")
@writers
def bring_in_now() -> ResponseReturnValue:
    """Do what was shown: every new or changed question becomes a version that waits for review."""
    try:
        data = b64decode(request.form.get("data", ""), validate=True)
    except ValueError:
        data = b""
    sent = _sent(request.form.get("name", ""), data)
    done = _weigh(sent, request.form.get("seen", ""))
    if isinstance(done, Refused):
        return problems.answer(done) if problems.wants_json() else _look(sent, done)
    if not done.written:
        return _look(sent)
    count = len(done.plan.created) + len(done.plan.changed)
    flash(
        ngettext(
            "%(num)d question waits for a reviewer.",
            "%(num)d questions wait for a reviewer.",
            count,
        ),
        "success",
    )
    return redirect(url_for("author.bank", bank_id=done.bank_id, state=State.REVIEW.value))


def _sent(name: str, data: bytes) -> Sent:
    return Sent(
        bank=" ".join(request.form.get("bank", "")[: deeds.LONGEST_NAME + 1].split()),
        framework=request.form.get("framework", "")[:200],
        purpose=request.form.get("purpose", ""),
        name="".join(one for one in name[-100:] if one.isprintable()),
        data=data,
    )


def _rows(sent: Sent) -> list[Row] | Refused:
    """The questions of the file, or why it cannot be taken here."""
    if not sent.name:
        values: dict[str, Value] = {"field": "file", "what": "empty"}
        return Refused(Code.FIELD, (Reason(Code.FIELD, values, who=Helper.YOU),), 422)
    if len(sent.data) > LARGEST:
        values = {"what": "people_file_large", "allowed": LARGEST // 1000}
        return Refused(Code.FILE, (Reason(Code.FILE, values, who=Helper.YOU),), 422)
    if sent.data.startswith(GZIP):  # 400 kilobytes of it may hold gigabytes
        return FileRefused(problem("file_format_unknown", name=shown(sent.name))).refused
    try:
        return list(tabular.read(io.BytesIO(sent.data), sent.name))
    except FileRefused as refused:
        return refused.refused


def _weigh(sent: Sent, seen: str | None = None) -> Imported | Refused:
    """What the file would do now; with the digest of what was seen, do it.

    Of a bank that was to be made and that somebody else has made since, with a framework and a
    purpose of their own, nothing was seen [E-BUSY].
    """
    rows = _rows(sent)
    if isinstance(rows, Refused):
        return rows
    with store.read() as session:
        there = banks.by_name(session, current_user.centre_id, sent.bank)
    if seen is not None and there is not None and request.form.get("new") == "yes":
        return Refused.of(Code.BUSY, who=Helper.YOU, what="bank_changed")
    # Of a bank that is there both are settled.
    settled = sent if there is None else replace(sent, framework="", purpose="")
    what = replace(_import(settled, rows, dry_run=seen is None), seen=seen)
    return deeds.bring_in(signing.context(), what)


def _import(sent: Sent, rows: list[Row], *, dry_run: bool) -> Import:
    return Import(
        rows=rows,
        bank=sent.bank,
        file=sent.name,
        framework=sent.framework or None,
        purpose=PRACTICE if sent.purpose == PRACTICE else None,
        state=State.REVIEW.value,
        dry_run=dry_run,
    )


def _look(sent: Sent, because: Refused | None = None) -> ResponseReturnValue:
    """What the file would do; after a refusal of doing it, with its reasons."""
    done = _weigh(sent)
    if isinstance(done, Refused):
        return problems.answer(done) if problems.wants_json() else _form(sent, done)
    plan = done.plan
    if because is not None and because.code is Code.BUSY and _is_done(plan):
        because = Refused.of(Code.BUSY, who=Helper.YOU, what="bank_done")
    # What is rare comes first: that no option has a reason would fill the page.
    noticed = sorted(plan.noticed, key=lambda one: plan.advice[one.advice.code])
    page = render_template(
        "author/import_plan.html",
        sent=sent,
        data=b64encode(sent.data).decode(),
        plan=plan,
        new=done.bank_id is None,
        seen=plan.digest(),
        problems=[
            (one.where, wording.words(one.reason, pages.zone())) for one in plan.problems[:SHOWN]
        ],
        of_problems=len(plan.problems),
        noticed=noticed[:SHOWN],
        repeated=plan.repeated_stems[:SHOWN],
        of_advice=sum(plan.advice.values())
        - plan.advice.get("repeated_stem", 0)
        + len(plan.repeated_stems),
        because=_beside(because),
    )
    return page, 200 if because is None else because.status


def _is_done(plan: Plan) -> bool:
    """Whether all that a file says stands in the bank."""
    return bool(plan.unchanged) and not (plan.created or plan.changed or plan.refused)


def _form(
    sent: Sent, refused: Refused | None = None, page: str = "author/import.html"
) -> ResponseReturnValue:
    with store.read() as session:
        known = [(row.key, row.title) for row in frameworks.every(session)]
        names = [bank.name for bank, _count in banks.of_centre(session, current_user.centre_id)]
    shown = render_template(
        page,
        sent=sent,
        frameworks=known,
        banks=names,
        purposes={HIGH_STAKES: _("High-stakes"), PRACTICE: _("Practice")},
        longest=deeds.LONGEST_NAME,
        reasons=_beside(refused),
    )
    return shown, 200 if refused is None else refused.status


def _beside(refused: Refused | None) -> dict[str, wording.Words]:
    """The words of each reason by the field it stands beside; what is about none, at the file."""
    called = {
        "bank": _("Bank"),
        "framework": _("Framework"),
        "purpose": _("Purpose"),
        "file": _("File"),
    }
    found: dict[str, wording.Words] = {}
    for reason in () if refused is None else refused.reasons:
        field = str(reason.values.get("field", "file"))
        field = field if field in called else "file"
        named = replace(reason, values={**reason.values, "field": called[field]})
        found.setdefault(field, wording.words(named, pages.zone()))
    return found
