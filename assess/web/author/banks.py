"""Which banks has the centre, and what is in them?"""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store
from assess.actions.context import not_found
from assess.bank.kinds import KINDS
from assess.bank.lifecycle import State
from assess.store import banks, frameworks, item_search
from assess.store.item_search import Search
from assess.web import pages, problems
from assess.web.author import outcomes, paging
from assess.web.author.blueprint import KEY, bp, readers

LONGEST_WORDS, LONGEST_PATH = 200, 500  # characters of a search that are looked at
SOUGHT = tuple(state for state in State if state is not State.SUPERSEDED)
"""The states that a search offers: an item is never only superseded."""


@bp.get("/banks", endpoint="banks")
@readers
def every_bank() -> str:
    """The centre's banks."""
    with store.read() as session:
        found = banks.of_centre(session, current_user.centre_id)
        titles = {row.id: row.title for row in frameworks.every(session)}
    return render_template("author/banks.html", banks=found, frameworks=titles)


@bp.get(f"/banks/<{KEY}:bank_id>", endpoint="bank")
@readers
def one_bank(bank_id: int) -> ResponseReturnValue:
    """The items of a bank, searched and paged."""
    search, page = _search(), pages.page_number()
    with store.read() as session:
        bank = banks.get(session, current_user.centre_id, bank_id)
        if bank is None:
            return problems.answer(not_found())
        start = (page - 1) * pages.PER_PAGE
        found, total = item_search.page(session, bank.id, search, start, pages.PER_PAGE)
        if total and not found:  # the address asks for a page beyond the last
            page = paging.last_page(total, pages.PER_PAGE)
            start = (page - 1) * pages.PER_PAGE
            found, total = item_search.page(session, bank.id, search, start, pages.PER_PAGE)
        framework = frameworks.load(session, bank.framework_id)
        places = outcomes.listed(session, banks.outcomes_of(session, bank.id), framework)
    return render_template(
        "author/bank.html",
        bank=bank,
        found=found,
        total=total,
        search=search,
        outcomes=places,
        unplaced=item_search.UNPLACED,
        code=outcomes.code,
        states=SOUGHT,
        kinds=KINDS,
        first=start + 1,
        pagination=paging.pagination(page, total, pages.PER_PAGE),
    )


def _search() -> Search:
    state = request.args.get("state", "")
    return Search(
        words=" ".join(request.args.get("words", "")[:LONGEST_WORDS].split()),
        outcome=request.args.get("outcome", "")[:LONGEST_PATH],
        state=state if state in SOUGHT else "",
    )
