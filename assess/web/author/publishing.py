"""Asking for a test: the form of a specification, and its publication."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store
from assess.actions import specifications as deeds
from assess.actions.context import not_found
from assess.actions.specifications import Published
from assess.bank import specification_file as rules
from assess.bank.kinds import KINDS
from assess.bank.specification import Feedback, Specification
from assess.reasons import Code, Refused
from assess.store import banks, frameworks, live_items, programmes, specifications
from assess.store.banks import Bank
from assess.store.specifications import Test
from assess.web import pages, problems, signing
from assess.web.author import complaint, complaints, foretelling, form, narrowing, outcomes, panel
from assess.web.author.blueprint import KEY, LARGEST_KEY, bp, writers
from assess.web.author.form import Form, Row

OVER = "after"  # the field that says over which version the form was filled in
LIVE = "live"  # what the page's script asks for: the panel alone


@bp.get("/specifications/new", endpoint="new_specification")
@writers
def new() -> ResponseReturnValue:
    """Choose the bank of a new specification, then fill in its form."""
    with store.read() as session:
        if "bank" not in request.args:
            there = banks.of_centre(session, current_user.centre_id)
            return render_template("author/choose_bank.html", banks=there)
        bank = _bank(session)
        if bank is None:
            return problems.answer(not_found())
        return _page(session, bank, None, form.blank(_rows(session, bank, None)))


@bp.post("/specifications/new", endpoint="publish_new")
@writers
def publish_new() -> ResponseReturnValue:
    """Publish the first version of a new test."""
    with store.read() as session:
        bank = _bank(session)
        if bank is None:
            return problems.answer(not_found())
        filled = form.sent(request.form, _rows(session, bank, None), {})
        if (shown := _shown(session, bank, None, filled)) is not None:
            return shown
    return _publish(bank, None, filled, 0)


@bp.get(f"/tests/<{KEY}:test_id>/specification", endpoint="specification")
@writers
def edit(test_id: int) -> ResponseReturnValue:
    """The form with what is in force: publishing it makes the next version."""
    with store.read() as session:
        test = specifications.get(session, current_user.centre_id, test_id)
        bank = None if test is None else banks.get(session, test.centre_id, test.bank_id)
        if test is None or bank is None:
            return problems.answer(not_found())
        before = _in_force(session, test)
        rows = _rows(session, bank, before)
        return _page(
            session, bank, test, form.blank(rows) if before is None else form.of(before, rows)
        )


@bp.post(f"/tests/<{KEY}:test_id>/specification", endpoint="publish")
@writers
def publish(test_id: int) -> ResponseReturnValue:
    """Publish the next version of a test's specification."""
    with store.read() as session:
        test = specifications.get(session, current_user.centre_id, test_id)
        bank = None if test is None else banks.get(session, test.centre_id, test.bank_id)
        if test is None or bank is None:
            return problems.answer(not_found())
        rows = _rows(session, bank, _in_force(session, test))
        filled = form.sent(request.form, rows, {"name": test.name})
        if (shown := _shown(session, bank, test, filled)) is not None:
            return shown
    return _publish(bank, test, filled, pages.number(OVER))


def _shown(
    session: Session, bank: Bank, test: Test | None, filled: Form
) -> ResponseReturnValue | None:
    """What another button than Publish asks for: the form again, or only its panel."""
    go = request.form.get("go", "")
    if go == LIVE:
        state = panel.state(session, bank, filled)
        return render_template("author/specification_state.html", state=state, form=filled)
    if go.startswith(("add", "remove:", "check", "forecast")):
        return _page(session, bank, test, filled, ahead=go == "forecast", after=pages.number(OVER))
    return None


def _publish(bank: Bank, test: Test | None, filled: Form, after: int | None) -> ResponseReturnValue:
    """Hand the form's specification to the deed; show the form again with what it refuses."""
    read = rules.read(filled.document(bank.name))
    done = (
        read if isinstance(read, Refused) else deeds.publish(signing.context(), read, after=after)
    )
    if isinstance(done, Refused):
        with store.read() as session:
            return _again(session, bank, test, filled, done)
    flash(_said(done), "success")
    return redirect(url_for("author.test", test_id=done.test_id))


def _said(done: Published) -> str:
    number, fresh = done.number, done.fresh.attempts
    if not done.changed:
        return str(_("Nothing has changed: version %(number)s stays in force.", number=number))
    published = _("Version %(number)s is published.", number=number)
    promise = ngettext(
        "Every candidate is sure of %(num)s attempt without a question seen before.",
        "Every candidate is sure of %(num)s attempts without a question seen before.",
        fresh,
    )
    witness = _("A form that the bank can make: %(items)s.", items=", ".join(done.witness))
    return f"{published} {promise} {foretelling.said(done.test_id)} {witness}"


def _again(
    session: Session, bank: Bank, test: Test | None, filled: Form, refused: Refused
) -> ResponseReturnValue:
    found = complaints.complaints(refused.reasons, filled, pages.zone())
    # Who has read that another version came between may put theirs in its place.
    after = None if refused.code is Code.EDITED else pages.number(OVER)
    return _page(session, bank, test, filled, found, after=after), refused.status


def _page(
    session: Session,
    bank: Bank,
    test: Test | None,
    filled: Form,
    found: tuple[complaint.Complaint, ...] = (),
    *,
    ahead: bool = False,
    after: int | None = None,
) -> str:
    in_force = None if test is None else specifications.published(session, test.id)
    return render_template(
        "author/specification_form.html",
        bank=bank,
        test=test,
        after=(0 if in_force is None else in_force.number) if after is None else after,
        form=filled,
        labels=complaints.labels(),
        complaints=found,
        wrong=complaint.by_field(found),
        programmes=programmes.of_centre(session, current_user.centre_id),
        levels=tuple(Feedback),
        state=panel.state(session, bank, filled),
        headings=narrowing.headings(),
        kinds=KINDS,
        item_levels=narrowing.levels(),
        sets=narrowing.sets(),
        forecast=foretelling.of_form(session, bank, test, filled) if ahead else None,
    )


def _bank(session: Session) -> Bank | None:
    """The bank that the address names, when it is the centre's own."""
    text = request.args.get("bank", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 20) or int(text) > LARGEST_KEY:
        return None
    return banks.get(session, current_user.centre_id, int(text))


def _in_force(session: Session, test: Test) -> Specification | None:
    version = specifications.published(session, test.id)
    return None if version is None else version.specification()


def _rows(session: Session, bank: Bank, before: Specification | None) -> list[Row]:
    """The outcomes of the form: those with live items, those of the same units, those in force."""
    counts = live_items.live_counts(session, bank.id)
    framework = frameworks.load(session, bank.framework_id)
    paths = set(counts)
    if before is not None:
        paths |= {quota.outcome for quota in before.quotas} | set(before.not_assessed)
    if framework is not None:
        units = {framework.unit_of(path) for path in paths} - {None}
        paths |= {
            node.path
            for node in framework.nodes
            if node.kind == "outcome" and node.assessed and framework.unit_of(node.path) in units
        }
    return [
        Row(path, title, counts.get(path, 0))
        for path, title in outcomes.listed(session, paths, framework)
    ]
