"""Taking a question out of use, for a while or for good, and bringing it back."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store, wording
from assess.actions import reviews as deeds
from assess.actions.context import not_found
from assess.bank import lifecycle, review
from assess.bank.lifecycle import Move, State
from assess.reasons import Code, Reason, Refused
from assess.store import banks, reviews
from assess.web import pages, problems, signing
from assess.web.author import complaint, typed
from assess.web.author.blueprint import KEY, bp, readers, reviewers


@bp.get(f"/items/<{KEY}:item_id>/suspend", endpoint="suspend")
@readers
def ask_suspend(item_id: int) -> ResponseReturnValue:
    """What it would do to published tests if this question were not drawn for a while."""
    return _ask(item_id, Move.SUSPEND)


@bp.post(f"/items/<{KEY}:item_id>/suspend", endpoint="suspend_item")
@readers
def suspend(item_id: int) -> ResponseReturnValue:
    """Keep the live version out of new tests."""
    return _take_out(item_id, Move.SUSPEND)


@bp.get(f"/items/<{KEY}:item_id>/retire", endpoint="retire")
@readers
def ask_retire(item_id: int) -> ResponseReturnValue:
    """What it would do to published tests if this question were never drawn again."""
    return _ask(item_id, Move.RETIRE)


@bp.post(f"/items/<{KEY}:item_id>/retire", endpoint="retire_item")
@readers
def retire(item_id: int) -> ResponseReturnValue:
    """Take the version out of use for good."""
    return _take_out(item_id, Move.RETIRE)


@bp.post(f"/items/<{KEY}:item_id>/resume", endpoint="resume_item")
@reviewers
def resume(item_id: int) -> ResponseReturnValue:
    """Let a suspended version go live again."""
    done = deeds.resume(signing.context(), item_id, _number())
    if isinstance(done, Refused):
        return problems.answer(done)
    flash(_("The question is live again. New tests draw it from now on."), "success")
    return redirect(url_for("author.item", item_id=item_id))


def _take_out(item_id: int, move: Move) -> ResponseReturnValue:
    words = request.form.get("words", "").replace("\r\n", "\n").strip()
    deed = deeds.suspend if move is Move.SUSPEND else deeds.retire
    done = deed(signing.context(), item_id, _number(), words)
    if isinstance(done, Refused):
        again = done.code in (Code.FIELD, Code.BLUEPRINT) and not problems.wants_json()
        if again:
            return _ask(item_id, move, words, done.reasons, done.status)
        return problems.answer(done)
    if move is Move.SUSPEND:
        flash(_("The question is suspended. No new test draws it."), "success")
    else:
        flash(_("The question is retired. Its answers and figures are kept."), "success")
    return redirect(url_for("author.item", item_id=item_id))


def _ask(
    item_id: int,
    move: Move,
    words: str = "",
    reasons: tuple[Reason, ...] = (),
    status: int = 200,
) -> ResponseReturnValue:
    with store.read() as session:
        item = banks.item(session, current_user.centre_id, item_id)
        bank = None if item is None else banks.get(session, item.centre_id, item.bank_id)
        if item is None or bank is None:
            return problems.answer(not_found())
        states = (State.LIVE,) if move is Move.SUSPEND else (*lifecycle.STANDING, State.RETURNED)
        version = reviews.in_state(session, item.id, *states)
        if version is None:
            return redirect(url_for("author.item", item_id=item.id))
        live = State(version.state) in lifecycle.DRAWABLE
        impacts = reviews.impacts(session, bank, item.id) if live else ()
        coming = reviews.in_state(session, item.id, State.REVIEW)
    zone = pages.zone()
    found = typed.complaints(reasons, zone)
    page = render_template(
        "author/take_out.html",
        item=item,
        bank=bank,
        version=version,
        coming=coming,
        for_good=move is Move.RETIRE,
        impacts=impacts,
        breaks=[
            (impact, [wording.words(reason, zone) for reason in impact.reasons])
            for impact in impacts
            if impact.reasons
        ],
        longest=review.LONGEST_WORDS,
        words=words,
        complaints=found,
        wrong=complaint.by_field(found),
    )
    return page, status


def _number() -> int:
    """The number of the version that was shown."""
    return typed.whole(request.form.get("version", ""))
