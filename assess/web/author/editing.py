"""Writing a question: a new one, or the next version of one that is there."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store
from assess.actions import items as deeds
from assess.actions.context import not_found
from assess.actions.items import Begun, Saved
from assess.bank import differences, drafting, lifecycle, review
from assess.bank.drafting import Draft
from assess.bank.items import MAX_OPTIONS, Content, Level, letter
from assess.bank.kinds import (
    KINDS,
    MAX_ENEMIES,
    MAX_OPTION,
    MAX_SET,
    MAX_STEM,
    MAX_STIMULUS,
    MAX_TEXT,
)
from assess.reasons import Code, Reason, Refused
from assess.store import banks, drafts, frameworks, people, reviews
from assess.store.banks import Bank, Item
from assess.store.drafts import ItemDraft
from assess.web import pages, problems, signing
from assess.web.author import complaint, looking, outcomes, typed
from assess.web.author.blueprint import KEY, bp, readers, writers

AUTO, SUBMIT = "auto", "submit"
LIMITS = {
    "stem": MAX_STEM,
    "option": MAX_OPTION,
    "text": MAX_TEXT,
    "set": MAX_SET,
    "stimulus": MAX_STIMULUS,
    "enemies": MAX_ENEMIES,
    "words": review.LONGEST_WORDS,
    "options": MAX_OPTIONS,
}


@bp.route(f"/banks/<{KEY}:bank_id>/items/new", methods=["GET", "POST"], endpoint="new_item")
@writers
def new(bank_id: int) -> ResponseReturnValue:
    """Name a new question and choose its kind, then write it."""
    with store.read() as session:
        bank = banks.get(session, current_user.centre_id, bank_id)
    if bank is None:
        return problems.answer(not_found())
    identifier = request.form.get("identifier", "")[:1000]
    kind = request.form.get("kind", next(iter(KINDS)))
    refused: Refused | None = None
    if request.method == "POST":
        done = deeds.begin_new(signing.context(), bank.id, identifier, kind)
        if not isinstance(done, Refused):
            return redirect(url_for("author.draft", item_id=done.item_id))
        refused = done
    page = render_template(
        "author/new_item.html",
        bank=bank,
        kinds=KINDS,
        identifier=identifier,
        kind=kind,
        longest=deeds.LONGEST_IDENTIFIER,
        reasons=pages.by_field(refused.reasons if refused else ()),
    )
    return page, 200 if refused is None else refused.status


@bp.post(f"/items/<{KEY}:item_id>/drafts", endpoint="begin_draft")
@writers
def begin(item_id: int) -> ResponseReturnValue:
    """Begin to work on a question, or go on with what was begun."""
    match deeds.begin(signing.context(), item_id):
        case Refused() as refused:
            return problems.answer(refused)
        case Begun():
            return redirect(url_for("author.draft", item_id=item_id))


@bp.get(f"/items/<{KEY}:item_id>/draft", endpoint="draft")
@writers
def edit(item_id: int) -> ResponseReturnValue:
    """The working copy, with how candidates will see it and what is still in the way."""
    with store.read() as session:
        found = _found(session, item_id)
        if found is None:
            return problems.answer(not_found())
        item, bank, row = found
        if row is None:
            return redirect(url_for("author.item", item_id=item.id))
        return _page(session, item, bank, row, row.draft())


@bp.post(f"/items/<{KEY}:item_id>/draft", endpoint="save_draft")
@writers
def save(item_id: int) -> ResponseReturnValue:
    """Save what was typed, with what the pressed button adds to it; then submit, where asked."""
    with store.read() as session:
        found = _found(session, item_id)
    if found is None:
        return problems.answer(not_found())
    item, bank, row = found
    go, words = request.form.get("go", ""), request.form.get("words", "").strip()
    draft = typed.sent(request.form, _kind(row))
    done = deeds.save(
        signing.context(),
        item.id,
        typed.changed(draft, go),
        typed.whole(request.form.get("revision", "")),
    )
    if isinstance(done, Refused):
        return _again(item, bank, draft, done, words)
    if go == AUTO:
        return _state(item, bank, draft, done)
    if go != SUBMIT:
        return redirect(url_for("author.draft", item_id=item.id, _anchor=_anchor(go)))
    submitted = deeds.submit(signing.context(), item.id, done.revision, words)
    if isinstance(submitted, Refused):
        return _again(item, bank, draft, submitted, words)
    flash(_("Version %(number)s waits for a reviewer.", number=submitted.number), "success")
    return redirect(url_for("author.review", item_id=item.id))


@bp.get(f"/items/<{KEY}:item_id>/draft/discard", endpoint="discard")
@writers
def ask(item_id: int) -> ResponseReturnValue:
    """Ask once more before a draft is thrown away."""
    with store.read() as session:
        found = _found(session, item_id)
        if found is None:
            return problems.answer(not_found())
        item, bank, row = found
        if row is None:
            return redirect(url_for("author.item", item_id=item.id))
        there = bool(banks.versions_of(session, item.id))
    return render_template("author/discard.html", item=item, bank=bank, row=row, there=there)


@bp.post(f"/items/<{KEY}:item_id>/draft/discard", endpoint="discard_draft")
@writers
def discard(item_id: int) -> ResponseReturnValue:
    """Throw a draft away."""
    seen = request.form.get("revision")
    done = deeds.discard(signing.context(), item_id, None if seen is None else typed.whole(seen))
    if isinstance(done, Refused):
        return problems.answer(done)
    flash(_("The draft is thrown away."), "success")
    if done.item:
        return redirect(url_for("author.item", item_id=item_id))
    return redirect(url_for("author.bank", bank_id=done.bank_id))


@bp.get(f"/items/<{KEY}:item_id>/differences", endpoint="differences")
@readers
def compare(item_id: int) -> ResponseReturnValue:
    """Two versions of a question, word by word; the newest and the one before it by default."""
    with store.read() as session:
        item = banks.item(session, current_user.centre_id, item_id)
        bank = None if item is None else banks.get(session, item.centre_id, item.bank_id)
        versions = () if item is None else banks.versions_of(session, item.id)
    if item is None or bank is None:
        return problems.answer(not_found())
    if not versions:
        return redirect(url_for("author.item", item_id=item.id))
    by_number = {str(v.number): v for v in versions}
    new = by_number.get(request.args.get("to", str(versions[0].number)))
    before = versions[1] if len(versions) > 1 else versions[0]
    old = by_number.get(request.args.get("from", str(before.number)))
    if new is None or old is None:
        return problems.answer(not_found())
    return render_template(
        "author/differences.html",
        item=item,
        bank=bank,
        versions=versions,
        old=old,
        new=new,
        changes=differences.between(
            Content.from_document(old.content), Content.from_document(new.content)
        ),
        labels=looking.labels(),
        letter=letter,
    )


def _found(session: Session, item_id: int) -> tuple[Item, Bank, ItemDraft | None] | None:
    item = banks.item(session, current_user.centre_id, item_id)
    bank = None if item is None else banks.get(session, item.centre_id, item.bank_id)
    if item is None or bank is None:
        return None
    return item, bank, drafts.of_item(session, item.id)


def _kind(row: ItemDraft | None) -> str:
    """The kind that was sent, when it is one of ours; else the one of the working copy."""
    said = request.form.get("kind", "")
    if said in KINDS:
        return said
    return next(iter(KINDS)) if row is None else row.draft().kind


def _anchor(go: str) -> str:
    """Where on the page an author goes on after a button."""
    name, _colon, which = go.partition(":")
    if name in ("up", "remove"):
        return f"text-{max(0, typed.whole(which) - 1)}"
    return {"add": "last-option", "kind": "options"}.get(name, "preview")


def _state(item: Item, bank: Bank, draft: Draft, saved: Saved) -> str:
    """The part of the page that changes while an author types: sent in answer to the script."""
    content, why = drafting.content(draft)
    with store.read() as session:
        why += deeds.why_not_placed(session, bank, content.outcome)
    return render_template(
        "author/draft_state.html",
        item=item,
        revision=saved.revision,
        saved_at=saved.at,
        content=content,
        question=looking.question(content),
        advice=looking.advice(content),
        in_the_way=typed.complaints(why, pages.zone()),
        refused=None,
    )


def _again(
    item: Item, bank: Bank, draft: Draft, refused: Refused, words: str
) -> ResponseReturnValue:
    """What was typed once more, with why it was not saved or not submitted."""
    if refused.code in (Code.NOT_FOUND, Code.ROLE):
        return problems.answer(refused)
    with store.read() as session:
        row = drafts.of_item(session, item.id)
        if row is None:
            return problems.answer(refused)
        if request.form.get("go") == AUTO:
            found = typed.complaints(refused.reasons, pages.zone())
            return render_template("author/draft_refused.html", refused=found), refused.status
        return _page(session, item, bank, row, draft, refused.reasons, words), refused.status


def _page(
    session: Session,
    item: Item,
    bank: Bank,
    row: ItemDraft,
    draft: Draft,
    reasons: tuple[Reason, ...] = (),
    words: str = "",
) -> str:
    content, why = drafting.content(draft)
    why += deeds.why_not_placed(session, bank, content.outcome)
    framework = frameworks.load(session, bank.framework_id)
    there = deeds.places(session, bank) | ({draft.outcome} - {""})
    base = None if row.base_id is None else reviews.by_id(session, item.id, row.base_id)
    versions = banks.versions_of(session, item.id)
    found = typed.complaints(reasons, pages.zone())
    edited = any(reason.code is Code.EDITED for reason in reasons)
    saved_by = people.get(session, item.centre_id, row.saved_by or 0)
    return render_template(
        "author/draft.html",
        item=item,
        bank=bank,
        draft=draft,
        kind=KINDS[draft.kind],
        kinds=KINDS,
        levels=tuple(Level),
        outcomes=outcomes.listed(session, there, framework),
        letter=letter,
        limits=LIMITS,
        base=base,
        newest=versions[0] if versions else None,
        standing=next((v for v in versions if v.state in lifecycle.STANDING), None),
        sent_back=None if base is None else reviews.sent_back(session, base.id),
        complaints=found,
        wrong=complaint.by_field(found),
        theirs=_theirs(row, content) if edited else (),
        labels=looking.labels(),
        words=words,
        revision=row.revision,
        saved_at=row.saved_at,
        saved_by="" if saved_by is None else saved_by.name,
        content=content,
        question=looking.question(content),
        advice=looking.advice(content, session, bank.id, item.id),
        in_the_way=typed.complaints(why, pages.zone()),
    )


def _theirs(row: ItemDraft, mine: Content) -> tuple[differences.Change, ...]:
    """What saving would change in what another person has saved."""
    theirs, _why = drafting.content(row.draft())
    return differences.between(theirs, mine)
