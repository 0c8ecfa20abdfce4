"""Reading what somebody else has written, deciding about it, and saying why."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store
from assess.actions import reviews as deeds
from assess.actions.context import Context, not_found
from assess.actions.reviews import Decided
from assess.bank import differences, lifecycle, review
from assess.bank.items import Content, letter
from assess.bank.kinds import KINDS
from assess.bank.lifecycle import State
from assess.reasons import Code, Reason, Refused
from assess.roles import Role
from assess.store import banks, drafts, frameworks, reviews
from assess.store.banks import Bank, Item, ItemVersion
from assess.web import pages, problems, signing
from assess.web.author import complaint, figures, items, looking, typed
from assess.web.author.blueprint import KEY, bp, readers, reviewers, writers

MOST = 100  # questions that wait, of each kind, on the page: those read make room
Deed = Callable[[Context, int, int, str], Decided | Refused]
ON_THE_FORM = frozenset({Code.FIELD})


@bp.get("/reviews", endpoint="waiting")
@readers
def waiting() -> str:
    """What waits for this person: to be read by them, or to be written on."""
    me, centre = current_user.person_id, current_user.centre_id
    reads = Role.REVIEWER in current_user.roles
    with store.read() as session:
        to_read = reviews.waiting(session, centre, me, own=False, limit=MOST + 1) if reads else []
        with_others = reviews.waiting(session, centre, me, own=True, limit=MOST + 1)
        mine = drafts.of_person(session, centre, me)
        said = {
            base.id: reviews.sent_back(session, base.id)
            for _draft, _item, _bank, base in mine
            if base is not None and drafts.is_returned(base)
        }
    return render_template(
        "author/waiting.html",
        to_read=to_read[:MOST],
        with_others=with_others[:MOST],
        more=len(to_read) > MOST,
        more_with_others=len(with_others) > MOST,
        reads=reads,
        writes=Role.AUTHOR in current_user.roles,
        returned=[row for row in mine if drafts.is_returned(row[3])],
        drafts=[row for row in mine if not drafts.is_returned(row[3])],
        said=said,
        now=signing.now(),
    )


@bp.get(f"/items/<{KEY}:item_id>/review", endpoint="review")
@readers
def read(item_id: int) -> ResponseReturnValue:
    """The version in review: as candidates see it, with its key, and with what has changed."""
    return _page(item_id)


@bp.post(f"/items/<{KEY}:item_id>/review/approve", endpoint="approve")
@reviewers
def approve(item_id: int) -> ResponseReturnValue:
    """Let the version go live."""
    return _decide(item_id, deeds.approve, _("The version is live. New tests draw it from now on."))


@bp.post(f"/items/<{KEY}:item_id>/review/return", endpoint="give_back")
@reviewers
def give_back(item_id: int) -> ResponseReturnValue:
    """Return the version to its author."""
    said = _("The version is returned to its author with what you wrote.")
    return _decide(item_id, deeds.give_back, said)


@bp.post(f"/items/<{KEY}:item_id>/review/withdraw", endpoint="withdraw")
@writers
def withdraw(item_id: int) -> ResponseReturnValue:
    """Take the version back to work on it."""
    done = deeds.withdraw(signing.context(), item_id, _number())
    if isinstance(done, Refused):
        return problems.answer(done)
    flash(_("The version is a draft again."), "success")
    return redirect(url_for("author.draft", item_id=item_id))


@bp.post(f"/items/<{KEY}:item_id>/comments", endpoint="comment")
@readers
def comment(item_id: int) -> ResponseReturnValue:
    """Say something about a version."""
    done = deeds.comment(signing.context(), item_id, _number(), _words())
    reading = request.form.get("from") == "review"
    if isinstance(done, Refused):
        if done.code not in ON_THE_FORM:
            return problems.answer(done)
        if reading:
            return _page(item_id, done.reasons, done.status)
        return items.page(item_id, str(_number()), done.reasons, done.status)
    where = "author.review" if reading else "author.item"
    return redirect(url_for(where, item_id=item_id, _anchor="story"))


def _decide(item_id: int, deed: Deed, said: str) -> ResponseReturnValue:
    done = deed(signing.context(), item_id, _number(), _words())
    if not isinstance(done, Refused):
        flash(said, "success")
        return redirect(url_for("author.waiting"))
    if done.code in ON_THE_FORM:
        return _page(item_id, done.reasons, done.status)
    return problems.answer(done)


def _page(item_id: int, reasons: tuple[Reason, ...] = (), status: int = 200) -> ResponseReturnValue:
    with store.read() as session:
        item = banks.item(session, current_user.centre_id, item_id)
        bank = None if item is None else banks.get(session, item.centre_id, item.bank_id)
        if item is None or bank is None:
            return problems.answer(not_found())
        version = reviews.in_state(session, item.id, State.REVIEW)
        if version is None:
            return redirect(url_for("author.item", item_id=item.id))
        return _shown(session, item, bank, version, reasons), status


def _shown(
    session: Session, item: Item, bank: Bank, version: ItemVersion, reasons: tuple[Reason, ...]
) -> str:
    content = Content.from_document(version.content)
    standing = reviews.in_state(session, item.id, *lifecycle.STANDING)
    own = current_user.person_id in reviews.writers_of(session, version)
    titles = frameworks.titles(session, [version.outcome] if version.outcome else [])
    before = None if standing is None else Content.from_document(standing.content)
    return render_template(
        "author/review.html",
        item=item,
        bank=bank,
        version=version,
        standing=standing,
        content=content,
        question=looking.question(content),
        kind=KINDS[content.kind],
        outcome=titles.get(version.outcome or "", ""),
        advice=looking.advice(content, session, bank.id, item.id),
        changes=() if before is None else differences.between(before, content),
        labels=looking.labels(),
        story=reviews.story(session, item.id),
        letter=letter,
        share=figures.share,
        own=own,
        decides=Role.REVIEWER in current_user.roles and not own,
        longest=review.LONGEST_WORDS,
        words=request.form.get("words", ""),
        complaints=(found := typed.complaints(reasons, pages.zone())),
        wrong=complaint.by_field(found),
    )


def _number() -> int:
    """The number of the version that was shown."""
    return typed.whole(request.form.get("version", ""))


def _words() -> str:
    return request.form.get("words", "").replace("\r\n", "\n").strip()
