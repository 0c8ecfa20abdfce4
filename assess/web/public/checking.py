"""Is this statement of result genuine, and does the record still hold what this receipt says?

Both pages are open to everybody and count their readers (`limits.py`). They confirm what somebody
holds already, and tell nothing to somebody who does not: a wrong code and a wrong name look alike.
"""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from assess import store
from assess.actions import receipts as deeds
from assess.delivery import receipts
from assess.delivery.receipts import Claim
from assess.delivery.statement_of_result import LONGEST_CODE, is_called, plain_code
from assess.reasons import Code, Helper, Reason
from assess.store import statements_of_result
from assess.web import access, pages
from assess.web.public.blueprint import bp

LONGEST_NAME = 200  # characters: no name is longer
NOT_FOUND, CANNOT_BE_READ = 404, 422


@bp.route("/verify", methods=["GET", "POST"])
@access.anyone
def verify() -> ResponseReturnValue:
    """Check a statement of result by its code and the name on it."""
    code = request.values.get("code", "")[:LONGEST_CODE]
    name = request.form.get("name", "")[:LONGEST_NAME]
    if request.method == "GET":
        return render_template("public/verify.html", code=code, name="", facts=None, reasons={})
    amiss = [
        Reason(Code.FIELD, {"field": field, "what": "empty"}, who=Helper.YOU)
        for field, typed in (("code", code), ("name", name))
        if not typed.strip()
    ]
    facts = None
    if not amiss:
        with store.read() as session:
            given = statements_of_result.by_code(session, plain_code(code))
            if given is not None and is_called(given.name, name):
                facts = statements_of_result.facts(session, given)
        if facts is None:
            amiss = [Reason(Code.NO_STATEMENT, {"field": "code"}, who=Helper.YOU)]
    shown = render_template(
        "public/verify.html", code=code, name=name, facts=facts, reasons=pages.by_field(amiss)
    )
    return shown, 200 if facts is not None else _status(amiss)


@bp.route("/receipt", methods=["GET", "POST"])
@access.anyone
def receipt() -> ResponseReturnValue:
    """Compare a receipt with itself and with the record."""
    text = request.form.get("receipt", "")[: receipts.LONGEST + 1]
    code = request.form.get("code", "")[:LONGEST_NAME]
    amiss: tuple[Reason, ...] = ()
    good = False
    if request.method == "POST":
        claim = receipts.read(text, code)
        if isinstance(claim, Claim):
            good = deeds.holds(claim)
        else:
            amiss = claim
        if not good and not amiss:
            amiss = (Reason(Code.RECEIPT, {"field": "receipt", "what": "record"}),)
    shown = render_template(
        "public/receipt.html",
        text=text,
        code=code,
        good=good,
        reasons=pages.by_field(amiss),
    )
    return shown, _status(amiss) if amiss else 200


def _status(amiss: list[Reason] | tuple[Reason, ...]) -> int:
    known = {Code.NO_STATEMENT, Code.RECEIPT}
    absent = any(r.code in known and r.values.get("what") in (None, "record") for r in amiss)
    return NOT_FOUND if absent else CANNOT_BE_READ
