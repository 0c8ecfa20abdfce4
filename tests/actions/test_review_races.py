"""Two at the same question, or at the last of an outcome: who wins, what does the other hear?"""

from __future__ import annotations

from assess import store
from assess.actions import items, reviews
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import banks
from tests.actions import racing
from tests.actions.test_reviewing import WHY, codes, known, states, submit, write
from tests.builders import World


def test_of_an_approval_and_a_return_at_once_one_counts(built: World) -> None:
    built.add("second", Role.REVIEWER)
    one, two = built.context("reviewer"), built.context("second")
    for round_ in range(3):
        number = submit(built, stem=f"Round {round_}?")
        done = racing.at_once(
            built.app,
            lambda number=number: reviews.approve(one, known(), number),  # type: ignore[misc]
            lambda number=number: reviews.give_back(two, known(), number, WHY),  # type: ignore[misc]
            lambda number=number: reviews.approve(two, known(), number),  # type: ignore[misc]
        )
        refused = [d for d in done if isinstance(d, Refused)]
        assert [codes(d) for d in refused] == [{Code.STATE}] * 2, round_
        assert [state for _, state in states()].count("live") == 1, round_


def test_a_draft_begun_twice_at_once_is_one_draft(built: World) -> None:
    author = built.context("author")
    done = racing.at_once(built.app, *[lambda: items.begin(author, known())] * 3)
    assert sorted(d.before for d in done if isinstance(d, items.Begun)) == [False, True, True]


def test_a_draft_submitted_twice_at_once_is_one_version(built: World) -> None:
    author, revision = built.context("author"), write(built)
    done = racing.at_once(built.app, *[lambda: items.submit(author, known(), revision)] * 3)
    assert [d for d in done if not isinstance(d, Refused)] == [items.Submitted(2)]
    assert states() == [(1, "live"), (2, "review")]


def test_an_item_begun_twice_at_once_under_one_name_is_one_item(built: World) -> None:
    author = built.context("author")
    with store.read() as session:
        shelf = banks.by_name(session, built.centres["here"], "Small bank")
    assert shelf is not None
    done = racing.at_once(
        built.app, *[lambda: items.begin_new(author, shelf.id, "new", "single_choice")] * 3
    )
    assert len([d for d in done if isinstance(d, items.Begun)]) == 1
    assert [codes(d) for d in done if isinstance(d, Refused)] == [{Code.TAKEN}] * 2


def test_of_two_that_a_test_can_spare_only_one_of_one_is_retired(built: World) -> None:
    author = built.context("author")
    for n in range(1, 4):
        assert isinstance(reviews.retire(author, known(f"q1-{n}"), 1, WHY), reviews.Decided)
    done = racing.at_once(
        built.app,
        lambda: reviews.retire(author, known("q1-4"), 1, WHY),
        lambda: reviews.retire(author, known("q1-5"), 1, WHY),
    )
    assert [codes(d) for d in done if isinstance(d, Refused)] == [{Code.BLUEPRINT}]
