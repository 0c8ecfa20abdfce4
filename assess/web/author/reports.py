"""What do the answers say about a test, and which of its items need a look?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store
from assess.actions.context import not_found
from assess.psychometrics import guards
from assess.store import reports, specifications
from assess.store.reports import Analysis, Reported
from assess.web import pages, problems
from assess.web.author import distribution, figures, outcomes, paging
from assess.web.author.blueprint import KEY, bp, readers
from assess.web.author.figures import Figures

MOST_FLAGGED = 10  # items whose flags stand above the table
PER_PAGE = 100  # a table that is read down for patterns: longer than a list that is searched

Entry = Mapping[str, Any]  # of a report's "items"


@dataclass(frozen=True, slots=True)
class Row:
    """One item version in the table of a test's report."""

    item: Reported
    figures: Figures


@bp.get(f"/tests/<{KEY}:test_id>/report", endpoint="report")
@readers
def of_test(test_id: int) -> ResponseReturnValue:
    """The report on a test: its marks, and every item, the flagged ones first."""
    with store.read() as session:
        test = specifications.get(session, current_user.centre_id, test_id)
        if test is None:
            return problems.answer(not_found())
        if test.practice:
            return render_template("author/report_practice.html", test=test)
        analysis = reports.of_test(session, test)
    entries = _sorted(analysis)
    page = min(pages.page_number(), paging.last_page(len(entries), PER_PAGE))
    flagged = sum(reported.stands and bool(entry["flags"]) for reported, entry in entries)
    return render_template(
        "author/report.html",
        test=test,
        analysis=analysis,
        statistics=analysis.document["test"],
        enough=analysis.document["test"]["guard"] is None,
        facility_from=guards.FACILITY_FROM,
        flags_from=guards.FLAGS_FROM,
        flagged=flagged,
        first=_rows(entries[: min(flagged, MOST_FLAGGED)]),
        judged=sum(entry["n"] >= guards.FLAGS_FROM for _, entry in entries),
        rows=_rows(entries[(page - 1) * PER_PAGE : page * PER_PAGE]),
        total=len(entries),
        bars=distribution.bars(analysis.scores, analysis.out_of, analysis.cuts),
        code=outcomes.code,
        share=figures.share,
        pagination=paging.pagination(page, len(entries), PER_PAGE),
    )


def _sorted(analysis: Analysis) -> list[tuple[Reported, Entry]]:
    """Every item: those with flags first, then those worth a look, then by identifier.

    Behind them versions that their items stand for no more: nothing is to be done about these.
    """
    return sorted(
        zip(analysis.items, analysis.document["items"], strict=True),
        key=lambda one: (
            not one[0].stands,
            -len(one[1]["flags"]),
            -len(one[1]["watch"]),
            one[0].identifier,
            one[0].number,
        ),
    )


def _rows(entries: Sequence[tuple[Reported, Entry]]) -> list[Row]:
    """What is written of these; of the others no number need be put into words."""
    return [Row(reported, figures.figures(entry)) for reported, entry in entries]
