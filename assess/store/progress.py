"""How far are the candidates of a programme? Tests that count, and results by their last mark."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from assess.delivery import progress as rules
from assess.delivery.attempt import State
from assess.delivery.progress import Module, Progress
from assess.store import frameworks
from assess.store.attempts import Attempt
from assess.store.banks import Bank
from assess.store.marks import MarkRow
from assess.store.programmes import Programme
from assess.store.specifications import SpecificationVersion, Test

PRACTICE = "practice"  # the purpose of a bank whose tests count for nothing
MANY = 500  # candidates of one question to the database


def modules(session: Session, programme: Programme) -> tuple[Module, ...]:
    """The tested modules of a programme."""
    framework = frameworks.load(session, programme.framework_id)
    assert framework is not None  # noqa: S101 - every programme has one
    newest: dict[int, tuple[Test, SpecificationVersion]] = {}
    for test, version in session.execute(
        select(Test, SpecificationVersion)
        .join(SpecificationVersion, SpecificationVersion.test_id == Test.id)
        .join(Bank, Bank.id == Test.bank_id)
        .where(Test.programme_id == programme.id, Bank.purpose != PRACTICE)
        .order_by(Test.name, SpecificationVersion.number)
    ):
        newest[test.id] = (test, version)
    tests = [
        rules.Test(test.id, test.title, tuple(q.outcome for q in version.specification().quotas))
        for test, version in newest.values()
    ]
    return rules.modules(framework, tests)


def of(
    session: Session,
    modules: Sequence[Module],
    candidates: Iterable[int],
    held: Collection[int] = (),
) -> Mapping[int, Progress]:
    """The progress of each of these candidates; of `held` tests only that it is on hold."""
    wanted = list(dict.fromkeys(candidates))
    tests = [test for module in modules for test in module.tests]
    last: dict[int, tuple[int, int, bool]] = {}  # by attempt: its last mark counts
    for begin in range(0, len(wanted), MANY):
        for row in session.execute(
            select(Attempt.id, Attempt.candidate_id, Attempt.test_id, MarkRow.passed)
            .join(MarkRow, MarkRow.attempt_id == Attempt.id)
            .where(
                Attempt.candidate_id.in_(wanted[begin : begin + MANY]),
                Attempt.test_id.in_(tests),
                Attempt.state == State.MARKED.value,
            )
            .order_by(MarkRow.number)
        ):
            last[row.id] = (row.candidate_id, row.test_id, row.passed)
    results: dict[int, dict[int, list[bool]]] = {candidate: {} for candidate in wanted}
    for candidate, test, passed in last.values():
        results[candidate].setdefault(test, []).append(passed)
    return {c: rules.progress(modules, results[c], held) for c in wanted}
