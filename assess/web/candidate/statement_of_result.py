"""How do I show my result to others? The statement on a page and as a PDF, and my receipt."""

from __future__ import annotations

import json
from importlib.resources import files
from urllib.parse import quote

from flask import Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import journal, store
from assess.actions import closing
from assess.actions import statements_of_result as deeds
from assess.actions.context import not_found
from assess.delivery.attempt import State
from assess.delivery.statement_of_result import Facts
from assess.reasons import Code, Helper, Refused
from assess.roles import Role
from assess.store import attempts, marks, statements_of_result
from assess.web import access, fonts, pdf, problems, signing
from assess.web.candidate.blueprint import bp

NO_LETTERS = (
    "The PDF of a statement needs a typeface with the letters %s: install one, and start again "
    "(Debian, Ubuntu: apt install fonts-noto-core fonts-noto-cjk)."
)
RECEIPT = "receipt/1"
"""The schema of the file of a receipt (`docs/receipts.md`)."""


@bp.post("/attempts/<int:attempt_id>/statement")
@access.only(Role.CANDIDATE)
def state_result(attempt_id: int) -> ResponseReturnValue:
    """Make the statement of a result, or find the one that was made, and show it."""
    done = deeds.issue(signing.context(), attempt_id)
    if isinstance(done, Refused):
        return problems.answer(done)
    return redirect(url_for("candidate.statement_of_result", attempt_id=attempt_id))


@bp.get("/attempts/<int:attempt_id>/statement")
@access.only(Role.CANDIDATE)
def statement_of_result(attempt_id: int) -> ResponseReturnValue:
    """The statement that was made last of a result."""
    facts = _facts(attempt_id)
    if not isinstance(facts, Facts):
        return facts
    return render_template(
        "candidate/statement_of_result.html",
        facts=facts,
        attempt_id=attempt_id,
        address=_outside(url_for("public.verify")),
        pdf=_why_no_pdf(facts) is None,
    )


@bp.get("/attempts/<int:attempt_id>/statement.pdf")
@access.only(Role.CANDIDATE)
def statement_pdf(attempt_id: int) -> ResponseReturnValue:
    """The same as a tagged PDF; refused [E-PDF] on a server that cannot make one."""
    facts = _facts(attempt_id)
    if not isinstance(facts, Facts):
        return facts
    if not facts.holds:
        reason = Refused.of(Code.STATE, who=Helper.YOU, what="replaced")
        return problems.answer(reason, journalled=False)
    if (missing := _why_no_pdf(facts)) is not None:
        current_app.logger.error("%s", missing)
        return problems.answer(Refused.of(Code.PDF, status=503, who=Helper.ADMINISTRATOR))
    import segno  # with the PDF's own packages: no other page pays for it

    checked = _outside(url_for("public.verify", code=facts.code))
    html = render_template(
        "pdf/statement_of_result.html",
        facts=facts,
        address=_outside(url_for("public.verify")),
        qr=segno.make(checked, error="m", micro=False).svg_data_uri(border=4, light="white"),
        mark=_mark(),
    )
    return _file(pdf.of(html), "application/pdf", f"statement-{facts.code}.pdf")


@bp.get("/attempts/<int:attempt_id>/receipt.json")
@access.only(Role.CANDIDATE)
def receipt(attempt_id: int) -> ResponseReturnValue:
    """The receipt as a file: the code, the line it is the hash of, and what stands in the line."""
    with store.read() as session:
        row = attempts.of_candidate(session, current_user.person_id, attempt_id)
    if row is None:
        return problems.answer(not_found())
    if row.receipt is None or State(row.state) is State.OPEN:
        reason = Refused.of(Code.STATE, who=Helper.YOU, what="no_result")
        return problems.answer(reason, journalled=False)
    parts = closing.receipt_parts(row)
    document = {
        "schema": RECEIPT,
        "receipt": row.receipt,
        "line": journal.canonical(parts).decode(),
        "parts": parts,
    }
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return _file(text.encode(), "application/json", f"receipt-{row.id}.json")


def _why_no_pdf(facts: Facts) -> str | None:
    """What is missing here for the PDF of a statement: boxes for letters prove nobody's name."""
    if (missing := pdf.why_not()) is not None:
        return missing
    titles = (title for title, _ in facts.outcomes)
    told = (facts.name, facts.centre, facts.programme or "", facts.test, facts.title, *titles)
    letters = fonts.unwritten("".join(told))
    return NO_LETTERS % " ".join(f"U+{ord(one):04X}" for one in letters) if letters else None


def _facts(attempt_id: int) -> Facts | ResponseReturnValue:
    """What my newest statement of an attempt says; where there is none, the result, to ask."""
    with store.read() as session:
        row = attempts.of_candidate(session, current_user.person_id, attempt_id)
        if row is None:
            return problems.answer(not_found())
        mark = marks.newest(session, row.id)
        # Who is called again what they were called before is given that statement, not the newest.
        mine = mark and statements_of_result.of_mark(session, mark.id, current_user.name)
        given = mine or statements_of_result.newest(session, row.id)
        facts = None if given is None else statements_of_result.facts(session, given)
    if facts is not None and facts.held:
        return problems.answer(Refused.of(Code.RESULT_HELD, status=423, who=Helper.QUALITY))
    if facts is not None:
        return facts
    return redirect(url_for("candidate.result", attempt_id=attempt_id))


def _outside(path: str) -> str:
    """The address of a page for somebody elsewhere: of the public site, where one is set.

    A browser says itself which host it asked; what is printed is not to depend on that.
    """
    origin = signing.settings().public_origin or request.host_url
    return origin.rstrip("/") + path


def _file(content: bytes, mimetype: str, name: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _mark() -> str:
    """Our own mark, as an address that holds the picture itself."""
    svg = (files("assess") / "web" / "static" / "mark.svg").read_text(encoding="utf-8")
    return f"data:image/svg+xml,{quote(svg)}"
