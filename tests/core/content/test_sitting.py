"""Is every test of the demonstration passed by who knows the trade, and by nobody without it?"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from assess.bank.items import Content
from assess.bank.kinds import Answer
from assess.delivery import draw, form, marking
from assess.delivery.draw import Cell, Drawn, Entry, Pool, Seen
from tests.core.content import demo

SEED = bytes(range(32))
CANDIDATES = 20


@pytest.fixture(params=demo.MODULES)
def module(request: pytest.FixtureRequest) -> str:
    """A module of the demonstration."""
    return str(request.param)


@pytest.fixture
def contents(module: str) -> Mapping[int, Content]:
    """The questions of the module, numbered."""
    return dict(enumerate(demo.questions(module).values(), start=1))


@pytest.fixture
def pool(module: str, contents: Mapping[int, Content]) -> Pool:
    """What the test of the module is drawn from, as publishing freezes it."""
    test = demo.specification(module)
    return Pool(
        specification=test.digest(),
        cells=tuple(
            Cell(
                quota.outcome,
                quota.count,
                [
                    Entry(n, n, len(one.options) if one.shuffle else 0, one.expected_facility)
                    for n, one in contents.items()
                    if one.outcome == quota.outcome
                ],
            )
            for quota in test.quotas
        ),
        shuffle_questions=test.shuffle_questions,
    )


def forms(pool: Pool, attempts: int) -> list[list[tuple[Drawn, ...]]]:
    """The forms of some candidates at each of their attempts."""
    found = []
    for candidate in range(CANDIDATES):
        met: dict[int, Seen] = {}
        theirs = []
        for attempt in range(1, attempts + 1):
            drawn = draw.draw(pool, met, draw.Stream(SEED, f"candidate-{candidate}", attempt))
            assert isinstance(drawn, draw.Draw)
            theirs.append(drawn.questions)
            for one in drawn.questions:
                times = met[one.item].times if one.item in met else 0
                met[one.item] = Seen(times + 1, attempt)
        found.append(theirs)
    return found


def passes(
    module: str,
    drawn: tuple[Drawn, ...],
    contents: Mapping[int, Content],
    answers: Mapping[int, Answer],
) -> bool:
    return marking.mark(demo.specification(module), drawn, contents, answers).passed


def test_who_knows_every_answer_passes_at_every_attempt(
    module: str, pool: Pool, contents: Mapping[int, Content]
) -> None:
    for attempts in forms(pool, demo.specification(module).attempts or 1):
        for drawn in attempts:
            assert len(drawn) == demo.specification(module).length
            known = {place: contents[one.version].key for place, one in enumerate(drawn, start=1)}
            assert passes(module, drawn, contents, known)


def test_who_knows_no_answer_does_not_pass(
    module: str, pool: Pool, contents: Mapping[int, Content]
) -> None:
    for (drawn,) in forms(pool, 1):
        assert not passes(module, drawn, contents, {})
        first = {place: form.shown_to_own(one.order, (0,)) for place, one in enumerate(drawn, 1)}
        assert not passes(module, drawn, contents, first)


def test_a_question_of_an_earlier_attempt_comes_again_only_where_the_bank_has_no_other(
    module: str, pool: Pool
) -> None:
    for first, second, *_ in forms(pool, demo.specification(module).attempts or 1):
        again = {one.item for one in first} & {one.item for one in second}
        need = sum(max(0, 2 * cell.count - len(cell.entries)) for cell in pool.cells)
        assert len(again) == need
