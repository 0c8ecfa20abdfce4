"""What does an item say, what is it worth knowing about it, and what do the answers show?"""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store
from assess.actions.context import not_found
from assess.bank import drafting, review
from assess.bank.items import Content, letter
from assess.bank.kinds import KINDS
from assess.bank.lifecycle import STANDING, State
from assess.reasons import Reason
from assess.store import banks, drafts, frameworks, reports, reviews
from assess.store.banks import Bank, Item, ItemVersion
from assess.store.drafts import ItemDraft
from assess.web import pages, problems
from assess.web.author import complaint, figures, looking, typed
from assess.web.author.blueprint import KEY, bp, readers


@bp.get(f"/items/<{KEY}:item_id>", endpoint="item")
@readers
def one_item(item_id: int) -> ResponseReturnValue:
    """An item as its author sees it, with what the answers say; the live version by default."""
    return page(item_id, request.args.get("version", ""))


def page(
    item_id: int, asked: str, reasons: tuple[Reason, ...] = (), status: int = 200
) -> ResponseReturnValue:
    """The page of an item in the version asked for, with why a comment on it was not taken."""
    with store.read() as session:
        item = banks.item(session, current_user.centre_id, item_id)
        if item is None:
            return problems.answer(not_found())
        bank = banks.get(session, current_user.centre_id, item.bank_id)
        versions = banks.versions_of(session, item.id)
        draft = drafts.of_item(session, item.id)
        if bank is not None and draft is not None and not versions:
            return _only_a_draft(bank, item, draft)
        version = _chosen(versions, asked)
        if bank is None or version is None:
            return problems.answer(not_found())
        own = current_user.person_id in reviews.writers_of(session, version)
        story = reviews.story(session, item.id)
        analysis = reports.of_item(session, item)
        titles = frameworks.titles(session, [version.outcome] if version.outcome else [])
    content = Content.from_document(version.content)
    entries = zip(analysis.items, analysis.document["items"], strict=True)
    shown = {
        reported.version_id: figures.figures(entry, reported.content) for reported, entry in entries
    }
    shown_page = render_template(
        "author/item.html",
        bank=bank,
        item=item,
        version=version,
        versions=versions,
        content=content,
        kind=KINDS[content.kind],
        outcome=titles.get(version.outcome or "", ""),
        advice=looking.advice(content),
        draft=draft,
        in_review=next((v for v in versions if v.state == State.REVIEW.value), None),
        own=own,
        story=story,
        letter=letter,
        share=figures.share,
        figures=shown[version.id],
        of_versions=shown,
        analysis=analysis,
        longest=review.LONGEST_WORDS,
        words=request.form.get("words", ""),
        complaints=(found := typed.complaints(reasons, pages.zone())),
        wrong=complaint.by_field(found),
    )
    return shown_page, status


def _chosen(versions: Sequence[ItemVersion], asked: str) -> ItemVersion | None:
    """The version that the address asks for; without one that in use, else the newest."""
    if asked:
        return next((v for v in versions if str(v.number) == asked), None)
    in_use = (v for v in versions if v.state in STANDING)
    return next(in_use, versions[0] if versions else None)


def _only_a_draft(bank: Bank, item: Item, row: ItemDraft) -> str:
    """What is to be seen of a question that was never submitted."""
    content, _why = drafting.content(row.draft())
    return render_template(
        "author/unsubmitted.html",
        bank=bank,
        item=item,
        row=row,
        content=content,
        question=looking.question(content),
    )
