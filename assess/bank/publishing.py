"""Can this specification be published: is it sound, can a form be made, is all content open?

Publishing proves that forms exist (`feasibility.py`) and how many fresh ones every candidate is
sure of (`freshness.py`), and refuses to leave any of the content untested in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from assess.bank import cells, feasibility
from assess.bank.cells import Cells, Facts
from assess.bank.feasibility import Demand, Kind, Seconds
from assess.bank.freshness import Fresh, fresh_attempts
from assess.bank.outcomes import OUTCOME, STATEMENT, Framework, Node
from assess.bank.problems import because
from assess.bank.specification import Feedback, Specification
from assess.reasons import Code, Reason

FALSIFIES = frozenset(
    {
        "cut_below_one",
        "cut_above_length",
        "questions_differ",
        "minimum_above_count",
        "enemy_unknown",
    }
)
"""Reasons that make every figure of a forecast another than its author asked for."""
SHOWN = 12  # items of a group of enemies or a case that a sentence names
Names = Callable[[Iterable[int]], Mapping[int, str]]
"""Gives the identifiers of items by their numbers."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What can be proved of a specification and the live items of its bank.

    `reasons` [E-BLUEPRINT] say why it cannot be published, empty when it can. `witness` is a form,
    its items in ascending order, None where none can be made.
    """

    cells: Cells
    reasons: tuple[Reason, ...]
    witness: tuple[int, ...] | None
    fresh: Fresh


def prove(
    specification: Specification,
    live: Iterable[Facts],
    framework: Framework | None = None,
    *,
    identifiers: Mapping[str, int] | None = None,
    names: Names | None = None,
    stopwatch: Seconds = lambda: 0.0,
) -> Proof:
    """Everything that publishing asks of a specification.

    `live` are the live items of the bank; `identifiers` gives the numbers of those that the
    specification names as enemies (live or not; None: not asked), `names` the identifiers of items
    that stand in conflicts, `stopwatch` the seconds that have gone by (`feasibility.judge`). With a
    framework each outcome and statement of the units that the quotas touch must have a live item in
    some quota, or be declared not assessed: the whole content is open to assessment.
    """
    sorted_out = cells.sort_out(specification, live, identifiers or {})
    verdict = feasibility.judge(sorted_out, stopwatch=stopwatch)
    reasons = [
        *([_blocks("undecided")] if verdict.undecided else ()),
        *_conflicts(sorted_out, verdict.conflicts, names),
        *_unsound(specification),
        *(() if identifiers is None else _strangers(specification, identifiers)),
        *(() if framework is None else _gaps(specification, sorted_out, framework)),
    ]
    feasible = verdict.witness is not None
    fresh = fresh_attempts(sorted_out, feasible)
    return Proof(sorted_out, tuple(reasons), verdict.witness if feasible else None, fresh)


def _unsound(specification: Specification) -> Iterator[Reason]:
    """What no bank could mend."""
    if not specification.quotas:
        yield _blocks("no_quotas")
    for quota in specification.outcomes:
        if quota.minimum > quota.count:
            yield _blocks(
                "minimum_above_count", outcome=quota.outcome, need=quota.minimum, have=quota.count
            )
        if quota.outcome in specification.not_assessed:
            yield _blocks("quota_not_assessed", outcome=quota.outcome)
    if specification.cut < 1:
        yield _blocks("cut_below_one", have=specification.cut)
    if specification.quotas and specification.cut > specification.length:
        yield _blocks("cut_above_length", need=specification.cut, have=specification.length)
    if specification.questions not in (None, specification.length) and specification.quotas:
        yield _blocks(
            "questions_differ", need=specification.questions or 0, have=specification.length
        )
    if specification.feedback.rank < Feedback.WRONG.rank and not specification.feedback_reason:
        yield _blocks("feedback_reason_missing", level=specification.feedback.value)


def _strangers(specification: Specification, identifiers: Mapping[str, int]) -> Iterator[Reason]:
    """Enemies that are no questions of the bank: a slip of the pen would let true ones meet."""
    for number, group in enumerate(specification.enemies, start=1):
        if unknown := [name for name in group if name not in identifiers]:
            more = ["…"] if len(unknown) > SHOWN else []
            yield _blocks("enemy_unknown", group=number, items=", ".join(unknown[:SHOWN] + more))


def _conflicts(
    sorted_out: Cells, conflicts: tuple[tuple[Demand, ...], ...], names: Names | None
) -> Iterator[Reason]:
    """Each demand of each conflict; a quota alone says how many items it lacks."""
    number = 0
    for conflict in conflicts:
        if len(conflict) == 1 and conflict[0].kind is Kind.QUOTA:
            yield _short(sorted_out, conflict[0].place)
            continue
        number += 1
        for one in conflict:
            yield _demand(sorted_out, one, number, len(conflict), names)


def _short(sorted_out: Cells, place: int) -> Reason:
    quota, have = sorted_out.quotas[place], len(sorted_out.items[place])
    elsewhere, broken = sorted_out.elsewhere[place], sorted_out.broken[place]
    if have < quota.count and not (quota.narrowed or elsewhere or broken):
        return _blocks("quota_short", outcome=quota.outcome, need=quota.count, have=have)
    return _blocks(
        "cell_short",
        outcome=quota.outcome,
        narrowed=quota.narrowed or "-",
        need=quota.count,
        have=have,
        elsewhere=elsewhere,
        broken=broken,
    )


def _demand(
    sorted_out: Cells, demand: Demand, number: int, size: int, names: Names | None
) -> Reason:
    values: dict[str, str | int] = {"conflict": number, "demands": size}
    if demand.kind is Kind.QUOTA:
        quota = sorted_out.quotas[demand.place]
        narrowed = quota.narrowed or "-"
        values |= {"outcome": quota.outcome, "narrowed": narrowed, "need": quota.count}
        return _blocks("conflict_quota", **values)
    known = {} if names is None else names(demand.items[:SHOWN])
    said = [known.get(item, str(item)) for item in demand.items[:SHOWN]]
    more = ["…"] if len(demand.items) > SHOWN else []
    values["items"] = ", ".join(said + more)
    return _blocks("conflict_enemies" if demand.kind is Kind.ENEMIES else "conflict_case", **values)


def why_not_practise(specification: Specification) -> tuple[Reason, ...]:
    """Every reason [E-BLUEPRINT] why this cannot be a practice test; asked of practice banks.

    A practice test is open at once and as often as one likes, and shows all there is to learn.
    """
    wrong = {
        "approval": specification.approval,
        "attempts": specification.attempts is not None,
        "cool_down_hours": any(specification.cool_down_hours),
        "window": specification.window is not None,
        "invigilated": specification.invigilated,
        "feedback": specification.feedback is not Feedback.KEYS,
    }
    return tuple(
        _blocks("practice_terms", field=field) for field, is_wrong in wrong.items() if is_wrong
    )


def _gaps(
    specification: Specification, sorted_out: Cells, framework: Framework
) -> Iterator[Reason]:
    """Paths that the framework does not know, and content that nobody will ever be asked."""
    asked = list(dict.fromkeys(quota.outcome for quota in specification.quotas))
    for path in (*asked, *specification.not_assessed):
        if framework.node(path) is None:
            yield _blocks("outcome_not_in_framework", outcome=path)
    units = {unit for path in asked if (unit := framework.unit_of(path)) is not None}
    drawn = {one.outcome for cell in sorted_out.items for one in cell}
    open_paths = {above for path in drawn for above in framework.lineage(path)}
    # A quota without any item is said as such already.
    empty = {q.outcome for q, c in zip(sorted_out.quotas, sorted_out.items, strict=True) if not c}
    told: set[str] = set()
    for node in framework.nodes:
        if node.kind not in (OUTCOME, STATEMENT) or not node.assessed:
            continue
        if framework.unit_of(node.path) not in units or node.path in open_paths | empty:
            continue
        above = list(framework.lineage(node.path))
        if not told.isdisjoint(above) or _declared(node, specification.not_assessed, framework):
            continue
        told.add(node.path)
        has_quota = any(path in asked for path in above)
        what = "outcome_without_item" if has_quota else "outcome_without_quota"
        yield _blocks(what, outcome=node.path)


def _declared(node: Node, apart: tuple[str, ...], framework: Framework) -> bool:
    """Is the node, or one above it, or everything below it, declared not assessed by test?"""
    if any(path in apart for path in framework.lineage(node.path)):
        return True
    below = [other.path for other in framework.nodes if other.parent == node.path]
    return bool(below) and all(path in apart for path in below)


def _blocks(what: str, **values: str | int) -> Reason:
    return because(Code.BLUEPRINT, what, values)
