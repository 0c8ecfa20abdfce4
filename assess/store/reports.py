"""What do the stored answers of a test, or of one item, say about its items?

Only the packed mark rows are read, never the saves, and nothing here says who answered. First
attempts alone are counted; what is left out is printed with every report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assess.bank.items import Content
from assess.bank.kinds import FULL_MARK
from assess.bank.lifecycle import STANDING
from assess.delivery.pool import Pool as Frozen
from assess.psychometrics import coding, distinct, report
from assess.psychometrics.report import ItemKey
from assess.store import banks, marks, packed, pools, specifications
from assess.store.attempts import Attempt
from assess.store.banks import Bank, Item, ItemVersion
from assess.store.marks import Population
from assess.store.packed import PackedMarks
from assess.store.pools import Pool
from assess.store.specifications import Test

FIRST = "first attempts that are marked"
HANDED_IN = ("closed", "marked")


@dataclass(frozen=True, slots=True)
class Reported:
    """The item version behind one entry of a report's "items"; `document` is its stored content,
    `state` what it is in now."""

    item_id: int
    version_id: int
    identifier: str
    number: int
    outcome: str | None
    document: Mapping[str, Any]
    state: str

    @property
    def content(self) -> Content:
        """What it asks; read anew each time, since a page shows a few of a thousand."""
        return Content.from_document(self.document)

    @property
    def label(self) -> str:
        """What the report calls it: "M02-2.1-01 v1"."""
        return f"{self.identifier} v{self.number}"

    @property
    def stands(self) -> bool:
        """Whether its item stands for it still: it may be drawn again, so that a flag matters."""
        return self.state in STANDING


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """A report and what a page needs beside it.

    `document` is of schema item-report/1; `items` stand in the order of its "items";
    `scores` holds each attempt's mark in thousandths, in no telling order; `out_of` is the
    longest form in marks; `cuts` are the cut scores, in marks, that the attempts were marked by;
    `missed` counts attempts that reached theirs and missed a minimum in an outcome.
    """

    document: dict[str, Any]
    items: tuple[Reported, ...]
    scores: tuple[int, ...]
    out_of: int
    cuts: tuple[int, ...]
    missed: int
    population: Population


def test_report(session: Session, centre_id: int, test_id: int) -> dict[str, Any]:
    """The report on a test of this centre, schema item-report/1.

    Raises LookupError where the centre has no such test.
    """
    test = specifications.get(session, centre_id, test_id)
    if test is None:
        raise LookupError(f"centre {centre_id} has no test {test_id}")
    return of_test(session, test).document


def item_report(session: Session, item: Item) -> dict[str, Any]:
    """The report on the versions of one item, schema item-report/1, from all tests of its bank."""
    return of_item(session, item).document


def of_test(session: Session, test: Test) -> Analysis:
    """The analysis of a test: every item version that was shown, or can be drawn now."""
    rows = packed.read(session, test_id=test.id)
    return _analysis(
        session,
        rows,
        _shown(rows) | _drawable(session, test),
        marks.population(session, test_id=test.id),
        {"test": test.name, "title": test.title},
    )


def of_item(session: Session, item: Item) -> Analysis:
    """The analysis of all versions of one item, on the attempts of all tests of its bank.

    The other items of the bank are computed with, since the criterion is how candidates did on
    their other questions, but they are not in the report.
    """
    bank = session.get_one(Bank, item.bank_id)
    rows = packed.read(session, bank_id=bank.id)
    own = {version.id for version in banks.versions_of(session, item.id)}
    return _analysis(
        session,
        rows,
        _shown(rows) | own,
        marks.population(session, bank_id=bank.id),
        {"bank": bank.name},
        only=own,
    )


def handed_in(session: Session, centre_id: int) -> dict[int, int]:
    """How many attempts have been handed in at each of a centre's tests that has any."""
    rows = session.execute(
        select(Attempt.test_id, func.count().label("attempts"))
        .where(Attempt.centre_id == centre_id, Attempt.state.in_(HANDED_IN))
        .group_by(Attempt.test_id)
    )
    return {row.test_id: row.attempts for row in rows}


def _analysis(
    session: Session,
    rows: PackedMarks,
    versions: set[int],
    population: Population,
    scope: dict[str, object],
    only: set[int] | None = None,
) -> Analysis:
    listed = sorted(versions)
    wanted = versions if only is None else only
    known = {one.version_id: one for one in _reported(session, wanted)}
    document = report.item_report(
        coding.of_forms(rows.length, rows.versions, rows.options, rows.scores, np.array(listed)),
        [_key(known.get(version), version) for version in listed],
        {"items": len(known), **scope, **_population(population)},
        rows.passed,
    )
    items = [known[version] for version in listed if version in known]
    entries = [
        entry for version, entry in zip(listed, _entries(document), strict=True) if version in known
    ]
    return Analysis(
        document={**document, "items": entries},
        items=tuple(items),
        scores=tuple(np.sort(rows.score).tolist()),
        out_of=int(rows.out_of.max(initial=0)),
        cuts=tuple(np.unique(rows.cut).tolist()),
        missed=int(np.count_nonzero((rows.score >= rows.cut * FULL_MARK) & ~rows.passed)),
        population=population,
    )


def _population(population: Population) -> dict[str, object]:
    return {
        "which": FIRST,
        "excluded": population.later + population.void,
        "excluded_later": population.later,
        "excluded_void": population.void,
        "first_marked": None if population.first is None else population.first.isoformat(),
        "last_marked": None if population.last is None else population.last.isoformat(),
    }


def _entries(document: dict[str, object]) -> list[dict[str, Any]]:
    entries = document["items"]
    assert isinstance(entries, list)  # noqa: S101 - the schema says so
    return entries


def _key(reported: Reported | None, version: int) -> ItemKey:
    """What the report is told of a version; nothing of one that is only computed with."""
    if reported is None:
        return ItemKey(str(version), "", 0, ())
    options = reported.document["options"]
    key = tuple(place for place, option in enumerate(options) if option["correct"])
    return ItemKey(reported.label, reported.document["kind"], len(options), key)


def _reported(session: Session, versions: Iterable[int]) -> Iterable[Reported]:
    wanted = list(versions)
    for start in range(0, len(wanted), banks.CHUNK):
        rows = session.execute(
            select(
                Item.id,
                ItemVersion.id,
                Item.identifier,
                ItemVersion.number,
                ItemVersion.outcome,
                ItemVersion.content,
                ItemVersion.state,
            )
            .join(ItemVersion, ItemVersion.item_id == Item.id)
            .where(ItemVersion.id.in_(wanted[start : start + banks.CHUNK]))
        )
        yield from (Reported(*row) for row in rows)


def _shown(rows: PackedMarks) -> set[int]:
    return set(distinct.different(rows.versions).tolist())


def _drawable(session: Session, test: Test) -> set[int]:
    """The versions that the next form is drawn from, shown to anybody or not."""
    published = specifications.published(session, test.id)
    newest = None if published is None else pools.newest(session, published.id)
    if newest is None:
        return set()
    frozen = Frozen.from_document(session.get_one(Pool, newest[0]).document)
    return {version for cell in frozen.cells for version in cell.listed.versions}
