"""How far is a candidate with a programme: which of its tested modules are passed?

There is no grade for an award as a whole: all its tested modules are to be passed, and that is
what progress shows. Practice never counts; it is not handed in here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assess.bank.outcomes import UNIT, Framework


class State(StrEnum):
    """Where a candidate stands with a module; the words for the first two are those of results."""

    PASSED = "passed"
    NOT_YET_PASSED = "not-yet-passed"
    HELD = "held"
    NOT_SAT = "not-sat"
    NO_TEST = "no-test"


@dataclass(frozen=True, slots=True)
class Test:
    """A test that counts: its number, its title, and the outcomes that its quotas ask for."""

    __test__ = False  # the word of the trade, not a test of ours

    id: int
    title: str
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Module:
    """A tested module of a programme, with the tests by which it can be passed."""

    code: str
    title: str
    tests: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A candidate's state in each tested module, in the order of the framework."""

    states: tuple[tuple[Module, State], ...]

    @property
    def passed(self) -> int:
        """How many modules are passed."""
        return sum(state is State.PASSED for _, state in self.states)

    @property
    def of(self) -> int:
        """How many there are to pass."""
        return len(self.states)

    @property
    def complete(self) -> bool:
        """Whether every one is passed; never so where there is nothing to pass."""
        return self.of > 0 and self.passed == self.of


def modules(framework: Framework, tests: Sequence[Test]) -> tuple[Module, ...]:
    """The tested modules: each assessed unit, with the tests whose quotas all lie in it.

    A test over several units passes none of them; it stands after the units, on its own.
    """
    by_unit: dict[str, list[int]] = {}
    apart: list[Module] = []
    for test in tests:
        units = {framework.unit_of(outcome) for outcome in test.outcomes}
        unit = next(iter(units), None)
        if unit is None or len(units) > 1:
            apart.append(Module("", test.title, (test.id,)))
        else:
            by_unit.setdefault(unit, []).append(test.id)
    found = [
        Module(node.code, node.title, tuple(by_unit.get(node.path, ())))
        for node in framework.nodes
        if node.kind == UNIT and (node.assessed or node.path in by_unit)
    ]
    return (*found, *apart)


def progress(
    modules: Iterable[Module],
    results: Mapping[int, Collection[bool]],
    held: Collection[int] = (),
) -> Progress:
    """Where somebody stands whose marked attempts passed or not, by test (`results`).

    `held` are tests whose results they may not be told: of their modules it says that, and no more.
    """
    return Progress(tuple((module, _state(module, results, held)) for module in modules))


def _state(module: Module, results: Mapping[int, Collection[bool]], held: Collection[int]) -> State:
    if not module.tests:
        return State.NO_TEST
    if any(test in held and results.get(test) for test in module.tests):
        return State.HELD
    sat = [passed for test in module.tests for passed in results.get(test, ())]
    if not sat:
        return State.NOT_SAT
    return State.PASSED if any(sat) else State.NOT_YET_PASSED
