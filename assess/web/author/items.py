"""What does an item say, what is it worth knowing about it, and what do the answers show?"""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store
from assess.actions.context import not_found
from assess.bank import wording
from assess.bank.items import Content, letter
from assess.bank.kinds import KINDS
from assess.store import banks, frameworks, reports
from assess.store.banks import ItemVersion
from assess.web import problems
from assess.web.author import figures
from assess.web.author.blueprint import KEY, bp, readers


@bp.get(f"/items/<{KEY}:item_id>", endpoint="item")
@readers
def one_item(item_id: int) -> ResponseReturnValue:
    """An item as its author sees it, with what the answers say; the live version by default."""
    with store.read() as session:
        item = banks.item(session, current_user.centre_id, item_id)
        if item is None:
            return problems.answer(not_found())
        bank = banks.get(session, current_user.centre_id, item.bank_id)
        versions = banks.versions_of(session, item.id)
        version = _chosen(versions, request.args.get("version", ""))
        if bank is None or version is None:
            return problems.answer(not_found())
        analysis = reports.of_item(session, item)
        titles = frameworks.titles(session, [version.outcome] if version.outcome else [])
    content = Content.from_document(version.content)
    entries = zip(analysis.items, analysis.document["items"], strict=True)
    shown = {
        reported.version_id: figures.figures(entry, reported.content) for reported, entry in entries
    }
    return render_template(
        "author/item.html",
        bank=bank,
        item=item,
        version=version,
        versions=versions,
        content=content,
        kind=KINDS[content.kind],
        outcome=titles.get(version.outcome or "", ""),
        advice=wording.advice(content),
        letter=letter,
        share=figures.share,
        figures=shown[version.id],
        of_versions=shown,
        analysis=analysis,
    )


def _chosen(versions: Sequence[ItemVersion], asked: str) -> ItemVersion | None:
    """The version that the address asks for; without one the live version, else the newest."""
    if asked:
        return next((v for v in versions if str(v.number) == asked), None)
    live = (v for v in versions if v.state == "live")
    return next(live, versions[0] if versions else None)
